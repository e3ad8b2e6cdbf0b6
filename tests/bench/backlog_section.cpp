// An hour without the internet: 7,200 orders come while the broker is away, most are cooked meanwhile, some are cancelled,
// and the last ones wait, since the POS has gone as well. Then both come back. The hour is made as fast as the store takes
// it: what counts is what lies there when it ends.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sections.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/load_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/raw_mqtt.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int orders = 7'200;
constexpr int live_orders = 300;     // of them, the last ones: released, and the POS is away
constexpr int cancelled_every = 20;  // of the others
constexpr int pos_rate = 100;        // orders a second that the POS is given
constexpr std::size_t connections = 32;
constexpr double normal_within_s = 60;  // for a backlog of 1,000

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

enum class Fate { cooked, cancelled, live };
Fate fate_of(int order) {
  if (order >= orders - live_orders) return Fate::live;
  return order % cancelled_every == 0 ? Fate::cancelled : Fate::cooked;
}
std::string id_of(int order) { return "hour-" + std::to_string(order); }

/// The value of `"name":"…"`: the events hold no quotes within texts.
std::string_view text_of(std::string_view json, std::string_view name) {
  const std::string wanted = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(wanted);
  if (at == std::string_view::npos) return {};
  json.remove_prefix(at + wanted.size());
  return json.substr(0, json.find('"'));
}

/// Sends one request for each number in [from, to) that `wanted` takes, on all connections at once.
void send_all(BenchStore& store, int from, int to, bool (*wanted)(int),
              const std::function<std::string(int)>& request, const std::vector<int>& statuses) {
  support::Loop loop;
  support::LoadCaller caller(loop, store.api(), connections, 30s);
  int next = from;
  std::size_t busy = 0;
  std::string failure;
  std::function<void(std::size_t)> begin = [&](std::size_t connection) {
    while (next < to && !wanted(next)) ++next;
    if (next >= to) return;
    ++busy;
    caller.call(connection, request(next++), [&, connection](const support::LoadAnswer& answer) {
      --busy;
      bool right = false;
      for (const int status : statuses) right = right || answer.is(status);
      if (!right && failure.empty())
        failure = "HTTP " + std::to_string(answer.status) + ": " + std::string(answer.body);
      begin(connection);
    });
  };
  for (std::size_t connection = 0; connection < connections; ++connection) begin(connection);
  if (!loop.run_until([&] { return busy == 0 && next >= to; }, 300s))
    failure = "not all were answered within 300 s";
  if (!failure.empty()) throw std::runtime_error(failure);
}

std::string post(const std::string& target, const std::string& key, const std::string& body) {
  support::HttpHeaders headers{{"Content-Type", "application/json"}};
  if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
  return support::http_request("POST", target, headers, body);
}

/// What a consumer of the store's events saw, and when.
struct Consumer {
  explicit Consumer(const support::Address& broker)
      : mqtt(loop, {.broker = broker, .client_id = "bench-cloud"}) {
    mqtt.on_message([this](const support::MqttMessage& message) { take(message); });
    if (!mqtt.connect() || !mqtt.subscribe("stores/bench/out/#"))
      throw std::runtime_error("no broker: " + mqtt.error());
  }
  void take(const support::MqttMessage& message) {
    const std::string sequence(text_of(message.payload, "sequence"));
    if (sequence.empty() || !seen.insert(std::stoll(sequence)).second) return;
    newest = std::max<std::int64_t>(newest, std::stoll(sequence));
    last = Clock::now();
    if (std::stoll(sequence) <= waited_through) drained_at = last, ++drained;
    bytes += message.payload.size();
    const std::string_view id = text_of(message.payload, "partner_order_id");
    if (!id.starts_with("hour-")) return;
    const int order = std::atoi(std::string(id.substr(5)).c_str());
    std::int64_t& before = order_newest[order];
    if (std::stoll(sequence) < before)
      throw std::runtime_error("order " + std::string(id) + ": events out of order");
    before = std::stoll(sequence);
    const std::string_view name = message.topic.substr(message.topic.rfind('/') + 1);
    const Fate fate = fate_of(order);
    const bool wanted = (fate == Fate::live && name == "order.accepted") ||
                        (fate == Fate::cancelled && (name == "order.accepted" || name == "order.cancelled"));
    if (wanted && ++urgent == urgent_wanted) urgent_at = last;
    if (fate == Fate::live && name == "order.placed" && ++placed == live_orders) placed_at = last;
  }
  /// No gap; the first ones went before the broker did.
  [[nodiscard]] bool whole() const {
    return !seen.empty() && static_cast<std::int64_t>(seen.size()) == newest - *seen.begin() + 1;
  }

