// What a partner is told of its order by the store itself: which events it hears of, in which order, and with what facts.
#include <functional>

#include "answering.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("a partner hears of each step of its order, one request at a time and in their order") {
  Script store(answering());
  store.arrive("C-1", "counter");
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::accepted);
  CHECK(store.row("C-1", "counter").owed == Notices{Notice::accepted});  // on disk before it leaves
  store.pos(PosOutcome::took, "T-1");
  store.tells("T-1", PosStatus::ready);
  CHECK(store.notices.size() == 1);
  CHECK(store.row("C-1", "counter").owed == Notices{Notice::accepted, Notice::placed, Notice::ready});
  store.partner(TellOutcome::told);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::placed);
  store.partner(TellOutcome::told);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::ready);
  store.partner(TellOutcome::told);
  CHECK(store.notices.empty());
  store.pass(lazy_ms_max);
  CHECK(store.row("C-1", "counter").owed.empty());
  CHECK(untold(store).empty());
}

TEST_CASE(
    "what was told is written with the next commit or within 5 s, never in a commit of its own before") {
  Script store(answering());
  store.arrive("K-1");
  const std::size_t commits = store.commits;
  store.partner(TellOutcome::told);
  CHECK(store.commits == commits);
  CHECK(store.row("K-1").owed == Notices{Notice::accepted});
  const std::int64_t updated_wall_ms = store.row("K-1").updated_wall_ms;
  store.pass(lazy_ms_max);
  CHECK(store.commits == commits + 1);
  CHECK(store.row("K-1").owed.empty());
  CHECK(store.row("K-1").updated_wall_ms == updated_wall_ms);  // nothing became of the order itself
}

