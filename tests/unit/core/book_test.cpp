// The book alone: what the gateway's own tests do not show.
#include "core/book.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace storegate::core;

TEST_CASE("orders are visited by number, however they came and wherever a hash puts them") {
  Book book;
  book.begin_turn();
  for (const std::int64_t number : std::vector<std::int64_t>{7, 70'000, 1, 12, 3, 4'000'000'000, 5}) {
    Order order;
    order.number = OrderNumber{number};
    order.partner = "counter";
    order.partner_order_id = std::to_string(number);
    book.add(std::move(order), 0);
  }
  std::vector<std::int64_t> visited;
  book.for_each([&](Entry& entry) { visited.push_back(value_of(entry.order.number)); });
  CHECK(visited == std::vector<std::int64_t>{1, 3, 5, 7, 12, 70'000, 4'000'000'000});
}
