// The POS double's faults, one by one: what the caller sees, and whether there is a ticket.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

#include "tests/support/eventually.hpp"
#include "tests/unit/support/pos_double_fixture.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

std::int64_t hits(PosDouble& pos) { return pos.counts().faults_hit; }

}  // namespace

TEST_CASE("refuse: the connection is reset before anything is read, and no ticket is cut") {
  PosDouble pos({"--fault", "refuse:1"});
  const HttpAnswer answer = place(pos, "a:1:d");
  CHECK_FALSE(answer.answered());
  CHECK(answer.reach <= Reach::written);
  CHECK(answer.error.find("reset") != std::string::npos);
  CHECK(pos.tickets().empty());
  CHECK(pos.counts().orders == 0);
  pos.set_faults("{}");  // the control door is never refused
  CHECK(place(pos, "a:1:d").is(201));
}

TEST_CASE("reset: the request was read whole, then the connection is reset, and no ticket is cut") {
  PosDouble pos({"--fault", "reset:1"});
  const HttpAnswer answer = place(pos, "a:1:d");
  CHECK(answer.reach == Reach::written);
  CHECK(answer.error.find("reset") != std::string::npos);
  CHECK(pos.counts().orders == 1);
  CHECK(pos.tickets().empty());
}

TEST_CASE("status faults answer their status, keep the connection and cut no ticket") {
  for (const int status : {500, 503, 429, 409, 422, 401, 302, 404, 408}) {
    CAPTURE(status);
    PosDouble pos({"--fault", "error-" + std::to_string(status) + ":100%", "--refuse-code", "store_closed",
                   "--retry-after", "7"});
    HttpCaller caller(pos.url());
    const HttpAnswer answer = place(caller, "a:1:d");
    CHECK(answer.is(status));
    CHECK(answer.header("Retry-After") == (status == 429 ? "7" : ""));
    CHECK((answer.body.find(R"("code":"store_closed")") != std::string::npos) == (status == 409));
    CHECK(caller.connected());
    CHECK(pos.tickets().empty());
  }
}

TEST_CASE("status faults go by their documented names, too") {
  for (const char* name : {"refuse-409", "refuse-422", "unauthorized-401", "error-503", "409"}) {
    PosDouble pos({"--fault", std::string(name) + ":1"});
    const HttpAnswer answer = place(pos, "a:1:d");
    CHECK(answer.answered());
    CHECK(std::to_string(answer.status) == std::string(name).substr(std::string(name).size() - 3));
  }
}

TEST_CASE("hang: never an answer and no ticket, and the next connection is served") {
  PosDouble pos({"--fault", "hang:1"});
  CHECK(place(pos, "a:1:d", 100ms).error == "read: deadline");
  pos.set_faults("{}");
  CHECK(place(pos, "a:2:d").is(201));
  CHECK(pos.tickets_of("a:1:d") == 0);
}

TEST_CASE("slow-drip: the ticket is cut at once, the answer comes byte by byte and whole in the end") {
  PosDouble pos({"--fault", "slow-drip:1", "--drip-ms", "300"});
  const auto began = std::chrono::steady_clock::now();
  CHECK(place(pos, "a:1:d", 20ms).reach <= Reach::partly_answered);
  eventually("its ticket", 10s, [&] { return pos.tickets_of("a:1:d") == 1; });
  const HttpAnswer whole = place(pos, "a:2:d");
  CHECK(whole.is(201));
  CHECK(whole.body == R"({"pos_reference":"P-000002"})");
  CHECK(std::chrono::steady_clock::now() - began >= 300ms);
}

TEST_CASE("half-reply: a ticket, and half an answer before the end") {
  PosDouble pos({"--fault", "half-reply:1"});
  const HttpAnswer answer = place(pos, "a:1:d");
  CHECK(answer.reach == Reach::partly_answered);
  CHECK(answer.error == "closed by the server");
  CHECK(pos.tickets_of("a:1:d") == 1);
}

TEST_CASE("lost-reply: a ticket, and not one byte of an answer") {
  PosDouble pos({"--fault", "lost-reply:1"});
  const HttpAnswer answer = place(pos, "a:1:d");
  CHECK(answer.reach == Reach::written);
  CHECK(answer.error == "closed by the server");
  CHECK(answer.body.empty());
  CHECK(pos.tickets_of("a:1:d") == 1);
}

TEST_CASE("late-ticket: cut after the client has given up and gone") {
  PosDouble pos({"--fault", "late-ticket:1", "--late-ms", "1500"});  // long beside the next two questions
  CHECK(place(pos, "a:1:d", 30ms).error == "read: deadline");
  CHECK(pos.tickets().empty());
  CHECK(query(pos, "a:1:d").body == R"({"orders":[]})");
  eventually("the late ticket", 10s, [&] { return pos.tickets_of("a:1:d") == 1; });
}

