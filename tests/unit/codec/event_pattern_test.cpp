// Patterns as EventBridge has them: each operator matches what it should and nothing else, and what is no pattern is
// named with its place.
#include "codec/event_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

namespace storegate::codec {
namespace {

constexpr std::string_view event =
    R"({"type":"storegate.order.parked.v1","subject":"0193","sequence":"00000000000000000042",)"
    R"("data":{"partner":"doordash","partner_order_id":"D-7","phase":"parked","previous_phase":"sending",)"
    R"("reason":"in_doubt","pos_reference":null,"test":false,"totals":{"total":4310},)"
    R"("items":[{"id":"taco-01","quantity":2,"tags":["hot","beef"]},{"id":"cola","quantity":1}]}})";

bool is_wanted(std::string_view pattern) {
  const auto parsed = EventPattern::parse(pattern);
  REQUIRE_MESSAGE(parsed.ok(), std::string(pattern));
  return parsed->matches(event);
}

std::string place_of_problem(std::string_view pattern) {
  const auto parsed = EventPattern::parse(pattern);
  return parsed.ok() ? "none" : "at " + parsed.problem().pointer;
}

TEST_CASE("4.10 patterns: values as they are, and every member named must match") {
  CHECK(is_wanted(R"({"type":["storegate.order.parked.v1"]})"));
  CHECK(is_wanted(R"({"data":{"partner":["kiosk","doordash"],"phase":["parked"]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"partner":["kiosk","doordash"],"phase":["held"]}})"));
  CHECK_FALSE(is_wanted(R"({"type":["storegate.order.parked"]})"));
  CHECK_FALSE(is_wanted(R"({"nothing":["x"]})"));
  CHECK(is_wanted(R"({"data":{"pos_reference":[null]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"reason":[null]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"absent":[null]}})"));
  CHECK(is_wanted(R"({"data":{"test":[false]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"test":[true, "false", 0]}})"));
  CHECK(is_wanted(R"({"data":{"totals":{"total":[4310]}}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"totals":{"total":["4310"]}}})"));
  CHECK_FALSE(is_wanted(R"({"type":{"inner":["x"]}})"));
}

TEST_CASE("4.10 patterns: prefix, suffix, case, wildcard") {
  CHECK(is_wanted(R"({"type":[{"prefix":"storegate."}]})"));
  CHECK_FALSE(is_wanted(R"({"type":[{"prefix":"order."}]})"));
  CHECK(is_wanted(R"({"type":[{"suffix":".v1"}]})"));
  CHECK_FALSE(is_wanted(R"({"type":[{"suffix":".v2"}]})"));
  CHECK(is_wanted(R"({"data":{"partner":[{"equals-ignore-case":"DoorDash"}]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"partner":[{"equals-ignore-case":"DoorDas"}]}})"));
  CHECK(is_wanted(R"({"type":[{"wildcard":"storegate.*.parked.*"}]})"));
  CHECK(is_wanted(R"({"type":[{"wildcard":"*"}]})"));
  CHECK(is_wanted(R"({"type":[{"wildcard":"*.order.**v1"}]})"));
  CHECK_FALSE(is_wanted(R"({"type":[{"wildcard":"*.order"}]})"));
  CHECK_FALSE(is_wanted(R"({"data":{"totals":{"total":[{"wildcard":"*"},{"prefix":"4"}]}}})"));
}

TEST_CASE("4.10 patterns: anything but, numeric, exists, one of several") {
  CHECK(is_wanted(R"({"data":{"phase":[{"anything-but":"held"}]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"phase":[{"anything-but":["held","parked"]}]}})"));
  CHECK(is_wanted(R"({"type":[{"anything-but":{"prefix":"storegate.gateway."}}]})"));
  CHECK_FALSE(is_wanted(R"({"type":[{"anything-but":{"suffix":".v1"}}]})"));
  CHECK(is_wanted(R"({"data":{"totals":{"total":[{"numeric":[">",4000,"<=",4310]}]}}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"totals":{"total":[{"numeric":[">=",4311]}]}}})"));
  CHECK(is_wanted(R"({"data":{"totals":{"total":[{"numeric":["=",4310]}]}}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"phase":[{"numeric":["<",4310]}]}})"));
  CHECK(is_wanted(R"({"data":{"reason":[{"exists":true}],"voided_at":[{"exists":false}]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"reason":[{"exists":false}]}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"voided_at":[{"anything-but":"x"}]}})"));
  CHECK(is_wanted(R"({"$or":[{"data":{"phase":["held"]}},{"data":{"reason":["in_doubt"]}}]})"));
  CHECK_FALSE(is_wanted(R"({"$or":[{"data":{"phase":["held"]}},{"subject":["x"]}]})"));
}

TEST_CASE("4.10 patterns: of a list in the event one element must match") {
  CHECK(is_wanted(R"({"data":{"items":{"id":["cola"]}}})"));
  CHECK(is_wanted(R"({"data":{"items":{"id":["taco-01"],"tags":["beef"]}}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"items":{"id":["cola"],"quantity":[2]}}})"));
  CHECK_FALSE(is_wanted(R"({"data":{"items":{"id":["burger"]}}})"));
}

TEST_CASE("4.10 patterns: what is no pattern is refused with its place") {
  CHECK(place_of_problem("[]") == "at ");
  CHECK(place_of_problem("{}") == "at ");
  CHECK(place_of_problem("{") != "none");
  CHECK(place_of_problem(R"({"type":"storegate"})") == "at /type");
  CHECK(place_of_problem(R"({"type":[]})") == "at /type");
  CHECK(place_of_problem(R"({"type":[{"like":"x"}]})") == "at /type/0/like");
  CHECK(place_of_problem(R"({"type":[{}]})") == "at /type/0");
  CHECK(place_of_problem(R"({"type":[{"prefix":"a","suffix":"b"}]})") == "at /type/0");
  CHECK(place_of_problem(R"({"a":[{"numeric":[">"]}]})") == "at /a/0/numeric");
  CHECK(place_of_problem(R"({"a":[{"numeric":["~",3]}]})") == "at /a/0/numeric/0");
  CHECK(place_of_problem(R"({"a":[{"numeric":[">",3,"<"]}]})") == "at /a/0/numeric");
  CHECK(place_of_problem(R"({"a":[[1]]})") == "at /a/0");
  CHECK(place_of_problem(R"({"a":[{"anything-but":{"exists":true}}]})") != "none");
  std::string deep = R"(["x"])";
  for (int i = 0; i < 16; ++i) deep = R"({"a":)" + deep + "}";
  CHECK(place_of_problem(deep) == "none");
  CHECK(place_of_problem(R"({"a":)" + deep + "}") != "none");
  CHECK(place_of_problem(R"({"a":[")" + std::string(5000, 'x') + R"("]})") == "at ");
}

TEST_CASE("4.10 patterns: an event that is no JSON object matches nothing") {
  const auto all = EventPattern::parse(R"({"type":[{"exists":false}]})");
  CHECK_FALSE(all->matches("not JSON"));
  CHECK_FALSE(all->matches("7"));
  CHECK(all->matches("{}"));
}

}  // namespace
}  // namespace storegate::codec
