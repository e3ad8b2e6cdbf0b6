// The rows of an order: its state, its body and its events. Each pair of functions names the columns in the order of
// sql/schema_1_*.sql; a column that is added goes into both.
#include "storage/rows.hpp"

#include <utility>

namespace storegate::storage {
namespace {

using core::Digest;
using core::DigestFunction;
using core::Result;

constexpr std::int64_t release_mode_count = 3;
constexpr std::int64_t fallback_count = 3;
constexpr std::int64_t fulfilment_count = 4;

// Most of an order's instants are of the boot in which it arrived: NULL stands for that, which saves 16 bytes each.
// An instant that is not set at all has NULL too.
void put_stamp(RowWriter& row, const core::Stamp& stamp, const core::BootId& arrived_boot) {
  row.integer(stamp.steady_ms);
  row.integer(stamp.wall_ms);
  const bool usual = stamp.is_set() ? stamp.boot == arrived_boot : stamp.boot == core::BootId{};
  usual ? row.null() : row.bytes(stamp.boot);
}

core::Stamp stamp_from(RowReader& row, const core::BootId& arrived_boot) {
  core::Stamp stamp;
  stamp.steady_ms = row.integer();
  stamp.wall_ms = row.integer();
  if (!row.is_null()) {
    stamp.boot = row.bytes<16>();
  } else {
    row.skip();
    if (stamp.is_set()) stamp.boot = arrived_boot;
  }
  return stamp;
}

Digest digest_of_part(const DigestFunction& digest, std::string_view part, std::int64_t number,
                      std::string_view text) {
  RowImage image(part);
  image.integer(number);
  image.text(text);
  return digest(image.view());
}

constexpr std::string_view canonical_part = "bodies.canonical";
constexpr std::string_view shared_part = "bodies.shared";

Result<std::string> read_part(const Statement& row, const DigestFunction& digest, std::string_view part) {
  const std::string_view text = row.text(2);
  if (row.text(1) != view_of(digest_of_part(digest, part, row.integer(0), text)))
    return damaged_row(digest_differs);
  return std::string(text);
}

/// Covers everything but the two texts that have digests of their own, and those digests.
Digest digest_of_body(const DigestFunction& digest, const core::OrderBody& body, bool erased,
                      const Digest& shared, const Digest& canonical) {
  RowImage image("bodies");
  image.integer(value_of(body.number));
  image.integer(erased ? 1 : 0);
  image.text(body.content_type);
  image.bytes(view_of(shared));
  image.bytes(view_of(canonical));
  image.bytes(body.raw);
  return digest(image.view());
}

}  // namespace

// ---------------------------------------------------------------- orders

Result<void> write_order(Statement& put, const DigestFunction& digest, const core::Order& order) {
  const core::BootId& boot = order.arrived.boot;
  RowWriter row(put, "orders");
  row.integer(value_of(order.number));
  row.number_of(order.phase);
  row.integer(packed(order.last_event));
  row.integer(order.arrived.wall_ms);
  row.integer(order.updated_wall_ms);
  row.integer(order.arrived.steady_ms);
  row.bytes(boot);
  row.bytes(order.id.bytes);
  row.bytes(order.release_token.secret);
  row.text(order.partner);
  row.text(order.partner_order_id);
  row.text(order.business_day);
  row.text(order.idempotency_key);
  row.text(order.traceparent);
  row.bytes(order.body_digest);
  row.flag(order.test);
  row.number_of(order.reason);
  row.number_of(order.arrival_phase);
  row.number_of(order.arrival_reason);
  row.number_of(order.release_mode);
  put_stamp(row, order.release_due, boot);
  row.number_of(order.fallback);
  put_stamp(row, order.released, boot);
  row.number_of(order.released_by);
  put_stamp(row, order.intent, boot);
  row.integer(order.reprints);
  row.flag(order.in_doubt);
  row.text(order.pos_reference);
  put_stamp(row, order.placed, boot);
  row.text(order.pos_code);
  row.flag(order.cancel_wanted);
  row.number_of(order.cancelled_by);
  put_stamp(row, order.cancel_asked, boot);
  row.text(order.cancel_text);
  row.integer(order.item_count);
  row.number_of(order.pos_status);
  row.text(order.refusals);
  row.text(order.href);
  put_stamp(row, order.held, boot);
  row.flag(order.announced);
  row.flag(order.look_again);
  row.integer(order.owed.bits());
  row.number_of(order.fulfilment);
  row.flag(order.for_later);
  return row.write(digest);
}

Result<core::Order> read_order(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "orders");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  core::Order order;
  order.number = core::OrderNumber{row.integer()};
  order.phase = row.number<core::Phase>(core::phase_count);
  order.last_event = unpacked(row.integer());
  order.arrived.wall_ms = row.integer();
  order.updated_wall_ms = row.integer();
  order.arrived.steady_ms = row.integer();
  order.arrived.boot = row.bytes<16>();
  const core::BootId& boot = order.arrived.boot;
  order.id.bytes = row.bytes<16>();
  order.release_token = {order.number, row.bytes<16>()};
  order.partner = row.text();
  order.partner_order_id = row.text();
  order.business_day = row.text();
  order.idempotency_key = row.text();
  order.traceparent = row.text();
  order.body_digest = row.bytes<16>();
  order.test = row.flag();
  order.reason = row.number<core::Reason>(core::reason_count);
  order.arrival_phase = row.number<core::Phase>(core::phase_count);
  order.arrival_reason = row.number<core::Reason>(core::reason_count);
  order.release_mode = row.number<core::ReleaseMode>(release_mode_count);
  order.release_due = stamp_from(row, boot);
  order.fallback = row.number<core::FallbackPolicy>(fallback_count);
  order.released = stamp_from(row, boot);
  order.released_by = row.number<core::Actor>(core::actor_count);
  order.intent = stamp_from(row, boot);
  order.reprints = static_cast<std::int32_t>(row.integer());
  order.in_doubt = row.flag();
  order.pos_reference = row.text();
  order.placed = stamp_from(row, boot);
  order.pos_code = row.text();
  order.cancel_wanted = row.flag();
  order.cancelled_by = row.number<core::Actor>(core::actor_count);
  order.cancel_asked = stamp_from(row, boot);
  order.cancel_text = row.text();
  order.item_count = row.integer();
  order.pos_status = row.number<core::PosStatus>(core::pos_status_count);
  order.refusals = row.text();
  order.href = row.text();
  order.held = stamp_from(row, boot);
  order.announced = row.flag();
  order.look_again = row.flag();
  order.owed = core::Notices::from_bits(row.integer());
  order.fulfilment = row.number<core::FulfilmentType>(fulfilment_count);
  order.for_later = row.flag();
  if (!row.sound()) return damaged_row(unknown_value);
  return order;
}

