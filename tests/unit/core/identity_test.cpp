// Identity: an order that was seen is the same order, whatever the wall clock shows, for as long as it lives and for
// the reuse time that the gateway itself has witnessed (witnessed.hpp).
#include "core/witnessed.hpp"

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

constexpr Milliseconds day_ms = 24 * hour_ms;

/// The power goes; the next boot shows this wall time.
void reboot_at(Script& store, Milliseconds wall_ms) {
  store.now.wall_ms = wall_ms;
  store.restart(true);
}

void place(Script& store, const std::string& id, const std::string& ticket) {
  store.arrive(id, "counter");
  store.pos(PosOutcome::took, ticket);
}

void place_and_end(Script& store, const std::string& id, const std::string& ticket) {
  place(store, id, ticket);
  store.pass(241 * minute_ms);
}

}  // namespace

TEST_CASE("an order taken by a clock days or years wrong is the same order after a reboot [I2][I9][I14]") {
  for (const Milliseconds error :
       {-3 * day_ms, -30 * 365 * day_ms, 3 * day_ms, 19 * 365 * day_ms, -start_wall_ms}) {
    for (const bool trusted : {true, false}) {
      for (const bool ended : {true, false}) {
        CAPTURE(error);
        CAPTURE(trusted);
        CAPTURE(ended);
        Script store;
        store.now.wall_ms = start_wall_ms + error;
        store.now.wall_trusted = trusted;
        store.restart();
        ended ? place_and_end(store, "C-1", "T-1") : place(store, "C-1", "T-1");
        CHECK(is_end(store.phase("C-1", "counter")) == ended);
        store.now.wall_trusted = true;
        reboot_at(store, start_wall_ms + 5 * hour_ms);
        store.arrive("C-1", "counter");
        CHECK(store.last_answer().kind == AnswerKind::replayed);
        CHECK(store.sent.size() == 1);
      }
    }
  }
}

TEST_CASE("a clock that jumps years ahead and back makes no order new [I2][I9]") {
  Script store;
  place_and_end(store, "C-1", "T-1");
  for (const Milliseconds jump : {20 * 365 * day_ms, -20 * 365 * day_ms, 40 * 365 * day_ms}) {
    store.now.wall_ms += jump;
    store.arrive("C-1", "counter");
    CHECK(store.last_answer().kind == AnswerKind::replayed);
    for (int i = 0; i < 3; ++i)
      place(store, "X-" + std::to_string(store.rows.size()), "T" + std::to_string(store.rows.size()));
    store.restart(true);
    store.arrive("C-1", "counter");
    CHECK(store.last_answer().kind == AnswerKind::replayed);
  }
  CHECK(store.rows.size() == 10);
}

