// What the trace hash must tell apart: each pair differs in one member only.
#include <doctest/doctest.h>

#include "sim/gateway/turn_trace.hpp"

using namespace storegate;
using namespace storegate::sim;

namespace {
std::string hash_of_input(const core::Input& input, std::int64_t now_ms = 5) {
  Trace trace;
  note_input(trace, input, now_ms);
  return trace.hash();
}
std::string hash_of_effect(const core::Effect& effect) {
  Trace trace;
  note_effect(trace, effect, 5);
  return trace.hash();
}
std::string hash_of_changes(const core::Changes& changes) {
  Trace trace;
  note_changes(trace, changes, 5);
  return trace.hash();
}
/// Whether the hash of a `Message` changes with what `change` does to it.
template <typename Message, typename Change>
bool input_told(Change change) {
  Message one, other;
  if constexpr (requires { one.orders; }) one.orders.resize(1), other.orders.resize(1);
  if constexpr (requires { one.items; }) one.items.resize(1), other.items.resize(1);
  change(other);
  return hash_of_input(one) != hash_of_input(other);
}
template <typename Message, typename Change>
bool effect_told(Change change) {
  Message one, other;
  change(other);
  return hash_of_effect(one) != hash_of_effect(other);
}
template <typename Change>
bool change_told(Change change) {
  core::Changes one;
  one.orders.resize(1), one.bodies.resize(1), one.events.resize(1), one.early.resize(1),
      one.early_spent.resize(1);
  one.key_aliases.resize(1), one.availability.resize(1), one.dead_letters.resize(1), one.outbox.emplace();
  one.bodies_wanted.resize(1), one.store.emplace();
  core::Changes other = one;
  change(other);
  return hash_of_changes(one) != hash_of_changes(other);
}
}  // namespace

TEST_CASE("The hash tells inputs apart by their time and by whom they are about") {
  CHECK(hash_of_input(core::UplinkConnected{}, 5) != hash_of_input(core::UplinkConnected{}, 6));
  CHECK(input_told<core::ReleaseArrived>([](auto& in) { in.orders[0].by = core::ReleaseToken{}; }));
  CHECK(input_told<core::ReleaseArrived>(
      [](auto& in) { std::get<core::OrderId>(in.orders[0].by).bytes[15] = 1; }));
  CHECK(input_told<core::CancelArrived>(
      [](auto& in) { in.orders[0].by = std::pair<std::string, std::string>("p", "1"); }));
  CHECK(input_told<core::CancelArrived>([](auto& in) { in.text = "x"; }));
  CHECK(input_told<core::ParkedResolved>([](auto& in) { in.resolution = core::Resolution::reprint; }));
  CHECK(
      input_told<core::ParkedResolved>([](auto& in) { std::get<core::OrderId>(in.order.by).bytes[0] = 1; }));
  CHECK(input_told<core::EventsAcknowledged>([](auto& in) { in.through = 0; }));
  CHECK(input_told<core::EventsAcknowledged>([](auto& in) { in.replay_from = 7; }));
  CHECK(input_told<core::AvailabilityArrived>([](auto& in) { in.items[0].item = "a"; }));
  CHECK(input_told<core::AvailabilityArrived>([](auto& in) { in.items[0].available = false; }));
  CHECK(input_told<core::AvailabilityArrived>([](auto& in) { in.full = true; }));
  CHECK(input_told<core::StoreSet>([](auto& in) { in.paused = true; }));
  CHECK(input_told<core::StoreSet>([](auto& in) { in.until_wall_ms = 0; }));
  CHECK(input_told<core::PosListed>([](auto& in) { in.off.push_back("a"); }));
  CHECK(input_told<core::PosListed>([](auto& in) { in.attempt = 2; }));
  CHECK(input_told<core::PosAnswered>([](auto& in) { in.pos_reference = "a"; }));
  CHECK(input_told<core::PosAnswered>([](auto& in) { in.request = core::PosRequest::ask; }));
  CHECK(input_told<core::PosAnswered>([](auto& in) { in.retry_after_ms = 0; }));
  CHECK(input_told<core::OrderArrived>([](auto& in) { in.body_digest[9] = 1; }));
  CHECK(input_told<core::MessageRefused>([](auto& in) { in.why = "x"; }));
  CHECK(input_told<core::UplinkConnected>([](auto& in) { in.session_present = true; }));
  CHECK(input_told<core::GatewayStarted>([](auto& in) { in.epoch = "x"; }));
}
TEST_CASE("The hash tells rows apart by content") {
  CHECK(change_told([](auto& c) { c.orders[0].pos_reference = "x"; }));
  CHECK(change_told([](auto& c) { c.orders[0].intent.boot[3] = 1; }));
  CHECK(change_told([](auto& c) { c.orders[0].cancel_text = "x"; }));
  CHECK(change_told([](auto& c) { c.bodies[0].raw = "123456789"; }));
  CHECK(change_told([](auto& c) { c.events[0].details.emplace_back("a", true); }));
  CHECK(change_told([](auto& c) { c.events[0].pos_reference = "x"; }));
  CHECK(change_told([](auto& c) { c.early[0].partner_order_id = "x"; }));
  CHECK(change_told([](auto& c) { c.early_spent[0].kind = core::EarlyKind::cancel; }));
  CHECK(change_told([](auto& c) { c.key_aliases[0].key = "x"; }));
  CHECK(change_told([](auto& c) { c.availability[0].item.item = "x"; }));
  CHECK(change_told([](auto& c) { c.availability[0].layer = core::StockLayer::pos; }));
  CHECK(change_told([](auto& c) { c.dead_letters[0].bytes = "x"; }));
  CHECK(change_told([](auto& c) { c.outbox->published.sequence = 4; }));
  CHECK(change_told([](auto& c) { c.store->paused = true; }));
  CHECK(change_told([](auto& c) { c.store->until_wall_ms = 0; }));
  CHECK(change_told([](auto& c) { c.store->since.boot[3] = 1; }));
  CHECK(change_told([](auto& c) { c.bodies_wanted[0] = core::OrderNumber{4}; }));
}
TEST_CASE("The hash tells effects apart by what they say") {
  CHECK(effect_told<core::VoidOrder>([](auto& e) { e.pos_reference = "x"; }));
  CHECK(effect_told<core::PlaceOrder>([](auto& e) { e.key = "x"; }));
  CHECK(effect_told<core::PlaceOrder>([](auto& e) { e.body = "12345678x"; }));
  CHECK(effect_told<core::PlaceOrder>([](auto& e) { e.not_after_ms = 4; }));
  CHECK(effect_told<core::AskPos>([](auto& e) { e.key = "x"; }));
  CHECK(effect_told<core::CheckPosHealth>([](auto& e) { e.attempt = 3; }));
  CHECK(effect_told<core::AskPosList>([](auto& e) { e.list = core::PosList::menu; }));
  CHECK(effect_told<core::Answer>([](auto& e) { e.why = "x"; }));
  CHECK(effect_told<core::Answer>([](auto& e) { e.order.emplace(); }));
}
