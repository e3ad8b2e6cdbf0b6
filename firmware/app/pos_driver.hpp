// PosDriver: carries the effects meant for the POS out over HTTP and offers what came of them. One request for each
// effect, never repeated here. It must not know when a second request is allowed.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string>

#include "app/config.hpp"
#include "app/gauges.hpp"
#include "app/tls.hpp"
#include "codec/http.hpp"
#include "core/messages.hpp"
#include "platform/clock.hpp"
#include "platform/http_client.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

class PosDriver {
 public:
  using Offer = std::function<void(core::Input)>;

  /// `config.url` must be one that platform::Url::parse takes (the configuration's reader has checked it).
  PosDriver(platform::Loop& loop, const PosConfig& config, Gauges& gauges, Offer offer);

  /// A placement without a body never goes out: it counts as one the POS cannot read, so that a person looks. Nor does
  /// one whose time is over (PlaceOrder::not_after_ms): its commit took too long, and the gateway decides anew.
  void carry_out(core::PlaceOrder effect);
  void carry_out(core::AskPos effect);
  void carry_out(core::CheckPosHealth effect);
  void carry_out(core::VoidOrder effect);
  void carry_out(core::WatchOrder effect);
  /// Beside the requests for orders: it never takes a connection from one.
  void carry_out(core::AskPosList effect);

  /// The service ends: effects from now on come back as not delivered, so that none is in doubt for our sake.
  void close() noexcept { open_ = false; }
  /// Requests that the end of the service waits for: a question how a ticket stands is asked again after a restart.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

  /// Takes effect with the next request.
  void set_token(std::string token) { token_ = std::move(token); }
  /// With the next connection.
  void set_tls(SharedTls tls) { client_.replace_tls(std::move(tls)); }

 private:
  template <typename Effect>
  void send(Effect effect, codec::HttpRequest request);
  [[nodiscard]] platform::HttpCall call_of(codec::HttpRequest request) const;
  void list_ended(const core::PosListed& listed, int status, double seconds);

  Gauges& gauges_;
  Offer offer_;
  platform::Clock clock_;
  platform::Url url_;
  std::string token_;
  std::chrono::milliseconds timeout_;
  bool open_ = true;
  std::size_t in_flight_ = 0;
  std::array<core::PosListed::Outcome, core::pos_list_count> lists_{};  // what came of the last request
  platform::HttpClient client_;
};

}  // namespace storegate::app
