// The command line against a canned service: what it asks, what it prints, and what it ends with.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "app/cli_format.hpp"
#include "cli_shell.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::app_test;

TEST_CASE("a wrong command line ends with 2, says why, and asks nobody") {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"fly"},
      {"orders", "show"},
      {"orders", "show", "a", "b"},
      {"orders", "--colour"},
      {"orders", "resolve", "x"},
      {"orders", "resolve", "x", "--answer", "perhaps"},
      {"orders", "--limit", "0"},
      {"orders", "--limit", "many"},
      {"availability", "set", "taco"},
      {"availability", "set", "taco", "--on", "--off"},
      {"availability", "set", "taco", "--on", "--until", "2026-11-23T18:30:00Z"},
      {"availability", "set", "taco", "--off", "--until", "tonight"},
      {"orders", "--api", "http://127.0.0.1:1", "--socket", "/s"},
      {"orders", "--api", "https://h"},
      {"orders", "--token-file", "/nonexistent"},
      {"orders", "--config", "/nonexistent"},
      {"store", "pause", "--until", "tonight"},
      {"store", "open", "--until", "2026-11-23T18:30:00Z"},
      {"version", "now"}};
  for (const auto& words : wrong) {
    Shell shell;
    std::string line;
    for (const char* word : words) line += std::string(word) + " ";
    CAPTURE(line);
    CHECK(shell.run(words) == 2);
    CHECK_FALSE(shell.err.str().empty());
    CHECK(shell.calls.empty());
  }
}

TEST_CASE("a command that there is not is named") {
  Shell shell;
  CHECK(shell.run({"fly", "--json"}) == 2);
  CHECK(shell.err.str() == "storegate: there is no command \"fly\". storegate --help names them.\n");
}

TEST_CASE("help and version end with 0") {
  Shell help;
  CHECK(help.run({"--help"}) == 0);
  CHECK(has(help.out, "orders"));
  Shell version;
  CHECK(version.run({"version"}) == 0);
  CHECK(version.out.str().starts_with("storegate "));
}

TEST_CASE("a service that is not there ends with 3 and says where it was looked for") {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{"orders"},
                                             {"orders", "show", "x"},
                                             {"orders", "release", "x"},
                                             {"parked"},
                                             {"events"},
                                             {"availability"},
                                             {"availability", "set", "taco", "--off"}}) {
    Shell shell;
    CHECK(shell.run(words) == 3);
    CHECK(has(shell.err, "/run/storegate/api.sock"));
    CHECK(has(shell.err, "connection refused"));
    CHECK(shell.out.str().empty());
  }
}

TEST_CASE("an answer that is not storegate's ends with 3") {
  for (const char* body : {"<html>", "[]", "{}", ""}) {
    Shell shell;
    shell.answer(200, body);
    CHECK(shell.run({"orders", "list"}) == 3);
    CHECK(has(shell.err, "not storegate"));
  }
}

TEST_CASE("a refusal ends with 1 and gives the service's words; a 401 says what to do") {
  Shell conflict;
  conflict.answer(409, R"({"type":"x","title":"Conflict","status":409,"detail":"the order has ended"})");
  CHECK(conflict.run({"orders", "release", "abc"}) == 1);
  CHECK(has(conflict.err, "the order has ended"));
  Shell token;
  token.answer(401, R"({"title":"A valid credential is needed"})");
  CHECK(token.run({"orders"}) == 1);
  CHECK(has(token.err, "--token-file"));
}