TEST_CASE("each event is for its partner what the table says, and no other event is told") {
  struct Row {
    const char* name;
    std::function<void(Script&)> happens;
    Notices owed;
  };
  const auto refuse_void = [](Script& store, Actor actor) {
    place(store, "C-1", "T-1");
    cancel_by(store, actor, "C-1");
    store.pos(PosOutcome::too_late);
  };
  const auto cancelled_by = [](Actor actor) {
    return [actor](Script& store) {
      accept(store, "C-1", "counter");
      store.pos(PosOutcome::not_now);  // back in the line
      cancel_by(store, actor, "C-1");
    };
  };
  const std::vector<Row> rows{
      {"rejected",
       [](Script& store) {
         store.give(StoreSet{store.next_caller(), Actor::person, true, {}});
         store.arrive("C-1", "counter");
       },
       {Notice::rejected}},
      {"placed",
       [](Script& store) {
         accept(store, "C-1");
         store.pos(PosOutcome::took, "T-1");
       },
       {Notice::placed}},
      {"ready",
       [](Script& store) {
         place(store, "C-1", "T-1");
         store.tells("T-1", PosStatus::ready);
       },
       {Notice::ready}},
      {"completed: whoever fetched the food knows",
       [](Script& store) {
         place(store, "C-1", "T-1");
         store.tells("T-1", PosStatus::completed);
       },
       {}},
      {"cancelled by a person", cancelled_by(Actor::person), {Notice::cancelled}},
      {"cancelled by the cloud", cancelled_by(Actor::cloud), {Notice::cancelled}},
      {"cancelled by the partner", cancelled_by(Actor::partner), {Notice::cancel_agreed}},
      {"cancelled by the customer", cancelled_by(Actor::customer), {Notice::cancel_agreed}},
      {"refused by the POS",
       [](Script& store) {
         accept(store, "C-1");
         store.pos(PosOutcome::refused, "", "item_unavailable");
       },
       {Notice::cancelled}},
      {"voided by the POS after a cancel of the partner's was refused",
       [&](Script& store) {
         refuse_void(store, Actor::partner);
         store.partner(TellOutcome::told);
         store.tells("T-1", PosStatus::voided);
       },
       {Notice::cancelled}},
      {"a cancel of the partner's is refused",
       [&](Script& store) { refuse_void(store, Actor::partner); },
       {Notice::cancel_refused}},
      {"a cancel of a person's is refused", [&](Script& store) { refuse_void(store, Actor::person); }, {}},
      {"parked",
       [](Script& store) {
         accept(store, "C-1");
         store.pos(PosOutcome::cannot);
       },
       {}},
      {"a person has seen the ticket",
       [](Script& store) {
         accept(store, "C-1");
         store.pos(PosOutcome::cannot);
         store.resolve("C-1", Resolution::placed, "counter");
       },
       {Notice::placed}},
      {"a person has seen none",
       [](Script& store) {
         accept(store, "C-1");
         store.pos(PosOutcome::cannot);
         store.resolve("C-1", Resolution::not_placed, "counter");
       },
       {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Policy policy = answering();
    policy.pos.can_query = false;
    Script store(policy);
    row.happens(store);
    CHECK(owed(store, "C-1") == row.owed);
  }
}

TEST_CASE("an order that waited too long, or was cancelled by its fallback, is told as cancelled") {
  Policy policy = answering();
  policy.pos.requests_max = 1;
  policy.partners["kiosk"].fallback = FallbackPolicy::cancel;
  Script store(policy);
  accept(store, "C-1");
  accept(store, "C-2");
  accept(store, "K-1", "kiosk");
  store.pass(policy.pos.expire_ms);
  CHECK(store.phase("C-2", "counter") == Phase::expired);
  CHECK(store.phase("K-1") == Phase::cancelled);
  for (const char* partner : {"counter", "kiosk"}) {
    const auto told = std::find_if(store.notices.begin(), store.notices.end(),
                                   [&](const TellPartner& one) { return one.partner == partner; });
    REQUIRE(told != store.notices.end());
    CHECK(told->notice == Notice::cancelled);
    CHECK(told->reason == Reason::timed_out);
  }
}

TEST_CASE("a simulated test order is told as any other, and stays until it is") {
  Policy policy = answering();
  policy.test_orders = TestOrders::simulate;
  Script store(policy);
  OrderArrived test = store.order("C-1", "counter");
  test.order.test = true;
  store.give(std::move(test));
  CHECK(store.phase("C-1", "counter") == Phase::completed);
  CHECK(owed(store, "C-1") == Notices{Notice::accepted, Notice::placed});
  store.partner(TellOutcome::told);
  store.partner(TellOutcome::told);
  store.pass(lazy_ms_max);
  CHECK_FALSE(is_in_book(store, "C-1"));
}

TEST_CASE("only what the configuration names is told, and of most partners nothing") {
  for (const Notices tells : {Notices{}, Notices{Notice::placed}}) {
    Script store(answering(tells));
    store.arrive("C-1", "counter");
    CHECK(owed(store, "C-1").empty());
    store.pos(PosOutcome::took, "T-1");
    CHECK(owed(store, "C-1") == tells);
    CHECK(store.notices.size() == (tells.empty() ? 0 : 1));
  }
}

TEST_CASE("what the configuration no longer names is not told, and nobody is alarmed for it") {
  Script store(answering());
  lose_partner(store, "kiosk");
  store.arrive("K-1");
  cancel_by(store, Actor::person, "K-1", "kiosk");
  store.engine->gateway().set_policy(answering(Notices{Notice::placed}), store.now);
  store.pass(2 * hour_ms);
  CHECK(store.notices.empty());
  CHECK_FALSE(is_in_book(store, "K-1", "kiosk"));
  CHECK(store.row("K-1").owed.empty());
  CHECK(store.row("lost-kiosk").owed.empty());
  CHECK(untold(store).empty());
}

// ---------------------------------------------------------------- an order that is cancelled before all is told

TEST_CASE(
    "an order that is cancelled before its partner can have heard of its acceptance is rejected instead") {
  Script store(answering());
  lose_partner(store);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::took, "T-0");
  store.pos(PosOutcome::refused, "", "item_unavailable");
  CHECK(owed(store, "C-1") == Notices{Notice::rejected});
  store.pass(minute_ms);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().partner_order_id == "C-1");
  CHECK(store.notices.front().notice == Notice::rejected);
  CHECK(store.notices.front().reason == Reason::item_unavailable);
}

TEST_CASE("a partner that may have heard of the acceptance hears of it first, and of the cancel then") {
  enum class Heard { under_way, perhaps, before_a_restart };
  for (const Heard heard : {Heard::under_way, Heard::perhaps, Heard::before_a_restart}) {
    CAPTURE(static_cast<int>(heard));
    Script store(answering());
    store.arrive("C-1", "counter");
    store.pos(PosOutcome::took, "T-1");
    if (heard == Heard::perhaps) store.partner(TellOutcome::failed);
    if (heard == Heard::before_a_restart) {
      store.restart();
      store.turn();
    }
    store.tells("T-1", PosStatus::voided);
    CHECK(owed(store, "C-1") == Notices{Notice::accepted, Notice::cancelled});  // nothing of its making
    store.pass(minute_ms);
    REQUIRE(store.notices.size() == 1);
    CHECK(store.notices.front().notice == Notice::accepted);
    store.partner(TellOutcome::told);
    REQUIRE(store.notices.size() == 1);
    CHECK(store.notices.front().notice == Notice::cancelled);
  }
}

TEST_CASE("a partner that said \"not now\" to an acceptance has not heard of it") {
  Script store(answering());
  store.arrive("K-1");
  store.partner(TellOutcome::not_now);
  cancel_by(store, Actor::person, "K-1", "kiosk");
  CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::rejected});
}

