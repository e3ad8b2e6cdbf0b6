// Every row type there and back, over a restart, and the queries that read them.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "builders.hpp"
#include "storage/row_codec.hpp"
#include "storage/sip_digest.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

bool written(Journal& journal, const core::Changes& changes) {
  const CommitResult result = journal.commit(changes);
  if (!result.written) MESSAGE(result.written.error().context);
  return result.written.ok();
}

LoadReport loaded(Journal& journal) {
  core::Result<LoadReport> report = journal.load({});
  if (!report) FAIL(report.error().context);
  return std::move(*report);
}

}  // namespace

TEST_CASE("a new database says so, has the epoch it was given and nothing else") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  {
    Journal journal = opened(options);
    const LoadReport report = loaded(journal);
    CHECK(report.damaged.empty());
    CHECK(report.loaded.created);
    CHECK(report.loaded.epoch == "epoch-one");
    CHECK_FALSE(report.loaded.previous_epoch.has_value());
    CHECK(report.loaded.last_event == core::Position{1, 0});
    CHECK(report.loaded.last_number == core::no_order);
  }
  JournalOptions other = options;
  other.fresh_epoch = "epoch-two";
  other.fresh_key.fill(9);
  Journal again = opened(other);
  const LoadReport report = loaded(again);
  CHECK_FALSE(report.loaded.created);
  CHECK(report.loaded.epoch == "epoch-one");
}

TEST_CASE("every member of every row comes back as it was written, also after a restart [I14]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Drawer draw(7);
  std::map<std::int64_t, core::Order> orders;
  std::map<std::int64_t, core::OrderBody> bodies;
  std::vector<core::EventRecord> events;
  std::vector<std::string> early, availability;
  core::OutboxMarks marks;
  std::string before;
  {
    Journal journal = opened(options);
    for (std::int64_t turn = 0; turn < 60; ++turn) {
      core::Changes changes;
      for (int each = 0; each < 6; ++each) {
        const std::int64_t number = turn * 6 + each + 1;
        core::Order order = draw.order(number);
        core::EventRecord event = draw.event({1, number}, number);
        event.previous = {};
        order.last_event = event.position;
        orders[number] = order;
        bodies[number] = draw.body(number);
        events.push_back(event);
        changes.orders.push_back(order);
        changes.bodies.push_back(bodies[number]);
        changes.events.push_back(event);
      }
      changes.early.push_back(draw.early());
      changes.early.back().partner_order_id += std::to_string(turn);
      early.push_back(told(changes.early.back()));
      changes.availability.push_back(draw.availability());
      changes.availability.back().item.item += std::to_string(turn);
      availability.push_back(told(changes.availability.back()));
      changes.key_aliases.push_back({draw.text(20) + std::to_string(turn), core::OrderNumber{turn + 1}});
      changes.dead_letters.push_back(draw.dead_letter());
      marks = {{1, turn + 2}, {1, turn + 1}};
      changes.outbox = marks;
      REQUIRE(written(journal, changes));
    }
    before = told(loaded(journal).loaded);
  }
  Journal journal = opened(options);
  const LoadReport report = loaded(journal);
  CHECK(report.damaged.empty());
  CHECK(told(report.loaded) == before);
  CHECK(report.loaded.outbox.published == marks.published);
  CHECK(report.loaded.outbox.acknowledged == marks.acknowledged);
  CHECK(report.loaded.last_event == core::Position{1, 360});
  CHECK(value_of(report.loaded.last_number) == 360);
  CHECK(report.loaded.key_aliases.size() == 60);

  std::vector<std::string> found;
  for (const core::EarlyMark& mark : report.loaded.early) found.push_back(told(mark));
  CHECK(std::is_permutation(found.begin(), found.end(), early.begin(), early.end()));
  found.clear();
  for (const core::AvailabilityMark& mark : report.loaded.availability) found.push_back(told(mark));
  CHECK(std::is_permutation(found.begin(), found.end(), availability.begin(), availability.end()));

  std::size_t live = 0;
  for (const core::Order& order : report.loaded.live) {
    CHECK(told(order) == told(orders.at(value_of(order.number))));
    ++live;
  }
  CHECK(live + report.loaded.ended.size() == orders.size());
  for (const auto& [number, order] : orders) {
    core::Result<std::optional<core::Order>> row = journal.find_order(order.number);
    REQUIRE(row.ok());
    REQUIRE(row->has_value());
    CHECK(told(**row) == told(order));
    core::Result<std::optional<core::OrderBody>> body = journal.find_body(order.number);
    REQUIRE(body.ok());
    CHECK(told(**body) == told(bodies.at(number)));
  }
  core::Result<EventPage> page = journal.events_after({}, 1000, 100'000'000);
  REQUIRE(page.ok());
  CHECK(page->damaged.empty());
  REQUIRE(page->events.size() == events.size());
  for (std::size_t at = 0; at < events.size(); ++at) {
    const core::OutgoingEvent& event = page->events[at];
    const core::Order& order = orders.at(value_of(event.record.order));
    CHECK(told(event.record) == told(events[at]));
    CHECK(event.epoch == "epoch-one");
    CHECK(event.order_id == order.id);
    CHECK(event.release_token == order.release_token);
    CHECK(event.partner == order.partner);
    CHECK(event.partner_order_id == order.partner_order_id);
    CHECK(event.traceparent == order.traceparent);
    CHECK(event.test == order.test);
    CHECK(event.refusals == order.refusals);
    CHECK(event.shared == bodies.at(value_of(order.number)).shared);
  }
}

