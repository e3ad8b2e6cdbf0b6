// TOML text to ConfigNode, by toml++. The only source that includes it: the header costs seconds.
//
// Two mistakes of toml++ 3.3 are kept from our process. It asserts that a key begins like one, so that "[!]" would end us,
// also at a reload: what it asserts is thrown, and said to be no TOML. And it calls unreachable what "[\u00e9]" reaches
// where it asks whether a character is a blank: the answer is no.
#include <algorithm>
#include <optional>

namespace storegate::app {
namespace {
struct TomlAssertion {};
[[noreturn]] void toml_assertion() { throw TomlAssertion{}; }
}  // namespace
}  // namespace storegate::app

#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? static_cast<void>(0) : storegate::app::toml_assertion())
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

#include "app/config_tree.hpp"

namespace storegate::app {
namespace {

ConfigPlace place_of(const toml::source_region& source) {
  return {static_cast<std::uint32_t>(source.begin.line), static_cast<std::uint32_t>(source.begin.column)};
}

ConfigNode node_of(const toml::node& source);

ConfigNode table_of(const toml::table& source) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::table;
  for (const auto& [key, value] : source) {
    node.members.push_back({std::string(key.str()), place_of(key.source()), node_of(value)});
  }
  return node;
}

ConfigNode array_of(const toml::array& source) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::array;
  for (const toml::node& item : source) node.items.push_back(node_of(item));
  return node;
}

ConfigNode scalar_of(const toml::node& source) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::other;
  if (const auto* text = source.as_string()) {
    node.kind = ConfigNode::Kind::text;
    node.text = text->get();
  } else if (const auto* integer = source.as_integer()) {
    node.kind = ConfigNode::Kind::integer;
    node.integer = integer->get();
  } else if (const auto* boolean = source.as_boolean()) {
    node.kind = ConfigNode::Kind::boolean;
    node.integer = boolean->get() ? 1 : 0;
  }
  return node;
}

ConfigNode node_of(const toml::node& source) {
  ConfigNode node;
  if (const auto* table = source.as_table()) {
    node = table_of(*table);
  } else if (const auto* array = source.as_array()) {
    node = array_of(*array);
  } else {
    node = scalar_of(source);
  }
  node.at = place_of(source.source());
  return node;
}

/// Nothing where toml++ comes upon what it had taken for impossible.
std::optional<toml::parse_result> parsed(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const TomlAssertion&) {
    return {};
  }
}

/// Where the `count`-th line of the text ends; its whole size behind the last.
std::size_t end_of_line(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end = std::min(text.find('\n', end), text.size() - 1) + 1;
  return end;
}

/// The first line with which toml++ does not come to an end, from 1: it reads front to back.
std::uint32_t line_of_assertion(std::string_view text) {
  std::size_t good = 0;
  std::size_t bad = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (parsed(text.substr(0, end_of_line(text, middle))) ? good : bad) = middle;
  }
  return static_cast<std::uint32_t>(bad);
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const noexcept {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view name_of(ConfigNode::Kind kind) noexcept {
  switch (kind) {
    case ConfigNode::Kind::text: return "text in quotes";
    case ConfigNode::Kind::integer: return "a whole number";
    case ConfigNode::Kind::boolean: return "true or false";
    case ConfigNode::Kind::other: return "a real number, date or time";
    case ConfigNode::Kind::array: return "a list";
    case ConfigNode::Kind::table: return "a section";
  }
  return "a value";
}

std::variant<ConfigNode, TomlError> parse_toml(std::string_view text) {
  const auto result = parsed(text);
  if (!result)
    return TomlError{{line_of_assertion(text), 1},
                     "a name is expected here; one with other characters than letters, digits, - and _ is "
                     "written in quotes"};
  if (!*result)
    return TomlError{place_of(result->error().source()), std::string(result->error().description())};
  return node_of(result->table());
}

}  // namespace storegate::app
