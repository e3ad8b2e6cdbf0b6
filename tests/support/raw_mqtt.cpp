// MQTT 3.1.1 at QoS 1 as a state machine on the loop: greeting, window, acknowledgements.
#include "tests/support/raw_mqtt.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace storegate::support {

RawMqtt::RawMqtt(Loop& loop, MqttOptions options) : loop_(loop), options_(std::move(options)) {}

RawMqtt::~RawMqtt() {
  on_closed_ = {};
  in_flight_.clear();  // nobody is told any more: what they captured may be gone
  waiting_.clear();
  close("destroyed", false);
}

bool RawMqtt::connect(std::chrono::milliseconds deadline) {
  close("connecting anew", false);
  error_.clear();
  socket_ = begin_connect(options_.broker);
  if (!socket_.open()) {
    error_ = std::string("connect: ") + std::strerror(errno);
    return false;
  }
  state_ = State::connecting;
  loop_.watch(socket_.get(), true, [this](Ready ready) { on_ready(ready); });
  loop_.run_until([this] { return state_ == State::connected || state_ == State::closed; }, deadline);
  if (state_ != State::connected && state_ != State::closed) close("no CONNACK in time", true);
  return state_ == State::connected;
}

void RawMqtt::on_ready(Ready ready) {
  if (state_ == State::connecting) {
    if (const int reason = connect_error(socket_); reason != 0)
      return close(std::string("connect: ") + std::strerror(reason), false);
    if (ready.writable) begin_greeting();
    return;
  }
  if (ready.writable && !outgoing_.empty()) write_some();
  if (ready.readable && socket_.open()) read_some();
}

void RawMqtt::begin_greeting() {
  state_ = State::greeting;
  outgoing_ = mqtt::connect(options_.client_id, options_.clean_session, options_.keepalive_s);
  write_some();
}

void RawMqtt::read_some() {
  char bytes[65536];
  const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0)
    return close(got == 0 ? "closed by the broker" : std::string("read: ") + std::strerror(errno), false);
  received_.append(bytes, static_cast<std::size_t>(got));
  take_packets();
}

void RawMqtt::take_packets() {
  // A handler may close the connection; `bytes` stays valid until then, and afterwards it is not looked at.
  const std::string bytes = std::exchange(received_, {});
  std::string_view rest = bytes;
  while (socket_.open()) {
    const auto packet = mqtt::front_packet(rest);
    if (!packet) break;
    if (packet->size == 0) return close("malformed packet", true);
    take_packet(*packet);
    rest.remove_prefix(packet->size);
  }
  if (socket_.open()) received_.insert(0, rest);
}

void RawMqtt::take_packet(const mqtt::Packet& packet) {
  switch (packet.type()) {
    case mqtt::Type::connack: {
      if (packet.body.size() != 2 || packet.body[1] != 0) return close("CONNECT refused", false);
      session_present_ = (packet.body[0] & 1) != 0;
      state_ = State::connected;
      ping_answered_ = true;
      ping();
      return fill_window();
    }
    case mqtt::Type::publish: return take_publish(packet);
    case mqtt::Type::puback: return take_puback(mqtt::number_at(packet.body, 0));
    case mqtt::Type::suback:
      if (mqtt::number_at(packet.body, 0) != subscribe_id_) return;
      subscribe_granted_ = packet.body.size() == 3 && static_cast<unsigned char>(packet.body[2]) <= 1;
      subscribe_id_ = 0;
      return;
    case mqtt::Type::pingresp: ping_answered_ = true; return;
    default: return close("packet of an unexpected type", true);
  }
}

void RawMqtt::take_publish(const mqtt::Packet& packet) {
  const auto message = mqtt::read_publish(packet);
  if (!message) return close("malformed PUBLISH", true);
  if (on_message_) on_message_({message->topic, message->payload, message->retained, message->duplicate});
  if (message->id != 0 && options_.acknowledge && connected()) send(mqtt::puback(message->id));
}

void RawMqtt::take_puback(std::uint16_t id) {
  auto found = in_flight_.extract(id);
  if (found.empty()) return;
  ++acknowledged_;
  fill_window();
  if (found.mapped()) found.mapped()(true);
}