TEST_CASE("a spent early mark is gone, and a full list replaces every word and leaves the POS its own") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  core::Changes first;
  core::EarlyMark mark{core::EarlyKind::cancel, "kiosk", "K-1", core::Actor::cloud, "too late", {5, 6, {}}};
  first.early = {mark};
  mark.kind = core::EarlyKind::release;
  first.early.push_back(mark);
  mark.kind = core::EarlyKind::by_hand;
  first.early.push_back(mark);
  mark.kind = core::EarlyKind::release;
  using core::StockLayer;
  first.availability = {{{"taco", false, 9}, StockLayer::said, 1},
                        {{"cola", false, std::nullopt}, StockLayer::said, 1},
                        {{"cola", false, std::nullopt}, StockLayer::pos, 1},
                        {{"soup", false, std::nullopt}, StockLayer::pos, 1}};
  REQUIRE(written(journal, first));
  core::Changes second;
  second.early_spent = {mark};
  second.availability_replaced = true;
  second.availability = {{{"nachos", true, std::nullopt}, StockLayer::said, 2}};
  second.availability_gone = {{StockLayer::pos, "soup"}, {StockLayer::pos, "never there"}};
  second.store = core::StoreState{true, 1'795'435'200'000, {5, 6, {7}}};
  REQUIRE(written(journal, second));
  const core::Loaded rows = loaded(journal).loaded;
  REQUIRE(rows.early.size() == 2);
  CHECK(rows.early[0].kind == core::EarlyKind::cancel);
  CHECK(rows.early[1].kind == core::EarlyKind::by_hand);
  CHECK(rows.availability_full);
  REQUIRE(rows.availability.size() == 2);
  CHECK(rows.availability[0].item.item == "nachos");
  CHECK(rows.store == *second.store);
  CHECK(rows.availability[1].item.item == "cola");
  CHECK(rows.availability[1].layer == StockLayer::pos);
}

TEST_CASE("a commit gives the bodies wanted and the next events within both limits") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(3);
  core::Changes changes;
  for (int each = 0; each < 5; ++each) store.arrive(changes);
  changes.bodies_wanted = {core::OrderNumber{4}, core::OrderNumber{2}, core::OrderNumber{77}};
  CommitResult result = journal.commit(changes, {core::Position{1, 1}, 2, 1'000'000});
  REQUIRE(result.written.ok());
  REQUIRE(result.read.ok());
  REQUIRE(result.bodies.size() == 2);
  CHECK(result.bodies[0].canonical == store.bodies.at(4).canonical);
  CHECK(result.bodies[1].canonical == store.bodies.at(2).canonical);
  REQUIRE(result.damaged.size() == 1);
  CHECK(result.damaged[0].key == "77");
  REQUIRE(result.page.events.size() == 2);
  CHECK(result.page.events[0].record.position == core::Position{1, 2});
  CHECK(result.page.through == core::Position{1, 3});
  CHECK(result.page.more);

  result = journal.commit({}, {core::Position{1, 0}, 100, 1});  // nothing to write: only reads
  REQUIRE(result.read.ok());
  CHECK(result.page.events.size() == 1);
  CHECK(result.page.more);
  result = journal.commit({}, {core::Position{1, 5}, 100, 1});
  CHECK(result.page.events.empty());
  CHECK(result.page.through == core::Position{1, 5});
  CHECK_FALSE(result.page.more);
}

TEST_CASE("what is given out from memory just after a commit is what the rows say after a restart") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(41);
  const auto all_events = [](Journal& journal) {
    core::Result<EventPage> page = journal.events_after({}, 10'000, 100'000'000);
    REQUIRE(page.ok());
    CHECK(page->damaged.empty());
    std::string events;
    for (const core::OutgoingEvent& event : page->events) {
      events += told(event.record) + '|' + event.epoch + '|' + core::text_of(event.order_id) + '|' +
                core::text_of(event.release_token) + '|' + event.partner + '|' + event.partner_order_id +
                '|' + event.traceparent + '|' + event.shared + '|' + (event.test ? "test" : "") +
                event.refusals + '\n';
    }
    return events;
  };
  std::string before;
  {
    Journal journal = opened(options);
    for (int turn = 0; turn < 40; ++turn) {  // more than is remembered
      core::Changes changes;
      for (int each = 0; each < 20; ++each) store.arrive(changes);
      if (turn > 0) store.move(changes, turn, core::Phase::queued);
      REQUIRE(written(journal, changes));
    }
    before = all_events(journal);
    core::Changes wants;
    for (std::int64_t number = 1; number <= 800; ++number)
      wants.bodies_wanted.push_back(core::OrderNumber{number});
    const CommitResult result = journal.commit(wants);
    REQUIRE(result.bodies.size() == 800);
    for (const core::OrderBody& body : result.bodies) {
      CHECK(body.canonical == store.bodies.at(value_of(body.number)).canonical);
    }
  }
  Journal journal = opened(options);
  CHECK(all_events(journal) == before);
}

