// Event patterns, which come in a query, against events.
#include "codec/event_pattern.hpp"

#include "oracle.hpp"
#include "target.hpp"

namespace storegate::fuzz {

/// The pattern, a NUL, the event.
void run_pattern(std::string_view input) {
  Cut cut(input);
  const auto text = cut.until('\0');
  const auto pattern = codec::EventPattern::parse(text);
  if (!pattern) return must_say_why(pattern.problem());
  expect(text.size() <= codec::pattern_bytes_max, "a long pattern is refused");
  const auto event = codec::json::Document::parse(cut.rest());
  const bool matches = pattern->matches(cut.rest());
  expect(event.ok() ? pattern->matches(*event) == matches : !matches, "what is no JSON matches nothing");
}

}  // namespace storegate::fuzz