bool RawMqtt::subscribe(const std::string& filter, std::chrono::milliseconds deadline) {
  if (!connected()) return false;
  subscribe_granted_ = false;
  subscribe_id_ = next_id();
  send(mqtt::subscribe(subscribe_id_, filter));
  loop_.run_until([this] { return subscribe_id_ == 0 || !connected(); }, deadline);
  return connected() && subscribe_granted_;
}

void RawMqtt::publish(std::string_view topic, std::string_view payload, Acknowledged done, bool retain) {
  if (!connected()) {
    if (done) done(false);
    return;
  }
  if (in_flight_.size() >= options_.window) {
    waiting_.push_back({std::string(topic), std::string(payload), retain, std::move(done)});
    return;
  }
  const std::uint16_t id = next_id();
  in_flight_.emplace(id, std::move(done));
  send(mqtt::publish(id, topic, payload, retain));
}

void RawMqtt::fill_window() {
  while (connected() && !waiting_.empty() && in_flight_.size() < options_.window) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    publish(next.topic, next.payload, std::move(next.done), next.retain);
  }
}

bool RawMqtt::publish_and_wait(std::string_view topic, std::string_view payload,
                               std::chrono::milliseconds deadline) {
  // Shared: at the deadline this call is over, but the PUBACK may still come.
  auto outcome = std::make_shared<int>(-1);
  publish(topic, payload, [outcome](bool acknowledged) { *outcome = acknowledged ? 1 : 0; });
  loop_.run_until([&] { return *outcome >= 0; }, deadline);
  return *outcome == 1;
}

bool RawMqtt::flush(std::chrono::milliseconds deadline) {
  loop_.run_until([this] { return unacknowledged() == 0 || !connected(); }, deadline);
  return connected() && unacknowledged() == 0;
}

void RawMqtt::send(std::string_view bytes) {
  outgoing_.append(bytes);
  if (write_due_) return;
  write_due_ = true;
  write_timer_ = loop_.after(std::chrono::milliseconds(0), [this] {
    write_due_ = false;
    write_some();
  });
}

void RawMqtt::write_some() {
  std::size_t written = 0;
  while (written < outgoing_.size()) {
    const ssize_t put =
        ::send(socket_.get(), outgoing_.data() + written, outgoing_.size() - written, MSG_NOSIGNAL);
    if (put < 0 && errno == EAGAIN) break;
    if (put < 0) return close(std::string("write: ") + std::strerror(errno), false);
    written += static_cast<std::size_t>(put);
  }
  outgoing_.erase(0, written);
  loop_.want(socket_.get(), true, !outgoing_.empty());
}

void RawMqtt::ping() {
  if (options_.keepalive_s == 0) return;
  ping_timer_ = loop_.after(std::chrono::milliseconds(options_.keepalive_s * 500), [this] {
    if (!ping_answered_) return close("no PINGRESP", true);
    ping_answered_ = false;
    send(mqtt::pingreq());
    ping();
  });
}

void RawMqtt::disconnect() {
  if (connected()) {
    outgoing_ += mqtt::disconnect();
    write_some();
  }
  close("disconnected", false);
}

void RawMqtt::drop() { close("dropped", true); }

void RawMqtt::close(const std::string& why, bool with_reset) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  error_ = why;
  loop_.cancel(ping_timer_);
  loop_.cancel(write_timer_);
  write_due_ = false;
  loop_.forget(socket_.get());
  if (with_reset) socket_.reset();
  socket_.close();
  received_.clear();
  outgoing_.clear();
  subscribe_id_ = 0;
  // Told last: what is called may connect and publish again.
  auto lost = std::exchange(in_flight_, {});
  auto never_sent = std::exchange(waiting_, {});
  for (auto& [id, done] : lost)
    if (done) done(false);
  for (auto& waiting : never_sent)
    if (waiting.done) waiting.done(false);
  if (on_closed_) on_closed_();
}

std::uint16_t RawMqtt::next_id() {
  do last_id_ = static_cast<std::uint16_t>(last_id_ == 0xffff ? 1 : last_id_ + 1);
  while (in_flight_.contains(last_id_) || last_id_ == subscribe_id_);
  return last_id_;
}

}  // namespace storegate::support