TEST_CASE(
    "an order that was cancelled by the store's side before it came is rejected to its partner, who waits") {
  for (const Actor actor : {Actor::cloud, Actor::person}) {
    Script store(answering());
    cancel_by(store, actor, "K-1", "kiosk");
    store.arrive("K-1");
    CHECK(store.phase("K-1") == Phase::cancelled);
    CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::rejected});
  }
}

TEST_CASE("a cancelled order is told as far as the partner can be told of it") {
  struct Row {
    Notices tells, owed;
    bool may_have_heard;
  };
  for (const Row& row :
       {Row{{Notice::accepted, Notice::cancelled}, {Notice::accepted, Notice::cancelled}, false},
        Row{{Notice::accepted, Notice::rejected}, {Notice::rejected}, true},
        Row{{Notice::accepted}, {}, true}, Row{{Notice::accepted}, {}, false}}) {
    Script store(answering(row.tells));
    if (!row.may_have_heard) lose_partner(store, "kiosk");
    store.arrive("K-1");
    cancel_by(store, Actor::cloud, "K-1", "kiosk");
    CHECK(owed(store, "K-1", "kiosk") == row.owed);
  }
}

TEST_CASE("a partner that cancels hears that it was agreed, and nothing of what was before") {
  for (const bool tombstone : {false, true}) {
    Script store(answering());
    if (tombstone) cancel_by(store, Actor::partner, "K-1", "kiosk");
    store.arrive("K-1");
    if (!tombstone) cancel_by(store, Actor::partner, "K-1", "kiosk");
    CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::cancel_agreed});
    if (!tombstone) store.partner(TellOutcome::told);  // of the acceptance, under way until now
    REQUIRE(store.notices.size() == 1);
    CHECK(store.notices.front().notice == Notice::cancel_agreed);
  }
}

TEST_CASE(
    "a partner that asks for a cancel once more while it is told of the first refusal is told once more") {
  Script store(answering());
  place(store, "C-1", "T-1");
  for (int i = 0; i < 2; ++i) {
    cancel_by(store, Actor::partner, "C-1");
    store.pos(PosOutcome::too_late);
  }
  store.partner(TellOutcome::told);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::cancel_refused);
  store.partner(TellOutcome::told);
  CHECK(store.notices.empty());
}

// ---------------------------------------------------------------- an order that is fetched

namespace {

Policy fetching() {
  Policy policy = answering();
  policy.partners["kiosk"].fetches = true;
  return policy;
}

}  // namespace

TEST_CASE("a partner that announced an order hears of it once it is here, and when its food will be there") {
  Script store(fetching());
  store.announce("K-1", "kiosk");
  CHECK(store.notices.empty());
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.arrived.order.promised_at_wall_ms = start_wall_ms + 30 * minute_ms;
  store.give(std::move(fetched));
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::accepted);
  CHECK(store.notices.front().href == "/orders/K-1");
  CHECK(store.notices.front().ready_at_wall_ms == start_wall_ms + 30 * minute_ms);
}

TEST_CASE(
    "an announced order that ends before it is here is rejected to its partner, unless that cancelled it") {
  for (const Actor actor : {Actor::person, Actor::cloud, Actor::partner}) {
    Script store(fetching());
    store.announce("K-1", "kiosk");
    cancel_by(store, actor, "K-1", "kiosk");
    const bool is_its_wish = actor == Actor::partner;
    CHECK(owed(store, "K-1", "kiosk") == Notices{is_its_wish ? Notice::cancel_agreed : Notice::rejected});
  }
}

TEST_CASE(
    "an announced order that never comes is rejected to its partner, unless that has no such order any "
    "more") {
  for (const FetchOutcome outcome : {FetchOutcome::unreadable, FetchOutcome::gone}) {
    Script store(fetching());
    store.announce("K-1", "kiosk");
    while (store.phase("K-1") == Phase::fetching) {
      if (!store.fetches.empty()) store.fetch(outcome);
      store.pass(second_ms);
    }
    const bool is_there = outcome == FetchOutcome::unreadable;
    REQUIRE(store.notices.size() == (is_there ? 1 : 0));
    CHECK(owed(store, "K-1", "kiosk") == (is_there ? Notices{Notice::rejected} : Notices{}));
    if (is_there) CHECK(store.notices.front().reason == Reason::invalid_order);
  }
  Script store(fetching());
  store.announce("K-1", "kiosk");
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.over = true;
  store.give(std::move(fetched));
  CHECK(store.phase("K-1") == Phase::rejected);
  CHECK(store.notices.empty());
}

TEST_CASE("what a partner decided otherwise, or no longer has, is fetched at once, and counts") {
  Script store(fetching());
  store.arrive("K-1");
  SUBCASE("decided") { store.partner(TellOutcome::decided); }
  SUBCASE("gone") { store.partner(TellOutcome::gone); }
  REQUIRE(store.fetches.size() == 1);
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.cancelled = true;
  store.give(std::move(fetched));
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::cancel_agreed});
}

