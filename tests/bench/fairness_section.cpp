// Fairness: three quiet partners beside one that sends at fifty times its rate, through real sockets: how long the quiet
// ones wait for their answer and for their ticket, before the flood and in it, in one life of one store.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "sections.hpp"
#include "tests/support/load_caller.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/raw_mqtt.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

constexpr int pos_rate_per_s = 20;
constexpr int rush_per_minute = 600;
constexpr int times_its_rate = 50;
constexpr std::size_t quiet_partners = 3;
constexpr std::chrono::milliseconds quiet_pause{250};  // four a second each; its share of the POS is five
constexpr std::size_t rush_connections = 64;

std::string partners_text() {
  std::string text = "[[partner]]\nname = \"rush\"\nrelease = \"immediate\"\nrate_per_minute = " +
                     std::to_string(rush_per_minute) + "\n";
  for (std::size_t i = 0; i < quiet_partners; ++i)
    text += "[[partner]]\nname = \"quiet-" + std::to_string(i) +
            "\"\nrelease = \"immediate\"\nrate_per_minute = 600\n";
  return text;
}

double ms_of(std::chrono::nanoseconds span) { return static_cast<double>(span.count()) * 1e-6; }

double of_100(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

struct Times {
  std::vector<double> accept_ms, place_ms;  // from sending to the answer, and to the placed event
  std::uint64_t sent = 0, placed = 0, flood_sent = 0, flood_refused = 0;
};

/// The senders, and what they saw in the present phase.
class Rush {
 public:
  explicit Rush(BenchStore& store)
      : quiet_(loop_, store.api(), quiet_partners, 30s),
        rush_(loop_, store.api(), rush_connections, 30s),
        mqtt_(loop_, options_of(store)),
        run_(support::unique_id("F")) {
    if (!mqtt_.connect() || !mqtt_.subscribe("stores/" + std::string(store_id) + "/out/order.placed"))
      throw std::runtime_error("the senders cannot reach the broker: " + mqtt_.error());
    mqtt_.on_message([this](const support::MqttMessage& message) { on_placed(message.payload); });
  }

  /// Quiet partners send for so long, beside a flood or not; then every quiet order is waited for.
  Times run_for(std::chrono::milliseconds span, bool flooded) {
    times_ = {};
    ++phase_;
    flooding_ = flooded;
    sending_ = true;
    for (std::size_t i = 0; i < quiet_partners; ++i)
      loop_.after(quiet_pause * i / quiet_partners, [this, i, phase = phase_] { send_quiet(i, phase); });
    if (flooded) send_flood(Clock::now());
    loop_.run_until([this] { return !failure_.empty(); }, span);
    sending_ = flooding_ = false;
    const bool all =
        loop_.run_until([this] { return !failure_.empty() || times_.placed == times_.sent; }, 30s);
    if (!failure_.empty()) throw std::runtime_error(failure_);
    if (!all) throw std::runtime_error("a quiet partner's order has no ticket after 30 s");
    return times_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static support::MqttOptions options_of(const BenchStore& store) {
    support::MqttOptions options;
    options.broker = store.broker();
    options.client_id = support::unique_id("bench-cloud");
    options.window = 64;
    return options;
  }

  std::string order_of(const std::string& partner, const std::string& id) {
    return support::http_request("POST", "/v1/orders",
                                 {{"Content-Type", "application/json"}, {"Idempotency-Key", id}},
                                 support::canonical_order(partner, id));
  }

  void send_quiet(std::size_t partner, int phase) {
    if (!sending_ || phase != phase_) return;
    loop_.after(quiet_pause, [this, partner, phase] { send_quiet(partner, phase); });
    if (quiet_.busy(partner)) return;
    const std::string id = run_ + "." + std::to_string(++last_);
    const std::string request = order_of("quiet-" + std::to_string(partner), id);
    ++times_.sent;
    sent_[id] = Clock::now();
    quiet_.call(partner, request, [this](const support::LoadAnswer& answer) {
      if (answer.is(201)) return times_.accept_ms.push_back(ms_of(answer.took));
      failure_ =
          "a quiet partner was answered " + std::to_string(answer.status) + " " + std::string(answer.body);
    });
  }

  void send_flood(Clock::time_point due) {
    if (!flooding_) return;
    constexpr auto pause = std::chrono::microseconds(60'000'000 / (rush_per_minute * times_its_rate));
    for (; due <= Clock::now(); due += pause) {
      for (std::size_t tries = 0; tries < rush_connections; ++tries) {
        const std::size_t line = ++rush_line_ % rush_connections;
        if (rush_.busy(line)) continue;
        const std::string id = run_ + ".r" + std::to_string(++last_);
        ++times_.flood_sent;
        rush_.call(line, order_of("rush", id), [this](const support::LoadAnswer& answer) {
          if (answer.is(429)) ++times_.flood_refused;
        });
        break;
      }
    }
    loop_.at(due, [this, due] { send_flood(due); });
  }

  void on_placed(std::string_view payload) {
    constexpr std::string_view member = "\"partner_order_id\":\"";
    const auto at = payload.find(member);
    if (at == std::string_view::npos) return;
    payload.remove_prefix(at + member.size());
    const auto found = sent_.find(std::string(payload.substr(0, payload.find('"'))));
    if (found == sent_.end()) return;  // the flood's, or a repeat
    times_.place_ms.push_back(ms_of(Clock::now() - found->second));
    sent_.erase(found);
    ++times_.placed;
  }

  support::Loop loop_;
  support::LoadCaller quiet_, rush_;
  support::RawMqtt mqtt_;
  std::string run_;
  std::map<std::string, Clock::time_point> sent_;  // quiet orders without their event
  Times times_;
  std::uint64_t last_ = 0;
  std::size_t rush_line_ = 0;
  int phase_ = 0;
  bool sending_ = false;
  bool flooding_ = false;
  std::string failure_;
};

Row row_of(const char* what, const std::vector<double>& quiet, const std::vector<double>& flooded,
           const std::string& beside) {
  const double ratio = of_100(flooded, 50) / std::max(of_100(quiet, 50), 0.001);
  const auto text = [](const std::vector<double>& times) {
    return "p50 " + decimal_text(of_100(times, 50), 3) + " ms, p99 " + decimal_text(of_100(times, 99), 3) +
           " ms of " + std::to_string(times.size());
  };
  return {"Three quiet partners beside one at 50 times its rate: order sent -> " + std::string(what) +
              ", p50, at most 1.2 times its quiet value",
          text(flooded) + ", ratio " + decimal_text(ratio) + "; " + beside, "quiet: " + text(quiet),
          verdict_of(ratio <= 1.2),
          "ratio of p99 " + decimal_text(of_100(flooded, 99) / std::max(of_100(quiet, 99), 0.001))};
}

}  // namespace

std::vector<Row> measure_fairness(Bench& bench) {
  std::fprintf(stderr, "three quiet partners beside a flood\n");
  BenchStore store(bench.program(), {}, {.pos_rate_per_s = pos_rate_per_s, .partners = partners_text()});
  Rush rush(store);
  const auto span = std::chrono::milliseconds(static_cast<int>(bench.seconds() * 1000));
  (void)rush.run_for(2s, false);  // warm-up
  const Times quiet = rush.run_for(span, false);
  const Times flooded = rush.run_for(span, true);
  store.stop();
  const std::string beside = "the flood: " + std::to_string(flooded.flood_sent) + " orders, " +
                             std::to_string(flooded.flood_refused) + " answered 429; the POS takes " +
                             std::to_string(pos_rate_per_s) + " a second";
  return {row_of("answered", quiet.accept_ms, flooded.accept_ms, beside),
          row_of("its placed event received", quiet.place_ms, flooded.place_ms, beside)};
}

}  // namespace storegate::bench
