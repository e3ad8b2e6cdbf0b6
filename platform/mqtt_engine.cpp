// The session: attempts, the handshake, what each packet of the broker means, keeping alive, the end of a connection.
#include "platform/mqtt_engine.hpp"

#include <algorithm>
#include <utility>

namespace storegate::platform {

using core::Error;
using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

MqttBackoff::MqttBackoff(milliseconds min, milliseconds max, std::uint64_t seed)
    : min_(min),
      max_(max),
      wait_(min),
      generator_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32))) {}

milliseconds MqttBackoff::next() {
  // In thousandths, so that every machine draws the same waits.
  const auto thousandths = 750 + static_cast<std::int64_t>(generator_() % 501);
  const milliseconds drawn(std::max<std::int64_t>(1, wait_.count() * thousandths / 1000));
  wait_ = std::min(max_, wait_ * 2);
  return drawn;
}

MqttClient::Engine::Engine(Loop& loop, MqttOptions options, MqttAddress address, MqttCallbacks callbacks)
    : loop_(loop),
      options_(std::move(options)),
      address_(std::move(address)),
      tls_(options_.tls),
      version_(options_.version == "5" ? MqttVersion::v5 : MqttVersion::v3_1_1),
      callbacks_(std::move(callbacks)),
      backoff_(options_.retry_min, options_.retry_max, options_.jitter_seed) {}

void MqttClient::Engine::begin_attempt() {
  state_ = State::connecting;
  cutting_ = false;
  ++link_number_;
  heard_bytes_ = 0;
  watch_attempt();
  link_ = MqttLink::open(loop_, {address_, link_number_, tls_}, version_, options_.message_bytes_max, *this);
}

void MqttClient::Engine::watch_attempt() {
  attempt_timer_ = loop_.after(options_.connect_timeout, [this] {
    // What a kept session held back comes before the answer to the subscription, and may take its time.
    const bool goes_on =
        state_ == State::subscribing &&
        (std::exchange(heard_bytes_, link_->bytes_in()) != link_->bytes_in() || !link_takes_more());
    if (goes_on) return watch_attempt();
    end_connection({ErrorCode::timed_out, "the broker did not answer in time"});
  });
}

void MqttClient::Engine::link_open() {
  state_ = State::greeting;
  append_connect(link_->out(), version_,
                 {.client_id = options_.client_id,
                  .username = options_.username,
                  .password = options_.password,
                  .keepalive_s = options_.keepalive_s,
                  .session_expiry_s = static_cast<std::uint32_t>(options_.session_expiry.count()),
                  .packet_bytes_max = options_.message_bytes_max,
                  .receive_maximum = options_.unsettled_max,
                  .will_topic = options_.will.topic,
                  .will_payload = options_.will.payload,
                  .will_retained = options_.will.retained,
                  .clean = options_.clean});
  link_->send();
}

void MqttClient::Engine::link_packet(MqttPacket packet) {
  const bool greeted = state_ != State::greeting;
  if (greeted == std::holds_alternative<MqttConnack>(packet))
    return end_connection({ErrorCode::unavailable, "the broker began with another packet than a CONNACK"});
  std::visit([this](auto& each) { took(std::move(each)); }, packet);
}

void MqttClient::Engine::link_lost(Error why) { end_connection(why); }

void MqttClient::Engine::took(MqttConnack connack) {
  if (connack.code != 0)
    return end_connection({ErrorCode::unavailable, "the broker refused the connection: " +
                                                       mqtt_reason(version_, connack.code, connack.reason)});
  if (!connack.takes_qos_1)
    return end_connection({ErrorCode::unavailable, "the broker offers no QoS 1: storegate cannot use it"});
  // Lost on a connection that never came up is lost all the same: the one that does must say so, and subscribe.
  if (!connack.session_present) session_lost_ = true;
  const bool session_present = connack.session_present && !session_lost_;
  connected_ = {session_present, connack.receive_maximum, connack.packet_bytes_max};
  takes_retained_ = connack.takes_retained;
  keepalive_s_ = connack.keepalive_s.value_or(options_.keepalive_s);
  // A session the broker kept still holds the subscription, but perhaps an earlier configuration's: once anew.
  const bool needed = !options_.subscription.empty() && (!connected_.session_present || !subscribed_before_);
  if (!needed) return go_online();
  state_ = State::subscribing;
  append_subscribe(link_->out(), version_, next_packet_id(), options_.subscription);
  link_->send();
}

