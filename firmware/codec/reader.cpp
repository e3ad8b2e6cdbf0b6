// Places in a document: every check that all decoders share, and the pointer of what fails it.
#include "codec/reader.hpp"

#include <array>

#include "codec/decimal.hpp"
#include "codec/limits.hpp"
#include "codec/times.hpp"

namespace storegate::codec::json {

namespace {

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') return true;
  }
  return false;
}

std::string range_text(std::int64_t min, std::int64_t max) {
  return "must be an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

Place::Place(Reading& reading) : Place(reading, nullptr, &reading.document_->root(), {}, 0) {}

Place Place::member(std::string_view name) const& noexcept {
  if (!is(Kind::object)) return {*reading_, this, nullptr, name, 0};
  const Node* at = node_ + 1;
  for (std::size_t index = 0; index < node_->count; ++index) {
    if (at->text == name) return {*reading_, this, at + 1, name, 0};
    at = reading_->document_->at((at + 1)->after);
  }
  return {*reading_, this, nullptr, name, 0};
}

bool Place::must_be_object() const {
  if (is(Kind::object)) return true;
  refuse(present() ? "must be an object" : "is missing; must be an object");
  return false;
}

bool Place::must_be_array(std::size_t min, std::size_t max) const {
  if (!is(Kind::array)) {
    refuse(present() ? "must be an array" : "is missing; must be an array");
    return false;
  }
  if (node_->count >= min && node_->count <= max) return true;
  refuse("must have " + std::to_string(min) + " to " + std::to_string(max) + " elements");
  return false;
}

std::string_view Place::text(const TextRule& rule) const {
  if (!is(Kind::string)) {
    refuse(present() ? "must be a string" : "is missing; must be a string");
    return {};
  }
  const std::string_view text = node_->text;
  if (text.size() < rule.min || text.size() > rule.max) {
    refuse("must be " + std::to_string(rule.min) + " to " + std::to_string(rule.max) + " bytes long");
    return {};
  }
  if (rule.printable ? has_control(text) : text.find('\0') != std::string_view::npos) {
    refuse(rule.printable ? "must not contain control characters" : "must not contain U+0000");
    return {};
  }
  return text;
}

std::int64_t Place::integer(std::int64_t min, std::int64_t max) const {
  if (is(Kind::integer) && node_->number >= min && node_->number <= max) return node_->number;
  if (is(Kind::fraction)) {
    refuse(range_text(min, max) + ", written without fraction and exponent");
  } else {
    refuse((present() ? "" : "is missing; ") + range_text(min, max));
  }
  return min;
}

std::int64_t Place::decimal(int digits, std::int64_t min, std::int64_t max) const {
  const auto value = is(Kind::integer)                        ? scaled(node_->number, digits)
                     : is(Kind::fraction) || is(Kind::string) ? decimal_from(node_->text, digits)
                                                              : std::nullopt;
  if (value && *value >= min && *value <= max) return *value;
  refuse(std::string(present() ? "" : "is missing; ") + "must be a number, " + std::to_string(min) + " to " +
         std::to_string(max) + " when it is multiplied by 10^" + std::to_string(digits));
  return min;
}

bool Place::boolean() const {
  if (is(Kind::boolean)) return node_->number != 0;
  refuse(present() ? "must be true or false" : "is missing; must be true or false");
  return false;
}

std::int64_t Place::time() const {
  if (is(Kind::string)) {
    if (const auto wall_ms = time_from(node_->text)) return *wall_ms;
  }
  refuse(std::string(present() ? "" : "is missing; ") +
         "must be an RFC 3339 time such as 2026-11-23T12:00:00Z");
  return 0;
}

std::optional<std::int64_t> Place::time_if_given() const {
  if (!given()) return std::nullopt;
  return time();
}

std::optional<std::int64_t> Place::loose_time() const {
  return loose_time_from(text_or_empty(), reading_->local_offset_minutes_);
}

void Place::wrong_choice(std::string_view choices) const {
  const bool is_other_type = present() && !is(Kind::string);
  refuse(std::string(present() ? "" : "is missing; ") +
         (is_other_type ? "must be a string, one of " : "must be one of ") + std::string(choices));
}

void Place::refuse(std::string detail, ProblemKind kind) const {
  if (reading_->problem_) return;
  reading_->problem_ = Problem{kind, std::move(detail), pointer(), std::nullopt};
}

std::string Place::pointer() const {
  std::array<const Place*, json_depth_max + 1> path{};
  std::size_t length = 0;
  for (const Place* place = this; place->parent_ != nullptr && length < path.size(); place = place->parent_) {
    path[length++] = place;
  }
  std::string out;
  while (length-- > 0) {
    const Place& place = *path[length];
    if (place.parent_->is(Kind::array)) {
      append_pointer_token(out, std::to_string(place.index_));
    } else if (place.name_.size() <= pointer_token_bytes_max) {
      append_pointer_token(out, place.name_);
    } else {
      return out;
    }
  }
  return out;
}

}  // namespace storegate::codec::json