  support::Loop loop;
  support::RawMqtt mqtt;
  std::set<std::int64_t> seen;
  std::map<int, std::int64_t> order_newest;
  std::int64_t newest = 0;
  std::size_t bytes = 0;
  std::int64_t waited_through = 0;  // the newest event of the backlog
  std::size_t drained = 0;          // events of it
  int urgent = 0, urgent_wanted = 0, placed = 0;
  Clock::time_point urgent_at{}, drained_at{}, placed_at{}, last{};
};

/// As many messages of that size through the same broker, from one client's window to the other, in s.
double bare_publishing_s(BenchStore& store, std::size_t messages, std::size_t bytes) {
  support::Loop loop;
  support::RawMqtt consumer(loop, {.broker = store.broker(), .client_id = "floor-in"});
  support::RawMqtt publisher(loop, {.broker = store.broker(), .client_id = "floor-out"});
  std::size_t heard = 0;
  consumer.on_message([&](const support::MqttMessage&) { ++heard; });
  if (!consumer.connect() || !consumer.subscribe("floor") || !publisher.connect())
    throw std::runtime_error("no broker for the floor");
  const std::string payload(bytes, 'x');
  const auto begun = Clock::now();
  for (std::size_t i = 0; i < messages; ++i) publisher.publish("floor", payload);
  if (!loop.run_until([&] { return heard == messages && publisher.unacknowledged() == 0; }, 300s))
    throw std::runtime_error("the floor's messages did not arrive");
  return seconds_between(begun, Clock::now());
}

/// The newest event's sequence.
std::int64_t newest_event(BenchStore& store) {
  const std::string body = support::HttpCaller(store.api(), 10s).get("/v1/events?limit=1&since=now").body;
  const std::string_view cursor = text_of(body, "next");
  return std::stoll(std::string(cursor.substr(cursor.rfind('-') + 1)));
}

double events_waiting(BenchStore& store) {
  return metric_of(support::HttpCaller(store.api(), 10s).get("/metrics").body, "storegate_events_waiting");
}

void live_through_the_hour(BenchStore& store) {
  const auto send = [&](int from, int to) {
    send_all(
        store, from, to, [](int) { return true; },
        [&](int order) {
          return post("/v1/orders", id_of(order), support::canonical_order("kiosk", id_of(order)));
        },
        {201});
  };
  std::map<std::string, std::string> uuid_of;
  const auto learn = [&] {
    support::HttpCaller caller(store.api(), 30s);
    std::string cursor;
    do {
      const std::string body =
          caller.get("/v1/orders?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor)).body;
      std::size_t at = 0;
      for (; (at = body.find("{\"id\":\"", at)) != std::string::npos; ++at) {
        const std::string_view one = std::string_view(body).substr(at);
        uuid_of[std::string(text_of(one, "partner_order_id"))] = text_of(one, "id");
      }
      cursor = text_of(body, "next");
    } while (!cursor.empty());
  };
  const auto command = [&](int from, int to, const std::string& what, bool (*wanted)(int)) {
    send_all(store, from, to, wanted,
             [&](int order) { return post("/v1/orders/" + uuid_of.at(id_of(order)) + "/" + what, "", "{}"); },
             {200});
  };
  send(0, orders - live_orders);
  learn();
  command(0, orders - live_orders, "cancel", [](int order) { return fate_of(order) == Fate::cancelled; });
  command(0, orders - live_orders, "release", [](int order) { return fate_of(order) == Fate::cooked; });
  const auto cooked =
      static_cast<std::size_t>((orders - live_orders) - (orders - live_orders) / cancelled_every);
  support::eventually(
      "the hour's orders are cooked", 600s,
      [&] { return store.pos().counts().tickets >= static_cast<std::int64_t>(cooked); }, 200ms);
  store.pos().kill();
  send(orders - live_orders, orders);
  learn();
  command(orders - live_orders, orders, "release", [](int) { return true; });
}

}  // namespace

