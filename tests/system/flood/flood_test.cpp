// A flood through real sockets: one partner sends as fast as it can beside quiet ones, before a POS that takes two a
// second. What holds on any machine: who is accepted, who is refused and how, and who has a ticket before whom.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

/// What came of one partner's orders.
struct Answers {
  int accepted = 0;
  int refused = 0;      // 429 with Retry-After
  int others = 0;       // anything else
  std::string example;  // of the others
  void add(const HttpAnswer& answer) {
    if (answer.is(201)) return void(++accepted);
    if (answer.is(429) && !answer.header("Retry-After").empty()) return void(++refused);
    ++others;
    example = answer.answered() ? std::to_string(answer.status) + " " + answer.body : answer.error;
  }
};

class FloodedStore {
 public:
  explicit FloodedStore(const std::string& pos_keys = "rate_per_s = 2\n") {
    std::ofstream(folder_.file("storegate.toml"))
        << "[store]\nid = \"flood\"\n[storage]\npath = \"" << folder_.file("orders.db")
        << "\"\n[http]\nlisten = \"127.0.0.1:" << port_ << "\"\nsocket = \"\"\n[pos]\nurl = \"" << pos.url()
        << "\"\n"
        << pos_keys
        << "[[partner]]\nname = \"rush\"\nrelease = \"immediate\"\nrate_per_minute = 40\n"
           "[[partner]]\nname = \"ana\"\nrelease = \"immediate\"\n[[partner]]\nname = \"bob\"\nrelease = "
           "\"immediate\"\nweight = 2\n";
    program_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder_.file("log")});
    HttpCaller caller = this->caller();
    eventually("storegate is ready", 20s, [&] { return caller.get("/readyz").is(200); });
  }

  [[nodiscard]] HttpCaller caller() const { return HttpCaller("127.0.0.1:" + std::to_string(port_)); }
  static HttpAnswer send(HttpCaller& caller, const std::string& partner, int number) {
    const std::string id = partner + "-" + std::to_string(number);
    return caller.post("/v1/orders", canonical_order(partner, id), {{"Idempotency-Key", id}});
  }
  /// How many tickets each partner has, in the order in which they were cut.
  [[nodiscard]] std::vector<std::string> partners_of_tickets() {
    std::vector<std::string> partners;
    for (const PosTicket& ticket : pos.tickets()) partners.push_back(ticket.partner);
    return partners;
  }

  PosDouble pos;

 private:
  TempDir folder_;
  std::uint16_t port_ = free_port();
  std::optional<Process> program_;
};

std::size_t count_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}

}  // namespace

TEST_CASE(
    "4.6 system: beside a flood quiet partners are accepted and have their tickets first; nothing taken is "
    "lost") {
  FloodedStore store;
  Answers rush;
  {
    HttpCaller caller = store.caller();
    for (int i = 0; i < 30; ++i) rush.add(FloodedStore::send(caller, "rush", i));  // a line at the POS
  }
  CHECK(rush.accepted == 30);

  std::atomic<bool> over{false};
  std::vector<Answers> more(4);
  std::vector<std::thread> senders;
  for (std::size_t line = 0; line < more.size(); ++line)
    senders.emplace_back([&, line] {
      HttpCaller caller = store.caller();
      for (int i = 0; !over; ++i)
        more[line].add(FloodedStore::send(caller, "rush", 1000 * static_cast<int>(line + 1) + i));
    });

  constexpr int quiet_orders = 4;
  Answers quiet;
  HttpCaller caller = store.caller();
  for (int i = 0; i < quiet_orders; ++i)
    for (const char* partner : {"ana", "bob"}) quiet.add(FloodedStore::send(caller, partner, i));
  CHECK(quiet.accepted == 2 * quiet_orders);
  CHECK_MESSAGE(quiet.others == 0, quiet.example);

  // The quiet ones' tickets are cut among the flood's, not behind them.
  eventually("every quiet order has its ticket", 60s, [&] {
    const auto partners = store.partners_of_tickets();
    return count_of(partners, "ana") == quiet_orders && count_of(partners, "bob") == quiet_orders;
  });
  const std::size_t of_the_flood = count_of(store.partners_of_tickets(), "rush");
  over = true;
  for (std::thread& sender : senders) sender.join();

  for (const Answers& line : more) {
    CHECK_MESSAGE(line.others == 0, line.example);
    rush.accepted += line.accepted;
    rush.refused += line.refused;
  }
  CHECK(rush.refused > 0);
  CHECK(static_cast<int>(of_the_flood) < rush.accepted);

  const std::string metrics = caller.get("/metrics").body;
  CHECK(metrics.find("storegate_pos_line_due") != std::string::npos);
  CHECK(metrics.find("storegate_orders_turned_away_total") != std::string::npos);

  eventually("every order that was taken has its ticket", 120s, [&] {
    return store.partners_of_tickets().size() == static_cast<std::size_t>(rush.accepted + 2 * quiet_orders);
  });
  CHECK(store.pos.counts().most_per_reference == 1);
}

TEST_CASE(
    "4.6 system: a partner that is side-lined is told when to come again; its cancels and the others get "
    "through") {
  FloodedStore store;
  HttpCaller caller = store.caller();
  const HttpAnswer first = FloodedStore::send(caller, "rush", 0);
  REQUIRE(first.is(201));
  HttpAnswer refused;
  for (int i = 1; i < 200; ++i) refused = FloodedStore::send(caller, "rush", i);
  REQUIRE(refused.is(429));
  CHECK(refused.body.find("far beyond its rate") != std::string::npos);
  CHECK(std::atoi(refused.header("Retry-After").c_str()) >= 1);
  CHECK(std::atoi(refused.header("Retry-After").c_str()) <= 10);
  CHECK(FloodedStore::send(caller, "ana", 0).is(201));
  const auto at = first.body.find("\"id\":\"");
  REQUIRE(at != std::string::npos);
  const std::string id = first.body.substr(at + 6, 36);
  CHECK(caller.post("/v1/orders/" + id + "/cancel", "{}").is(200));
}

TEST_CASE(
    "4.6 system: a line that grew while the POS was away is served by turns, each partner's share as its "
    "weight, each in order") {
  FloodedStore store("rate_per_s = 0\nrequests_max = 1\n");
  store.pos.kill();
  HttpCaller caller = store.caller();
  for (int i = 0; i < 30; ++i) REQUIRE(FloodedStore::send(caller, "rush", i).is(201));
  for (int i = 0; i < 6; ++i) REQUIRE(FloodedStore::send(caller, "ana", i).is(201));
  for (int i = 0; i < 12; ++i) REQUIRE(FloodedStore::send(caller, "bob", i).is(201));
  store.pos.start();
  eventually("every order has its ticket", 60s, [&] { return store.pos.counts().tickets == 48; });

  const auto partners = store.partners_of_tickets();
  const std::vector<std::string> beginning(partners.begin(), partners.begin() + 20);  // five rounds of four
  CHECK(count_of(beginning, "bob") >= 9);  // the first may be one that had tried the POS before
  CHECK(count_of(beginning, "ana") >= 4);
  CHECK(count_of(beginning, "rush") >= 4);
  std::map<std::string, int> next;
  for (const PosTicket& ticket : store.pos.tickets())
    CHECK(ticket.partner_order_id == ticket.partner + "-" + std::to_string(next[ticket.partner]++));
}