TEST_CASE("late-ticket behind a client that reset the connection is cut all the same") {
  PosDouble pos({"--fault", "late-ticket:1", "--late-ms", "200"});
  Descriptor socket = begin_connect(Address::parse(pos.url()));
  REQUIRE(wait_for(socket, 4 /* POLLOUT */, std::chrono::steady_clock::now() + 10s));
  const std::string request =
      http_request("POST", "/orders", {{"Idempotency-Key", "a:1:d"}}, pos_order("a:1:d"));
  REQUIRE(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  eventually("the request was read", 10s, [&] { return pos.counts().orders == 1; });
  socket.reset();
  eventually("the late ticket", 10s, [&] { return pos.tickets_of("a:1:d") == 1; });
}

TEST_CASE("late-ticket: with de-duplication a retry that came first keeps the count at one") {
  PosDouble pos({"--fault", "late-ticket:1", "--late-ms", "200", "--deduplicates", "60"});
  CHECK(place(pos, "a:1:d", 30ms).error == "read: deadline");
  pos.set_faults("{}");
  CHECK(place(pos, "a:1:d").is(201));
  eventually("the late one found its ticket", 10s, [&] { return pos.counts().deduplicated == 1; });
  CHECK(pos.tickets_of("a:1:d") == 1);
}

TEST_CASE("duplicate-answer: a ticket is cut, but the answer names an earlier one") {
  PosDouble pos;
  CHECK(place(pos, "a:1:d").is(201));
  pos.set_faults(R"({"duplicate-answer":1})");
  const HttpAnswer answer = place(pos, "a:2:d");
  CHECK(answer.is(201));
  CHECK(answer.body == R"({"pos_reference":"P-000001"})");
  CHECK(pos.tickets_of("a:2:d") == 1);
}

TEST_CASE("nonsense: 200 without a usable pos_reference, in several shapes, with a ticket or without") {
  PosDouble pos;
  for (const bool with_ticket : {true, false}) {
    pos.set_faults(with_ticket ? R"({"nonsense":1})" : R"({"nonsense-no-ticket":1})");
    const std::size_t before = pos.tickets().size();
    std::set<std::string> bodies;
    for (int i = 0; i < 7; ++i) {
      const HttpAnswer answer = place(pos, "a:" + std::to_string(i) + (with_ticket ? ":d" : ":e"));
      CHECK(answer.is(200));
      CHECK(answer.body.find(R"("pos_reference":"P-)") == std::string::npos);
      bodies.insert(answer.body);
    }
    CHECK(bodies.size() == 7);
    CHECK(pos.tickets().size() - before == (with_ticket ? 7 : 0));
  }
}

TEST_CASE("health-down: only the health question fails") {
  PosDouble pos({"--fault", "health-down:1"});
  HttpCaller caller(pos.url());
  CHECK(caller.get("/health").is(503));
  CHECK(caller.get("/availability").is(200));
  CHECK(place(caller, "a:1:d").is(201));
}

TEST_CASE("a prefix aims a fault at voids or queries and leaves orders alone") {
  PosDouble pos({"--fault", "query/error-500:1", "--fault", "void/409:1", "--fault", "status/hang:1"});
  HttpCaller caller(pos.url());
  CHECK(place(caller, "a:1:d").is(201));
  CHECK(query(pos, "a:1:d").is(500));
  CHECK(caller.post("/orders/P-000001/void", "{}").is(409));
  CHECK(pos.tickets()[0].status == "open");
  caller.set_deadline(50ms);
  CHECK(caller.get("/orders/P-000001").error == "read: deadline");
  pos.set_faults(R"({"void/lost-reply":1})");
  CHECK_FALSE(caller.post("/orders/P-000001/void", "{}").answered());
  CHECK(pos.tickets()[0].status == "voided");
}

TEST_CASE("faults of the next requests come exactly so often") {
  PosDouble pos;
  pos.set_faults(R"({"error-503":{"next":2}})");
  CHECK(place(pos, "a:1:d").is(503));
  CHECK(place(pos, "a:1:d").is(503));
  CHECK(place(pos, "a:1:d").is(201));
  CHECK(hits(pos) == 2);
}

TEST_CASE("rates hit their share, and the same seed hits the same requests") {
  const auto statuses = [](const std::string& seed) {
    PosDouble pos({"--fault", "error-500:0.2", "--fault", "refuse-409:10%", "--seed", seed});
    HttpCaller caller(pos.url());
    std::string seen;
    for (int i = 0; i < 1000; ++i) {
      const int status = place(caller, "a:" + std::to_string(i) + ":d").status;
      seen += status == 500 ? '5' : status == 409 ? '4' : '2';
    }
    CHECK(hits(pos) == static_cast<std::int64_t>(1000 - std::count(seen.begin(), seen.end(), '2')));
    return seen;
  };
  const std::string first = statuses("7");
  const auto errors = std::count(first.begin(), first.end(), '5');
  const auto refusals = std::count(first.begin(), first.end(), '4');
  CHECK(errors > 140);
  CHECK(errors < 260);
  CHECK(refusals > 60);
  CHECK(refusals < 140);
  CHECK(statuses("7") == first);
  CHECK(statuses("8") != first);
}

TEST_CASE("a bad order to the control door changes nothing") {
  PosDouble pos({"--fault", "error-500:1"});
  for (const char* bad :
       {"[]", "{", R"({"no-such":1})", R"({"hang":2})", R"({"hang":{}})", R"({"hang":{"next":-1}})"})
    CHECK(pos.ask("PUT", "/double/faults", bad).is(400));
  CHECK(pos.ask("PUT", "/double/delay", R"({"ms":-5})").is(400));
  CHECK(pos.ask("PUT", "/double/tickets/P-000001", R"({"status":"eaten"})").is(400));
  CHECK(pos.ask("PUT", "/double/tickets/P-000001", R"({"status":"ready"})").is(404));
  CHECK(place(pos, "a:1:d").is(500));
}

TEST_CASE("the delay can be changed while it runs") {
  PosDouble pos;
  pos.set_delay(200ms);
  CHECK(place(pos, "a:1:d", 20ms).error == "read: deadline");
  pos.set_delay(0ms);
  CHECK(place(pos, "a:2:d").is(201));
}
