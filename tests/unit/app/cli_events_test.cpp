// `storegate events`: from page to page, by a pattern, and following.
#include <doctest/doctest.h>

#include <string>

#include "cli_shell.hpp"

using namespace storegate;
using namespace storegate::app_test;

TEST_CASE("events go on from page to page") {
  Shell shell;
  const std::string event = R"({"sequence":"00000000000000000041","time":"2026-11-23T12:00:00Z",
    "type":"storegate.order.accepted.v1","subject":"s","data":{"partner":"kiosk","partner_order_id":"K-1"}})";
  shell.answer(200, R"({"events":[)" + event + R"(],"next":"E-41"})");
  shell.answer(200, R"({"events":[],"next":null})");
  CHECK(shell.run({"events", "--since", "40"}) == 0);
  REQUIRE(shell.calls.size() == 2);
  CHECK(shell.calls[0].target == "/v1/events?limit=100&since=40");
  CHECK(shell.calls[1].target == "/v1/events?limit=99&since=E-41");
  CHECK(has(shell.out, "41   2026-11-23 12:00:00 UTC  order.accepted  kiosk"));
}

TEST_CASE("4.10 events say what they are about: the item, the status, the alarm, the order's reason") {
  Shell shell;
  const auto event = [](const std::string& type, const std::string& data) {
    return R"({"sequence":"1","type":"storegate.)" + type + R"(.v1","data":)" + data + "}";
  };
  shell.answer(200,
               R"({"events":[)" +
                   event("item.availability_changed", R"({"item":"fries","available":false,"by":"person"})") +
                   "," + event("item.availability_changed", R"({"item":"cola","available":true})") + "," +
                   event("store.status_changed", R"({"status":"paused","by":"person"})") + "," +
                   event("gateway.alarm_raised", R"({"alarm":"pos_unreachable"})") + "," +
                   event("gateway.message_refused", R"({"topic":"webhook/hub","why":"no order"})") + "," +
                   event("order.parked", R"({"partner":"kiosk","reason":"in_doubt"})") + R"(],"next":null})");
  CHECK(shell.run({"events"}) == 0);
  for (const char* words : {"fries off", "cola on", "paused", "pos_unreachable", "webhook/hub", "in_doubt"}) {
    CAPTURE(words);
    CHECK(has(shell.out, words));
  }
}

namespace {

std::string event_at(int sequence, const std::string& phase) {
  std::string digits = std::to_string(sequence);
  digits.insert(0, 20 - digits.size(), '0');
  return R"({"sequence":")" + digits + R"(","epoch":"E","type":"storegate.order.)" + phase +
         R"(.v1","data":{"partner":"kiosk","partner_order_id":"K-)" + std::to_string(sequence) +
         R"(","phase":")" + phase + R"(","by":"clock","why":"fallback"}})";
}

}  // namespace

TEST_CASE("4.10 events --where shows what the pattern wants, from as many pages as it takes") {
  Shell shell;
  shell.answer(200,
               R"({"events":[)" + event_at(1, "held") + "," + event_at(2, "parked") + R"(],"next":"E-2"})");
  shell.answer(200, R"({"events":[)" + event_at(3, "held") + R"(],"next":"E-3"})");
  shell.answer(200, R"({"events":[)" + event_at(4, "parked") + R"(],"next":null})");
  CHECK(shell.run({"events", "--where", R"({"data":{"phase":["parked"]}})"}) == 0);
  REQUIRE(shell.calls.size() == 3);
  CHECK(shell.calls[1].target == "/v1/events?limit=1000&since=E-2");
  CHECK(has(shell.out, "K-2"));
  CHECK(has(shell.out, "K-4"));
  CHECK(has(shell.out, "clock (fallback)"));
  CHECK_FALSE(has(shell.out, "K-1"));
  CHECK_FALSE(has(shell.out, "K-3"));

  Shell body;
  body.answer(200,
              R"({"events":[)" + event_at(1, "held") + "," + event_at(2, "parked") + R"(],"next":null})");
  CHECK(body.run({"events", "--json", "--where", R"({"data":{"phase":["parked"]}})"}) == 0);
  CHECK(body.out.str() == event_at(2, "parked") + "\n");

  Shell wrong;
  CHECK(wrong.run({"events", "--where", R"({"phase":"parked"})"}) == 2);
  CHECK(wrong.calls.empty());
  CHECK(has(wrong.err, "/phase"));
}

TEST_CASE("4.10 events --follow begins now, goes on from the last event seen, and says each once") {
  Shell shell;
  shell.answer(200, R"({"events":[],"next":"E-7"})");
  shell.answer(200, R"({"events":[],"next":null})");
  shell.answer(200, R"({"events":[)" + event_at(8, "held") + R"(],"next":null})");
  shell.answer(200, R"({"events":[)" + event_at(9, "parked") + R"(],"next":null})");
  shell.waits = 2;
  CHECK(shell.run({"events", "--follow"}) == 0);
  REQUIRE(shell.calls.size() == 4);
  CHECK(shell.calls[0].target == "/v1/events?limit=1&since=now");
  CHECK(shell.calls[1].target == "/v1/events?limit=100&since=E-7");
  CHECK(shell.calls[2].target == "/v1/events?limit=100&since=E-7");
  CHECK(shell.calls[3].target == "/v1/events?limit=100&since=E-00000000000000000008");
  const std::string text = shell.out.str();
  CHECK(text.find("K-8") == text.rfind("K-8"));
  CHECK(text.find("SEQ") == text.rfind("SEQ"));
  CHECK(has(shell.out, "K-9"));

  Shell gone;  // the service went away for good
  gone.answer(200, R"({"events":[],"next":"E-7"})");
  gone.waits = 5;
  CHECK(gone.run({"events", "--follow"}) == 3);
}
