// The rows beside the orders: what the database knows of itself, early marks, key aliases, availability and dead
// letters. Columns in the order of sql/schema_1_*.sql.
#include "storage/rows.hpp"

namespace storegate::storage {

using core::DigestFunction;
using core::Result;

Result<void> write_meta(Statement& put, const DigestFunction& digest, const Meta& meta) {
  RowWriter row(put, "meta");
  row.integer(1);
  row.bytes(meta.digest_key);
  row.integer(meta.epoch);
  row.flag(meta.availability_full);
  row.integer(packed(meta.outbox.published));
  row.integer(packed(meta.outbox.acknowledged));
  row.integer(packed(meta.pruned_through));
  row.bytes(meta.pruned_digest);
  row.integer(value_of(meta.last_number));
  row.flag(meta.store.paused);
  row.optional(meta.store.until_wall_ms);
  row.integer(meta.store.since.steady_ms);
  row.integer(meta.store.since.wall_ms);
  row.bytes(meta.store.since.boot);
  return row.write(digest);
}

Result<Meta> read_meta(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "meta");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  Meta meta;
  row.skip();
  meta.digest_key = row.bytes<32>();
  meta.epoch = static_cast<std::int32_t>(row.integer());
  meta.availability_full = row.flag();
  meta.outbox.published = unpacked(row.integer());
  meta.outbox.acknowledged = unpacked(row.integer());
  meta.pruned_through = unpacked(row.integer());
  meta.pruned_digest = row.bytes<16>();
  meta.last_number = core::OrderNumber{row.integer()};
  meta.store.paused = row.flag();
  meta.store.until_wall_ms = row.optional();
  meta.store.since.steady_ms = row.integer();
  meta.store.since.wall_ms = row.integer();
  meta.store.since.boot = row.bytes<16>();
  if (!row.sound()) return damaged_row(unknown_value);
  return meta;
}

Result<void> read_pruned(Statement& first, const core::DigestFunction& digest, Meta& into) {
  const Reading reading(first);
  first.bind(1, std::int64_t{0});
  first.bind(2, std::int64_t{1});
  Result<bool> row = first.step();
  if (!row) return std::move(row).error();
  if (!*row) return {};
  if (Result<EventRow> event = read_event(first, digest)) {
    into.pruned_through = unpacked(packed(event->record.position) - 1);
    into.pruned_digest = event->predecessor;
  }
  return {};
}

Result<void> write_epoch(Statement& put, const DigestFunction& digest, const EpochRow& epoch) {
  RowWriter row(put, "epochs");
  row.integer(epoch.ordinal);
  row.text(epoch.name);
  row.integer(epoch.drawn_at_wall_ms);
  row.text(epoch.why);
  row.bytes(epoch.digest_key);
  return row.write(digest);
}

Result<EpochRow> read_epoch(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "epochs");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  EpochRow epoch;
  epoch.ordinal = static_cast<std::int32_t>(row.integer());
  epoch.name = row.text();
  epoch.drawn_at_wall_ms = row.integer();
  epoch.why = row.text();
  epoch.digest_key = row.bytes<32>();
  if (!row.sound()) return damaged_row(unknown_value);
  return epoch;
}

Result<void> write_early(Statement& put, const DigestFunction& digest, const core::EarlyMark& mark) {
  RowWriter row(put, "early");
  row.number_of(mark.kind);
  row.text(mark.partner);
  row.text(mark.partner_order_id);
  row.number_of(mark.actor);
  row.text(mark.text);
  row.integer(mark.at.steady_ms);
  row.integer(mark.at.wall_ms);
  row.bytes(mark.at.boot);
  return row.write(digest);
}

Result<core::EarlyMark> read_early(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "early");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  core::EarlyMark mark;
  mark.kind = row.number<core::EarlyKind>(core::early_kind_count);
  mark.partner = row.text();
  mark.partner_order_id = row.text();
  mark.actor = row.number<core::Actor>(core::actor_count);
  mark.text = row.text();
  mark.at.steady_ms = row.integer();
  mark.at.wall_ms = row.integer();
  mark.at.boot = row.bytes<16>();
  if (!row.sound()) return damaged_row(unknown_value);
  return mark;
}

Result<void> write_alias(Statement& put, const DigestFunction& digest, const core::KeyAlias& alias) {
  RowWriter row(put, "key_aliases");
  row.text(alias.key);
  row.integer(value_of(alias.order));
  return row.write(digest);
}

Result<core::KeyAlias> read_alias(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "key_aliases");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  core::KeyAlias alias;
  alias.key = row.text();
  alias.order = core::OrderNumber{row.integer()};
  return alias;
}

Result<void> write_availability(Statement& put, const DigestFunction& digest,
                                const core::AvailabilityMark& mark) {
  RowWriter row(put, "availability");
  row.integer(static_cast<std::int64_t>(mark.layer));
  row.text(mark.item.item);
  row.flag(mark.item.available);
  row.optional(mark.item.until_wall_ms);
  row.integer(mark.at_wall_ms);
  return row.write(digest);
}

Result<core::AvailabilityMark> read_availability(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "availability");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  core::AvailabilityMark mark;
  mark.layer = row.number<core::StockLayer>(2);
  mark.item.item = row.text();
  mark.item.available = row.flag();
  mark.item.until_wall_ms = row.optional();
  mark.at_wall_ms = row.integer();
  if (!row.sound()) return damaged_row(unknown_value);
  return mark;
}

Result<void> write_dead_letter(Statement& put, const DigestFunction& digest, std::int64_t number,
                               const core::DeadLetter& letter) {
  RowWriter row(put, "dead_letters");
  row.integer(number);
  row.integer(letter.at_wall_ms);
  row.text(letter.topic);
  row.bytes({reinterpret_cast<const std::uint8_t*>(letter.bytes.data()), letter.bytes.size()});
  row.text(letter.why);
  return row.write(digest);
}

Result<core::DeadLetter> read_dead_letter(const Statement& statement, const DigestFunction& digest) {
  RowReader row(statement, "dead_letters");
  if (!row.intact(digest)) return damaged_row(digest_differs);
  core::DeadLetter letter;
  row.skip();
  letter.at_wall_ms = row.integer();
  letter.topic = row.text();
  letter.bytes = row.text();
  letter.why = row.text();
  return letter;
}

}  // namespace storegate::storage
