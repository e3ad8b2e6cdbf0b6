// ConfigNode: a parsed TOML document as plain values, each with its place in the file. Keeps toml++ (a slow header)
// out of everything but config_toml.cpp. Knows no key and no rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace storegate::app {

/// From 1; 0 = nowhere.
struct ConfigPlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct ConfigNode {
  /// `other`: a real number, a date or a time. No key of ours takes one.
  enum class Kind : std::uint8_t { text, integer, boolean, other, array, table };
  Kind kind = Kind::table;
  ConfigPlace at;                 // of the value; of a [section], its header
  std::string text;               // text
  std::int64_t integer = 0;       // integer; boolean as 0 or 1
  std::vector<ConfigNode> items;  // array

  struct Member;
  std::vector<Member> members;  // table

  /// The member's value, or nullptr.
  [[nodiscard]] const ConfigNode* find(std::string_view key) const noexcept;
};

struct ConfigNode::Member {
  std::string key;
  ConfigPlace key_at;
  ConfigNode value;
};

/// "text", "a whole number", …: as a person would say it.
[[nodiscard]] std::string_view name_of(ConfigNode::Kind kind) noexcept;

/// Where and why a text is not TOML.
struct TomlError {
  ConfigPlace at;
  std::string why;
};

/// The document's root table, or the first error in it.
[[nodiscard]] std::variant<ConfigNode, TomlError> parse_toml(std::string_view text);

}  // namespace storegate::app
