// The session outwards: the queue, the window, each publication reported once, and the orderly end.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "platform/mqtt_engine.hpp"

namespace storegate::platform {

using core::Error;
using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;

bool MqttClient::Engine::publish(std::uint64_t id, std::string topic, std::string payload, bool retained) {
  if (state_ == State::closing || state_ == State::ended || outstanding_ >= options_.queue_max) return false;
  ++outstanding_;
  queue_.push_back({id, std::move(topic), std::move(payload), retained});
  pump_soon();
  return true;
}

void MqttClient::Engine::pump_soon() {
  if (queue_.empty() || std::exchange(pump_posted_, true)) return;
  boost::asio::post(loop_.context(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->pump_posted_ = false;
    self->pump();
  });
}

void MqttClient::Engine::pump() {
  if (state_ == State::closing || state_ == State::ended) return;
  if (state_ != State::online) return report_unfinished();
  const auto link = link_number_;
  // What is reported may publish anew or end the client: look again each time.
  while (state_ == State::online && link == link_number_ && !queue_.empty() && in_flight_.size() < window_) {
    const Publication publication = std::move(queue_.front());
    queue_.pop_front();
    auto sent = try_to_send(publication, false);
    if (sent) continue;
    report(publication.id, std::move(sent));
    // Those behind it would overtake it: they come again with it, in order.
    for (const Publication& behind : std::exchange(queue_, {}))
      if (state_ == State::online)
        report(behind.id, Error{ErrorCode::unavailable, "one before it was not taken"});
  }
}

Result<void> MqttClient::Engine::try_to_send(const Publication& publication, bool presence) {
  const std::string& topic = publication.topic;
  // A broker answers these by cutting the connection, and would again at every retry.
  if (topic.empty() || topic.size() > 65'535 || topic.find_first_of("+#") != std::string::npos)
    return Error{ErrorCode::invalid, "a topic to publish on has 1 to 65535 bytes and no wildcard"};
  if (!is_mqtt_text(topic)) return Error{ErrorCode::invalid, "a topic to publish on is UTF-8 without NUL"};
  const MqttOutbound packet{.packet_id = next_packet_id(),
                            .topic = topic,
                            .payload = publication.payload,
                            .content_type = presence ? std::string_view() : options_.content_type,
                            .retained = publication.retained};
  if (publish_bytes(version_, packet) > connected_.packet_bytes_max)
    return Error{ErrorCode::invalid,
                 "larger than the broker's maximum packet of " + std::to_string(connected_.packet_bytes_max)};
  append_publish(link_->out(), version_, packet);
  link_->send();
  in_flight_.push_back({packet.packet_id, publication.id, presence});
  if (!presence) ++count_.published;
  return {};
}

void MqttClient::Engine::send_presence(std::string payload) {
  if (options_.will.topic.empty()) return;
  const bool retained = options_.will.retained && takes_retained_;
  // A presence that the broker would not take is done without: the orders matter more.
  const auto sent = try_to_send({0, options_.will.topic, std::move(payload), retained}, true);
  static_cast<void>(sent);
}

std::uint16_t MqttClient::Engine::next_packet_id() noexcept {
  const auto in_use = [this](std::uint16_t id) {
    return std::any_of(in_flight_.begin(), in_flight_.end(),
                       [id](const InFlight& each) { return each.packet_id == id; });
  };
  do {
    if (++last_packet_id_ == 0) last_packet_id_ = 1;
  } while (in_use(last_packet_id_));
  return last_packet_id_;
}

void MqttClient::Engine::took(const MqttPuback& puback) {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const InFlight& each) { return each.packet_id == puback.packet_id; });
  if (found == in_flight_.end()) return;  // of an earlier connection, or the broker's mistake
  const InFlight done = *found;
  in_flight_.erase(found);
  if (!done.presence && state_ == State::online) {
    // Quota and Receive Maximum: the broker is full now and may not be later.
    const bool for_now = puback.code == 0x97 || puback.code == 0x93;
    if (puback.code < 0x80)
      report(done.id, {});
    else
      report(done.id, Error{for_now ? ErrorCode::unavailable : ErrorCode::invalid,
                            "the broker refused it: " + mqtt_reason(version_, puback.code)});
  }
  if (state_ == State::closing) return close_step();
  pump_soon();
}

void MqttClient::Engine::report(std::uint64_t id, Result<void> result) {
  ++(result ? count_.acknowledged : count_.publish_failed);
  --outstanding_;
  if (callbacks_.on_published) callbacks_.on_published(id, std::move(result));
}

void MqttClient::Engine::report_unfinished() {
  const auto unfinished = std::exchange(in_flight_, {});
  const auto waiting = std::exchange(queue_, {});
  const auto told_to_stop = [this] { return state_ == State::closing || state_ == State::ended; };
  for (const InFlight& each : unfinished)
    if (!each.presence && !told_to_stop())
      report(each.id, Error{ErrorCode::unavailable, "the connection was lost before the PUBACK"});
  for (const Publication& each : waiting)
    if (!told_to_stop()) report(each.id, Error{ErrorCode::unavailable, "not connected"});
}

void MqttClient::Engine::stop(milliseconds within, std::function<void(bool)> ended) {
  if (state_ == State::closing || state_ == State::ended) return;
  stopped_ = std::move(ended);
  queue_.clear();
  for (const Unsettled& each : unsettled_) count_.refused += each.accepted || each.refused ? 0 : 1;
  first_receipt_ += unsettled_.size();
  unsettled_.clear();
  unsettled_bytes_ = 0;
  receipt_timer_.cancel();
  const bool was_online = state_ == State::online;
  state_ = State::closing;
  if (!was_online) {
    attempt_timer_.cancel();
    if (link_) std::exchange(link_, nullptr)->close();
    stop_timer_ = loop_.after(milliseconds(0), [this] { finish(false); });
    return;
  }
  offline_presence_ = callbacks_.presence_offline ? callbacks_.presence_offline() : std::string();
  if (offline_presence_.empty()) offline_presence_ = options_.will.payload;
  // Leave a quarter of the time for the DISCONNECT.
  stop_timer_ = loop_.after(within * 3 / 4, [this, within] {
    stop_timer_ = loop_.after(within / 4, [this] { finish(false); });
    disconnect(false);
  });
  link_->resume();
  close_step();
}

void MqttClient::Engine::close_step() {
  if (!presence_sent_ && in_flight_.size() < window_) {
    presence_sent_ = true;
    send_presence(std::move(offline_presence_));
  }
  if (!presence_sent_ || !in_flight_.empty()) return;
  disconnect(true);
}

void MqttClient::Engine::disconnect(bool in_order) {
  if (std::exchange(disconnecting_, true)) return;
  keepalive_timer_.cancel();  // nothing may follow a DISCONNECT (MQTT-3.14.4-2)
  append_disconnect(link_->out());
  link_->finish([this, in_order] { finish(in_order); });
}

void MqttClient::Engine::finish(bool in_order) {
  const auto keep = shared_from_this();
  const auto told = std::exchange(stopped_, nullptr);
  count_.connected = false;
  abandon();
  if (told) told(in_order);
}

}  // namespace storegate::platform