TEST_CASE("the row digest is SipHash-2-4-128: the authors' own vectors") {
  std::array<std::uint8_t, 16> key{};
  std::string input;
  for (std::size_t at = 0; at < 16; ++at) key[at] = static_cast<std::uint8_t>(at);
  const core::DigestFunction digest = sip_digest(key);
  const auto hex = [&] { return core::hex_of(digest(input).data(), 16); };
  CHECK(hex() == "a3817f04ba25a8e66df67214c7550293");
  input += '\0';
  CHECK(hex() == "da87c1d86b99af44347659119b22fc45");
  key[3] ^= 1;
  CHECK(core::hex_of(sip_digest(key)("").data(), 16) != "a3817f04ba25a8e66df67214c7550293");
}

TEST_CASE("no two different rows have one image: table, type, length and value all count [I10]") {
  using Fill = void (*)(RowImage&);
  const std::pair<const char*, Fill> rows[] = {
      {"orders", [](RowImage& row) { row.text("ab"), row.text("c"); }},
      {"bodies", [](RowImage& row) { row.text("ab"), row.text("c"); }},
      {"orders", [](RowImage& row) { row.text("a"), row.text("bc"); }},
      {"orders", [](RowImage& row) { row.bytes("ab"), row.bytes("c"); }},
      {"orders", [](RowImage& row) { row.integer(0); }},
      {"orders", [](RowImage& row) { row.integer(0), row.integer(0); }},
      {"orders", [](RowImage& row) { row.integer(256); }},
      {"orders", [](RowImage& row) { row.integer(1), row.integer(0); }},
      {"orders", [](RowImage& row) { row.integer(-1); }},
      {"orders", [](RowImage& row) { row.null(); }},
      {"orders", [](RowImage& row) { row.text(""); }},
      {"orders", [](RowImage& row) { row.text("n"); }},
      {"ordersn", [](RowImage&) {}},
  };
  std::set<std::string> images;
  for (const auto& [table, fill] : rows) {
    RowImage image(table);
    fill(image);
    images.emplace(image.view());
  }
  CHECK(images.size() == std::size(rows));
}

TEST_CASE("an order's own events come oldest first, whatever lies between them") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(11);
  core::Changes changes;
  for (int each = 0; each < 8; ++each) store.arrive(changes);
  REQUIRE(written(journal, changes));
  for (const core::Phase phase : {core::Phase::queued, core::Phase::placed, core::Phase::completed}) {
    core::Changes moves;
    for (std::int64_t number = 1; number <= 8; ++number) store.move(moves, number, phase);
    REQUIRE(written(journal, moves));
  }
  core::Result<std::vector<core::OutgoingEvent>> events = journal.events_of(core::OrderNumber{3});
  REQUIRE(events.ok());
  REQUIRE(events->size() == 4);
  CHECK(events->front().record.position == core::Position{1, 3});
  CHECK(events->back().record.position == core::Position{1, 27});
  CHECK(journal.events_of(core::OrderNumber{99}).error().code == core::ErrorCode::not_found);
}

TEST_CASE("a list comes newest first, page by page, and no call looks at more rows than allowed") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(5);
  core::Changes changes;
  for (int each = 0; each < 100; ++each) {
    store.arrive(changes);
    core::Order& order = changes.orders.back();
    order.partner = each % 10 == 0 ? "kiosk" : "doordash";
    if (each < 30) order.phase = core::Phase::completed;
  }
  REQUIRE(written(journal, changes));
  const auto walk = [&](ListQuery query) {
    std::vector<std::int64_t> numbers;
    for (int pages = 0; pages < 50; ++pages) {
      core::Result<OrderPage> page = journal.list_orders(query);
      REQUIRE(page.ok());
      CHECK(page->orders.size() <= query.limit);
      for (const core::Order& order : page->orders) numbers.push_back(value_of(order.number));
      if (page->next == core::no_order) return numbers;
      query.before = page->next;
    }
    FAIL("the list never ends");
    return numbers;
  };
  ListQuery all;
  all.limit = 7;
  std::vector<std::int64_t> numbers = walk(all);
  REQUIRE(numbers.size() == 100);
  CHECK(numbers.front() == 100);
  CHECK(std::is_sorted(numbers.rbegin(), numbers.rend()));
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());

  ListQuery some;
  some.phase = core::Phase::completed;
  some.partner = "kiosk";
  some.scan_limit = 9;
  CHECK(walk(some) == std::vector<std::int64_t>{21, 11, 1});
  core::Result<OrderPage> first = journal.list_orders(some);
  CHECK(first->orders.empty());  // nine rows looked at, none fits
  CHECK(first->next == core::OrderNumber{92});
}
