// The outgoing MQTT thread. Everything that calls paho is done here, one thing after the other; paho's threads only
// leave events and verdicts.
#include "platform/mqtt_engine.hpp"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <system_error>
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

MqttClient::Engine::Engine(MqttOptions options, MqttAddress address, MqttCallbacks callbacks)
    : options_(std::move(options)),
      address_(std::move(address)),
      callbacks_(std::move(callbacks)),
      backoff_(options_.retry_min, options_.retry_max, options_.jitter_seed) {}

Result<void> MqttClient::Engine::launch() {
  try {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  } catch (const std::system_error& fault) {
    return Error{ErrorCode::failed, std::string("starting the outgoing MQTT thread: ") + fault.what()};
  }
  return {};
}

void MqttClient::Engine::run() {
  ::pthread_setname_np(::pthread_self(), "mqtt_out");
  begin_attempt();
  for (;;) {
    Work work = wait_for_work();
    for (const Event& event : work.events) handle(event);
    if (work.stop) break;
    send_all(std::move(work.publications));
    watch_time();
  }
  close_down();
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ended_wake_.notify_all();
}

bool MqttClient::Engine::has_work() const {
  const bool sendable = !queue_.empty() && !holding_back_ && (window_ == 0 || in_flight_ < window_);
  return stopping_ || !events_.empty() || sendable;
}

MqttClient::Engine::Work MqttClient::Engine::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return has_work(); };
  if (alarm_)
    wake_.wait_until(lock, *alarm_, ready);
  else
    wake_.wait(lock, ready);
  Work work;
  work.stop = stopping_;
  work.events = std::exchange(events_, {});
  if (work.events.empty() && !work.stop) work.publications = take_sendable();
  return work;
}

