// Deficit round robin, the POS line's classes, and the watch over a chatty partner, each by itself.
#include "core/fair_queue.hpp"

#include <string>
#include <utility>

#include "core/chatty.hpp"
#include "core/pos_line.hpp"
#include "print.hpp"

using namespace storegate::core;

namespace {

using Queue = FairQueue<int>;

/// Takes everything out; each partner's name in the order in which it was served. `weight_of_b`: the others have 1.
std::string drain(Queue queue, FairTurn turn, std::int64_t weight_of_b = 1) {
  std::string names;
  while (const int* next = queue.next(turn)) {
    const std::string partner(1, static_cast<char>(*next / 100));
    names += partner;
    served(turn, partner, partner == "b" ? weight_of_b : 1);
    queue.remove(partner, int{*next});
  }
  return names;
}

/// `count` things of a partner; each knows whose it is.
void fill(Queue& queue, char partner, int count) {
  for (int i = 0; i < count; ++i) queue.add(std::string(1, partner), partner * 100 + i);
}

}  // namespace

TEST_CASE("4.6 fair queue: every partner has its turn, whatever the others have waiting") {
  Queue queue;
  fill(queue, 'a', 7);
  fill(queue, 'b', 2);
  fill(queue, 'c', 2);
  CHECK(queue.size() == 11);
  CHECK(drain(queue, {}) == "abcabcaaaaa");
  CHECK(drain(queue, {"a", 0}) == "bcabcaaaaaa");
  CHECK(drain(queue, {"z", 0}) == "abcabcaaaaa");
}

TEST_CASE("4.6 fair queue: a weight is how many a partner has in a round") {
  Queue queue;
  fill(queue, 'a', 3);
  fill(queue, 'b', 7);
  CHECK(drain(queue, {}, 3) == "abbbabbbab");
  CHECK(drain(queue, {}, 0) == "abababbbbb");  // less than one counts as one
}

TEST_CASE("4.6 fair queue: what is left of a turn goes with the partner's last thing") {
  Queue queue;
  fill(queue, 'b', 1);
  FairTurn turn;
  served(turn, "b", 3);
  CHECK(turn.left == 2);
  queue.remove("b", 'b' * 100);
  fill(queue, 'a', 2);
  CHECK(drain(queue, turn) == "aa");
}

TEST_CASE("4.6 fair queue: removing what is not there changes nothing, and adding twice adds once") {
  Queue queue;
  queue.add("a", 1);
  queue.add("a", 1);
  queue.remove("a", 2);
  queue.remove("b", 1);
  CHECK(queue.size() == 1);
  queue.remove("a", 1);
  CHECK(queue.empty());
  CHECK(queue.next({}) == nullptr);
}

TEST_CASE("4.6 POS line: voids, doubts, due orders, the backlog, and what is behind all") {
  PosLine line;
  constexpr int line_behind = line_backlog + 1;
  line.add({line_behind, 1}, "a", OrderNumber{1});
  line.add({line_backlog, 1}, "a", OrderNumber{2});
  line.add({line_due, 5}, "a", OrderNumber{3});
  line.add({line_doubts, 9}, "a", OrderNumber{4});
  line.add({line_voids, 9}, "a", OrderNumber{5});
  CHECK(line.size() == 5);
  CHECK(line.placements() == 2);
  std::string order;
  for (OrderNumber number = line.first({}); number != no_order; number = line.first({})) {
    order += std::to_string(value_of(number));
    for (int at = line_voids; at <= line_behind; ++at)
      for (const Milliseconds since : {1, 5, 9}) line.remove({at, since}, "a", number);
  }
  CHECK(order == "54321");
  CHECK(line.empty());
}

TEST_CASE("4.6 POS line: every fourth placement is the backlog's while due orders wait") {
  PosLine line;
  for (int i = 0; i < 20; ++i) line.add({line_due, i}, "a", OrderNumber{100 + i});
  for (int i = 0; i < 4; ++i) line.add({line_backlog, i}, "b", OrderNumber{200 + i});
  LineTurn turn;
  std::string order;
  for (int i = 0; i < 12; ++i) {
    const OrderNumber next = line.first(turn);
    const bool due = value_of(next) < 200;
    order += due ? 'd' : 'b';
    const LinePlace place{due ? line_due : line_backlog, value_of(next) % 100};
    line.remove(place, due ? "a" : "b", next);
    placed_from(turn, place.line_class, due ? "a" : "b", 1);
  }
  CHECK(order == "dddbdddbdddb");
}

TEST_CASE("4.6 a chatty partner: ten times its rate for a while, and it is side-lined until it is quiet") {
  ChattyWatch watch;
  for (int i = 0; i < 200; ++i) CHECK(watch.on_order(120, 1000 + i) == 0);
  CHECK(watch.on_order(120, 1200) == chatty_window_ms);
  CHECK(watch.on_order(120, 6200) == chatty_window_ms);  // it goes on, and so does its time aside
  CHECK(watch.on_order(120, 12'200) == 4000);            // hardly anything since
  CHECK(watch.on_order(120, 16'200) == 0);
}

TEST_CASE("4.6 a chatty partner: a small rate leaves room for a handful of tries") {
  ChattyWatch watch;
  for (int i = 0; i < chatty_least; ++i) CHECK(watch.on_order(1, 1000) == 0);
  CHECK(watch.on_order(1, 1000) > 0);
}
