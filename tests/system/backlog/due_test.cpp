// Broker and POS are both away for an hour, and storegate with them: what is due by the time they are back is cooked before
// what has waited so long, and of everything is heard in its order.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/system/whole/whole_store.hpp"

using namespace storegate::system;
using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

constexpr int late = 120, due = 40, cancelled = 20;

std::string numbered(char kind, int number) { return std::string(1, kind) + "-" + std::to_string(number); }

/// The numbers of one kind's orders, as they have their tickets.
std::vector<int> numbers_of(char kind, const std::vector<PosTicket>& tickets) {
  std::vector<int> numbers;
  for (const PosTicket& ticket : tickets)
    if (ticket.partner_order_id[0] == kind) numbers.push_back(std::stoi(ticket.partner_order_id.substr(2)));
  return numbers;
}

/// How many late orders' tickets lie before the last one of a due order.
std::ptrdiff_t late_before_due(const std::vector<PosTicket>& tickets) {
  const auto is = [](char kind) {
    return [kind](const PosTicket& t) { return t.partner_order_id[0] == kind; };
  };
  const auto last = std::find_if(tickets.rbegin(), tickets.rend(), is('D')).base();
  return std::count_if(tickets.begin(), last, is('L'));
}

/// Of how many orders everything has been heard, and in its order.
int told_whole(const WholeStore& store) {
  std::map<std::string, std::string> stories;
  for (const Heard& event : store.heard())
    if (!event.order.empty()) stories[event.order] += event.name + " ";
  return static_cast<int>(std::count_if(stories.begin(), stories.end(), [](const auto& told) {
    const std::string end = told.first[0] == 'X' ? "order.cancelled " : "order.placed ";
    return told.second == "order.accepted order.released " + end;
  }));
}

}  // namespace

TEST_CASE(
    "4.8 backlog: after an hour's outage the POS is fed with what is due before what is late, in order") {
  WholeStore store({.pos_keys = "requests_max = 1\nrate_per_s = 0\nexpire_minutes = 600\n",
                    .broker = {.persistence = true, .more_lines = "max_queued_messages 0\n"}});
  store.hears("", "gateway.started");
  store.broker.stop();
  store.pos.kill();
  for (int i = 0; i < late; ++i) store.kiosk_order(numbered('L', i));
  for (int i = 0; i < cancelled; ++i) {
    const std::string uuid = store.kiosk_order(numbered('X', i));
    REQUIRE(store.api.post("/v1/orders/" + uuid + "/cancel", "{}").is(200));
  }
  store.kill();
  store.start({{"LD_PRELOAD", STOREGATE_CLOCK_AHEAD_LIBRARY}, {"STOREGATE_CLOCK_AHEAD_S", "3600"}});
  for (int i = 0; i < due; ++i) store.kiosk_order(numbered('D', i));
  CHECK(store.metric("storegate_pos_line_backlog") >= late - 1);  // one may be on its way
  CHECK(store.metric("storegate_pos_line_due") >= due - 1);

  store.broker.start();
  store.pos.start();
  eventually(
      "the POS has them all", 60s, [&] { return store.pos.counts().tickets == late + due; }, 20ms);
  const auto tickets = store.pos.tickets();
  const auto of_due = numbers_of('D', tickets), of_late = numbers_of('L', tickets);
  CHECK(std::is_sorted(of_due.begin(), of_due.end()));
  CHECK(std::is_sorted(of_late.begin(), of_late.end()));
  CHECK(late_before_due(tickets) <= due / 3 + 2);  // every fourth, so that it moves; what was tried meanwhile
  CHECK(late_before_due(tickets) >= due / 3 - 2);

  eventually(
      "everything is heard of", 60s, [&] { return told_whole(store) == late + due + cancelled; }, 100ms);
}

TEST_CASE("4.8 backlog: a POS that is back is fed at its rate, not all at once") {
  constexpr int orders = 60, rate_per_s = 20;
  WholeStore store({.pos_keys = "requests_max = 16\nrate_per_s = " + std::to_string(rate_per_s) + "\n"});
  store.hears("", "gateway.started");
  store.pos.kill();
  for (int i = 0; i < orders; ++i) store.kiosk_order(numbered('R', i));
  auto none_until = std::chrono::steady_clock::now();
  store.pos.start();
  eventually("the POS is found", std::chrono::seconds(60), [&] {
    const auto now = std::chrono::steady_clock::now();
    if (store.pos.counts().tickets > 0) return true;
    none_until = now;
    return false;
  });
  eventually("the POS has them all", std::chrono::seconds(60),
             [&] { return store.pos.counts().tickets == orders; });
  // A second's worth may have been saved up.
  const auto took = std::chrono::steady_clock::now() - none_until;
  CHECK(took >= std::chrono::milliseconds(1000 * (orders - rate_per_s - 1) / rate_per_s));
}
