// What the partners' APIs share: bodies, refusals in words, and lists of which each element stands for itself.
#include "codec/partners/telling.hpp"

#include <doctest/doctest.h>

namespace storegate::codec {
namespace {

using core::Reason;
using Elements = std::vector<std::string_view>;

core::TellPartner rejected(Reason reason, const std::vector<core::Refusal>& refusals) {
  core::TellPartner what;
  what.notice = core::Notice::rejected;
  what.reason = reason;
  what.refusals = core::pack(refusals);
  return what;
}

TEST_CASE("a JSON object is written member by member, escaped, and is empty without one") {
  CHECK(JsonObject().take() == "{}");
  JsonObject object;
  object.text("a\"", "b\n").integer("n", -3).time("at", 1'795'435'200'123);
  CHECK(object.take() == R"({"a\"":"b\n","n":-3,"at":"2026-11-23T12:00:00.123Z"})");
  const HttpRequest request = json_request("PUT", "/x", JsonObject().integer("n", 1));
  CHECK(request.method == "PUT");
  CHECK(request.target == "/x");
  CHECK(request.body == R"({"n":1})");
  CHECK(request.headers ==
        std::vector<std::pair<std::string, std::string>>{{"Content-Type", "application/json"}});
}

TEST_CASE("every reason of a rejection is in the words, with the items that it is about") {
  CHECK(refusal_words(rejected(Reason::item_unavailable, {{Reason::item_unavailable, "taco-01"},
                                                          {Reason::item_unavailable, "cola"},
                                                          {Reason::item_unknown, "x"},
                                                          {Reason::store_closed, "hours"},
                                                          {Reason::too_busy, ""}})) ==
        "Out of stock: taco-01, cola; Not on the store's menu: x; The store is closed; The kitchen is too "
        "busy");
  CHECK(refusal_words(rejected(Reason::item_unavailable,
                               {{Reason::item_unavailable, ""}, {Reason::item_unavailable, "cola"}})) ==
        "Out of stock: cola");
  CHECK(refusal_words(rejected(Reason::pos_offline, {})) == "The POS is offline");
  CHECK(refusal_words(rejected(Reason::none, {})) == "The store cannot make the order");
  core::TellPartner damaged = rejected(Reason::timed_out, {});
  damaged.refusals = "not packed by us";
  CHECK(refusal_words(damaged) == "The order came too late");
}

TEST_CASE("words end before they become too long, at a whole id") {
  std::vector<core::Refusal> refusals;
  for (char c = 'a'; c < 'a' + 15; ++c) refusals.push_back({Reason::item_unavailable, std::string(100, c)});
  const std::string words = refusal_words(rejected(Reason::item_unavailable, refusals));
  CHECK(words.size() <= refusal_words_bytes_max);
  CHECK(words.ends_with(", " + std::string(100, 'd')));
}

TEST_CASE("what is out of stock is named, and nothing else") {
  CHECK(out_of_stock(rejected(Reason::item_unknown, {{Reason::item_unknown, "x"},
                                                     {Reason::item_unavailable, "taco"},
                                                     {Reason::item_unavailable, ""},
                                                     {Reason::store_closed, "hours"},
                                                     {Reason::item_unavailable, "cola"}})) ==
        std::vector<std::string>{"taco", "cola"});
  CHECK(out_of_stock(rejected(Reason::other, {})).empty());
}

TEST_CASE("minutes to ready are whole ones, and none for what is past or not known") {
  core::TellPartner what;
  what.at_wall_ms = 1'000'000;
  CHECK_FALSE(minutes_to_ready(what));
  what.ready_at_wall_ms = 1'000'000;
  CHECK_FALSE(minutes_to_ready(what));
  what.ready_at_wall_ms = 1'000'001;
  CHECK(minutes_to_ready(what) == 1);
  what.ready_at_wall_ms = 1'600'000;
  CHECK(minutes_to_ready(what) == 10);
  what.ready_at_wall_ms = 1'600'001;
  CHECK(minutes_to_ready(what) == 11);
}

TEST_CASE("a list's elements are found as they stand, whatever is in them") {
  CHECK(array_elements("[]") == Elements{});
  CHECK(array_elements(" [ ] ") == Elements{});
  CHECK(array_elements("[1]") == Elements{"1"});
  CHECK(array_elements(R"( [ {"a":[1,{"b":"],}"}]} ,"x\"]", nonsense ,{"a":1,"a":2}] )") ==
        Elements{R"({"a":[1,{"b":"],}"}]})", R"("x\"]")", "nonsense", R"({"a":1,"a":2})"});
  CHECK(array_elements(R"({"total":{"orders":[9]},"page":"orders","orders":[1,2],"more":false})", "orders") ==
        Elements{"1", "2"});
  CHECK(array_elements(R"({"orders":[]})", "orders") == Elements{});
}

TEST_CASE("what is no list, or has no end, has no elements") {
  for (const char* bad : {"",
                          " ",
                          "1",
                          "\"[]\"",
                          "[",
                          "[1",
                          "[1,",
                          "[1,]",
                          "[,1]",
                          "[1 2",
                          "[\"1]",
                          "[{]",
                          "[{\"a\":1]",
                          "]",
                          "{",
                          "{}",
                          R"({"orders":1})",
                          R"({"orders":{}})",
                          R"({"orders"})",
                          R"({"orders":})",
                          R"({"orders":[1})",
                          R"({orders:[1]})",
                          R"({"other":[1]})",
                          "[\"\\"}) {
    CAPTURE(bad);
    CHECK_FALSE(array_elements(bad, "orders"));
  }
  CHECK_FALSE(array_elements(R"({"orders":[1]})"));
}

}  // namespace
}  // namespace storegate::codec
