// MqttClient's door: checks the options, starts the engine.
#include "platform/mqtt_client.hpp"

#include <utility>

#include "platform/mqtt_engine.hpp"

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

Error wrong(const char* what) { return {ErrorCode::invalid, std::string("mqtt ") + what}; }

Result<void> check_texts(const MqttOptions& options) {
  if (options.client_id.empty() || options.client_id.size() > 128 || !is_mqtt_text(options.client_id))
    return wrong("client_id: 1 to 128 bytes of UTF-8");
  constexpr std::size_t text_bytes_max = 65'535;
  for (const std::string* text :
       {&options.username, &options.subscription, &options.will.topic, &options.content_type})
    if (text->size() > text_bytes_max || !is_mqtt_text(*text))
      return wrong(
          "username, subscription, will topic and content_type: UTF-8 without NUL, at most 65535 bytes");
  if (options.password.size() > text_bytes_max || options.will.payload.size() > text_bytes_max)
    return wrong("password and will payload: at most 65535 bytes");
  if (options.will.topic.find_first_of("+#") != std::string::npos) return wrong("will topic: no wildcard");
  return {};
}

Result<void> check_figures(const MqttOptions& options) {
  if (options.version != "5" && options.version != "3.1.1") return wrong("version: \"5\" or \"3.1.1\"");
  if (options.keepalive_s < 5) return wrong("keepalive_s: 5 to 65535");
  if (options.unsettled_max < 1) return wrong("unsettled_max: at least 1");
  if (options.window < 1) return wrong("window: at least 1");
  if (options.queue_max < 1) return wrong("queue_max: at least 1");
  if (options.session_expiry.count() < 1 || options.session_expiry.count() > 0xffff'ffffLL)
    return wrong("session_expiry: 1 s to 2^32-1 s");
  if (options.retry_min.count() < 1 || options.retry_max < options.retry_min)
    return wrong("retry_min, retry_max: at least 1 ms and in this order");
  if (options.connect_timeout.count() < 1 || options.receipt_wait.count() < 1)
    return wrong("connect_timeout, receipt_wait: at least 1 ms");
  if (options.message_bytes_max < 1024) return wrong("message_bytes_max: at least 1024");
  return {};
}

}  // namespace

Result<void> MqttClient::check(const MqttOptions& options) {
  const auto url = parse_mqtt_url(options.url);
  if (!url) return Error(url.error());
  if (url->tls && !options.tls) return wrong("url: mqtts:// and wss:// need a CA bundle to trust");
  if (auto texts = check_texts(options); !texts) return texts;
  return check_figures(options);
}

Result<std::unique_ptr<MqttClient>> MqttClient::start(Loop& loop, MqttOptions options,
                                                      MqttCallbacks callbacks) {
  if (auto checked = check(options); !checked) return std::move(checked).error();
  MqttAddress address = parse_mqtt_url(options.url).value();
  auto engine = std::make_shared<Engine>(loop, std::move(options), std::move(address), std::move(callbacks));
  engine->begin_attempt();
  return std::unique_ptr<MqttClient>(new MqttClient(std::move(engine)));
}

MqttClient::MqttClient(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

MqttClient::~MqttClient() { engine_->abandon(); }

bool MqttClient::publish(std::uint64_t id, std::string topic, std::string payload, bool retained) {
  return engine_->publish(id, std::move(topic), std::move(payload), retained);
}

void MqttClient::stop(std::chrono::milliseconds within, std::function<void(bool)> ended) {
  engine_->stop(within, std::move(ended));
}

void MqttClient::replace_tls(std::shared_ptr<const TlsContext> tls) { engine_->replace_tls(std::move(tls)); }

MqttCounters MqttClient::counters() const { return engine_->counters(); }

}  // namespace storegate::platform