TEST_CASE("orders alone, orders list and its options in any place ask for the same list") {
  for (const std::vector<const char*>& words : std::vector<std::vector<const char*>>{
           {"orders", "--phase", "held", "--partner", "Ü b", "--limit", "7"},
           {"orders", "list", "--phase", "held", "--partner", "Ü b", "--limit", "7"},
           {"orders", "--limit", "7", "list", "--partner", "Ü b", "--phase", "held"}}) {
    Shell shell;
    shell.answer(200, R"({"orders":[],"next":null})");
    CHECK(shell.run(words) == 0);
    REQUIRE(shell.calls.size() == 1);
    CHECK(shell.calls[0].method == "GET");
    CHECK(shell.calls[0].target == "/v1/orders?limit=7&phase=held&partner=%C3%9C%20b");
    CHECK(shell.calls[0].origin.unix_path == "/run/storegate/api.sock");
    CHECK(shell.out.str() == "No orders.\n");
  }
}

TEST_CASE("a list is a table with the ticket's code, why in words, and the age") {
  Shell shell;
  shell.answer(200, R"({"orders":[)" + short_answer(12, "rejected", R"("store_closed")") + "," +
                        short_answer(3, "held") + R"(],"next":null})");
  CHECK(shell.run({"orders"}) == 0);
  const auto id = order_id(12);
  const std::string code = core::display_code_of(*core::order_id_from(id));
  std::istringstream lines(shell.out.str());
  std::string head, first, second;
  std::getline(lines, head);
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(first == id + "  " + code + "  kiosk    K-12          rejected  the store is closed  5 min");
  CHECK(head.find("AGE") == first.find("5 min"));
  CHECK(second.find("5 min") == first.find("5 min"));
  CHECK_FALSE(has(shell.out, "canary"));  // a release token is a secret of the cloud's
}

TEST_CASE("a list follows the cursors up to its limit, and says when there is more") {
  Shell shell;
  shell.answer(200, R"({"orders":[)" + short_answer(3, "held") + R"(],"next":"c 1"})");
  shell.answer(200, R"({"orders":[)" + short_answer(2, "held") + R"(],"next":"c2"})");
  CHECK(shell.run({"orders", "--limit", "2"}) == 0);
  REQUIRE(shell.calls.size() == 2);
  CHECK(shell.calls[0].target == "/v1/orders?limit=2");
  CHECK(shell.calls[1].target == "/v1/orders?limit=1&cursor=c%201");
  CHECK(has(shell.out, "K-3"));
  CHECK(has(shell.out, "K-2"));
  CHECK(has(shell.err, "--limit"));
}

TEST_CASE("a large limit is asked for in pages, and a cursor that stands still ends the asking") {
  Shell shell;
  for (int i = 0; i < 3; ++i)
    shell.answer(200, R"({"orders":[)" + short_answer(3, "held") + R"(],"next":"same"})");
  CHECK(shell.run({"orders", "--limit", "5000"}) == 0);
  REQUIRE(shell.calls.size() == 2);
  CHECK(shell.calls[0].target == "/v1/orders?limit=1000");
}

TEST_CASE("--json prints the body as it came, also of a refusal, and keeps words off standard output") {
  Shell list;
  const std::string body = R"({"orders":[],"next":null})";
  list.answer(200, body);
  CHECK(list.run({"orders", "--json"}) == 0);
  CHECK(list.out.str() == body + "\n");
  Shell refused;
  const std::string problem = R"({"detail":"no such order","status":404})";
  refused.answer(404, problem);
  CHECK(refused.run({"orders", "show", "x", "--json"}) == 1);
  CHECK(refused.out.str() == problem + "\n");
  CHECK(has(refused.err, "no such order"));
}

