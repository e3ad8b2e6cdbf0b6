// EventPattern: which events somebody wants, said as EventBridge patterns are
// (docs.aws.amazon.com/eventbridge, "Creating event patterns"). Pure; knows no member of any event.
//
//   {"type":[{"prefix":"storegate.order."}],"data":{"partner":["doordash","kiosk"],"totals":{"total":[{"numeric":[">",5000]}]}}}
//
// Every member named must match. A list matches if one of its rules does: a text, number, true, false or null as it is;
// {"prefix"}, {"suffix"}, {"equals-ignore-case"}, {"wildcard"} with `*`; {"anything-but"} of a value, a list, a prefix or
// a suffix; {"numeric"} with <, <=, =, >, >=; {"exists"}. "$or" takes a list of patterns of which one must match. Where
// the event has a list, one element must match. Numbers are integers, as all of our events' are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/problem.hpp"

namespace storegate::codec {

/// A longer pattern is a mistake: each event is held against each.
inline constexpr std::size_t pattern_bytes_max = 4096;
inline constexpr std::size_t pattern_depth_max = 16;

class EventPattern {
 public:
  /// invalid_document with the pointer of what is no pattern, or malformed_json.
  [[nodiscard]] static Parsed<EventPattern> parse(std::string_view text);

  [[nodiscard]] bool matches(const json::Document& event) const;
  /// Text that is no JSON matches nothing.
  [[nodiscard]] bool matches(std::string_view event) const;

 private:
  friend class PatternReader;
  enum class Test : std::uint8_t {
    same,
    prefix,
    suffix,
    same_ignoring_case,
    wildcard,
    anything_but,
    anything_but_prefix,
    anything_but_suffix,
    numeric,
    exists,
    absent,
  };
  struct Scalar {
    json::Kind kind = json::Kind::null;
    std::int64_t number = 0;
    std::string text;
  };
  struct Rule {
    Test test = Test::same;
    std::vector<Scalar> values;                                // one, but for anything_but
    std::vector<std::pair<std::string, std::int64_t>> bounds;  // numeric: operator and operand
  };
  struct Fields;
  struct Field {
    std::string name;
    std::vector<Rule> rules;    // a leaf's; empty: `inner`
    std::vector<Fields> inner;  // exactly one; with the name "$or" one of these must match
  };
  struct Fields {
    std::vector<Field> all;
  };

  [[nodiscard]] static bool holds(const json::Document& event, const json::Node* at, const Fields& fields);
  [[nodiscard]] static bool holds(const json::Document& event, const json::Node* object, const Field& field);
  [[nodiscard]] static bool one_holds(const json::Document& event, const json::Node* at,
                                      const std::vector<Rule>& rules);
  [[nodiscard]] static bool holds(const json::Node& value, const Rule& rule);
  [[nodiscard]] static bool is_same(const json::Node& value, const Scalar& wanted);

  Fields root_;
};

}  // namespace storegate::codec
