// The outbox: in order, within the window, marks over what has no gap.
#include "core/outbox.hpp"

#include "print.hpp"

using namespace storegate::core;

namespace {

std::vector<OutgoingEvent> events_from(std::int64_t first, std::int64_t last) {
  std::vector<OutgoingEvent> events;
  for (std::int64_t sequence = first; sequence <= last; ++sequence) {
    OutgoingEvent event;
    event.record.position = {1, sequence};
    events.push_back(event);
  }
  return events;
}

Outbox loaded_with(std::int64_t last, std::size_t window, bool application = false) {
  Outbox outbox({}, {1, last}, application);
  outbox.on_connected(window);
  outbox.on_read_started();
  outbox.on_read(events_from(1, last));
  return outbox;
}

std::vector<std::int64_t> publish_all(Outbox& outbox) {
  std::vector<std::int64_t> sent;
  while (const auto event = outbox.next_to_publish()) sent.push_back(event->record.position.sequence);
  return sent;
}

}  // namespace

TEST_CASE("nothing is read or published without an uplink; then in order and within the window [I3]") {
  Outbox outbox({}, {1, 5}, false);
  CHECK_FALSE(outbox.wanted_read());
  outbox.on_connected(3);
  REQUIRE(outbox.wanted_read());
  CHECK(outbox.wanted_read()->after == Position{});
  outbox.on_read_started();
  CHECK_FALSE(outbox.wanted_read());
  outbox.on_read(events_from(1, 5));
  CHECK(publish_all(outbox) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(outbox.on_published({1, 1}, true));
  CHECK(publish_all(outbox) == std::vector<std::int64_t>{4});
}

TEST_CASE("the mark moves only over what has no gap [I3]") {
  Outbox outbox = loaded_with(4, 4);
  publish_all(outbox);
  CHECK_FALSE(outbox.on_published({1, 2}, true));
  CHECK_FALSE(outbox.on_published({1, 4}, true));
  CHECK(outbox.marks().published == Position{});
  CHECK(outbox.on_published({1, 1}, true));
  CHECK(outbox.marks().published == Position{1, 2});
  CHECK(outbox.on_published({1, 3}, true));
  CHECK(outbox.marks().published == Position{1, 4});
}

TEST_CASE("after a reconnect everything without a PUBACK goes again, in order [I3]") {
  Outbox outbox = loaded_with(4, 4);
  publish_all(outbox);
  outbox.on_published({1, 1}, true);
  outbox.on_published({1, 3}, true);
  outbox.on_disconnected();
  CHECK_FALSE(outbox.next_to_publish());
  outbox.on_connected(4);
  CHECK(outbox.wanted_read()->after == Position{1, 1});
  outbox.on_read_started();
  outbox.on_read(events_from(2, 4));
  CHECK(publish_all(outbox) == std::vector<std::int64_t>{2, 3, 4});
}

TEST_CASE("a read that was under way at a reconnect is not believed [I3]") {
  Outbox outbox({}, {1, 4}, false);
  outbox.on_connected(4);
  outbox.on_read_started();
  outbox.on_disconnected();
  outbox.on_connected(4);
  outbox.on_read(events_from(3, 4));
  CHECK_FALSE(outbox.next_to_publish());
  CHECK(outbox.wanted_read()->after == Position{});
}

TEST_CASE("a lost publish starts over from the mark, and later PUBACKs of it do no harm [I3]") {
  Outbox outbox = loaded_with(3, 3);
  publish_all(outbox);
  outbox.on_published({1, 1}, true);
  CHECK_FALSE(outbox.on_published({1, 2}, false));
  CHECK_FALSE(outbox.on_published({1, 3}, true));
  CHECK(outbox.wanted_read()->after == Position{1, 1});
}

TEST_CASE("with the cloud's own acknowledgement a reconnect starts from it, not from the PUBACK [I3]") {
  Outbox outbox = loaded_with(3, 3, true);
  publish_all(outbox);
  for (std::int64_t sequence = 1; sequence <= 3; ++sequence) outbox.on_published({1, sequence}, true);
  CHECK(outbox.on_acknowledged({1, 1}));
  CHECK_FALSE(outbox.on_acknowledged({1, 9}));
  outbox.on_disconnected();
  outbox.on_connected(3);
  CHECK(outbox.wanted_read()->after == Position{1, 1});
}

TEST_CASE("a replay goes back to the sequence asked for [I3]") {
  Outbox outbox = loaded_with(3, 3);
  publish_all(outbox);
  for (std::int64_t sequence = 1; sequence <= 3; ++sequence) outbox.on_published({1, sequence}, true);
  CHECK_FALSE(outbox.wanted_read());
  outbox.replay_from({1, 2});
  CHECK(outbox.wanted_read()->after == Position{1, 1});
}

TEST_CASE("a read that leads nowhere is not wanted again before a second has passed") {
  Outbox outbox({}, {1, 5}, false);
  outbox.on_connected(3);
  outbox.on_read_started();
  outbox.on_read({});
  CHECK_FALSE(outbox.wanted_read());
  CHECK(outbox.wake_ms());
  outbox.on_time(70'000);
  CHECK_FALSE(outbox.wanted_read());
  CHECK(outbox.wake_ms() == 70'000 + read_again_after_ms);
  outbox.on_time(70'000 + read_again_after_ms - 1);
  CHECK_FALSE(outbox.wanted_read());
  outbox.on_time(70'000 + read_again_after_ms);
  CHECK(outbox.wanted_read());
  CHECK_FALSE(outbox.wake_ms());
}

TEST_CASE("events whose rows are damaged are passed over, also at the end of a page [I3]") {
  Outbox outbox({}, {1, 5}, false);
  outbox.on_connected(10);
  outbox.on_read_started();
  outbox.on_read(events_from(1, 2), {1, 4});
  REQUIRE(outbox.wanted_read());
  CHECK(outbox.wanted_read()->after == Position{1, 4});
  outbox.on_read_started();
  outbox.on_read({}, {1, 5});
  CHECK_FALSE(outbox.wanted_read());
  CHECK_FALSE(outbox.wake_ms());
  CHECK(publish_all(outbox) == std::vector<std::int64_t>{1, 2});
}