TEST_CASE("release, cancel and resolve post what the interface says") {
  struct Case {
    std::vector<const char*> words;
    const char* target;
    const char* body;
  };
  const std::vector<Case> cases = {
      {{"orders", "release", "i/d"}, "/v1/orders/i%2Fd/release", ""},
      {{"orders", "cancel", "x", "--reason", "burnt \"twice\""},
       "/v1/orders/x/cancel",
       R"({"reason":"burnt \"twice\""})"},
      {{"orders", "cancel", "x"}, "/v1/orders/x/cancel", "{}"},
      {{"orders", "resolve", "x", "--answer", "placed"}, "/v1/orders/x/resolve", R"({"answer":"placed"})"},
      {{"orders", "resolve", "x", "--answer", "not-placed"},
       "/v1/orders/x/resolve",
       R"({"answer":"not_placed"})"},
      {{"orders", "resolve", "x", "--answer", "reprint"}, "/v1/orders/x/resolve", R"({"answer":"reprint"})"}};
  for (const Case& one : cases) {
    Shell shell;
    shell.answer(200, short_answer(1, "queued"));
    CHECK(shell.run(one.words) == 0);
    REQUIRE(shell.calls.size() == 1);
    CHECK(shell.calls[0].method == "POST");
    CHECK(shell.calls[0].target == one.target);
    CHECK(shell.calls[0].body == one.body);
    CHECK(shell.calls[0].headers.get("Content-Type") == (*one.body == '\0' ? "" : "application/json"));
    CHECK(shell.out.str() == "Order " + order_id(1) + " is now queued.\n");
  }
}

TEST_CASE("show tells the order's life: where it stands, what was bought, what happened") {
  Shell shell;
  std::string body = short_answer(1, "placed");
  body.pop_back();
  body +=
      R"(,"order":{"fulfilment":{"type":"delivery","promised_at":"2026-11-23T12:30:00Z"},"customer":{"name":"Ana"},
    "currency":"USD","items":[{"id":"taco-01","name":"Crunchy Taco","quantity":2,"note":"hot",
    "modifiers":[{"id":"no-lettuce","name":"No lettuce","quantity":1,"modifiers":[]}]}],"totals":{"total":431}},
    "release":{"mode":"on_event","due":null,"by":"cloud","at":"2026-11-23T12:03:00Z"},
    "history":[{"phase":"held","at":"2026-11-23T12:00:00Z","why":null,"event":"order.accepted","by":"partner"},
    {"phase":"queued","at":"2026-11-23T12:03:00Z","why":null,"event":"order.released","by":"cloud"}]})";
  shell.answer(200, body);
  CHECK(shell.run({"orders", "show", "x"}) == 0);
  for (const char* part : {"their number K-1", "5 min ago", "released 2026-11-23 12:03:00 UTC by cloud",
                           "4.31 USD", "Ana", "  2 x Crunchy Taco  note: hot\n      + No lettuce\n",
                           "2026-11-23 12:00:00 UTC  order.accepted  by partner\n"}) {
    CAPTURE(part);
    CHECK(has(shell.out, part));
  }
  CHECK_FALSE(has(shell.out, "What to do"));
}

TEST_CASE("parked orders come with since when and the very commands that decide them") {
  Shell shell;
  shell.answer(200, R"({"orders":[)" + short_answer(1, "parked", R"("in_doubt")") + "," +
                        short_answer(2, "parked", R"("pos_refused")") + "," +
                        short_answer(3, "parked", R"("release_overdue")") + R"(],"next":null})");
  CHECK(shell.run({"parked"}) == 0);
  CHECK(shell.calls.at(0).target == "/v1/orders?limit=100&phase=parked");
  CHECK(has(shell.out,
            "kiosk K-1: the POS may or may not have it\n  parked since 2026-11-23 12:04:00 UTC (1 min)\n"));
  CHECK(has(shell.out, "storegate orders resolve " + order_id(1) + " --answer not-placed"));
  CHECK(has(shell.out, "storegate orders cancel " + order_id(2)));
  CHECK(has(shell.out, "storegate orders release " + order_id(3)));
}

TEST_CASE("4.5 parked list: the age counts from the parking, and only what the service offers is advised") {
  Shell shell;
  std::string order = short_answer(1, "parked", R"("in_doubt")");
  order.insert(order.size() - 1, R"(,"display_code":"X","since":"2026-11-23T12:02:00.000Z",)"
                                 R"("actions":["placed","not_placed"])");
  shell.answer(200, R"({"orders":[)" + order + R"(],"next":null})");
  CHECK(shell.run({"parked"}) == 0);
  CHECK(has(shell.out, "parked since 2026-11-23 12:02:00 UTC (3 min)"));
  const std::string code = core::display_code_of(*core::order_id_from(order_id(1)));
  CHECK(has(shell.out, "Is ticket " + code + " in the kitchen?"));
  CHECK(has(shell.out, "--answer placed"));
  CHECK(has(shell.out, "--answer not-placed"));
  CHECK_FALSE(has(shell.out, "--answer reprint"));
}

