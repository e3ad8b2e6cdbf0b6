// The POS double without faults: the wire of interfaces.md, de-duplication, and tickets that outlive it.
#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/eventually.hpp"
#include "tests/support/load_caller.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/support/pos_double_fixture.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

TEST_CASE("an order is placed with 201 and its ticket carries what the order said") {
  PosDouble pos;
  HttpCaller caller(pos.url());
  const HttpAnswer answer = place(caller, "kiosk:K-1:2026-11-23", R"(,"reprint":true)");
  CHECK(answer.is(201));
  CHECK(answer.body == R"({"pos_reference":"P-000001"})");
  const auto tickets = pos.tickets();
  REQUIRE(tickets.size() == 1);
  CHECK(tickets[0].reference == "kiosk:K-1:2026-11-23");
  CHECK(tickets[0].idempotency_key == "kiosk:K-1:2026-11-23");
  CHECK(tickets[0].pos_reference == "P-000001");
  CHECK(tickets[0].status == "open");
  CHECK(tickets[0].display_code == "7F3K");
  CHECK(tickets[0].partner == "kiosk");
  CHECK(tickets[0].partner_order_id == "K-1");
  CHECK(tickets[0].reprint);
  CHECK(pos.counts().bad_requests == 0);
}

TEST_CASE("without de-duplication the same key cuts a second ticket, and the count shows it") {
  PosDouble pos;
  CHECK(place(pos, "a:1:d").is(201));
  CHECK(place(pos, "a:1:d").is(201));
  CHECK(pos.tickets_of("a:1:d") == 2);
  CHECK(pos.counts().most_per_reference == 2);
  CHECK(pos.counts().references == 1);
}

TEST_CASE("within the window the same key gets the first answer and no ticket") {
  PosDouble pos({"--deduplicates", "60"});
  const HttpAnswer first = place(pos, "a:1:d");
  const HttpAnswer again = place(pos, "a:1:d");
  CHECK(again.is(200));
  CHECK(again.body == first.body);
  CHECK(pos.tickets_of("a:1:d") == 1);
  CHECK(pos.counts().deduplicated == 1);
}

TEST_CASE("after the window the same key cuts a new ticket") {
  PosDouble pos({"--deduplicates", "0.05"});
  CHECK(place(pos, "a:1:d").is(201));
  eventually(
      "the window is over", 10s, [&] { return place(pos, "a:1:d").is(201); }, 20ms);
  CHECK(pos.tickets_of("a:1:d") == 2);
}

TEST_CASE("copies that arrive while the first is being worked on share its ticket") {
  PosDouble pos({"--deduplicates", "60", "--delay-ms", "50"});
  Loop loop;
  LoadCaller callers(loop, Address::parse(pos.url()), 20);
  const std::string request =
      http_request("POST", "/orders", {{"Idempotency-Key", "a:1:d"}, {"Content-Type", "application/json"}},
                   pos_order("a:1:d"));
  int placed = 0;
  int answered = 0;
  for (std::size_t i = 0; i < callers.size(); ++i)
    callers.call(i, request, [&](const LoadAnswer& answer) {
      ++answered;
      if (answer.is(200) || answer.is(201)) ++placed;
    });
  CHECK(loop.run_until([&] { return answered == 20; }, 10s));
  CHECK(placed == 20);
  CHECK(pos.tickets_of("a:1:d") == 1);
}

TEST_CASE("a slow POS works on many orders at once") {
  PosDouble pos({"--delay-ms", "200"});
  Loop loop;
  LoadCaller callers(loop, Address::parse(pos.url()), 20);
  int answered = 0;
  const auto began = Loop::Clock::now();
  for (std::size_t i = 0; i < callers.size(); ++i) {
    const std::string key = "a:" + std::to_string(i) + ":d";
    callers.call(i, http_request("POST", "/orders", {{"Idempotency-Key", key}}, pos_order(key)),
                 [&](const LoadAnswer& answer) { answered += answer.is(201) ? 1 : 0; });
  }
  CHECK(loop.run_until([&] { return answered == 20; }, 10s));
  CHECK(Loop::Clock::now() - began >= 200ms);
  CHECK(Loop::Clock::now() - began < 20 * 200ms);
}