// ---------------------------------------------------------------- the facts

TEST_CASE("a notice says which order it is about, as its partner and its people know it") {
  Script store(answering());
  store.arrive("C-1", "counter");
  store.pass(second_ms);
  store.pos(PosOutcome::took, "T-1");
  const Order& order = store.row("C-1", "counter");
  const TellPartner accepted = store.notices.front();
  store.pass(second_ms);
  store.partner(TellOutcome::told);
  const TellPartner placed = store.notices.front();
  for (const TellPartner& one : {accepted, placed}) {
    CHECK(one.order == order.number);
    CHECK(one.id == order.id);
    CHECK(one.partner == "counter");
    CHECK(one.partner_order_id == "C-1");
    CHECK(one.display_code == display_code_of(order.id));
    CHECK(one.reason == Reason::none);
  }
  CHECK(accepted.at_wall_ms == start_wall_ms);
  CHECK(placed.at_wall_ms == start_wall_ms + second_ms);
  CHECK(placed.pos_reference == "T-1");
  CHECK(placed.attempt > accepted.attempt);
}

TEST_CASE("a rejection says every reason, and when it was") {
  Script store(answering());
  store.give(StoreSet{store.next_caller(), Actor::person, true, {}});
  store.arrive("C-1", "counter");
  const TellPartner& told = store.notices.front();
  CHECK(told.reason == Reason::store_closed);
  CHECK(told.refusals == pack({{Reason::store_closed, "paused"}}));
  CHECK(told.at_wall_ms == start_wall_ms);
}

TEST_CASE("a refused cancel says why, also when its order has moved on") {
  Script store(answering());
  place(store, "C-1", "T-1");
  cancel_by(store, Actor::partner, "C-1");
  store.pos(PosOutcome::too_late);
  CHECK(store.notices.front().reason == Reason::too_late);
  store.partner(TellOutcome::not_now);
  store.tells("T-1", PosStatus::ready);
  store.pass(minute_ms);
  REQUIRE(store.notices.front().notice == Notice::ready);
  store.partner(TellOutcome::told);
  CHECK(store.notices.front().reason == Reason::too_late);
}

TEST_CASE("an acceptance says when the food will be there, if a clock that is right can tell") {
  const Milliseconds prep_ms = answering().prep_ms;
  struct Row {
    const char* partner;
    std::optional<Milliseconds> promised_ms;  // from now
    std::optional<ReleaseMode> mode;
    bool trusted;
    std::optional<Milliseconds> ready_ms;
  };
  for (const Row& row : {Row{"counter", {}, {}, true, prep_ms},                     //
                         Row{"counter", 30 * minute_ms, {}, true, 30 * minute_ms},  //
                         Row{"counter", -minute_ms, {}, true, prep_ms},             //
                         Row{"counter", 30 * minute_ms, {}, false, {}},             //
                         Row{"kiosk", 30 * minute_ms, {}, true, 30 * minute_ms},    //
                         Row{"kiosk", {}, {}, true, {}},                            //
                         Row{"kiosk", 30 * minute_ms, ReleaseMode::at_time, true, 30 * minute_ms}}) {
    CAPTURE(row.partner);
    CAPTURE(row.promised_ms.value_or(0));
    Script store(answering());
    store.now.wall_trusted = row.trusted;
    OrderArrived order = store.order("C-1", row.partner);
    order.order.release.mode = row.mode;
    if (row.promised_ms) order.order.promised_at_wall_ms = start_wall_ms + *row.promised_ms;
    store.give(std::move(order));
    REQUIRE(store.notices.size() == 1);
    const auto ready_at = store.notices.front().ready_at_wall_ms;
    CHECK(ready_at.has_value() == row.ready_ms.has_value());
    if (row.ready_ms) CHECK(ready_at == start_wall_ms + *row.ready_ms);
  }
}

TEST_CASE("after a restart the promise of a timed order is told by its release") {
  Script store(answering());
  OrderArrived order = store.order("K-1");
  order.order.release.mode = ReleaseMode::at_time;
  order.order.promised_at_wall_ms = start_wall_ms + 30 * minute_ms;
  store.give(std::move(order));
  store.restart();
  store.turn();
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().ready_at_wall_ms == start_wall_ms + 30 * minute_ms);
}

TEST_CASE("notices have names and bits that are stored") {
  CHECK(name_of(Notice::accepted) == "accepted");
  CHECK(name_of(Notice::cancel_refused) == "cancel_refused");
  CHECK(Notices{Notice::accepted, Notice::cancelled}.bits() == 0b100001);
  CHECK(Notices::from_bits(-1) == every_notice);
  CHECK(name_of(EventType::gateway_partner_untold) == "gateway.partner_untold");
}