TEST_CASE("an order that has not ended is known however old it is [I2]") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::in_doubt);
  store.pass(90 * day_ms);
  REQUIRE(store.phase("C-1", "counter") == Phase::parked);
  store.arrive("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  reboot_at(store, store.now.wall_ms);
  store.arrive("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.rows.size() == 1);
}

TEST_CASE("the reuse time goes on over reboots, by what their clocks have shown, and ends") {
  Script store;
  place(store, "C-1", "T-1");
  store.pass(20 * hour_ms);
  std::string mark = "x";
  for (const char* expected : {"same", "same", "new"}) {  // 20, 40 and 60 hours and a little
    place(store, mark += "x", "T" + mark);                // the last that boot is seen by
    reboot_at(store, store.now.wall_ms + day_ms);
    store.arrive("C-1", "counter");
    CHECK((store.last_answer().kind == AnswerKind::created ? "new" : "same") == std::string(expected));
    store.pass(20 * hour_ms);
  }
}

TEST_CASE("a cancel that came before its order holds over a reboot with any clock [I4][I9]") {
  for (const Milliseconds wall_ms :
       {start_wall_ms + 9 * day_ms, start_wall_ms + 30 * 365 * day_ms, minute_ms}) {
    for (const bool trusted : {true, false}) {
      Script store;
      store.cancel("K-1");
      store.now.wall_trusted = trusted;
      reboot_at(store, wall_ms);
      store.arrive("K-1");
      CHECK(store.phase("K-1") == Phase::cancelled);
    }
  }
}

TEST_CASE("the witnessed clock never runs ahead of true time, and stands still between boots") {
  const auto at = [](std::uint8_t boot, Milliseconds steady_ms) { return Stamp{steady_ms, 0, BootId{boot}}; };
  WitnessedClock clock;
  CHECK(clock.note(at(1, 1000)) == 1000);
  CHECK(clock.note(at(1, 4000)) == 4000);
  CHECK(clock.note(at(2, 500)) == 4500);
  CHECK(clock.note(at(2, 400)) == 4500);  // not before what was noted
  CHECK(clock.note(at(3, 10)) == 4510);
  CHECK(clock.at(at(1, 2000)) == 2000);
  CHECK(clock.at(at(1, 9000)) == 4000);  // after the last that was seen of that boot, so before the next
  CHECK(clock.at(at(2, 100)) == 4100);
  CHECK(clock.at(at(3, 7000)) == 11'500);
  CHECK_FALSE(clock.at(at(4, 1)));
  WitnessedAge age(at(3, 7000));
  CHECK(age.of(at(3, 10)) == 6990);
  CHECK(age.of(at(2, 500)) == 7000);
  CHECK(age.of(at(1, 4000)) == 7500);
  CHECK(age.of(at(1, 1000)) == 10'500);
}

TEST_CASE("beyond the most that is kept the oldest ended order is forgotten first [I7]") {
  Book book;
  const auto number = [](std::size_t of) { return OrderNumber{static_cast<std::int64_t>(of)}; };
  for (std::size_t i = 1; i <= ended_orders_max + 3; ++i) {
    Loaded::Ended ended;
    ended.number = number(i);
    ended.partner = "kiosk";
    ended.partner_order_id = std::to_string(i);
    book.load_ended(std::move(ended), 100);
  }
  book.forget_ended(100, 0);
  CHECK(book.find_identity(Book::identity_of("kiosk", "3")) == no_order);
  CHECK(book.find_ended(number(3)) == nullptr);
  CHECK(book.find_identity(Book::identity_of("kiosk", "4")) == number(4));
  book.forget_ended(101, 2);
  CHECK(book.find_ended(number(5)) == nullptr);
  CHECK(book.find_ended(number(6)) != nullptr);
}

TEST_CASE("every early mark is looked at in its turn, however many there are") {
  Book book;
  for (int i = 0; i < 100; ++i) {
    EarlyMark mark;
    mark.partner = "kiosk";
    mark.partner_order_id = std::to_string(1000 + i);
    book.put_early(mark);
  }
  std::map<std::string, int> seen;
  for (int turn = 0; turn < 10; ++turn) {
    book.forget_early([&](const EarlyMark& mark) { return ++seen[mark.partner_order_id] > 99; }, 10);
  }
  CHECK(seen.size() == 100);
  book.forget_early([](const EarlyMark& mark) { return mark.partner_order_id >= "1050"; }, 1000);
  CHECK(book.early_count() == 50);
}

TEST_CASE("forgetting an order leaves a key that is a younger order's by now [I14]") {
  Book book;
  book.begin_turn();
  for (const std::int64_t number : {1, 2}) {
    Order order;
    order.number = OrderNumber{number};
    order.partner = "kiosk";
    order.partner_order_id = std::to_string(number);
    book.add(std::move(order), number * 100);
    book.add_alias("key", OrderNumber{number});
  }
  book.keep_turn();
  book.retire(OrderNumber{1});
  book.forget_ended(101, 10);
  CHECK(book.find_ended(OrderNumber{1}) == nullptr);
  CHECK(book.find_key("key") == OrderNumber{2});
}

TEST_CASE("an order is known by so many further keys, and by its id for ever [I7][I14]") {
  Script store;
  for (int i = 0; i < 40; ++i) {
    OrderArrived order = store.order("K-1");
    order.idempotency_key = "key-" + std::to_string(i);
    store.give(order);
    CHECK(store.last_answer().kind == (i == 0 ? AnswerKind::created : AnswerKind::replayed));
  }
  CHECK(store.aliases.size() == key_aliases_per_order_max);
  CHECK(store.rows.size() == 1);
}
