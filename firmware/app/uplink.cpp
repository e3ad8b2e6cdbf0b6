// The uplink's outward half: connection, presence, events.
#include "app/uplink.hpp"

#include <algorithm>
#include <utility>

#include "app/version.hpp"
#include "app/webhooks.hpp"
#include "codec/events.hpp"
#include "platform/log.hpp"
#include "platform/random.hpp"

namespace storegate::app {

namespace {
// An event the broker would not take is offered again after this: at once would be a storm, never would be a gap.
constexpr std::chrono::milliseconds pause_after_refusal{2000};
constexpr std::int64_t outage_ms = 60'000;

void replace(std::string& text, std::string_view name, std::string_view value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
    text.replace(at, name.size(), value);
}
}  // namespace

Uplink::Uplink(const Config& config, platform::Loop& loop, const platform::Clock& clock, Turns& turns,
               Desk& desk, Gauges& gauges)
    : config_(config),
      loop_(loop),
      clock_(clock),
      turns_(turns),
      desk_(desk),
      gauges_(gauges),
      topic_prefix_(config.mqtt->prefix + "/" + config.store.id + "/"),
      epoch_(turns.engine().gateway().epoch()),
      last_sequence_(turns.engine().outbox().last_written().sequence),
      online_since_ms_(clock.now().wall_ms) {}

core::Result<void> Uplink::start(SharedTls tls) {
  auto wanted = options();
  wanted.tls = std::move(tls);
  auto client = platform::MqttClient::start(loop_, std::move(wanted), callbacks());
  if (!client) return std::move(client).error();
  client_ = std::move(*client);
  return {};
}

platform::MqttOptions Uplink::options() const {
  const MqttConfig& mqtt = *config_.mqtt;
  platform::MqttOptions options;
  options.url = mqtt.url;
  options.version = mqtt.version;
  options.client_id = mqtt.client_id;
  options.username = mqtt.username;
  options.password = mqtt.password;
  options.keepalive_s = static_cast<std::uint16_t>(mqtt.keepalive_s);
  options.session_expiry = std::chrono::hours(mqtt.session_expiry_hours);
  options.subscription = topic_prefix_ + "in/+";
  options.will = {topic_prefix_ + "presence", presence(false), true};
  options.content_type = codec::event_content_type;
  options.jitter_seed = platform::random_seed();
  options.window = static_cast<std::uint16_t>(mqtt.window);
  options.queue_max =
      std::max<std::size_t>(options.queue_max, options.window);  // the outbox hands over a window
  return options;
}

platform::MqttCallbacks Uplink::callbacks() {
  platform::MqttCallbacks callbacks;
  callbacks.on_message = [this](platform::MqttMessage message, platform::MqttReceipt receipt) {
    on_message(std::move(message), std::move(receipt));
  };
  callbacks.on_connected = [this](platform::MqttConnected connected) { on_connected(connected); };
  callbacks.on_disconnected = [this](const core::Error& why, bool was_connected) {
    on_disconnected(why, was_connected);
  };
  callbacks.on_published = [this](std::uint64_t id, const core::Result<void>& result) {
    on_published(id, result);
  };
  callbacks.presence_online = [this] {
    online_since_ms_ = clock_.now().wall_ms;
    return presence(true);
  };
  callbacks.presence_offline = [this] { return presence(false); };
  return callbacks;
}

std::string Uplink::presence(bool online) const {
  codec::Presence presence;
  presence.online = online;
  presence.since_wall_ms = online ? online_since_ms_ : clock_.now().wall_ms;
  presence.version = version();
  presence.epoch = epoch_;
  presence.sequence = last_sequence_;
  return codec::encode_presence(presence);
}

std::string Uplink::topic_of(core::EventType type) const {
  std::string topic = config_.routes.front().topic;
  replace(topic, "{prefix}", config_.mqtt->prefix);
  replace(topic, "{store}", config_.store.id);
  replace(topic, "{event}", core::name_of(type));
  return topic;
}

void Uplink::on_connected(platform::MqttConnected connected) {
  connected_ = true;
  logged_away_ = false;
  paused_.cancel();
  platform::log_info("uplink connected", {{"session_present", connected.session_present}});
  const auto window = std::min<std::int64_t>(config_.mqtt->window, connected.receive_maximum);
  turns_.engine().outbox().on_connected(static_cast<std::size_t>(std::max<std::int64_t>(window, 1)));
  turns_.offer(core::UplinkConnected{connected.session_present});
  const auto since_ms = std::exchange(away_since_ms_, {});
  if (since_ms && clock_.now().steady_ms - *since_ms > outage_ms && on_return_) on_return_();
}

void Uplink::on_disconnected(const core::Error& why, bool was_connected) {
  connected_ = false;
  if (!away_since_ms_) away_since_ms_ = clock_.now().steady_ms;
  sent_.clear();
  turns_.engine().outbox().on_disconnected();
  turns_.wake();
  if (was_connected || !std::exchange(logged_away_, true))
    platform::log_warn(was_connected ? "uplink lost" : "uplink unreachable", {{"why", why.context}});
}

void Uplink::drain() {
  auto& outbox = turns_.engine().outbox();
  last_sequence_ = outbox.last_written().sequence;
  if (!client_ || paused_.pending() || turns_.engine().stopped()) return;
  while (auto event = outbox.next_to_publish()) {
    const auto id = ++last_id_;
    const auto position = event->record.position;
    sent_.emplace(id, Sent{position, instant_now()});
    if (client_->publish(id, topic_of(event->record.type), encode_event(config_, *event))) continue;
    sent_.erase(id);
    pause();
    turns_.published(position, false);
    return;
  }
}

void Uplink::on_published(std::uint64_t id, const core::Result<void>& result) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return;
  const Sent sent = found->second;
  sent_.erase(found);
  if (result) {
    gauges_.event_acknowledged(seconds_since(sent.at));
  } else {
    const bool link_lost = result.error().code == core::ErrorCode::unavailable;
    if (!link_lost)
      platform::log_error("event not taken by the broker: it stays and is sent again",
                          {{"sequence", sent.position.sequence}, {"why", result.error().context}});
    pause();
  }
  turns_.published(sent.position, result.ok());
  drain();
}

void Uplink::pause() {
  if (paused_.pending()) return;
  paused_ = loop_.after(pause_after_refusal, [this] {
    turns_.wake();
    drain();
  });
}

void Uplink::stop(std::chrono::milliseconds within, std::function<void()> ended) {
  const bool was_connected = std::exchange(connected_, false);
  if (!client_) return ended();
  client_->stop(within, [was_connected, ended = std::move(ended)](bool in_order) {
    if (was_connected && !in_order) platform::log_warn("uplink did not end in time");
    ended();
  });
}

platform::MqttCounters Uplink::counters() const {
  return client_ ? client_->counters() : platform::MqttCounters{};
}

}  // namespace storegate::app
