// What the partners' codecs share in reading: the limits of their texts, amounts, times in all their forms, modifiers
// that are counted, and the frame of every webhook. Knows no partner's field names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/partners/partner.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

inline constexpr json::TextRule order_id_rule{
    .min = 1, .max = core::partner_order_id_bytes_max, .printable = true};
inline constexpr json::TextRule item_id_rule{.min = 1, .max = item_id_bytes_max, .printable = true};
inline constexpr json::TextRule name_rule{.min = 0, .max = name_bytes_max, .printable = false};
inline constexpr json::TextRule note_rule{.min = 0, .max = note_bytes_max, .printable = false};
inline constexpr json::TextRule phone_rule{.min = 0, .max = phone_bytes_max, .printable = false};
/// Words that are compared and never kept: states, types, kinds. New ones appear at any time.
inline constexpr json::TextRule word_rule{.min = 0, .max = name_bytes_max, .printable = false};
/// Groups (of modifiers, categories, bags) in one array.
inline constexpr std::size_t groups_max = 1000;

/// "" where it is absent or null.
[[nodiscard]] std::string text_if_given(const json::Place& place, const json::TextRule& rule);
/// An id that is written as a string or as an integer, as text.
[[nodiscard]] std::string id_text(const json::Place& place, const json::TextRule& rule);
/// Whole minor units, `min` to money_minor_max, also where a sender that has one kind of number writes 950.0. Two digits
/// behind the point (9.50, 11.00) are a sum of the major unit and refused.
[[nodiscard]] std::int64_t minor_units(const json::Place& place, std::int64_t min);
/// The same; 0 where it is absent or null.
[[nodiscard]] std::int64_t minor_if_given(const json::Place& place, std::int64_t min);
/// How much a discount takes off: some tell it with a minus and some without.
[[nodiscard]] constexpr std::int64_t size_of(std::int64_t minor) noexcept {
  return minor < 0 ? -minor : minor;
}
/// A flag, also as a text or a number (true, "true", "1", 1); `otherwise` where there is none that can be read.
[[nodiscard]] bool flag_of(const json::Place& place, bool otherwise = false) noexcept;
/// Whether a quantity of 0 is told, in any of its forms: none of it was ordered.
[[nodiscard]] bool is_none(const json::Place& quantity) noexcept;
/// 1 to quantity_max, written as an integer, as "2" or as 2.0; `absent` where it is absent or null.
[[nodiscard]] std::int64_t quantity_of(const json::Place& place, std::int64_t absent = 1);
/// The same where there must be one: how many of a dish is never guessed.
[[nodiscard]] std::int64_t required_quantity(const json::Place& place);
/// Both names with a blank between; either may be absent, and each is read as name_text.
[[nodiscard]] std::string person_name(const json::Place& first, const json::Place& last);
/// Unix milliseconds of a text (loose_time_from), or of Unix seconds as an integer, a decimal or a text of digits
/// (milliseconds where the number is too large for seconds); nothing where there is none, or a zero for none, and where it
/// cannot be read: no order is lost for its time.
[[nodiscard]] std::optional<std::int64_t> time_in_any_form(const json::Place& place);

/// The same of an order for later, which would be cooked at once without its time: one that is there and cannot be read is a
/// problem.
[[nodiscard]] std::optional<std::int64_t> time_of_later(const json::Place& place);

/// A text that no sale hangs on, a customer's name or phone: "" where it is no text, too long or holds U+0000; an
/// integer as its digits. Dropped whole and never cut.
[[nodiscard]] std::string text_if_fit(const json::Place& place, const json::TextRule& rule);
/// A name as it is printed: cut where a character ends if it is too long, without U+0000, an integer as its digits, "" where
/// it is anything else.
[[nodiscard]] std::string name_text(const json::Place& place, std::size_t bytes_max = name_bytes_max);
/// A number to call and the code that it asks for, "+44… code 123"; either may be absent, neither is ever refused.
[[nodiscard]] std::string phone_of(const json::Place& number, const json::Place& code);
/// The id of an item or modifier; its name where the menu gave it none ("" or null): a dish that the POS cannot look up
/// is still a dish to be cooked. As an id it has no control characters, and no more bytes than one may have.
[[nodiscard]] std::string id_or_name(const json::Place& id, const json::Place& name);
/// "Pepsi (330ml)": a line's name with its size or kind, which may be absent; together cut like a name.
[[nodiscard]] std::string name_with_kind(const json::Place& name, const json::Place& kind);
/// The id that the POS knows a line by: the first of these members that is given and not "". What is no id but a name
/// (name, title, operational_name) is read as id_or_name reads it. A problem at the first member where there is none.
[[nodiscard]] std::string first_id(const json::Place& line, std::initializer_list<std::string_view> names);
/// Three capital letters (ISO 4217).
[[nodiscard]] bool is_currency_code(std::string_view text) noexcept;
/// The same at `place`, where anything else is a problem, since the meaning of every amount hangs on it; "" where it is
/// absent or null.
[[nodiscard]] std::string currency_if_given(const json::Place& place);
/// Appends a line to a note that the kitchen reads. A note may hold an allergy, so it is never cut or dropped: U+0000, and
/// what is together beyond note_bytes_max, is a problem at `place`.
void add_note_line(std::string& note, std::string_view line, const json::Place& place);
/// The same with the text at `place`, if there is one; "LABEL: text" with a label.
void add_note(std::string& note, const json::Place& place, std::string_view label = {});
/// The totals of what is stated; a problem at `place` where an amount, as told or worked out, lies beyond money_minor_max.
[[nodiscard]] std::optional<core::Totals> totals_within_limits(const json::Place& place,
                                                               const StatedTotals& stated,
                                                               const std::vector<core::Item>& items);
