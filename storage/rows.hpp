// One function to write and one to read a row of each table. The readers answer `damaged` for a row whose digest does
// not match; they expect the statement to stand on a row with the table's columns in order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/messages.hpp"
#include "storage/row_codec.hpp"

namespace storegate::storage {

/// A position as one integer: the epoch above 40 bits of sequence. Ordered like the position.
[[nodiscard]] constexpr std::int64_t packed(core::Position position) noexcept {
  return (static_cast<std::int64_t>(position.epoch) << 40) | position.sequence;
}
[[nodiscard]] constexpr core::Position unpacked(std::int64_t packed) noexcept {
  return {static_cast<std::int32_t>(packed >> 40), packed & ((std::int64_t{1} << 40) - 1)};
}

/// A position as DamagedRow has it.
[[nodiscard]] inline std::string key_of(core::Position position) {
  return std::to_string(position.epoch) + "-" + std::to_string(position.sequence);
}

/// The whole database's few facts.
struct Meta {
  std::array<std::uint8_t, 32> digest_key{};
  std::int32_t epoch = 0;
  bool availability_full = false;
  core::OutboxMarks outbox;
  core::Position pruned_through;  // every event up to here is gone
  core::Digest pruned_digest{};   // of the last of them: the first one kept follows it
  core::OrderNumber last_number =
      core::no_order;  // no order up to here is coming; higher ones may be in `orders`
  core::StoreState store;
};

struct EpochRow {
  std::int32_t ordinal = 0;
  std::string name;
  std::int64_t drawn_at_wall_ms = 0;
  std::string why;
  std::array<std::uint8_t, 32> digest_key{};  // a second copy of the key, on another page than meta's
};

struct EventRow {
  core::EventRecord record;
  core::Digest predecessor{};  // the digest of the event before it in the outbox
  core::Digest digest{};
};

struct BodyRow {
  core::OrderBody body;
  bool erased = false;
};

[[nodiscard]] core::Result<void> write_order(Statement& put, const core::DigestFunction& digest,
                                             const core::Order& order);
[[nodiscard]] core::Result<core::Order> read_order(const Statement& row, const core::DigestFunction& digest);

/// Gives the digest that the next event's row names as its predecessor's.
[[nodiscard]] core::Result<core::Digest> write_event(Statement& put, const core::DigestFunction& digest,
                                                     const core::EventRecord& event,
                                                     const core::Digest& predecessor);
[[nodiscard]] core::Result<EventRow> read_event(const Statement& row, const core::DigestFunction& digest);

[[nodiscard]] core::Result<void> write_body(Statement& put, const core::DigestFunction& digest,
                                            const BodyRow& row);
[[nodiscard]] core::Result<BodyRow> read_body(const Statement& row, const core::DigestFunction& digest);
/// From a row of number, the part's own digest, the part. Canonical and shared text have a digest each, since they
/// are read alone and often.
[[nodiscard]] core::Result<std::string> read_canonical(const Statement& row,
                                                       const core::DigestFunction& digest);
[[nodiscard]] core::Result<std::string> read_shared(const Statement& row, const core::DigestFunction& digest);

[[nodiscard]] core::Result<void> write_meta(Statement& put, const core::DigestFunction& digest,
                                            const Meta& meta);
[[nodiscard]] core::Result<Meta> read_meta(const Statement& row, const core::DigestFunction& digest);
/// What was pruned, by the first event that is kept (`first`: events_after.sql); unchanged if there is none undamaged.
[[nodiscard]] core::Result<void> read_pruned(Statement& first, const core::DigestFunction& digest,
                                             Meta& into);
[[nodiscard]] core::Result<void> write_epoch(Statement& put, const core::DigestFunction& digest,
                                             const EpochRow& epoch);
[[nodiscard]] core::Result<EpochRow> read_epoch(const Statement& row, const core::DigestFunction& digest);
[[nodiscard]] core::Result<void> write_early(Statement& put, const core::DigestFunction& digest,
                                             const core::EarlyMark& mark);
[[nodiscard]] core::Result<core::EarlyMark> read_early(const Statement& row,
                                                       const core::DigestFunction& digest);
[[nodiscard]] core::Result<void> write_alias(Statement& put, const core::DigestFunction& digest,
                                             const core::KeyAlias& alias);
[[nodiscard]] core::Result<core::KeyAlias> read_alias(const Statement& row,
                                                      const core::DigestFunction& digest);
[[nodiscard]] core::Result<void> write_availability(Statement& put, const core::DigestFunction& digest,
                                                    const core::AvailabilityMark& mark);
[[nodiscard]] core::Result<core::AvailabilityMark> read_availability(const Statement& row,
                                                                     const core::DigestFunction& digest);
[[nodiscard]] core::Result<void> write_dead_letter(Statement& put, const core::DigestFunction& digest,
                                                   std::int64_t number, const core::DeadLetter& letter);
[[nodiscard]] core::Result<core::DeadLetter> read_dead_letter(const Statement& row,
                                                              const core::DigestFunction& digest);

}  // namespace storegate::storage
