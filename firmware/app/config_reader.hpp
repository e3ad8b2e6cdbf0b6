// Reading typed values out of a ConfigNode while gathering everything that is wrong with them. Knows types, ranges
// and spelling; what the keys mean is for config_sections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "app/config_tree.hpp"

namespace storegate::app {

/// Both lists of a ConfigReading while they grow.
struct ConfigFindings {
  std::vector<ConfigFinding> problems;
  std::vector<ConfigFinding> warnings;
};

/// How a table is called: `path` in findings, `header` in a file ("[store]", "[[partner]]").
struct TableName {
  std::string path;
  std::string header;
};

/// One table and the keys asked of it. A getter leaves its target (the default) as it is where the key is absent or
/// wrong, and reports the wrong one. Values are not kept: the node must outlive the reader.
class ConfigTable {
 public:
  ConfigTable(const ConfigNode& table, TableName name, ConfigFindings& findings);

  /// Everything that is there and was not asked for is unknown: reported with the nearest known key. Call last.
  void report_unknown();

  /// The value's node, whatever its type, or nullptr; the key counts as known from now on.
  const ConfigNode* find(std::string_view key);

  /// The value's node if it is there and of that type; otherwise nullptr, and a wrong type is reported.
  const ConfigNode* find(std::string_view key, ConfigNode::Kind kind);

  /// Whether the key stands in the file.
  [[nodiscard]] bool has(std::string_view key) const noexcept { return node_.find(key) != nullptr; }

  /// A reader for a table that stands inside this one.
  [[nodiscard]] ConfigTable inner(const ConfigNode& table, std::string_view key) const;

  void integer(std::string_view key, std::int64_t& into, std::int64_t min, std::int64_t max);
  void boolean(std::string_view key, bool& into);
  void text(std::string_view key, std::string& into);

  /// A path, ${CREDENTIALS_DIRECTORY} filled in.
  void path(std::string_view key, const ConfigSurroundings& around, std::string& into);

  /// The content of the file that the key names; "" = no file. A `token` goes into an HTTP header: one line of
  /// visible characters.
  enum class SecretUse : std::uint8_t { any, token };
  void secret_file(std::string_view key, const ConfigSurroundings& around, SecretUse use, std::string& into);
  void secret_files(std::string_view key, const ConfigSurroundings& around, std::vector<std::string>& into);

  /// One of `words`; the index of the one found, or nothing (absent or wrong).
  std::optional<std::size_t> one_of(std::string_view key, const std::vector<std::string_view>& words);

  /// A key without which nothing works: absent or "" is a problem that says `how` to write it.
  void required(std::string_view key, std::string_view how);

  /// A problem with this key's value; at the table's own line if the key is absent.
  void problem(std::string_view key, std::string text);
  void warning(std::string_view key, std::string text);

 private:
  std::optional<std::string> secret_of(std::string_view key, const std::string& file, SecretUse use);
  [[nodiscard]] ConfigFinding finding(std::string_view key, std::string text) const;
  const ConfigNode& node_;
  TableName name_;
  ConfigFindings& findings_;
  std::vector<std::string> known_;
};

/// The one of `known` that somebody who wrote `word` most likely meant; "" if none is near.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string>& known);

/// `a, b or c`, each in quotes.
[[nodiscard]] std::string any_of_words(const std::vector<std::string_view>& words);

}  // namespace storegate::app
