// Reading a pattern into rules, and holding a parsed event against them.
#include "codec/event_pattern.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "codec/reader.hpp"

namespace storegate::codec {

namespace {

using json::Kind;
using json::Node;
using json::Place;

constexpr std::string_view either = "$or";
constexpr std::size_t rules_max = 256;
constexpr json::TextRule any_text{.min = 0, .max = pattern_bytes_max};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

/// `*` stands for any number of bytes. Looks back to the last `*` alone: linear in memory, and no worse than the product
/// of both lengths, which have bounds.
bool is_wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t at = 0, star = std::string_view::npos, resumed = 0, in_text = 0;
  while (in_text < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resumed = in_text;
    } else if (at < pattern.size() && pattern[at] == text[in_text]) {
      ++at;
      ++in_text;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_text = ++resumed;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool is_bound_held(std::int64_t number, std::string_view comparison, std::int64_t bound) {
  if (comparison == "<") return number < bound;
  if (comparison == "<=") return number <= bound;
  if (comparison == ">") return number > bound;
  if (comparison == ">=") return number >= bound;
  return number == bound;
}

const Node* member_of(const json::Document& event, const Node* object, std::string_view name) {
  const Node* at = object + 1;
  for (std::uint32_t index = 0; index < object->count; ++index) {
    if (at->text == name) return at + 1;
    at = event.at((at + 1)->after);
  }
  return nullptr;
}

/// Calls `test` for each element until one passes.
template <typename Test>
bool any_element(const json::Document& event, const Node* array, Test test) {
  const Node* at = array + 1;
  for (std::uint32_t index = 0; index < array->count; ++index) {
    if (test(at)) return true;
    at = event.at(at->after);
  }
  return false;
}

}  // namespace

// ---------------------------------------------------------------- reading

/// Reads one pattern; what is wrong is the reading's problem.
class PatternReader {
 public:
  using Fields = EventPattern::Fields;
  using Field = EventPattern::Field;
  using Rule = EventPattern::Rule;
  using Scalar = EventPattern::Scalar;
  using Test = EventPattern::Test;

  Fields fields(const Place& place, std::size_t depth) {
    Fields fields;
    if (depth > pattern_depth_max) return place.refuse("nests deeper than 16 levels"), fields;
    place.members([&](std::string_view name, const Place& value) {
      Field field;
      field.name = name;
      if (name == either) {
        value.elements(1, rules_max,
                       [&](const Place& one) { field.inner.push_back(this->fields(one, depth + 1)); });
      } else if (value.is(Kind::object)) {
        field.inner.push_back(this->fields(value, depth + 1));
      } else {
        value.elements(1, rules_max, [&](const Place& one) { field.rules.push_back(rule(one)); });
      }
      fields.all.push_back(std::move(field));
    });
    if (fields.all.empty()) place.refuse("must name at least one member");
    return fields;
  }

 private:
  Rule rule(const Place& place) {
    if (++rules_ > rules_max) place.refuse("the pattern has more than 256 rules");
    Rule made;
    if (!place.is(Kind::object)) {
      made.values.push_back(scalar(place));
      return made;
    }
    std::size_t members = 0;
    place.members([&](std::string_view name, const Place& value) {
      if (++members > 1) return place.refuse("a rule has one member");
      made = named_rule(name, value);
    });
    if (members == 0) place.refuse("a rule has one member");
    return made;
  }

  Rule named_rule(std::string_view name, const Place& value) {
    Rule made;
    if (name == "prefix" || name == "suffix" || name == "equals-ignore-case" || name == "wildcard") {
      made.test = name == "prefix"     ? Test::prefix
                  : name == "suffix"   ? Test::suffix
                  : name == "wildcard" ? Test::wildcard
                                       : Test::same_ignoring_case;
      made.values.push_back({Kind::string, 0, std::string(value.text(any_text))});
    } else if (name == "exists") {
      made.test = value.boolean() ? Test::exists : Test::absent;
    } else if (name == "numeric") {
      made.test = Test::numeric;
      read_bounds(value, made);
    } else if (name == "anything-but") {
      read_anything_but(value, made);
    } else {
      value.refuse(
          "is no rule; there are prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, "
          "exists");
    }
    return made;
  }

  void read_anything_but(const Place& value, Rule& made) {
    made.test = Test::anything_but;
    if (value.is(Kind::array)) {
      value.elements(1, rules_max, [&](const Place& one) { made.values.push_back(scalar(one)); });
    } else if (value.is(Kind::object)) {
      const Place prefix = value.member("prefix");
      made.test = prefix.present() ? Test::anything_but_prefix : Test::anything_but_suffix;
      const Place affix = prefix.present() ? prefix : value.member("suffix");
      made.values.push_back({Kind::string, 0, std::string(affix.text(any_text))});
    } else {
      made.values.push_back(scalar(value));
    }
  }

