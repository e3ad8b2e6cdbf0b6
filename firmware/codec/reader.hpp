// Typed access to a parsed document that knows where it stands. The first thing that is wrong is kept with its
// pointer; after it every access gives a default, so that a decoder reads straight down and asks once at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "codec/problem.hpp"

namespace storegate::codec::json {

/// One reading of one document: where the first problem is kept, and how far ahead of UTC a time without an offset is.
class Reading {
 public:
  explicit Reading(const Document& document) : document_(&document) {}
  Reading(const Document& document, int local_offset_minutes)
      : document_(&document), local_offset_minutes_(local_offset_minutes) {}
  [[nodiscard]] bool failed() const noexcept { return problem_.has_value(); }
  /// Only after failed().
  [[nodiscard]] Problem take_problem() { return std::move(*problem_); }
  [[nodiscard]] const std::optional<Problem>& problem() const noexcept { return problem_; }

 private:
  friend class Place;
  const Document* document_;
  std::optional<Problem> problem_;
  int local_offset_minutes_ = 0;
};

/// What a text must be. Sizes in bytes. U+0000 is refused everywhere.
struct TextRule {
  std::size_t min = 0;
  std::size_t max = 0;
  bool printable = false;  // no control characters: it goes into headers, keys and lists
};

/// A value in the document or the absence of one. Its parent must outlive it: nested scopes see to that, and a member
/// of a place without a name does not compile.
class Place {
 public:
  /// The document's root.
  explicit Place(Reading& reading);

  /// There and not null.
  [[nodiscard]] bool given() const noexcept { return node_ != nullptr && node_->kind != Kind::null; }
  /// There, null or not.
  [[nodiscard]] bool present() const noexcept { return node_ != nullptr; }
  [[nodiscard]] bool is(Kind kind) const noexcept { return node_ != nullptr && node_->kind == kind; }

  /// The member of that name, absent if there is none or this is not an object. `name` must outlive the place.
  [[nodiscard]] Place member(std::string_view name) const& noexcept;
  Place member(std::string_view name) const&& = delete;

  // Each of these makes an absent, null, wrongly typed or out-of-range value the reading's problem and then gives a
  // default. Ask given() first where a member may be absent.

  bool must_be_object() const;
  [[nodiscard]] std::string_view text(const TextRule& rule) const;
  [[nodiscard]] std::int64_t integer(std::int64_t min, std::int64_t max) const;
  [[nodiscard]] bool boolean() const;
  /// A number with or without fraction, or a string that holds one, times 10^digits: money in a currency's minor units
  /// (decimal.hpp). Digits beyond are rounded, half away from zero.
  [[nodiscard]] std::int64_t decimal(int digits, std::int64_t min, std::int64_t max) const;
  /// A text that nothing hangs on: "" if it is absent or no text, and no problem either way.
  [[nodiscard]] std::string_view text_or_empty() const noexcept {
    return is(Kind::string) ? std::string_view(node_->text) : std::string_view{};
  }
  /// RFC 3339, as Unix milliseconds.
  [[nodiscard]] std::int64_t time() const;
  [[nodiscard]] std::optional<std::int64_t> time_if_given() const;

  /// A time that nothing hangs on, as its sender happens to write it (loose_time_from); nothing where there is none.
  [[nodiscard]] std::optional<std::int64_t> loose_time() const;
  /// A number with a fraction or an exponent, as it is written; "" for any other value.
  [[nodiscard]] std::string_view written_fraction() const noexcept {
    return is(Kind::fraction) ? std::string_view(node_->text) : std::string_view{};
  }

  /// The value's enumerator as `from` (text -> optional) finds it; `choices` is for the problem's words.
  template <typename From>
  [[nodiscard]] auto one_of(From from, std::string_view choices) const {
    using Value = typename decltype(from(std::string_view{}))::value_type;
    if (!is(Kind::string)) return wrong_choice(choices), Value{};
    const auto found = from(node_->text);
    if (!found) wrong_choice(choices);
    return found.value_or(Value{});
  }

  /// Calls `each(Place)` for every element; an array with fewer or more elements than asked for is a problem.
  template <typename Each>
  void elements(std::size_t min, std::size_t max, Each each) const {
    if (!must_be_array(min, max)) return;
    const Node* at = node_ + 1;
    for (std::size_t index = 0; index < node_->count && !reading_->failed(); ++index) {
      each(Place(*reading_, this, at, {}, index));
      at = (*reading_->document_).at(at->after);
    }
  }

  /// Calls `each(name, Place)` for every member; not an object is a problem.
  template <typename Each>
  void members(Each each) const {
    if (!must_be_object()) return;
    const Node* at = node_ + 1;
    for (std::size_t index = 0; index < node_->count && !reading_->failed(); ++index) {
      each(at->text, Place(*reading_, this, at + 1, at->text, 0));
      at = (*reading_->document_).at((at + 1)->after);
    }
  }

  /// Makes `detail` the reading's problem at this place, if it has none yet.
  void refuse(std::string detail, ProblemKind kind = ProblemKind::invalid_document) const;
  [[nodiscard]] std::string pointer() const;

 private:
  Place(Reading& reading, const Place* parent, const Node* node, std::string_view name, std::size_t index)
      : reading_(&reading), parent_(parent), node_(node), name_(name), index_(index) {}

  bool must_be_array(std::size_t min, std::size_t max) const;
  void wrong_choice(std::string_view choices) const;

  Reading* reading_;
  const Place* parent_;
  const Node* node_;  // nullptr = absent
  std::string_view name_;
  std::size_t index_;
};

}  // namespace storegate::codec::json