TEST_CASE("asked by reference it lists every ticket of it, percent-encoded or not") {
  PosDouble pos;
  const std::string key = "uber%3Aeats:A/7 é:2026-11-23";
  CHECK(query(pos, key).body == R"({"orders":[]})");
  CHECK(place(pos, key).is(201));
  CHECK(query(pos, key).body == R"({"orders":[{"pos_reference":"P-000001","status":"open"}]})");
  CHECK(query(pos, "uber:eats:A/7 é:2026-11-23").body == R"({"orders":[]})");
}

TEST_CASE("--no-query answers the question 404 and nothing else") {
  PosDouble pos({"--no-query"});
  CHECK(place(pos, "a:1:d").is(201));
  CHECK(query(pos, "a:1:d").is(404));
  HttpCaller caller(pos.url());
  CHECK(caller.get("/orders/P-000001").is(200));
  CHECK(caller.get("/health").is(200));
}

TEST_CASE("a ticket is voided once or twice alike, and not once it is ready") {
  PosDouble pos;
  HttpCaller caller(pos.url());
  CHECK(place(caller, "a:1:d").is(201));
  CHECK(place(caller, "a:2:d").is(201));
  CHECK(caller.post("/orders/P-000001/void", "{}").is(200));
  CHECK(caller.post("/orders/P-000001/void", "{}").is(200));
  CHECK(caller.get("/orders/P-000001").body == R"({"status":"voided"})");
  for (const char* status : {"ready", "completed"}) {
    pos.set_status("P-000002", status);
    CHECK(caller.post("/orders/P-000002/void", "{}").is(409));
    CHECK(caller.get("/orders/P-000002").body == std::string(R"({"status":")") + status + "\"}");
  }
  CHECK(caller.post("/orders/P-000009/void", "{}").is(404));
  CHECK(caller.get("/orders/P-000009").is(404));
  CHECK(pos.counts().voids == 5);
}

TEST_CASE("availability and menu are what the test has put there") {
  PosDouble pos;
  HttpCaller caller(pos.url());
  CHECK(caller.get("/availability").body == R"({"items":[]})");
  pos.set_availability(R"({"items":[{"id":"taco-01","available":false}]})");
  CHECK(caller.get("/availability").body == R"({"items":[{"id":"taco-01","available":false}]})");
  CHECK(caller.get("/menu").body == R"({"items":[]})");
  pos.set_menu(R"({"items":[{"id":"taco-01","unit_price":199}]})");
  CHECK(caller.get("/menu").body == R"({"items":[{"id":"taco-01","unit_price":199}]})");
  pos.set_faults(R"({"menu/error-500":1})");
  CHECK(caller.get("/menu").is(500));
  CHECK(caller.get("/availability").is(200));
}

TEST_CASE("an order that breaks the wire is refused and counted as a bad request") {
  PosDouble pos;
  HttpCaller caller(pos.url());
  const auto refused = [&](const std::string& body, const HttpHeaders& headers) {
    return caller.post("/orders", body, headers).is(400);
  };
  const HttpHeaders key{{"Idempotency-Key", "a:1:d"}};
  CHECK(refused(pos_order("a:1:d"), {}));
  CHECK(refused(pos_order("a:2:d"), key));
  CHECK(refused("not json", key));
  CHECK(refused("[]", key));
  CHECK(refused(R"({"reference":"a:1:d","display_code":"7F3","items":[{}]})", key));
  CHECK(refused(R"({"reference":"a:1:d","display_code":"7F3K","items":[]})", key));
  CHECK(refused(R"({"reference":"a:1:d","display_code":"7F3K"})", key));
  CHECK(pos.counts().bad_requests == 7);
  CHECK(pos.tickets().empty());
  CHECK(place(caller, "a:1:d").is(201));
  HttpCaller rude(pos.url());
  CHECK(rude.call_raw("POST /orders HTTP/1.1\r\nContent-Length: abc\r\n\r\n").is(400));
  CHECK(pos.counts().bad_requests == 8);
}

