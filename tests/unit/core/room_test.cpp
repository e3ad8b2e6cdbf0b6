// Room for new orders as the disk has it, and the alarms about disk, uplink and backlog.
#include "core/alarms.hpp"

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using testing::Script;

namespace {

std::string alarms_of(const Script& script) {
  std::string text;
  for (const EventRecord& event : script.events) {
    const bool raised = event.type == EventType::gateway_alarm_raised;
    if (!raised && event.type != EventType::gateway_alarm_cleared) continue;
    text += (raised ? " +" : " -") + std::get<std::string>(event.details.front().second);
  }
  return text;
}

Policy with_alarms() {
  Policy policy = testing::default_policy();
  policy.alarms.uplink_after_ms = 300 * second_ms;
  policy.alarms.backlog_events = 10;
  return policy;
}

}  // namespace

TEST_CASE("4.9 retention: without room a new order is refused, and everything else goes on [I8]") {
  Script script;
  script.arrive("first");
  script.give(StorageMeasured{StorageRoom::disk_low});
  script.arrive("second");
  CHECK(script.last_answer().kind == AnswerKind::full);
  CHECK(script.last_answer().retry_after_s == retry_after_no_space_s);
  script.arrive("first");
  CHECK(script.last_answer().kind == AnswerKind::replayed);
  script.release("first");
  script.pos(PosOutcome::took, "p1");
  CHECK(script.phase("first") == Phase::placed);
  script.give(StorageMeasured{StorageRoom::enough});
  script.arrive("second");
  CHECK(script.last_answer().kind == AnswerKind::created);
  CHECK(alarms_of(script) == " +disk_low -disk_low");
}

TEST_CASE("4.9 retention: over MQTT an order without room is rejected, its bytes are not kept [I8]") {
  Script script;
  script.give(StorageMeasured{StorageRoom::database_full});
  OrderArrived input = script.order("late");
  input.source = Source::mqtt;
  script.give(std::move(input));
  CHECK(script.phase("late") == Phase::rejected);
  CHECK(script.row("late").reason == Reason::too_busy);
  CHECK(script.bodies.at(script.row("late").number).canonical.empty());
  CHECK(alarms_of(script) == " +database_full");
}

TEST_CASE(
    "4.9 retention: an uplink that is away for long raises its alarm once, and clears it when it is back") {
  Script script(with_alarms());
  script.turn();
  script.pass(299 * second_ms);
  CHECK(alarms_of(script).empty());
  script.pass(2 * second_ms);
  CHECK(alarms_of(script) == " +uplink_unreachable");
  script.pass(900 * second_ms);
  script.engine->outbox().on_connected(20);
  REQUIRE(script.engine->wants_turn(script.now));
  script.turn();
  CHECK(alarms_of(script) == " +uplink_unreachable -uplink_unreachable");
  script.engine->outbox().on_disconnected();
  script.turn();
  script.pass(301 * second_ms);
  CHECK(alarms_of(script) == " +uplink_unreachable -uplink_unreachable +uplink_unreachable");
}

TEST_CASE("4.9 retention: an alarm whose turn was undone is raised by the next one") {
  Script script(with_alarms());
  script.turn();
  script.fail_commits = true;
  script.advance(script.now.steady_ms + 301 * second_ms);
  script.turn();
  CHECK(alarms_of(script).empty());
  script.fail_commits = false;
  script.pass(second_ms);
  CHECK(alarms_of(script) == " +uplink_unreachable");
}

TEST_CASE("4.9 retention: many events that wait raise an alarm, and half of them gone clear it") {
  Alarms alarms;
  alarms.set_limits({std::nullopt, 10});
  const auto told = [&](std::int64_t waiting) {
    std::string text;
    for (const Alarms::Change& change : alarms.look({true, 1, waiting, StorageRoom::enough}, 0))
      text += (change.raised ? "+" : "-") + std::string(change.name);
    return text;
  };
  CHECK(told(10).empty());
  CHECK(told(11) == "+backlog_events");
  CHECK(told(9).empty());
  CHECK(told(6).empty());
  CHECK(told(5) == "-backlog_events");
  CHECK(told(10).empty());
  CHECK_FALSE(alarms.wake_ms(false));
}

TEST_CASE("5.5 a certificate that ends soon is an alarm, raised once and cleared when it has been replaced") {
  Script script;
  script.give(CertificatesSeen{true});
  script.give(CertificatesSeen{true});
  script.arrive("A");
  CHECK(script.phase("A") == Phase::held);
  CHECK(script.engine->gateway().certificate_ends());
  script.give(CertificatesSeen{false});
  CHECK(alarms_of(script) == " +certificate_expires -certificate_expires");
}