TEST_CASE("availability is listed, and set for good or until a time") {
  Shell list;
  list.answer(200, R"({"items":[{"id":"taco-01","available":false,"until":null}]})");
  CHECK(list.run({"availability"}) == 0);
  CHECK(list.calls.at(0).target == "/v1/availability");
  CHECK(has(list.out, "taco-01  no"));
  Shell off;
  off.answer(200, "{}");
  CHECK(off.run({"availability", "set", "taco/1", "--off", "--until", "2026-11-23T18:30:00Z"}) == 0);
  CHECK(off.calls.at(0).method == "PUT");
  CHECK(off.calls.at(0).target == "/v1/availability/taco%2F1");
  CHECK(off.calls.at(0).body == R"({"available":false,"until":"2026-11-23T18:30:00Z"})");
  Shell on;
  on.answer(200, "{}");
  CHECK(on.run({"availability", "set", "taco", "--on"}) == 0);
  CHECK(on.calls.at(0).body == R"({"available":true})");
  CHECK(has(on.out, "taco is available again"));
  Shell still;
  still.answer(200, R"({"items":[{"id":"taco","available":false,"until":null,"pos_off":true}]})");
  CHECK(still.run({"availability", "set", "taco", "--on"}) == 0);
  CHECK(has(still.out, "taco stays sold out: the POS lists it as off"));
  Shell by_pos;
  by_pos.answer(200, R"({"items":[{"id":"taco","available":false,"until":null,"pos_off":true}]})");
  CHECK(by_pos.run({"availability"}) == 0);
  CHECK(has(by_pos.out, "the POS has it again"));
}

TEST_CASE("4.2 acceptance: the store is looked at, paused for good or until a time, and opened") {
  Shell shown;
  shown.answer(200, R"({"status":"open","until":null,"open_now":false})");
  CHECK(shown.run({"store"}) == 0);
  CHECK(shown.calls.at(0).method == "GET");
  CHECK(shown.calls.at(0).target == "/v1/store");
  CHECK(has(shown.out, "closed at this hour"));
  Shell paused;
  paused.answer(200, R"({"status":"paused","until":"2026-11-23T18:30:00.000Z","open_now":false})");
  CHECK(paused.run({"store", "pause", "--until", "2026-11-23T18:30:00Z"}) == 0);
  CHECK(paused.calls.at(0).method == "PUT");
  CHECK(paused.calls.at(0).body == R"({"status":"paused","until":"2026-11-23T18:30:00Z"})");
  CHECK(has(paused.out, "paused until"));
  Shell opened;
  opened.answer(200, R"({"status":"open","until":null,"open_now":true})");
  CHECK(opened.run({"store", "open"}) == 0);
  CHECK(opened.calls.at(0).body == R"({"status":"open"})");
  CHECK(has(opened.out, "The store is open."));
  Shell refused;
  refused.answer(409, R"({"detail":"the end of the pause lies in the past"})");
  CHECK(refused.run({"store", "pause", "--until", "2020-01-01T00:00:00Z"}) == 1);
  CHECK(has(refused.err, "lies in the past"));
}

