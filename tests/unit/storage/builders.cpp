// Builders for the storage tests.
#include "builders.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "storage/sip_digest.hpp"

namespace storegate::storage::test {
namespace {

std::ostream& operator<<(std::ostream& out, const core::Stamp& stamp) {
  return out << stamp.steady_ms << '@' << stamp.wall_ms << '@' << core::hex_of(stamp.boot.data(), 16);
}

std::ostream& operator<<(std::ostream& out, core::Position position) {
  return out << position.epoch << '-' << position.sequence;
}

}  // namespace

JournalOptions options_for(const std::string& path, const std::string& vfs) {
  JournalOptions options;
  options.path = path;
  options.vfs = vfs;
  options.digest = sip_digest;
  for (std::size_t at = 0; at < options.fresh_key.size(); ++at)
    options.fresh_key[at] = static_cast<std::uint8_t>(at * 7 + 1);
  options.fresh_epoch = "epoch-one";
  options.wall_ms = 1'780'000'000'000;
  return options;
}

Journal opened(const JournalOptions& options) {
  core::Result<Journal> journal = Journal::open(options);
  if (!journal) FAIL(journal.error().context);
  return std::move(*journal);
}

// ---------------------------------------------------------------- drawing

std::string Drawer::text(std::size_t bytes_max) {
  std::string drawn;
  const std::uint64_t length = below(bytes_max + 1);
  constexpr std::string_view alphabet("abcXYZ09 '\"%:/\n\0\xc3\xa9", 17);
  for (std::uint64_t at = 0; at < length; ++at) drawn += alphabet[index(alphabet.size())];
  return drawn;
}

template <std::size_t size>
std::array<std::uint8_t, size> Drawer::bytes() {
  std::array<std::uint8_t, size> drawn{};
  for (std::uint8_t& byte : drawn) byte = static_cast<std::uint8_t>(below(256));
  return drawn;
}

core::Stamp Drawer::stamp() {
  switch (below(4)) {
    case 0: return {};
    case 1: return {static_cast<std::int64_t>(below(1'000'000)), -5, bytes<16>()};
    case 2: return {0, 0, bytes<16>()};
    default: return {static_cast<std::int64_t>(below(1'000'000)), 1'780'000'000'000, core::BootId{1, 2, 3}};
  }
}

core::Order Drawer::order(std::int64_t number) {
  core::Order order;
  order.number = core::OrderNumber{number};
  order.id.bytes = bytes<16>();
  order.release_token = {order.number, bytes<16>()};
  order.partner = text(12);
  order.partner_order_id = text(40);
  order.business_day = "2026-11-23";
  order.idempotency_key = text(40);
  order.traceparent = text(55);
  order.body_digest = bytes<16>();
  order.test = below(2) == 1;
  order.phase = static_cast<core::Phase>(below(core::phase_count));
  order.reason = static_cast<core::Reason>(below(core::reason_count));
  order.arrival_phase = static_cast<core::Phase>(below(core::phase_count));
  order.arrival_reason = static_cast<core::Reason>(below(core::reason_count));
  order.arrived = {static_cast<std::int64_t>(below(1'000'000)), 1'780'000'000'000 + number,
                   core::BootId{1, 2, 3}};
  order.updated_wall_ms = 1'780'000'000'000 + number;
  order.release_mode = static_cast<core::ReleaseMode>(below(3));
  order.release_due = stamp();
  order.fallback = static_cast<core::FallbackPolicy>(below(3));
  order.released = stamp();
  order.released_by = static_cast<core::Actor>(below(7));
  order.intent = stamp();
  order.reprints = static_cast<std::int32_t>(below(5));
  order.in_doubt = below(2) == 1;
  order.pos_reference = text(20);
  order.placed = stamp();
  order.pos_code = text(20);
  order.cancel_wanted = below(2) == 1;
  order.cancelled_by = static_cast<core::Actor>(below(7));
  order.cancel_asked = stamp();
  order.cancel_text = text(60);
  order.item_count = static_cast<std::int64_t>(below(1000));
  order.pos_status = static_cast<core::PosStatus>(below(core::pos_status_count));
  order.refusals = text(40);
  order.href = text(80);
  order.announced = below(2) == 1;
  order.look_again = below(2) == 1;
  if (below(3) == 0)
    order.owed = core::Notices::from_bits(static_cast<std::int64_t>(below(1U << core::notice_count)));
  order.fulfilment = static_cast<core::FulfilmentType>(below(4));
  order.for_later = below(2) == 1;
  return order;
}

core::OrderBody Drawer::body(std::int64_t number) {
  return {core::OrderNumber{number}, text(3000), text(1500), text(3000), text(30)};
}

core::EventRecord Drawer::event(core::Position position, std::int64_t order) {
  core::EventRecord event;
  event.position = position;
  event.type = static_cast<core::EventType>(below(core::event_type_count));
  event.at_wall_ms = 1'780'000'000'000 + position.sequence;
  event.order = core::OrderNumber{order};
  event.phase = static_cast<core::Phase>(below(core::phase_count));
  if (below(2) == 1) event.previous_phase = static_cast<core::Phase>(below(core::phase_count));
  event.reason = static_cast<core::Reason>(below(core::reason_count));
  event.actor = static_cast<core::Actor>(below(7));
  event.token_shown = below(2) == 1;
  event.pos_reference = text(20);
  if (below(2) == 1)
    event.details = {{"a", nullptr}, {text(9), true}, {"n", std::int64_t{-7}}, {"t", text(20)}};
  return event;
}

core::EarlyMark Drawer::early() {
  return {static_cast<core::EarlyKind>(below(2)),
          text(9) + "p",
          text(30) + "i",
          static_cast<core::Actor>(below(7)),
          text(30),
          {static_cast<std::int64_t>(below(99999)), 1'780'000'000'000, bytes<16>()}};
}

core::AvailabilityMark Drawer::availability() {
  core::AvailabilityMark mark;
  mark.item.item = text(20) + "x";
  mark.item.available = below(2) == 1;
  mark.layer = below(3) == 0 ? core::StockLayer::pos : core::StockLayer::said;
  mark.at_wall_ms = 1'780'000'000'001;
  if (below(2) == 1) mark.item.until_wall_ms = 1'790'000'000'000;
  return mark;
}

core::DeadLetter Drawer::dead_letter() { return {text(20), text(900), text(40), 1'780'000'000'002}; }

// ---------------------------------------------------------------- telling

std::string told(const core::Order& o) {
  std::ostringstream out;
  out << value_of(o.number) << '|' << core::text_of(o.id) << '|' << value_of(o.release_token.order) << '|'
      << core::hex_of(o.release_token.secret.data(), 16) << '|' << o.partner << '|' << o.partner_order_id
      << '|' << o.business_day << '|' << o.idempotency_key << '|' << o.traceparent << '|'
      << core::hex_of(o.body_digest.data(), 16) << '|' << o.test << '|' << int(o.phase) << '|'
      << int(o.reason) << '|' << int(o.arrival_phase) << '|' << int(o.arrival_reason) << '|' << o.arrived
      << '|' << o.updated_wall_ms << '|' << int(o.release_mode) << '|' << o.release_due << '|'
      << int(o.fallback) << '|' << o.released << '|' << int(o.released_by) << '|' << o.intent << '|'
      << o.reprints << '|' << o.in_doubt << '|' << o.pos_reference << '|' << o.placed << '|' << o.pos_code
      << '|' << o.cancel_wanted << '|' << int(o.cancelled_by) << '|' << o.cancel_asked << '|' << o.cancel_text
      << '|' << o.last_event << '|' << o.item_count << '|' << int(o.pos_status) << '|' << o.refusals << '|'
      << o.href << '|' << o.announced << '|' << o.look_again << '|' << o.owed.bits();
  return out.str();
}

std::string told(const core::OrderBody& b) {
  return std::to_string(value_of(b.number)) + '|' + b.canonical + '|' + b.shared + '|' + b.raw + '|' +
         b.content_type;
}

std::string told(const core::EventRecord& e) {
  std::ostringstream out;
  out << e.position << '|' << int(e.type) << '|' << e.at_wall_ms << '|' << value_of(e.order) << '|'
      << e.previous << '|' << int(e.phase) << '|' << (e.previous_phase ? int(*e.previous_phase) : -1) << '|'
      << int(e.reason) << '|' << int(e.actor) << '|' << e.token_shown << '|' << e.pos_reference << '|'
      << core::pack(e.details);
  return out.str();
}

std::string told(const core::EarlyMark& m) {
  std::ostringstream out;
  out << int(m.kind) << '|' << m.partner << '|' << m.partner_order_id << '|' << int(m.actor) << '|' << m.text
      << '|' << m.at;
  return out.str();
}

std::string told(const core::AvailabilityMark& m) {
  std::ostringstream out;
  out << static_cast<int>(m.layer) << '|' << m.item.item << '|' << m.item.available << '|'
      << m.item.until_wall_ms.value_or(-1) << '|' << m.at_wall_ms;
  return out.str();
}

std::string told(const core::Loaded& loaded) {
  std::ostringstream out;
  for (const core::Order& order : loaded.live) out << "live " << told(order) << '\n';
  for (const auto& ended : loaded.ended) {
    out << "ended " << value_of(ended.number) << '|' << core::text_of(ended.id) << '|'
        << core::hex_of(ended.release_token.secret.data(), 16) << '|' << ended.partner << '|'
        << ended.partner_order_id << '|' << ended.idempotency_key << '|'
        << core::hex_of(ended.body_digest.data(), 16) << '|' << int(ended.phase) << '|' << ended.arrived
        << '|' << ended.announced << '\n';
  }
  for (const auto& lost : loaded.lost)
    out << "lost " << value_of(lost.number) << '|' << lost.partner << '|' << lost.partner_order_id << '\n';
  for (const core::EarlyMark& mark : loaded.early) out << "early " << told(mark) << '\n';
  for (const core::KeyAlias& alias : loaded.key_aliases)
    out << "alias " << alias.key << '|' << value_of(alias.order) << '\n';
  for (const core::AvailabilityMark& mark : loaded.availability) out << "item " << told(mark) << '\n';
  out << loaded.availability_full << '|' << loaded.outbox.published << '|' << loaded.outbox.acknowledged
      << '|' << loaded.store.paused << '|' << loaded.store.until_wall_ms.value_or(-1) << '|'
      << loaded.store.since << '|' << loaded.last_event << '|' << value_of(loaded.last_number) << '|'
      << loaded.epoch;
  return out.str();
}

// ---------------------------------------------------------------- a store

void Store::add_event(core::Changes& changes, core::Order& order, core::Phase before) {
  core::EventRecord event =
      draw.event({1, static_cast<std::int64_t>(events.size()) + 1}, value_of(order.number));
  event.previous = order.last_event;
  event.phase = order.phase;
  event.previous_phase = before;
  event.at_wall_ms = wall_ms;
  order.last_event = event.position;
  events.push_back(event);
  changes.events.push_back(event);
}

void Store::arrive(core::Changes& changes) {
  const auto number = static_cast<std::int64_t>(bodies.size()) + 1;
  core::Order order = draw.order(number);
  order.phase = core::Phase::held;
  order.owed = {};
  order.arrived.wall_ms = order.updated_wall_ms = wall_ms;
  add_event(changes, order, core::Phase::held);
  changes.orders.push_back(order);
  changes.bodies.push_back(draw.body(number));
  bodies[number] = changes.bodies.back();
  orders[number] = std::move(order);
}

void Store::move(core::Changes& changes, std::int64_t number, core::Phase phase) {
  core::Order& order = orders.at(number);
  const core::Phase before = std::exchange(order.phase, phase);
  order.updated_wall_ms = wall_ms;
  add_event(changes, order, before);
  std::erase_if(changes.orders, [&](const core::Order& other) { return other.number == order.number; });
  changes.orders.push_back(order);
}

}  // namespace storegate::storage::test