std::vector<MqttPublication> MqttClient::Engine::take_sendable() {
  if (holding_back_) return {};
  // Without a connection all of them are taken, to be reported; otherwise as many as the window lets out.
  std::size_t places =
      window_ == 0 ? queue_.size() : std::min(queue_.size(), window_ - std::min(window_, in_flight_));
  std::vector<MqttPublication> taken;
  taken.reserve(places);
  if (window_ != 0) in_flight_ += places;
  for (; places > 0; --places) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

void MqttClient::Engine::handle(const Event& event) {
  if (event.connection != connection_number_ || !connection_) return;
  switch (event.kind) {
    case Event::Kind::connected:
      connected_ = event.with;
      subscribe_or_go_online();
      return;
    case Event::Kind::subscribed:
      if (state_ != State::subscribing) return;
      if (!event.result)
        return end_connection(Error(event.result.error()).in("subscribing to " + options_.subscription));
      subscribed_before_ = true;
      go_online();
      return;
    case Event::Kind::lost: end_connection(event.result.error()); return;
  }
}

void MqttClient::Engine::watch_time() {
  std::optional<Instant> alarm;
  {
    const std::lock_guard lock(mutex_);
    alarm = alarm_;
  }
  if (!alarm || steady_clock::now() < *alarm) return;
  if (state_ == State::waiting) return begin_attempt();
  if (state_ == State::connecting)
    return end_connection({ErrorCode::timed_out, "the broker did not answer the connect in time"});
  if (state_ == State::subscribing)
    return end_connection({ErrorCode::timed_out, "the broker did not answer the subscription in time"});
}

void MqttClient::Engine::begin_attempt() {
  state_ = State::connecting;
  {
    const std::lock_guard lock(mutex_);
    alarm_ = steady_clock::now() + options_.connect_timeout;
  }
  const std::uint64_t number = ++connection_number_;
  auto begun = PahoConnection::begin(options_, address_, *this, number);
  if (!begun) return end_connection(begun.error());
  connection_ = std::move(begun).value();
}

void MqttClient::Engine::subscribe_or_go_online() {
  // A session the broker kept still holds the subscription, but perhaps an earlier configuration's: once anew.
  const bool needed = !options_.subscription.empty() && (!connected_.session_present || !subscribed_before_);
  if (!needed) return go_online();
  state_ = State::subscribing;
  if (auto asked = connection_->subscribe(options_.subscription); !asked) end_connection(asked.error());
}

void MqttClient::Engine::go_online() {
  state_ = State::online;
  online_since_ = steady_clock::now();
  packet_bytes_max_ = connected_.packet_bytes_max;
  count_.connected = true;
  ++count_.connects;
  {
    const std::lock_guard lock(mutex_);
    alarm_.reset();
    in_flight_ = 0;
    window_ = std::max<std::size_t>(1, std::min(options_.window, connected_.receive_maximum));
  }
  if (callbacks_.presence_online) {
    std::string payload;
    tell([&] { payload = callbacks_.presence_online(); });
    if (!payload.empty()) publish_presence(std::move(payload));
  }
  if (callbacks_.on_connected) tell([&] { callbacks_.on_connected(connected_); });
}

void MqttClient::Engine::publish_presence(std::string payload) {
  if (options_.will.topic.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  send({.ticket = {.id = 0, .presence = true},
        .topic = options_.will.topic,
        .payload = std::move(payload),
        .retained = options_.will.retained});
}

void MqttClient::Engine::send_all(std::vector<MqttPublication> publications) {
  if (publications.empty()) return;
  if (state_ == State::online && connection_->hung_up()) return hold_back(std::move(publications));
  for (const MqttPublication& publication : publications) send(publication);
}

void MqttClient::Engine::hold_back(std::vector<MqttPublication> publications) {
  // paho is about to say that the connection is lost; then they are reported, behind those in the window.
  const std::lock_guard lock(mutex_);
  in_flight_ -= std::min(in_flight_, publications.size());
  queue_.insert(queue_.begin(), std::make_move_iterator(publications.begin()),
                std::make_move_iterator(publications.end()));
  holding_back_ = true;
}

Result<void> MqttClient::Engine::try_to_send(const MqttPublication& publication) {
  if (state_ != State::online) return Error{ErrorCode::unavailable, "not connected"};
  const std::string& topic = publication.topic;
  // A broker answers these by cutting the connection, and would again at every retry.
  if (topic.empty() || topic.size() > 65'535 ||
      topic.find_first_of(std::string_view("+#\0", 3)) != std::string::npos)
    return Error{ErrorCode::invalid, "a topic to publish on has 1 to 65535 bytes and no wildcard"};
  constexpr std::size_t overhead = 64;  // fixed header, lengths, packet id, Content Type
  if (topic.size() + publication.payload.size() + options_.content_type.size() + overhead > packet_bytes_max_)
    return Error{ErrorCode::invalid,
                 "larger than the broker's maximum packet of " + std::to_string(packet_bytes_max_)};
  return connection_->publish(publication);
}

void MqttClient::Engine::send(const MqttPublication& publication) {
  auto sent = try_to_send(publication);
  const bool presence = publication.ticket.presence;
  if (sent) {
    if (!presence) ++count_.published;
    return;
  }
  give_back_window_place();
  if (!presence) report(publication.ticket.id, std::move(sent));
}

void MqttClient::Engine::end_connection(const Error& why) {
  const bool was_online = state_ == State::online;
  count_.connected = false;
  ++(was_online ? count_.disconnects : count_.attempts_failed);
  {
    const std::lock_guard lock(mutex_);
    window_ = 0;
    in_flight_ = 0;
    holding_back_ = false;
  }
  if (connection_) {
    const std::vector<MqttTicket> unfinished = connection_->take_unfinished();
    if (connection_->must_be_abandoned()) ++count_.handles_abandoned;
    connection_.reset();
    for (const MqttTicket& ticket : unfinished)
      if (!ticket.presence)
        report(ticket.id, Error{ErrorCode::unavailable, "the connection was lost before the PUBACK"});
  }
  // Only a connection that outlived the last wait is a success; one that ends at once (a broker that flaps, a message
  // that cannot be stored) must not be tried at full speed.
  if (was_online && steady_clock::now() - online_since_ >= last_wait_) backoff_.reset();
  last_wait_ = backoff_.next();
  state_ = State::waiting;
  {
    const std::lock_guard lock(mutex_);
    alarm_ = steady_clock::now() + last_wait_;
  }
  if (callbacks_.on_disconnected) tell([&] { callbacks_.on_disconnected(why, was_online); });
}

void MqttClient::Engine::close_down() {
  std::unique_lock lock(mutex_);
  // Leave a quarter of the time for the DISCONNECT.
  const Instant patience = steady_clock::now() + (stop_deadline_ - steady_clock::now()) * 3 / 4;
  const auto lost = [this] {
    return std::any_of(events_.begin(), events_.end(),
                       [](const Event& e) { return e.kind == Event::Kind::lost; });
  };
  const bool reachable = state_ == State::online && !holding_back_ && !connection_->hung_up();
  const auto room = [&] { return in_flight_ < window_ || lost(); };
  const auto drained = [&] { return in_flight_ == 0 || lost(); };
  if (reachable && wake_.wait_until(lock, patience, room) && !lost()) {
    lock.unlock();
    publish_presence(offline_presence_);
    lock.lock();
    wake_.wait_until(lock, patience, drained);
  }
  lock.unlock();
  connection_.reset();
  count_.connected = false;
}

// --- told by paho's threads -------------------------------------------------------------------------------------

void MqttClient::Engine::push(Event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  wake_.notify_one();
}

void MqttClient::Engine::mqtt_connected(std::uint64_t connection, const MqttConnected& connected) {
  push({Event::Kind::connected, connection, connected, {}});
}

void MqttClient::Engine::mqtt_subscribed(std::uint64_t connection, Result<void> result) {
  push({Event::Kind::subscribed, connection, {}, std::move(result)});
}

void MqttClient::Engine::mqtt_lost(std::uint64_t connection, Error why) {
  push({Event::Kind::lost, connection, {}, std::move(why)});
}

void MqttClient::Engine::mqtt_delivered(std::uint64_t connection, MqttTicket ticket, Result<void> result) {
  if (connection != connection_number_) return;
  if (!ticket.presence) report(ticket.id, std::move(result));
  give_back_window_place();
}

bool MqttClient::Engine::mqtt_arrived(MqttMessage message) {
  ++count_.received;
  MqttReceipt receipt(desk_, desk_->open());
  if (callbacks_.on_message) tell([&] { callbacks_.on_message(std::move(message), std::move(receipt)); });
  if (receipt) receipt.refuse();  // stopped, or nobody listens
  const bool accepted = desk_->wait(options_.receipt_wait) == MqttVerdict::accepted;
  ++(accepted ? count_.accepted : count_.refused);
  return accepted;
}

// --- any thread --------------------------------------------------------------------------------------------------

void MqttClient::Engine::give_back_window_place() {
  const std::lock_guard lock(mutex_);
  if (in_flight_ > 0) --in_flight_;
  if (!queue_.empty() || stopping_) wake_.notify_one();
}

template <typename Call>
void MqttClient::Engine::tell(const Call& call) {
  const std::lock_guard lock(gate_);
  if (!gagged_) call();
}

void MqttClient::Engine::report(std::uint64_t id, Result<void> result) {
  ++(result ? count_.acknowledged : count_.publish_failed);
  {
    const std::lock_guard lock(mutex_);
    if (outstanding_ > 0) --outstanding_;
  }
  if (callbacks_.on_published) tell([&] { callbacks_.on_published(id, std::move(result)); });
}

bool MqttClient::Engine::publish(std::uint64_t id, std::string topic, std::string payload, bool retained) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || outstanding_ >= options_.queue_max) return false;
  ++outstanding_;
  queue_.push_back({.ticket = {.id = id, .presence = false},
                    .topic = std::move(topic),
                    .payload = std::move(payload),
                    .retained = retained});
  // Behind others in the queue the thread is awake already, or waits for the window.
  if (queue_.size() == 1) wake_.notify_one();
  return true;
}