TEST_CASE("the same key with another body is counted, for whoever cares") {
  PosDouble pos({"--deduplicates", "60"});
  HttpCaller caller(pos.url());
  CHECK(place(caller, "a:1:d").is(201));
  CHECK(place(caller, "a:1:d", R"(,"note":"another")").is(200));
  CHECK(pos.counts().json.find(R"("other_body_same_key":1)") != std::string::npos);
}

TEST_CASE("requests sent in one piece are answered in their order on one connection") {
  PosDouble pos;
  HttpCaller caller(pos.url());
  const std::string two = http_request("GET", "/health", {}, {}) +
                          http_request("GET", "/orders/P-000001", {{"Connection", "close"}}, {});
  CHECK(caller.call_raw(two).is(200));
  CHECK(pos.counts().json.find(R"("health":1)") != std::string::npos);
  CHECK(pos.counts().json.find(R"("status":1)") != std::string::npos);
}

TEST_CASE("tickets, their state and the window outlive a killed double") {
  const TempDir folder;
  PosDouble pos({"--deduplicates", "60"}, folder.file("tickets"));
  for (int i = 1; i <= 20; ++i) CHECK(place(pos, "a:" + std::to_string(i) + ":d").is(201));
  HttpCaller voiding(pos.url());
  CHECK(voiding.post("/orders/P-000003/void", "{}").is(200));
  pos.kill();
  CHECK(place(pos, "a:21:d").reach == Reach::not_connected);
  pos.start();
  const auto tickets = pos.tickets();
  REQUIRE(tickets.size() == 20);
  CHECK(tickets[2].status == "voided");
  CHECK(tickets[19].reference == "a:20:d");
  CHECK(tickets[19].display_code == "7F3K");
  CHECK(place(pos, "a:20:d").body == R"({"pos_reference":"P-000020"})");
  CHECK(place(pos, "a:21:d").body == R"({"pos_reference":"P-000021"})");
  CHECK(pos.tickets().size() == 21);
  CHECK(query(pos, "a:1:d").body == R"({"orders":[{"pos_reference":"P-000001","status":"open"}]})");
}

TEST_CASE("a torn last line of the tickets file costs no ticket after it") {
  const TempDir folder;
  PosDouble pos({}, folder.file("tickets"));
  CHECK(place(pos, "a:1:d").is(201));
  pos.kill();
  std::ofstream(folder.file("tickets"), std::ios::app) << R"({"reference":"a:2:)";
  pos.start();
  CHECK(place(pos, "a:3:d").body == R"({"pos_reference":"P-000002"})");
  pos.kill();
  pos.start();
  REQUIRE(pos.tickets().size() == 2);
  CHECK(pos.tickets()[1].reference == "a:3:d");
}

TEST_CASE("tickets can be listed from a number on") {
  PosDouble pos;
  for (int i = 1; i <= 3; ++i) CHECK(place(pos, "a:" + std::to_string(i) + ":d").is(201));
  const std::string rest = pos.ask("GET", "/tickets?from=2").body;
  CHECK(rest.find("a:3:d") != std::string::npos);
  CHECK(rest.find("a:2:d") == std::string::npos);
}

TEST_CASE("bad usage is exit status 2 with the reason") {
  const TempDir folder;
  const std::vector<std::vector<std::string>> bad{{},
                                                  {"--listen"},
                                                  {"--listen", "127.0.0.1:0", "--fault", "no-such:1"},
                                                  {"--listen", "127.0.0.1:0", "--fault", "hang:2"},
                                                  {"--listen", "127.0.0.1:0", "--delay-ms", "-1"},
                                                  {"--listen", "127.0.0.1:0", "--colour", "red"}};
  for (const auto& words : bad) {
    Process program(pos_double_program(), words, {.stderr_path = folder.file("err")});
    const auto status = program.wait(10s);
    REQUIRE(status);
    CHECK(status->code == 2);
  }
  CHECK(read_file(folder.file("err")).find("no such fault: no-such:1") != std::string::npos);
}

TEST_CASE("SIGTERM ends it cleanly") {
  PosDouble pos;
  CHECK(pos.process().stop(10s).clean());
}