TEST_CASE("the service is found by --api, --socket or the configuration, and the token goes along") {
  const support::TempDir folder;
  support::write_file(folder.path() / "token", "letmein\n");
  support::write_file(folder.path() / "tcp.toml",
                      "[http]\nlisten = \"127.0.0.1:8080\"\nsocket = \"\"\nadmin_token_file = \"" +
                          folder.file("token") + "\"\n");
  support::write_file(folder.path() / "sock.toml", "[http]\nsocket = \"/run/other.sock\"\n");
  const std::string list = R"({"orders":[],"next":null})";

  Shell api;
  api.answer(200, list);
  const std::string token = folder.file("token");
  CHECK(api.run({"orders", "--api", "http://127.0.0.1:18080/base/", "--token-file", token.c_str()}) == 0);
  CHECK(api.calls.at(0).origin.port == 18080);
  CHECK(api.calls.at(0).target == "/base/v1/orders?limit=100");
  CHECK(api.calls.at(0).headers.get("Authorization") == "Bearer letmein");

  Shell socket;
  socket.answer(200, list);
  CHECK(socket.run({"orders", "--socket", "/tmp/x.sock"}) == 0);
  CHECK(socket.calls.at(0).origin.unix_path == "/tmp/x.sock");
  CHECK(socket.calls.at(0).headers.count("Authorization") == 0);

  Shell named;
  named.answer(200, list);
  const std::string tcp = folder.file("tcp.toml");
  CHECK(named.run({"orders", "--config", tcp.c_str()}) == 0);
  CHECK(named.calls.at(0).origin.host == "127.0.0.1");
  CHECK(named.calls.at(0).headers.get("Authorization") == "Bearer letmein");

  Shell found;
  found.default_config = folder.file("sock.toml");
  CHECK(found.run({"parked"}) == 3);
  CHECK(found.calls.at(0).origin.unix_path == "/run/other.sock");
}

TEST_CASE("run starts the service with the configuration's path") {
  Shell shell;
  CHECK(shell.run({"run", "--config", "/x.toml"}) == 0);
  CHECK(shell.ran == "/x.toml");
  Shell usual;
  CHECK(usual.run({"run"}) == 0);
  CHECK(usual.ran == usual.default_config);
}

TEST_CASE("check-config ends with 2 and every problem on its line, or with 0 and its warnings") {
  const support::TempDir folder;
  support::write_file(folder.path() / "bad.toml", "[store]\nid = \"S\"\ncolour = 1\n");
  const std::string bad = folder.file("bad.toml");
  Shell refused;
  CHECK(refused.run({"check-config", "--config", bad.c_str()}) == 2);
  CHECK(has(refused.err, bad + ":2:6: store.id: "));
  CHECK(has(refused.err, bad + ":3:1: store.colour: "));
  CHECK(has(refused.err, bad + ": pos.url: "));
  CHECK(refused.out.str().empty());

  support::write_file(
      folder.path() / "good.toml",
      "[store]\nid = \"s\"\n[storage]\npath = \"/x\"\n[http]\nlisten = "
      "\"127.0.0.1:0\"\n"
      "[pos]\nurl = \"http://h\"\nmenu_poll_s = 600\n[[partner]]\nname = \"kiosk\"\nrelease = "
      "\"immediate\"\n");
  const std::string good = folder.file("good.toml");
  Shell accepted;
  CHECK(accepted.run({"check-config", "--config", good.c_str()}) == 0);
  CHECK(accepted.out.str() == good + ": good\n");
  CHECK(has(accepted.err, good + ":9:15: pos.menu_poll_s: warning: "));
}

TEST_CASE("text from outside cannot move the cursor or forge a line") {
  CHECK(app::printable("a\x1b[2Jb\nc\x7f") == "a [2Jb c ");
  CHECK(app::printable("\xc2\x9b"
                       "31m\xff\xc3") == " 31m??");
  CHECK(app::printable("Ünïcode 日本 🌮") == "Ünïcode 日本 🌮");
  Shell shell;
  std::string order = short_answer(1, "held");
  order.replace(order.find("K-1"), 3, "K\\u001b[1m");
  shell.answer(200, R"({"orders":[)" + order + R"(],"next":null})");
  CHECK(shell.run({"orders"}) == 0);
  CHECK_FALSE(has(shell.out, "\x1b"));
}
