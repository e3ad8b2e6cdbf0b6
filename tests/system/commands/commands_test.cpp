// The command line against a running store: what is sold out, the store itself, what the cloud is told; and what a person
// reads who has typed something wrong.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/orders.hpp"
#include "tests/system/whole/whole_store.hpp"

using namespace storegate::system;
using namespace storegate::support;

namespace {

constexpr const char* next_year = "2099-11-23T18:30:00Z";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void says(WholeStore& store, const std::vector<std::string>& words, int status, const std::string& part) {
  const Said said = store.command(words);
  CHECK_MESSAGE(said.status == status, words[0] << " " << words.back() << ": " << said.out);
  CHECK_MESSAGE(has(said.out, part), words[0] << " " << words.back() << ": " << said.out);
}

}  // namespace

TEST_CASE("4.2 commands: availability says and sets what is sold out, and a wrong word is refused") {
  WholeStore store;
  says(store, {"availability"}, 0, "every item is available");
  says(store, {"availability", "set", "taco-01", "--off"}, 0, "taco-01 is sold out.");
  says(store, {"availability", "set", "soup-1", "--off", "--until", next_year}, 0, "sold out until 2099");
  says(store, {"availability", "list"}, 0, "soup-1   no         2099-11-23 18:30:00 UTC");
  says(store, {"availability", "--json"}, 0, R"({"items":[{"id":"soup-1","available":false,"until":"2099)");
  CHECK(store.hears("", "item.availability_changed").data("by") == "person");
  store.kiosk_order("K-taco");
  CHECK(store.hears("K-taco", "order.rejected").data("reason") == "item_unavailable");

  says(store, {"availability", "set", "taco-01", "--off", "--until", "2020-01-01T00:00:00Z"}, 1,
       "in the past");
  says(store, {"availability", "set", "taco-01", "--off", "--until", "tomorrow"}, 2,
       "must be a time such as");
  says(store, {"availability", "set", "taco-01", "--on", "--until", next_year}, 2, "--until excludes --on");
  says(store, {"availability", "set", "taco-01"}, 2, "[--on,--off]");
  says(store, {"availability", "set"}, 2, "ITEM is required");
  says(store, {"availability", "list"}, 0, "taco-01  no");

  says(store, {"availability", "set", "taco-01", "--on"}, 0, "taco-01 is available again.");
  store.kiosk_order("K-again");
  store.hears("K-again", "order.placed");
}

TEST_CASE("4.2 commands: the store is paused and opened, and a wrong word is refused") {
  WholeStore store;
  says(store, {"store"}, 0, "The store is open.");
  says(store, {"store", "pause", "--until", next_year}, 0, "paused until 2099-11-23 18:30:00 UTC");
  says(store, {"store", "--json"}, 0,
       R"({"status":"paused","until":"2099-11-23T18:30:00.000Z","open_now":false})");
  CHECK(store.hears("", "store.status_changed").data("by") == "person");
  store.kiosk_order("K-paused");
  CHECK(store.hears("K-paused", "order.rejected").data("reason") == "store_closed");
  says(store, {"store", "pause", "--until", "2020-01-01T00:00:00Z"}, 1, "lies in the past");
  says(store, {"store", "pause", "--until", "soon"}, 2, "must be a time such as");
  says(store, {"store", "close"}, 2, "not expected: close");
  says(store, {"store", "open"}, 0, "The store is open.");
  store.something_else_is_placed();
}

TEST_CASE("4.10 commands: events lists what the cloud is told, from a place on and by pattern") {
  WholeStore store;
  store.kiosk_order("K-1");
  store.hears("K-1", "order.placed");
  const Said all = store.command({"events"});
  CHECK(all.status == 0);
  for (const char* part : {"gateway.started", "order.accepted", "order.placed", "kiosk", "K-1"})
    CHECK_MESSAGE(has(all.out, part), all.out);
  const Said placed = store.command({"events", "--where", R"({"type":[{"suffix":"placed.v1"}]})"});
  CHECK(has(placed.out, "order.placed"));
  CHECK_FALSE(has(placed.out, "order.accepted"));
  const std::string sequence = value_at(store.hears("K-1", "order.released").payload, "/sequence");
  const Said since = store.command({"events", "--since", sequence, "--json"});
  CHECK(has(since.out, "order.placed.v1"));
  CHECK_FALSE(has(since.out, "order.released.v1"));

  says(store, {"events", "--since", "yesterday"}, 1, "'since' is SEQ, EPOCH-SEQ or now");
  says(store, {"events", "--since", "another-3"}, 1, "names another epoch");
  says(store, {"events", "--where", "{\"type\":"}, 2, "is no event pattern");
  says(store, {"events", "--limit", "0"}, 2, "not in range");
}

TEST_CASE("4.5 commands: without a service, or with a command that there is not, a person reads what to do") {
  WholeStore store;
  says(store, {"shop"}, 2, "there is no command \"shop\"");
  says(store, {"orders", "show", "1234"}, 1, "no order with this id");
  store.kill();
  for (const char* command : {"orders", "parked", "availability", "events", "store"})
    says(store, {command}, 3, "Is it running");
}
