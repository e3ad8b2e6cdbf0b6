// A clock that nobody trusts says nothing about a certificate's end: then what was seen last stays.
#include "app/certificate_watch.hpp"

#include "codec/times.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::chrono::milliseconds between_looks = std::chrono::hours(1);
constexpr std::int64_t day_ms = 24 * core::hour_ms;
}  // namespace

void CertificateWatch::look() {
  timer_ = loop_.after(between_looks, [this] { look(); });
  before_();
  const auto now = turns_.now();
  if (!now.wall_trusted) return;
  const auto end = ends_();
  const std::int64_t days = config_.alarm.certificate_days;
  const bool soon = days > 0 && end && *end < now.wall_ms + days * day_ms;
  if (soon == turns_.engine().gateway().certificate_ends()) return;
  if (soon)
    platform::log_error("a certificate ends soon: replace its files, then reload",
                        {{"ends", codec::time_text(*end)}});
  else
    platform::log_info("the certificates are good for a while again");
  turns_.offer(core::CertificatesSeen{soon});
}

}  // namespace storegate::app
