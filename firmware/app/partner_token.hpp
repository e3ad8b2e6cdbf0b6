// TokenKeeper: one partner's bearer token by OAuth client credentials (RFC 6749 section 4.4): asked for once for all who
// need it, remembered over restarts, renewed before it ends, and never so often that the partner shuts the door (Uber gives
// 100 an hour). It must not know what the token is used for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/partner_memory.hpp"
#include "core/time.hpp"
#include "platform/http_client.hpp"

namespace storegate::app {

/// Loop thread only.
class TokenKeeper {
 public:
  /// Sends one request, as HttpClient does.
  using Send = std::function<void(platform::HttpCall, platform::HttpCallback)>;
  using NowFunction = std::function<core::Now()>;
  /// "" = there is none, and none can be had now.
  using Ready = std::function<void(const std::string& bearer)>;

  TokenKeeper(std::string partner, PartnerMemory& memory, NowFunction now, Send send);

  /// Takes up what is remembered of this configuration; what another one was given is dropped.
  void configure(const PartnerApiConfig& api);

  /// A token that should be good: at once where there is one, else when the endpoint has answered.
  void get(Ready ready);
  /// The API has answered 401 to it. True: get() will have another one, or ask for it. False: it has replaced a refused one
  /// within the last minute, or the endpoint is left alone for a while.
  [[nodiscard]] bool refused(const std::string& bearer);
  /// Whoever waits hears that there is none.
  void give_up();

 private:
  [[nodiscard]] bool may_ask() const;
  void ask();
  void answered(const platform::HttpOutcome& outcome, const std::string& asked_for);
  void hand_out();
  [[nodiscard]] bool take(std::string_view body);

  std::string partner_;
  PartnerMemory& memory_;
  NowFunction now_;
  Send send_;
  PartnerApiConfig api_;
  std::string asked_for_;
  std::string bearer_;
  core::Milliseconds renew_ms_ = 0, end_ms_ = 0;  // steady clock
  core::Milliseconds rest_until_ms_ = INT64_MIN;  // the endpoint is not asked before
  bool asking_ = false;
  bool after_refusal_ = false;  // what is asked for replaces one that the API refused
  bool said_missing_ = false;
  std::vector<Ready> waiting_;
};

/// The request that asks for a token. Its body or a header holds the secret.
[[nodiscard]] platform::HttpCall token_call(const PartnerApiConfig& api);

}  // namespace storegate::app