/// Lines with a negative price are discounts and no dishes, which a POS would not find: they are taken out of `items`, and
/// stay in the totals, which are worked out before. A problem at `lines` where nothing else is left.
void drop_discount_lines(const json::Place& lines, std::vector<core::Item>& items);
/// An order as its partner names it.
[[nodiscard]] core::OrderRef order_ref(std::string_view partner, std::string_view partner_order_id);

/// Whether the id at `place` (text or an integer) is another store's than `ours`. An id that is absent contradicts nothing,
/// nor does any while ours is not known ("").
[[nodiscard]] bool is_other_store(const json::Place& place, std::string_view ours);
/// An other_store problem at `place` if it is.
void must_be_ours(const json::Place& place, std::string_view ours);

/// A partner's word for why, and what we call it.
using ReasonWord = std::pair<std::string_view, core::Reason>;
/// The name of the canonical reason that a partner's word comes to; "" for a word that is not there.
[[nodiscard]] std::string reason_name(std::string_view word, std::span<const ReasonWord> words);
/// The same for the text at `place`, but a word that is not there stays itself: a person can still read it.
[[nodiscard]] std::string reason_text(const json::Place& place, std::span<const ReasonWord> words);

/// Calls `each(Place)` for the elements of a list that nothing hangs on: what is no array has none.
template <typename Each>
void each_of(const json::Place& list, Each each) {
  if (list.is(json::Kind::array)) list.elements(0, groups_max, each);
}

/// Amounts of one order that are written as decimals of its currency.
struct DecimalAmounts {
  int digits = 2;  // of the currency's minor unit

  [[nodiscard]] std::int64_t required(const json::Place& place, std::int64_t min) const {
    return place.decimal(digits, min, core::money_minor_max);
  }
  [[nodiscard]] std::int64_t if_given(const json::Place& place, std::int64_t min) const {
    return place.given() ? required(place, min) : 0;
  }
};

/// Counts the modifiers of one order and their depth; what is beyond is the reading's problem.
class ModifierCount {
 public:
  /// Whether one more modifier `depth` levels deep (the item's own are 1) may be read from `place`, an object.
  [[nodiscard]] bool enter(const json::Place& place, std::size_t depth);

 private:
  std::size_t count_ = 0;
};

/// The frame of every webhook: parses the body, asks `kind_of(root)` for its kind, holds it against `fixed`, and gives
/// what `read(root, kind)` makes of it, unless something in it was refused.
template <typename KindOf, typename Read>
[[nodiscard]] Parsed<Webhook> read_webhook(const Delivery& delivery, std::optional<WebhookKind> fixed,
                                           KindOf kind_of, Read read) {
  const auto document = json::Document::parse(delivery.body);
  if (!document) return document.problem();
  json::Reading reading(*document, delivery.local_offset_minutes);
  const json::Place root(reading);
  if (!root.must_be_object()) return reading.take_problem();
  const WebhookKind kind = kind_of(root);
  if (fixed && *fixed != kind)
    root.refuse("this is another webhook than the URL names", ProblemKind::wrong_kind);
  if (reading.failed()) return reading.take_problem();
  Webhook webhook = read(root, kind);
  if (reading.failed()) return reading.take_problem();
  return webhook;
}

/// The same for a partner that also tells what is none of our business: where `said_by(root)` gives no kind, the webhook
/// is NothingReceived, under whatever kind its URL names.
template <typename SaidBy, typename Read>
[[nodiscard]] Parsed<Webhook> read_event(const Delivery& delivery, std::optional<WebhookKind> fixed,
                                         SaidBy said_by, Read read) {
  std::optional<WebhookKind> said;
  const auto kind_of = [&](const json::Place& root) {
    said = said_by(root);
    return said.value_or(fixed.value_or(WebhookKind::release));
  };
  return read_webhook(delivery, fixed, kind_of, [&](const json::Place& root, WebhookKind kind) -> Webhook {
    if (!said) return NothingReceived{};
    return read(root, kind);
  });
}

}  // namespace storegate::codec