void MqttClient::Engine::ask_to_stop(Instant deadline) {
  std::string offline;
  if (callbacks_.presence_offline) tell([&] { offline = callbacks_.presence_offline(); });
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_deadline_ = deadline;
    offline_presence_ = offline.empty() ? options_.will.payload : std::move(offline);
    wake_.notify_one();
  }
  desk_->close_for_good();
}

bool MqttClient::Engine::stop(milliseconds within) {
  if (!thread_.joinable()) {  // stopped before
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  const Instant deadline = steady_clock::now() + within;
  ask_to_stop(deadline);
  bool ended = false;
  {
    std::unique_lock lock(mutex_);
    ended = ended_wake_.wait_until(lock, deadline, [this] { return ended_; });
  }
  if (ended)
    thread_.join();
  else
    thread_.detach();  // it holds the engine, and ends when paho lets go of it
  if (gate_.try_lock_until(deadline + milliseconds(100))) {
    gagged_ = true;
    gate_.unlock();
  }
  return ended;
}

MqttCounters MqttClient::Engine::counters() const {
  return {.connected = count_.connected,
          .connects = count_.connects,
          .attempts_failed = count_.attempts_failed,
          .disconnects = count_.disconnects,
          .received = count_.received,
          .accepted = count_.accepted,
          .refused = count_.refused,
          .published = count_.published,
          .acknowledged = count_.acknowledged,
          .publish_failed = count_.publish_failed,
          .handles_abandoned = count_.handles_abandoned};
}

}  // namespace storegate::platform