// ---------------------------------------------------------------- events

Result<Digest> write_event(Statement& put, const DigestFunction& digest, const core::EventRecord& event,
                           const Digest& predecessor) {
  const std::string details = core::pack(event.details);
  RowWriter row(put, "events");
  row.integer(packed(event.position));
  row.integer(value_of(event.order));
  row.integer(event.at_wall_ms);
  row.number_of(event.type);
  row.integer(packed(event.previous));
  row.number_of(event.phase);
  event.previous_phase ? row.number_of(*event.previous_phase) : row.null();
  row.number_of(event.reason);
  row.number_of(event.actor);
  row.flag(event.token_shown);
  row.text(event.pos_reference);
  row.text(details);
  row.bytes(predecessor);
  if (Result<void> written = row.write(digest); !written) return std::move(written).error();
  return row.digest();
}

Result<EventRow> read_event(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "events");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  EventRow event;
  core::EventRecord& record = event.record;
  record.position = unpacked(row.integer());
  record.order = core::OrderNumber{row.integer()};
  record.at_wall_ms = row.integer();
  record.type = row.number<core::EventType>(core::event_type_count);
  record.previous = unpacked(row.integer());
  record.phase = row.number<core::Phase>(core::phase_count);
  if (row.is_null()) {
    row.skip();
  } else {
    record.previous_phase = row.number<core::Phase>(core::phase_count);
  }
  record.reason = row.number<core::Reason>(core::reason_count);
  record.actor = row.number<core::Actor>(core::actor_count);
  record.token_shown = row.flag();
  record.pos_reference = row.text();
  std::optional<core::Details> details = core::unpack(row.text());
  if (details) record.details = std::move(*details);
  event.predecessor = row.bytes<16>();
  event.digest = row.bytes<16>();
  if (!details || !row.sound()) return damaged_row(unknown_value);
  return event;
}

// ---------------------------------------------------------------- bodies

Result<void> write_body(Statement& put, const DigestFunction& digest, const BodyRow& row) {
  const core::OrderBody& body = row.body;
  const std::int64_t number = value_of(body.number);
  const Digest shared = digest_of_part(digest, shared_part, number, body.shared);
  const Digest canonical = digest_of_part(digest, canonical_part, number, body.canonical);
  const Digest whole = digest_of_body(digest, body, row.erased, shared, canonical);
  const std::span<const std::uint8_t> raw(reinterpret_cast<const std::uint8_t*>(body.raw.data()),
                                          body.raw.size());
  put.bind(1, number);
  put.bind(2, std::int64_t{row.erased ? 1 : 0});
  put.bind(3, std::string_view(body.content_type));
  put.bind(4, std::span<const std::uint8_t>(shared));
  put.bind(5, std::span<const std::uint8_t>(canonical));
  put.bind(6, std::span<const std::uint8_t>(whole));
  put.bind(7, std::string_view(body.shared));
  put.bind(8, std::string_view(body.canonical));
  put.bind(9, raw);
  return put.run();
}

Result<BodyRow> read_body(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "bodies");
  BodyRow read;
  core::OrderBody& body = read.body;
  body.number = core::OrderNumber{row.integer()};
  read.erased = row.flag();
  body.content_type = row.text();
  const Digest shared = row.bytes<16>();
  const Digest canonical = row.bytes<16>();
  const Digest whole = row.bytes<16>();
  body.shared = row.text();
  body.canonical = row.text();
  body.raw = row.text();
  const std::int64_t number = value_of(body.number);
  const bool intact = row.sound() && whole == digest_of_body(digest, body, read.erased, shared, canonical) &&
                      shared == digest_of_part(digest, shared_part, number, body.shared) &&
                      canonical == digest_of_part(digest, canonical_part, number, body.canonical);
  if (!intact) return damaged_row(digest_differs);
  return read;
}

Result<std::string> read_canonical(const Statement& row, const DigestFunction& digest) {
  return read_part(row, digest, canonical_part);
}

Result<std::string> read_shared(const Statement& row, const DigestFunction& digest) {
  return read_part(row, digest, shared_part);
}

}  // namespace storegate::storage
