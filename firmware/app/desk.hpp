// Desk: everyone who waits for a commit: HTTP callers and the broker's messages. Gives each a number and turns the
// gateway's answer into theirs. It must not know why an answer is what it is.
#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>

#include "app/gauges.hpp"
#include "app/store_thread.hpp"
#include "codec/http.hpp"
#include "core/messages.hpp"
#include "platform/http_server.hpp"
#include "platform/mqtt_client.hpp"

namespace storegate::app {

/// The codec's reply as the server sends it; a 429 or 503 that does not say when to come again says so here.
[[nodiscard]] platform::HttpResponse response_of(codec::HttpReply reply);

/// Writes an answer the way one caller wants it; `answer.order` is filled wherever there is an order.
using ReplyWriter = std::function<codec::HttpReply(const core::Answer&)>;

/// Hears an answer as it is.
using Hearer = std::function<void(const core::Answer&)>;

/// Who waits at the door is bounded by who may come in: the server's connections, one MQTT message, and one webhook of each partner that is
/// asked for missed ones. Loop only.
class Desk {
 public:
  Desk(StoreThread& store, Gauges& gauges) : store_(store), gauges_(gauges) {}

  /// An HTTP caller. `brings_order`: its waiting time counts as an acknowledgement.
  [[nodiscard]] core::Caller seat(platform::Responder responder, ReplyWriter write, bool brings_order);
  /// A message of the broker: its PUBACK is the answer.
  [[nodiscard]] core::Caller seat(platform::MqttReceipt receipt);
  /// Somebody in here, who needs no row of what has ended.
  [[nodiscard]] core::Caller seat(Hearer hear);

  /// Carries out the gateway's answer, after reading the row if the order has ended. Unknown numbers are ignored. Where that
  /// row cannot be read, nothing is said of the order: a conflict is told without it, all else is to come again.
  void answer(core::Answer answer);
  /// Tells everyone who still waits that nothing was stored, because the service ends.
  void dismiss_all();

  [[nodiscard]] std::size_t waiting() const noexcept { return http_.size() + mqtt_.size() + inner_.size(); }

 private:
  struct HttpCaller {
    platform::Responder responder;
    ReplyWriter write;
    Instant since;
    bool brings_order = false;
  };
  void tell(const core::Answer& answer);
  void read_row_then_tell(core::Answer answer);

  StoreThread& store_;
  Gauges& gauges_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, HttpCaller> http_;
  std::unordered_map<std::uint64_t, platform::MqttReceipt> mqtt_;
  std::unordered_map<std::uint64_t, Hearer> inner_;
};

}  // namespace storegate::app
