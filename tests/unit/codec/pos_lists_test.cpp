// The POS's lists: what is off, and prices. A list counts whole or not at all.
#include <doctest/doctest.h>

#include <string>

#include "codec/limits.hpp"
#include "codec/pos_rest.hpp"

namespace storegate::codec {
namespace {

using core::PosList;
using Outcome = core::PosListed::Outcome;

core::PosListed listed(PosList list, int status, std::string_view body) {
  return outcome_of(core::AskPosList{list, 4}, {status, "", body, true});
}

std::string lines(std::size_t count) {
  std::string text = R"({"items":[)";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? R"({"id":")" : R"(,{"id":")") + std::to_string(i) + R"(","available":false})";
  return text + "]}";
}

}  // namespace

TEST_CASE("4.2 availability: the POS's list names what is off; what it does not name is not") {
  CHECK(request_of(core::AskPosList{}).method == "GET");
  CHECK(request_of(core::AskPosList{}).target == "/availability");
  const auto answer = listed(PosList::availability, 200,
                             R"({"items":[{"id":"a","available":false,"more":1},{"id":"b","available":true},)"
                             R"({"id":"c","available":false}],"more":2})");
  CHECK(answer.outcome == Outcome::listed);
  CHECK(answer.attempt == 4);
  CHECK(answer.off == std::vector<std::string>{"a", "c"});
  CHECK(listed(PosList::availability, 200, R"({"items":[]})").outcome == Outcome::listed);
}

TEST_CASE("4.2 availability: a list that is not clear in every line is none") {
  for (const char* body :
       {"", "[]", "{}", R"({"items":{}})", R"({"items":[1]})", R"({"items":[{"id":"a"}]})",
        R"({"items":[{"id":"a","available":"no"}]})", R"({"items":[{"id":"","available":false}]})",
        R"({"items":[{"id":7,"available":false}]})", R"({"items":[{"available":false}]})",
        R"({"items":[{"id":"a","available":false},{"id":"b","available":true},{"id":"a","available":true}]})",
        R"({"items":[{"id":"a","available":false})"}) {
    CAPTURE(body);
    const auto answer = listed(PosList::availability, 200, body);
    CHECK(answer.outcome == Outcome::failed);
    CHECK(answer.off.empty());
  }
  CHECK(listed(PosList::availability, 200, lines(availability_items_max)).off.size() == 20'000);
  CHECK(listed(PosList::availability, 200, lines(availability_items_max + 1)).outcome == Outcome::failed);
}

TEST_CASE("4.2 availability: 404 and 405 say that there is no list, anything else says nothing") {
  for (const int status : {404, 405})
    CHECK(listed(PosList::availability, status, R"({"items":[]})").outcome == Outcome::no_list);
  for (const int status : {0, 201, 204, 301, 400, 401, 403, 408, 429, 500, 503})
    CHECK(listed(PosList::availability, status, R"({"items":[]})").outcome == Outcome::failed);
  CHECK(outcome_of(core::AskPosList{}, {503, "7", "", true}).retry_after_ms == 7000);
  CHECK_FALSE(outcome_of(core::AskPosList{}, {500, "7", "", true}).retry_after_ms);
}

TEST_CASE("4.2 price: the menu gives whole minor units, each item once") {
  CHECK(request_of(core::AskPosList{PosList::menu, 1}).target == "/menu");
  const auto menu =
      listed(PosList::menu, 200, R"({"items":[{"id":"a","unit_price":199},{"id":"m","unit_price":-25}]})");
  REQUIRE(menu.outcome == Outcome::listed);
  REQUIRE(menu.prices.size() == 2);
  CHECK(menu.prices[0].item == "a");
  CHECK(menu.prices[0].unit_price == core::Money{199});
  CHECK(menu.prices[1].unit_price == core::Money{-25});
  for (const char* body :
       {R"({"items":[{"id":"a","unit_price":1.5}]})", R"({"items":[{"id":"a"}]})",
        R"({"items":[{"id":"a","unit_price":"1"}]})", R"({"items":[{"id":"a","unit_price":2000000000}]})",
        R"({"items":[{"id":"a","unit_price":1},{"id":"a","unit_price":1}]})"}) {
    CAPTURE(body);
    CHECK(listed(PosList::menu, 200, body).outcome == Outcome::failed);
    CHECK(listed(PosList::menu, 200, body).prices.empty());
  }
}

}  // namespace storegate::codec
