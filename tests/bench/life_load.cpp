// The senders' steps, each started by the answer or event that ended the one before.
#include "life_load.hpp"

#include <cstdlib>
#include <stdexcept>

#include "tests/support/orders.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t tokens_max = 32;  // to a message
constexpr std::chrono::milliseconds tokens_wait{5};
constexpr std::string_view id_mark = "ID-GOES-HERE";

/// The text value of the first member `name`; "" if it is not there. Good enough for ids, which hold no escapes.
std::string_view text_of(std::string_view json, std::string_view name) {
  const std::string start = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(start);
  if (at == std::string_view::npos) return {};
  json.remove_prefix(at + start.size());
  return json.substr(0, json.find('"'));
}

std::string topic(std::string_view end) { return "stores/" + std::string(store_id) + "/" + std::string(end); }

double ms_of(std::chrono::nanoseconds span) { return static_cast<double>(span.count()) * 1e-6; }

support::MqttOptions mqtt_options(const BenchStore& store) {
  support::MqttOptions options;
  options.broker = store.broker();
  options.client_id = support::unique_id("bench-cloud");
  options.window = 64;
  return options;
}

}  // namespace

std::string_view name_of(Way way) noexcept {
  switch (way) {
    case Way::http: return "releases over HTTP";
    case Way::own_message: return "each release its own message";
    case Way::many_to_a_message: return "releases many to a message";
  }
  return "";
}

LifeLoad::LifeLoad(BenchStore& store, LoadShape shape)
    : store_(store),
      shape_(shape),
      http_(loop_, store.api(), shape.senders, 60s),
      mqtt_(loop_, mqtt_options(store)),
      run_(support::unique_id("L")),
      template_(support::canonical_order("kiosk", id_mark)),
      id_at_(template_.find(id_mark)),
      senders_(shape.senders),
      tickets_before_(store.pos().counts().tickets) {
  if (!mqtt_.connect() || !mqtt_.subscribe(topic("out/#")))
    throw std::runtime_error("the senders cannot reach the broker: " + mqtt_.error());
  mqtt_.on_message([this](const support::MqttMessage& message) { take(message); });
  mqtt_.on_closed([this] { failure_ = "the senders lost the broker"; });
}

void LifeLoad::begin() {
  for (std::size_t i = 0; i < senders_.size(); ++i) start_life(i);
}

void LifeLoad::run_for(std::chrono::milliseconds span) {
  loop_.run_until([this] { return !failure_.empty(); }, span);
  if (!failure_.empty()) throw std::runtime_error(failure_);
}

void LifeLoad::finish(std::chrono::milliseconds patience) {
  // A load of a fixed number of lives runs to it; any other stops here.
  draining_ = shape_.lives_max == UINT64_MAX;
  const auto over = [this] {
    return !failure_.empty() || (ended_ == begun_ && (draining_ || begun_ >= shape_.lives_max));
  };
  bool ended = false;
  for (std::uint64_t before = UINT64_MAX; !ended && before != ended_;) {  // slow is not stuck
    before = ended_;
    ended = loop_.run_until(over, patience);
  }
  if (!failure_.empty()) throw std::runtime_error(failure_);
  if (!ended)
    throw std::runtime_error(std::to_string(begun_ - ended_) + " orders did not end, " +
                             std::to_string(ended_) + " did: " + store_.state());
  if (shape_.hold) return;
  const support::PosCounts counts = store_.pos().counts();
  if (counts.tickets - tickets_before_ != static_cast<std::int64_t>(ended_) || counts.most_per_reference > 1)
    throw std::runtime_error("tickets and ended orders differ: " + counts.json);
}

void LifeLoad::clear_times() {
  acknowledge_ms_.clear();
  release_ms_.clear();
}

void LifeLoad::start_life(std::size_t index) {
  if (draining_ || begun_ >= shape_.lives_max) return;
  Sender& sender = senders_[index];
  sender.busy = true;
  sender.partner_order_id = run_ + "." + std::to_string(++begun_) + "." + std::to_string(index);
  std::string body = template_;
  body.replace(id_at_, id_mark.size(), sender.partner_order_id);
  const std::string request = support::http_request(
      "POST", "/v1/orders",
      {{"Content-Type", "application/json"}, {"Idempotency-Key", sender.partner_order_id}}, body);
  http_.call(index, request, [this, index](const support::LoadAnswer& answer) { accepted(index, answer); });
}

void LifeLoad::accepted(std::size_t index, const support::LoadAnswer& answer) {
  if (!answer.is(201) || text_of(answer.body, "phase") != "held") {
    failure_ = "an order was answered " + std::to_string(answer.status) + " " + std::string(answer.body);
    return;
  }
  acknowledge_ms_.push_back(ms_of(answer.took));
  Sender& sender = senders_[index];
  sender.order_id = text_of(answer.body, "id");
  if (shape_.hold) return end_life(index);
  if (shape_.way == Way::many_to_a_message) {
    tokens_.emplace_back(text_of(answer.body, "release_token"));
    sender.released = Clock::now();
    if (tokens_.size() >= tokens_max) return flush_tokens();
    if (flush_armed_) return;
    flush_armed_ = true;
    loop_.after(tokens_wait, [this] {
      flush_armed_ = false;
      flush_tokens();
    });
    return;
  }
  after_pause(index, &LifeLoad::release);
}

void LifeLoad::after_pause(std::size_t index, void (LifeLoad::*step)(std::size_t)) {
  if (shape_.pause == 0ms) return (this->*step)(index);
  loop_.after(shape_.pause, [this, index, step] { (this->*step)(index); });
}

void LifeLoad::release(std::size_t index) {
  Sender& sender = senders_[index];
  sender.released = Clock::now();
  if (shape_.way == Way::own_message) {
    mqtt_.publish(topic("in/release"), support::release_command("kiosk", sender.partner_order_id));
    return;
  }
  const std::string request = support::http_request("POST", "/v1/orders/" + sender.order_id + "/release",
                                                    {{"Content-Type", "application/json"}}, "{}");
  http_.call(index, request, [this, index](const support::LoadAnswer& answer) {
    if (!answer.is(200)) {
      failure_ = "a release was answered " + std::to_string(answer.status) + " " + std::string(answer.body);
    } else if (!senders_[index].busy) {
      after_pause(index, &LifeLoad::start_life);  // its event was here before this answer
    }
  });
}

void LifeLoad::flush_tokens() {
  if (tokens_.empty()) return;
  std::string message = R"({"releases":[)";
  for (const std::string& token : tokens_) {
    if (message.back() == '}') message += ',';
    message += R"({"release_token":")" + token + "\"}";
  }
  tokens_.clear();
  mqtt_.publish(topic("in/release"), message + "]}");
}

void LifeLoad::take(const support::MqttMessage& message) {
  ++events_;
  if (!message.topic.ends_with("/order.placed")) return;
  const std::string_view id = text_of(message.payload, "partner_order_id");
  const auto dot = id.rfind('.');
  if (!id.starts_with(run_) || dot == std::string_view::npos) return;
  const auto index = static_cast<std::size_t>(std::atoll(std::string(id.substr(dot + 1)).c_str()));
  Sender& sender = senders_.at(index);
  if (!sender.busy || sender.partner_order_id != id) return;  // a repeat
  release_ms_.push_back(ms_of(Clock::now() - sender.released));
  end_life(index);
}

void LifeLoad::end_life(std::size_t index) {
  senders_[index].busy = false;
  ++ended_;
  if (!http_.busy(index)) after_pause(index, &LifeLoad::start_life);
}

}  // namespace storegate::bench