std::vector<Row> measure_backlog(Bench& bench) {
  std::fprintf(stderr, "backlog: an hour offline\n");
  // The hour itself goes by as fast as the POS's rate allows.
  BenchStore store(bench.program(), {},
                   {.pos_rate_per_s = pos_rate, .pos_requests_max = 16, .pos_keeps_tickets = true});
  store.mosquitto().kill();
  const auto hour_begun = Clock::now();
  live_through_the_hour(store);
  const double hour_s = seconds_between(hour_begun, Clock::now());
  const double waited = events_waiting(store);
  const std::int64_t backlog_newest = newest_event(store);

  store.mosquitto().start();
  Consumer consumer(store.broker());
  consumer.waited_through = backlog_newest;
  consumer.urgent_wanted = live_orders + 2 * ((orders - live_orders) / cancelled_every);
  const auto back = Clock::now();
  if (!consumer.loop.run_until([&] { return !consumer.seen.empty(); }, 60s))
    throw std::runtime_error("no event came");
  const auto first = consumer.last;
  // With the uplink: an order that is cooked before has no urgent event left. Beside whoever listens, and on a thread that
  // stays: the program is killed when the thread that started it ends.
  std::future<void> pos_runs;
  std::promise<void> measured;  // goes first if anything throws: nobody waits for it then
  pos_runs = std::async(std::launch::async, [&store, until = measured.get_future()] {
    store.pos().start();
    until.wait();
  });
  const bool all = consumer.loop.run_until(
      [&] {
        return consumer.placed == live_orders && consumer.whole() &&
               static_cast<double>(consumer.seen.size()) >= waited;
      },
      120s);
  measured.set_value();
  pos_runs.get();
  if (!all)
    throw std::runtime_error("of " + std::to_string(consumer.newest) + " events " +
                             std::to_string(consumer.seen.size()) + " came, " +
                             std::to_string(consumer.placed) + " orders were placed: " + store.state());
  const double urgent_s = seconds_between(first, consumer.urgent_at);
  const double drained_s = seconds_between(first, consumer.drained_at);
  const double floor_s = bare_publishing_s(store, consumer.drained, consumer.bytes / consumer.seen.size());
  const double normal_s = seconds_between(back, std::max(consumer.drained_at, consumer.placed_at));
  const double urgent_share =
      static_cast<double>(consumer.urgent_wanted + live_orders) / static_cast<double>(consumer.drained);
  store.stop();

  const std::string events = std::to_string(consumer.drained);
  return {
      {"An hour offline, 7,200 orders (" + std::to_string(live_orders) + " still live, " +
           std::to_string((orders - live_orders) / cancelled_every) + " cancelled), " + events +
           " events: from the first event until every live and cancelled order's accepted and cancelled are "
           "heard",
       decimal_text(urgent_s) + " s",
       "their share of the bare publishing: " + decimal_text(floor_s * urgent_share) + " s",
       verdict_of(urgent_s < drained_s / 2), "urgent ones are not ahead of the rest"},
      {"… until everything is drained (a backlog of 1,000 within " + decimal_text(normal_within_s, 0) + " s)",
       decimal_text(drained_s) + " s, " + decimal_text(static_cast<double>(consumer.drained) / drained_s, 0) +
           "/s, ratio " + decimal_text(drained_s / floor_s),
       "bare publishing of as many messages of " + std::to_string(consumer.bytes / consumer.seen.size()) +
           " bytes, window 20: " + decimal_text(floor_s) + " s",
       verdict_of(drained_s * 1000 / static_cast<double>(consumer.drained) < normal_within_s),
       "the drain's reads and commits"},
      {"… time to normal: from the broker being back, and the POS with the uplink, until all is heard and "
       "cooked",
       decimal_text(normal_s) + " s (" + decimal_text(seconds_between(back, first)) +
           " s until the uplink's next try, the POS's next try and its line until " +
           decimal_text(seconds_between(back, consumer.placed_at)) + " s)",
       std::to_string(live_orders) + " orders at " + std::to_string(pos_rate) +
           "/s: " + decimal_text(static_cast<double>(live_orders) / pos_rate) + " s; the hour was made in " +
           decimal_text(hour_s, 0) + " s",
       Verdict::told, ""},
  };
}

}  // namespace storegate::bench