void MqttClient::Engine::took(const MqttSuback& suback) {
  if (state_ != State::subscribing) return;
  if (suback.code != 1)  // granted QoS 0: what comes while we are away would be lost
    return end_connection({ErrorCode::unavailable, "subscribing to " + options_.subscription + ": " +
                                                       mqtt_reason(version_, suback.code)});
  subscribed_before_ = true;
  go_online();
}

void MqttClient::Engine::took(const MqttGoodbye& goodbye) {
  end_connection({ErrorCode::unavailable,
                  "the broker disconnected: " + mqtt_reason(version_, goodbye.code, goodbye.reason)});
}

void MqttClient::Engine::go_online() {
  attempt_timer_.cancel();
  state_ = State::online;
  session_lost_ = false;
  online_since_ = steady_clock::now();
  window_ = std::max<std::size_t>(1, std::min(options_.window, connected_.receive_maximum));
  count_.connected = true;
  ++count_.connects;
  heard_bytes_ = said_bytes_ = 0;
  silent_looks_ = 0;
  keep_alive();
  if (callbacks_.presence_online)
    if (std::string payload = callbacks_.presence_online(); !payload.empty())
      send_presence(std::move(payload));
  if (callbacks_.on_connected) callbacks_.on_connected(connected_);
  pump_soon();
}

void MqttClient::Engine::keep_alive() {
  if (keepalive_s_ == 0) return;  // the broker wants none
  keepalive_timer_ = loop_.after(milliseconds(keepalive_s_ * 500), [this] {
    const bool heard = std::exchange(heard_bytes_, link_->bytes_in()) != link_->bytes_in();
    const bool said = std::exchange(said_bytes_, link_->bytes_out()) != link_->bytes_out();
    // While receipts are open and nothing is read, the silence is our own.
    silent_looks_ = heard || !link_takes_more() ? 0 : silent_looks_ + 1;
    if (silent_looks_ >= 4)
      return end_connection(
          {ErrorCode::timed_out, "the broker has said nothing for twice the keep-alive time"});
    if (!said || !heard) {
      append_ping(link_->out());
      link_->send();
    }
    keep_alive();
  });
}

void MqttClient::Engine::end_connection(const Error& why) {
  const bool was_online = state_ == State::online;
  const bool was_closing = state_ == State::closing;
  count_.connected = false;
  ++(was_online || was_closing ? count_.disconnects : count_.attempts_failed);
  attempt_timer_.cancel();
  keepalive_timer_.cancel();
  receipt_timer_.cancel();
  if (link_) std::exchange(link_, nullptr)->close();
  first_receipt_ += unsettled_.size();
  unsettled_.clear();
  unsettled_bytes_ = 0;
  if (was_closing) return finish(false);
  state_ = State::waiting;
  // Only a connection that outlived the last wait is a success; one that ends at once (a broker that flaps, a message
  // that cannot be stored) must not be tried at full speed.
  if (was_online && steady_clock::now() - online_since_ >= last_wait_) backoff_.reset();
  last_wait_ = backoff_.next();
  attempt_timer_ = loop_.after(last_wait_, [this] { begin_attempt(); });
  report_unfinished();
  if (callbacks_.on_disconnected && state_ == State::waiting) callbacks_.on_disconnected(why, was_online);
}

void MqttClient::Engine::abandon() noexcept {
  state_ = State::ended;
  if (link_) std::exchange(link_, nullptr)->close();
  for (Timer* timer : {&attempt_timer_, &keepalive_timer_, &receipt_timer_, &stop_timer_}) timer->cancel();
  queue_.clear();
  in_flight_.clear();
  unsettled_.clear();
  stopped_ = nullptr;
}

}  // namespace storegate::platform
