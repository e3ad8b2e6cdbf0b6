// The senders' steps: an order, then what its sender meant to do with it; a step without an answer is repeated.
#include "senders.hpp"

#include <stdexcept>
#include <utility>

#include "tests/support/orders.hpp"

namespace storegate::killing {

namespace {

constexpr std::size_t http_senders = 8;
constexpr std::size_t work_ahead = 16;
constexpr std::chrono::milliseconds answer_deadline{3000};
constexpr double orders_per_second = 150;  // a rush, and few enough to follow each one to its end

// The value of the first "id" of a short answer.
std::string id_in(std::string_view answer) {
  constexpr std::string_view name = "\"id\":\"";
  const std::size_t at = answer.find(name);
  return at == std::string_view::npos ? std::string() : std::string(answer.substr(at + name.size(), 36));
}

}  // namespace

Senders::Senders(support::Loop& loop, support::Address api, support::Address broker, std::uint64_t seed)
    : loop_(loop),
      http_(loop, std::move(api), http_senders, answer_deadline),
      broker_(std::move(broker)),
      random_(seed) {
  support::MqttOptions options;
  options.broker = broker_;
  options.client_id = "kill-senders";
  mqtt_ = std::make_unique<support::RawMqtt>(loop_, options);
  if (!mqtt_->connect()) throw std::runtime_error("the senders cannot reach the broker: " + mqtt_->error());
}

void Senders::new_order() {
  Sent order;
  order.id = "O-" + std::to_string(++next_id_);
  order.partner = chance(25) ? "counter" : "kiosk";
  order.by_mqtt = chance(20);
  order.wants_cancel = chance(20);
  order.wants_release = order.partner == "kiosk" && chance(85);
  order.body = support::canonical_order(order.partner, order.id);
  work_.push_back({Step::order, order.id});
  orders_.emplace(order.id, std::move(order));
}

void Senders::keep_busy() {
  if (broker_lost_) throw std::runtime_error("the broker lost a message of the senders");
  while (may_begin_another()) new_order();
  for (std::size_t i = 0; i < http_.size() && !work_.empty(); ++i) {
    if (http_.busy(i)) continue;
    Work work = work_.front();
    work_.pop_front();
    const Sent& order = orders_.at(work.id);
    const bool by_mqtt = work.step == Step::order ? order.by_mqtt : order.order_id.empty() || chance(50);
    if (by_mqtt)
      start_mqtt(work);
    else
      start(i, std::move(work));
  }
}

bool Senders::may_begin_another() const {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun_;
  return !draining_ && work_.size() < work_ahead &&
         static_cast<double>(orders_.size()) < passed.count() * orders_per_second;
}

std::string Senders::request_of(const Work& work) const {
  const Sent& order = orders_.at(work.id);
  support::HttpHeaders headers{{"Content-Type", "application/json"}};
  if (work.step == Step::order) {
    headers.emplace_back("Idempotency-Key", work.id);
    return support::http_request("POST", "/v1/orders", headers, order.body);
  }
  const std::string target =
      "/v1/orders/" + order.order_id + (work.step == Step::release ? "/release" : "/cancel");
  return support::http_request("POST", target, headers, "{}");
}

void Senders::start(std::size_t connection, Work work) {
  const std::string request = request_of(work);
  Sent& order = orders_.at(work.id);
  if (work.step == Step::release) order.release_sent = true;
  if (work.step == Step::cancel) order.cancel_sent = true;
  http_.call(connection, request, [this, work = std::move(work)](const support::LoadAnswer& answer) {
    const bool taken =
        answer.reach == support::Reach::answered && (answer.status / 100 == 2 || answer.status == 409);
    if (taken)
      acknowledged(work, answer.body);
    else
      work_.push_back(work);  // no answer, or 503: the same again, as partners do
  });
}

void Senders::start_mqtt(const Work& work) {
  Sent& order = orders_.at(work.id);
  std::string topic = "stores/kill/in/order";
  std::string payload = order.body;
  if (work.step == Step::release) {
    order.release_sent = true;
    topic = "stores/kill/in/release";
    payload = support::release_command(order.partner, order.id);
  } else if (work.step == Step::cancel) {
    order.cancel_sent = true;
    topic = "stores/kill/in/cancel";
    payload = support::cancel_command(order.partner, order.id);
  }
  ++mqtt_open_;
  mqtt_->publish(topic, payload, [this, work](bool taken) {
    --mqtt_open_;
    if (!taken)
      broker_lost_ = true;
    else
      plan_next(
          orders_.at(work.id));  // the broker has it: the next step may overtake it, and must come out right
  });
}

void Senders::acknowledged(const Work& work, std::string_view answer) {
  ++acknowledgements_;
  Sent& order = orders_.at(work.id);
  if (work.step == Step::order) {
    order.order_acknowledged = true;
    order.order_id = id_in(answer);
  }
  if (work.step == Step::release) order.release_acknowledged = true;
  if (work.step == Step::cancel) {
    order.cancel_acknowledged = true;
    order.cancel_first = order.partner == "kiosk" && !order.release_sent;
  }
  plan_next(order);
}

void Senders::plan_next(const Sent& order) {
  const bool release = order.wants_release && !order.release_sent;
  const bool cancel = order.wants_cancel && !order.cancel_sent;
  if (release && cancel)
    work_.push_back({chance(50) ? Step::release : Step::cancel, order.id});
  else if (release)
    work_.push_back({Step::release, order.id});
  else if (cancel)
    work_.push_back({Step::cancel, order.id});
}

void Senders::release_the_rest() {
  for (const auto& [id, order] : orders_) {
    if (order.partner == "kiosk" && !order.release_sent && !order.cancel_sent)
      work_.push_back({Step::release, id});
  }
}

bool Senders::idle() const {
  for (std::size_t i = 0; i < http_.size(); ++i) {
    if (http_.busy(i)) return false;
  }
  return work_.empty() && mqtt_open_ == 0;
}

}  // namespace storegate::killing
