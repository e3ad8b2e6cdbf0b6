// Puller: asks partners for orders whose webhooks may have been missed: at the start, after an outage, and as often as their
// APIs want it. What comes goes the way of a webhook; a partner hears that it may forget something only when that is stored.
// It must not know what an order is.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/partner_lines.hpp"
#include "core/inputs.hpp"
#include "core/messages.hpp"
#include "core/time.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

/// What a Puller works with; all of it outlives the Puller.
struct PullerParts {
  platform::Loop& loop;
  PartnerLines& lines;
  std::function<void(core::Input)> offer;
  /// Gives a number under which the gateway's answer comes back.
  std::function<core::Caller(std::function<void(const core::Answer&)>)> seat;
};

/// Loop thread only. One request at a time for each partner.
class Puller {
 public:
  explicit Puller(PullerParts parts);
  ~Puller();

  /// At the start and after a reload: partners that can be asked and are not yet are asked now.
  void look();
  /// After an outage: everyone who can be asked is asked now.
  void look_again();
  /// Nobody is asked any more. What is under way is not acknowledged: it comes again.
  void close();

 private:
  struct Pull;
  [[nodiscard]] bool may(const Pull& pull) const;
  void wake(Pull& pull);
  void begin(Pull& pull);
  void ask(Pull& pull);
  void take_page(Pull& pull, PartnerReply reply);
  [[nodiscard]] std::optional<std::string> behind_failed(Pull& pull, const std::string& target) const;
  void fail_page(Pull& pull, std::string_view why, const PartnerReply& reply);
  void offer_next(Pull& pull);
  void refuse_next(Pull& pull);
  void answered(Pull& pull, const core::Answer& answer);
  void acknowledge(Pull& pull);
  void end_page(Pull& pull);
  void succeed(Pull& pull);
  void give_up(Pull& pull, std::string_view why, core::Milliseconds wait_ms);
  void arm(Pull& pull, core::Milliseconds wait_ms);

  PullerParts parts_;
  bool open_ = true;
  std::map<std::string, std::unique_ptr<Pull>, std::less<>> pulls_;
};

}  // namespace storegate::app
