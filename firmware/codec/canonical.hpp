// The canonical order of interfaces.md: JSON text to core's order and back. Decides nothing about an order but
// whether it is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/problem.hpp"
#include "core/order.hpp"

namespace storegate::codec {

namespace json {
class Place;
}

/// An order read from outside, with its bytes in the forms the rows keep. `body.number` and `body.content_type` are
/// left for the caller.
struct Decoded {
  core::CanonicalOrder order;
  core::OrderBody body;
};

/// Reads a canonical order. Refused with a problem that points at the place: text that is not strict JSON
/// (json.hpp), a required member that is missing, a wrong type, a number out of range, more than ten levels of
/// modifiers, an id that is empty, too long or holds control characters. Unknown members are ignored; null counts as
/// absent where a member may be absent. `body.raw` is `text`.
[[nodiscard]] Parsed<Decoded> decode_canonical(std::string_view text);

/// The same for an order inside a larger document: what is wrong is kept by the place's reading.
[[nodiscard]] core::CanonicalOrder read_canonical(const json::Place& place);

/// The canonical encoding: every member in a fixed order, absent ones as null, no blanks, times in UTC with
/// milliseconds. Equal orders give equal bytes: "the same body" is decided by them.
[[nodiscard]] std::string encode_canonical(const core::CanonicalOrder& order);

/// The same without its times (placed, promised, of the release): a partner that sends an order again may have moved them,
/// and it is the same order.
[[nodiscard]] std::string encode_timeless(const core::CanonicalOrder& order);

/// The members `"fulfilment":…,"items":…,"totals":…` without notes, as events carry them. Totals that the sender
/// left out stay null: the gateway invents no money.
[[nodiscard]] std::string encode_shared(const core::CanonicalOrder& order);

/// The order with its bytes, from an order that a partner's codec has built. `raw` is kept as received.
[[nodiscard]] Decoded with_bytes(core::CanonicalOrder order, std::string_view raw);

/// The canonical encoding with customer and notes emptied, from one that encode_canonical made; a problem only if
/// it did not.
[[nodiscard]] Parsed<std::string> erase_customer(std::string_view canonical);

/// What the items cost with their modifiers: quantity x (price + modifiers), modifiers likewise. Nothing if any
/// step leaves +-money_minor_max.
[[nodiscard]] std::optional<core::Money> subtotal_of(const std::vector<core::Item>& items) noexcept;

/// What a sender said of an order's money; what it left out is worked out.
struct StatedTotals {
  std::optional<std::int64_t> subtotal;  // absent: subtotal_of(items)
  std::int64_t tax = 0;
  std::int64_t tip = 0;
  std::int64_t discount = 0;
  std::optional<std::int64_t> total;  // absent: subtotal + tax + tip - discount, at least 0
};
/// Nothing if an amount that had to be worked out lies beyond money_minor_max.
[[nodiscard]] std::optional<core::Totals> totals_of(const StatedTotals& stated,
                                                    const std::vector<core::Item>& items) noexcept;

}  // namespace storegate::codec