  static void read_bounds(const Place& value, Rule& made) {
    constexpr std::array<std::string_view, 5> comparisons{"<", "<=", "=", ">", ">="};
    const auto comparison_from = [&](std::string_view text) -> std::optional<std::string_view> {
      const auto* found = std::find(comparisons.begin(), comparisons.end(), text);
      return found == comparisons.end() ? std::nullopt : std::optional(*found);
    };
    bool wants_number = false;
    value.elements(2, 4, [&](const Place& one) {
      if (wants_number)
        made.bounds.back().second =
            one.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
      else
        made.bounds.emplace_back(one.one_of(comparison_from, "<, <=, =, >, >="), 0);
      wants_number = !wants_number;
    });
    if (wants_number) value.refuse("a comparison has no number");
  }

  static Scalar scalar(const Place& place) {
    if (place.is(Kind::string)) return {Kind::string, 0, std::string(place.text(any_text))};
    if (place.is(Kind::null)) return {Kind::null, 0, {}};
    if (place.is(Kind::boolean)) return {Kind::boolean, place.boolean() ? 1 : 0, {}};
    return {Kind::integer,
            place.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
            {}};
  }

  std::size_t rules_ = 0;
};

Parsed<EventPattern> EventPattern::parse(std::string_view text) {
  if (text.size() > pattern_bytes_max)
    return Problem{ProblemKind::invalid_document, "a pattern has at most 4096 bytes", {}, {}};
  const auto document = json::Document::parse(text);
  if (!document) return document.problem();
  json::Reading reading(*document);
  EventPattern pattern;
  pattern.root_ = PatternReader().fields(Place(reading), 1);
  if (reading.failed()) return reading.take_problem();
  return pattern;
}

// ---------------------------------------------------------------- matching

bool EventPattern::matches(const json::Document& event) const { return holds(event, &event.root(), root_); }

bool EventPattern::matches(std::string_view event) const {
  const auto document = json::Document::parse(event);
  return document && matches(*document);
}

bool EventPattern::holds(const json::Document& event, const json::Node* at, const Fields& fields) {
  if (at->kind == Kind::array)
    return any_element(event, at, [&](const Node* element) { return holds(event, element, fields); });
  if (at->kind != Kind::object) return false;
  return std::all_of(fields.all.begin(), fields.all.end(),
                     [&](const Field& field) { return holds(event, at, field); });
}

bool EventPattern::holds(const json::Document& event, const json::Node* object, const Field& field) {
  if (field.name == either)
    return std::any_of(field.inner.begin(), field.inner.end(),
                       [&](const Fields& one) { return holds(event, object, one); });
  const Node* value = member_of(event, object, field.name);
  if (!field.rules.empty()) return one_holds(event, value, field.rules);
  return value != nullptr && holds(event, value, field.inner.front());
}

bool EventPattern::one_holds(const json::Document& event, const json::Node* at,
                             const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
    if (at == nullptr || rule.test == Test::absent) return at == nullptr && rule.test == Test::absent;
    if (rule.test == Test::exists) return true;
    if (at->kind == Kind::array)
      return any_element(event, at, [&](const Node* element) { return holds(*element, rule); });
    return holds(*at, rule);
  });
}

bool EventPattern::holds(const json::Node& value, const Rule& rule) {
  const bool is_text = value.kind == Kind::string;
  const std::string_view wanted = rule.values.empty() ? std::string_view{} : rule.values.front().text;
  switch (rule.test) {
    case Test::same: return is_same(value, rule.values.front());
    case Test::prefix: return is_text && value.text.starts_with(wanted);
    case Test::suffix: return is_text && value.text.ends_with(wanted);
    case Test::same_ignoring_case: return is_text && same_ignoring_case(value.text, wanted);
    case Test::wildcard: return is_text && is_wildcard_match(wanted, value.text);
    case Test::anything_but:
      return std::none_of(rule.values.begin(), rule.values.end(),
                          [&](const Scalar& one) { return is_same(value, one); });
    case Test::anything_but_prefix: return !is_text || !value.text.starts_with(wanted);
    case Test::anything_but_suffix: return !is_text || !value.text.ends_with(wanted);
    case Test::numeric:
      return value.kind == Kind::integer &&
             std::all_of(rule.bounds.begin(), rule.bounds.end(), [&](const auto& bound) {
               return is_bound_held(value.number, bound.first, bound.second);
             });
    case Test::exists:
    case Test::absent: break;  // decided before
  }
  return false;
}

bool EventPattern::is_same(const json::Node& value, const Scalar& wanted) {
  if (value.kind != wanted.kind) return false;
  return value.kind == Kind::string ? value.text == wanted.text : value.number == wanted.number;
}

}  // namespace storegate::codec
