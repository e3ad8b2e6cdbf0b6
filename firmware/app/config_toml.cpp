// TOML text to ConfigNode, by toml++. The only source that includes it: the header costs seconds.
#define TOML_EXCEPTIONS 0
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
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return TomlError{place_of(parsed.error().source()), std::string(parsed.error().description())};
  return node_of(parsed.table());
}

}  // namespace storegate::app
