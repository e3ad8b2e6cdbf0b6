// JSON, strictly: one whole text into a flat tree, and text out. Standard headers only; Boost.JSON's parser stands
// behind it in json.cpp. Knows nothing of what the members mean.
//
// Strict: RFC 8259 without extensions, valid UTF-8, no member twice in one object (a parser that keeps the last one
// and a POS that keeps the first would read two different orders), at most json_depth_max levels, nothing after the
// value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/problem.hpp"

namespace storegate::codec::json {

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,   // written without fraction and exponent, and fits 64 bits
  huge,      // written without fraction and exponent, and does not fit
  fraction,  // written with either
  string,
  array,
  object,
};

/// One value. The nodes of a document lie in the order of its text; a member's name is a string node before its value.
struct Node {
  Kind kind = Kind::null;
  std::uint32_t count = 0;  // array: elements; object: members
  std::uint32_t after = 0;  // index of the first node behind this value and all it holds
  std::int64_t number = 0;  // integer; boolean as 0 or 1
  std::string_view text;    // string, unescaped; fraction, as written; into the parsed text or the document
};

/// A parsed text. Must not outlive the text it was made from: strings without escapes are views into it.
class Document {
 public:
  /// Problems are of kind malformed_json, with the byte offset and, inside a container, its pointer.
  [[nodiscard]] static Parsed<Document> parse(std::string_view text);

  [[nodiscard]] const Node& root() const { return nodes_.front(); }
  /// The node of that index; the end of the nodes for the `after` of the last.
  [[nodiscard]] const Node* at(std::size_t index) const { return nodes_.data() + index; }

 private:
  friend class Builder;
  std::vector<Node> nodes_;
  std::unique_ptr<char[]> unescaped_;  // strings that had escapes; never more than the text itself
};

/// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8.
void append_string(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_boolean(std::string& out, bool value);
/// Appends the time as a JSON string.
void append_time_string(std::string& out, std::int64_t wall_ms);

/// Appends one token of an RFC 6901 pointer, the slash in front and `~` and `/` escaped.
void append_pointer_token(std::string& out, std::string_view token);

}  // namespace storegate::codec::json
