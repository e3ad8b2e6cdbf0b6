// 1,000 slow clients at the door for a minute, and a partner beside them whose orders must get through: over a connection
// that it keeps, and over new ones with a full handshake each.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "platform/digest.hpp"
#include "sections.hpp"
#include "slow_crowd.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_store.hpp"
#include "tls_line.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t slow_clients = 1000;
constexpr auto slow_span = 60s;
constexpr auto quiet_span = 10s;
constexpr auto crowd_gathers = 6s;
constexpr auto pause_of_orders = 100ms;  // a kept connection and a new one in turns: five a second each
constexpr double goal_ms = 250;
constexpr const char* secret = "the-secret-of-the-bench";
constexpr const char* target = "/v1/partners/patient/webhook";

/// What became of the orders of one kind of connection.
struct Orders {
  std::vector<double> took_ms;
  std::map<std::string, int> failed;  // by the reason

  [[nodiscard]] int failures() const {
    int sum = 0;
    for (const auto& [reason, count] : failed) sum += count;
    return sum;
  }
  [[nodiscard]] double percentile(std::size_t percent) const {
    if (took_ms.empty()) return 0;
    std::vector<double> sorted = took_ms;
    std::sort(sorted.begin(), sorted.end());
    return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
  }
  [[nodiscard]] std::string text() const {
    std::string text = "p50 " + decimal_text(percentile(50), 1) + " ms, p99 " +
                       decimal_text(percentile(99), 1) + " ms of " + std::to_string(took_ms.size());
    for (const auto& [reason, count] : failed) text += "; " + std::to_string(count) + " failed: " + reason;
    return text;
  }
};

struct Both {
  Orders kept, fresh;
};

class Partner {
 public:
  explicit Partner(const support::TlsStore& store)
      : door_(store.address()), ca_file_(store.file("ca.pem")), shared_(tls_client(ca_file_)) {}

  Both send_for(Clock::duration span) {
    Both both;
    bool is_kept = false;
    const auto begun = Clock::now();
    for (auto due = begun; due < begun + span; due += pause_of_orders) {
      std::this_thread::sleep_until(due);
      is_kept = !is_kept;
      order(is_kept ? both.kept : both.fresh, is_kept);
    }
    return both;
  }

 private:
  /// One order, from before the connect where it needs one. A kept connection that was lost is made again by the next.
  void order(Orders& orders, bool is_kept) {
    const std::string request = request_of(support::unique_id("slow"));
    const TlsShared context = is_kept ? shared_ : tls_client(ca_file_);
    const auto begun = Clock::now();
    try {
      std::unique_ptr<TlsLine> fresh;
      if (!is_kept || !kept_) fresh = std::make_unique<TlsLine>(door_, context);
      if (is_kept && !kept_) kept_ = std::move(fresh);
      const int status = (is_kept ? *kept_ : *fresh).ask(request).status;
      if (status != 200) throw std::runtime_error("answered " + std::to_string(status));
      orders.took_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    } catch (const std::exception& error) {
      ++orders.failed[error.what()];
      if (is_kept) kept_.reset();
    }
  }

  static std::string request_of(const std::string& id) {
    const std::string body = support::canonical_order("patient", id);
    const std::string_view key = secret;
    const platform::KeyedDigest digest({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
    return support::http_request(
        "POST", target,
        {{"Content-Type", "application/json"}, {"X-Signature", platform::to_hex(digest.full(body))}}, body);
  }

  support::Address door_;
  std::string ca_file_;
  TlsShared shared_;
  std::unique_ptr<TlsLine> kept_;
};

Row row_of(const std::string& over, const Orders& quiet, const Orders& beside, const std::string& crowd) {
  const bool is_met = !beside.took_ms.empty() && beside.failures() == 0 && beside.percentile(99) < goal_ms;
  return {"1,000 slow clients for 60 s (heads, bodies, handshakes): a good order over " + over +
              ", p99 under 250 ms and none failed",
          beside.text() + "; " + crowd, "without them: " + quiet.text(), verdict_of(is_met),
          beside.failures() > 0 ? "a newcomer is refused while the connections' limit is reached" : "slow"};
}

}  // namespace

std::vector<Row> measure_slow(Bench& bench) {
  std::fprintf(stderr, "1,000 slow clients for %d s\n", static_cast<int>(slow_span.count()));
  const support::TempDir folder;
  support::write_file(folder.file("secret"), secret);
  support::TlsStore store(
      bench.program(),
      {.partners = "[[partner]]\nname = \"patient\"\ncodec = \"generic\"\nsecret_files = [\"" +
                   folder.file("secret") +
                   "\"]\nwebhook = { header = \"X-Signature\" }\nrelease = \"on_event\"\n"
                   "rate_per_minute = 0\n"});
  Partner partner(store);
  const Both quiet = partner.send_for(quiet_span);
  SlowCrowd crowd(store.address(), store.file("ca.pem"), target, slow_clients);
  std::this_thread::sleep_for(crowd_gathers);
  const double cpu_before = store.process().usage().cpu_s;
  const Both beside = partner.send_for(slow_span);
  const double cpu_percent =
      100 * (store.process().usage().cpu_s - cpu_before) / std::chrono::duration<double>(slow_span).count();
  const std::string seen = std::to_string(crowd.open_now()) + " of them connected at the end, turned away " +
                           std::to_string(crowd.turned_away()) + " times, storegate takes " +
                           decimal_text(cpu_percent, 0) + " % of a core";
  return {row_of("a connection that is kept", quiet.kept, beside.kept, seen),
          row_of("a new connection", quiet.fresh, beside.fresh, seen)};
}

}  // namespace storegate::bench
