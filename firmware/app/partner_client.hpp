// PartnerClient: requests to one partner's API: signed in, to its own origin and nowhere else, each sent once (a second time
// only after 401 with a new token). It must not know what is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "app/gauges.hpp"
#include "app/partner_memory.hpp"
#include "app/partner_token.hpp"
#include "app/tls.hpp"
#include "codec/http.hpp"
#include "codec/partners/api_outcomes.hpp"
#include "codec/partners/partner_api.hpp"
#include "core/time.hpp"
#include "platform/http_client.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

/// How a request ended.
struct PartnerReply {
  std::optional<int> status;  // of a whole answer; nothing = there was none
  std::string content_type;
  std::string body;
  std::string retry_after;  // the header
  bool sent = false;        // a byte of it has left the box; without an answer nobody knows what became of it
  std::string why;          // without an answer: why; never a secret

  [[nodiscard]] bool is_good() const noexcept { return status && *status >= 200 && *status < 300; }
  [[nodiscard]] bool is_gone() const noexcept { return status == 404 || status == 410; }
  /// As the codec judges it.
  [[nodiscard]] codec::ApiReply seen() const { return {status.value_or(0), retry_after, body, sent}; }
};

/// A token that the store signs itself, for ApiSignIn::signed_token.
using SignToken = std::function<std::string(const PartnerApiConfig& api, std::int64_t now_wall_ms)>;

/// What the clients of all partners work with; outlives them.
struct PartnerClientParts {
  platform::Loop& loop;
  Gauges& gauges;
  PartnerMemory& memory;
  std::function<core::Now()> now;
  SignToken sign;
};

/// `href` as the API is asked for it: path and query behind `base_url`; "" if it lies anywhere else, or is no plain address.
[[nodiscard]] std::string target_under(std::string_view base_url, std::string_view href);

/// Loop thread only.
class PartnerClient {
 public:
  using Callback = std::function<void(PartnerReply)>;

  PartnerClient(const PartnerClientParts& parts, std::string partner);

  /// How it is spoken to from now on. `api` must be one that the configuration's reader took. Requests that are out end as
  /// they began.
  void configure(const PartnerApiConfig& api, const codec::PartnerApi& codec, SharedTls tls);

  /// `what` is for metrics and the log: "fetch", "tell", "pull", "acknowledge". The callback comes exactly once, from the loop,
  /// never from within call().
  void call(std::string_view what, codec::HttpRequest request, Callback callback);

  /// See target_under.
  [[nodiscard]] std::string under_api(std::string_view href) const { return target_under(api_.url, href); }

  /// From now on every call fails, those that wait for a token too; those that are out end as they can.
  void close();
  [[nodiscard]] bool open() const noexcept { return open_; }

  /// Called when the API answers after it could not be reached for more than a minute.
  void on_return(std::function<void()> call) { on_return_ = std::move(call); }

 private:
  struct Job;
  using SharedJob = std::shared_ptr<Job>;
  void send(const SharedJob& job);
  void send_with(const SharedJob& job, std::string_view header, const std::string& value,
                 const std::string& bearer);
  void ended(const SharedJob& job, const std::string& bearer, platform::HttpOutcome outcome);
  void fail(const SharedJob& job, std::string why);
  void seen(std::string_view what, const platform::HttpOutcome& outcome);

  PartnerClientParts parts_;
  std::string partner_;
  PartnerApiConfig api_;
  const codec::PartnerApi* codec_ = nullptr;
  platform::Url url_;
  bool open_ = false;
  std::optional<core::Milliseconds> away_since_ms_;
  std::function<void()> on_return_;
  TokenKeeper token_;
  platform::HttpClient client_;
};

}  // namespace storegate::app
