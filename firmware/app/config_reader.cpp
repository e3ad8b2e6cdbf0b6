// Typed reading with gathered findings; see config_reader.hpp.
#include "app/config_reader.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "app/config_files.hpp"

namespace storegate::app {
namespace {

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

/// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// A line of visible characters, as a header's value may hold.
bool is_token(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr std::size_t suggested_word_max =
    64;  // bytes; longer is no slip of the fingers, and costs its square

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > suggested_word_max) return {};
  std::string_view best;
  std::size_t best_distance = 1 + word.size() / 3;  // "lsten" for "listen", never "id" for "url"
  for (const std::string& candidate : known) {
    const std::size_t here = distance(word, candidate);
    if (here > best_distance || (here == best_distance && !best.empty())) continue;
    best = candidate;
    best_distance = here;
  }
  return best;
}

std::string any_of_words(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += quoted(words[i]);
  }
  return out;
}

ConfigTable::ConfigTable(const ConfigNode& table, TableName name, ConfigFindings& findings)
    : node_(table), name_(std::move(name)), findings_(findings) {}

ConfigFinding ConfigTable::finding(std::string_view key, std::string text) const {
  const ConfigNode* value = node_.find(key);
  const ConfigPlace at = value == nullptr ? node_.at : value->at;
  const std::string path = name_.path.empty() ? std::string(key) : name_.path + "." + std::string(key);
  return {at.line, at.column, path, std::move(text)};
}

void ConfigTable::problem(std::string_view key, std::string text) {
  findings_.problems.push_back(finding(key, std::move(text)));
}

void ConfigTable::warning(std::string_view key, std::string text) {
  findings_.warnings.push_back(finding(key, std::move(text)));
}

void ConfigTable::report_unknown() {
  for (const ConfigNode::Member& member : node_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const std::string_view meant = nearest(member.key, known_);
    std::string text =
        member.value.kind == ConfigNode::Kind::table ? "there is no such section" : "there is no such key";
    if (!name_.header.empty()) text += " in " + name_.header;
    text += meant.empty() ? "; remove it" : "; did you mean " + quoted(meant) + "?";
    ConfigFinding found = finding(member.key, std::move(text));
    found.line = member.key_at.line;
    found.column = member.key_at.column;
    findings_.problems.push_back(std::move(found));
  }
}

const ConfigNode* ConfigTable::find(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

const ConfigNode* ConfigTable::find(std::string_view key, ConfigNode::Kind kind) {
  const ConfigNode* value = find(key);
  if (value == nullptr || value->kind == kind) return value;
  problem(key, "must be " + std::string(name_of(kind)) + ", not " + std::string(name_of(value->kind)));
  return nullptr;
}

ConfigTable ConfigTable::inner(const ConfigNode& table, std::string_view key) const {
  const std::string path = name_.path + "." + std::string(key);
  return {table, {path, path}, findings_};
}

void ConfigTable::integer(std::string_view key, std::int64_t& into, std::int64_t min, std::int64_t max) {
  const ConfigNode* value = find(key, ConfigNode::Kind::integer);
  if (value == nullptr) return;
  if (value->integer < min || value->integer > max) {
    return problem(key, "is " + std::to_string(value->integer) + "; it must be from " + std::to_string(min) +
                            " to " + std::to_string(max));
  }
  into = value->integer;
}

void ConfigTable::boolean(std::string_view key, bool& into) {
  const ConfigNode* value = find(key, ConfigNode::Kind::boolean);
  if (value != nullptr) into = value->integer != 0;
}

void ConfigTable::text(std::string_view key, std::string& into) {
  const ConfigNode* value = find(key, ConfigNode::Kind::text);
  if (value != nullptr) into = value->text;
}

void ConfigTable::path(std::string_view key, const ConfigSurroundings& around, std::string& into) {
  const ConfigNode* value = find(key, ConfigNode::Kind::text);
  if (value == nullptr) return;
  auto full = expanded_path(value->text, around);
  if (!full) return problem(key, full.error().context);
  into = std::move(full).value();
}

void ConfigTable::secret_file(std::string_view key, const ConfigSurroundings& around, SecretUse use,
                              std::string& into) {
  std::string file;
  path(key, around, file);
  if (file.empty()) return;
  if (auto secret = secret_of(key, file, use)) into = std::move(*secret);
}

void ConfigTable::secret_files(std::string_view key, const ConfigSurroundings& around,
                               std::vector<std::string>& into) {
  const ConfigNode* list = find(key, ConfigNode::Kind::array);
  if (list == nullptr) return;
  for (const ConfigNode& item : list->items) {
    if (item.kind != ConfigNode::Kind::text || item.text.empty()) {
      problem(key, "must be a list of paths, each in quotes");
      continue;
    }
    auto file = expanded_path(item.text, around);
    if (!file) {
      problem(key, file.error().context);
    } else if (auto secret = secret_of(key, *file, SecretUse::token)) {
      into.push_back(std::move(*secret));
    }
  }
}

std::optional<std::string> ConfigTable::secret_of(std::string_view key, const std::string& file,
                                                  SecretUse use) {
  auto secret = read_secret(file);
  if (!secret) {
    problem(key, secret.error().context);
    return std::nullopt;
  }
  if (use == SecretUse::token && !is_token(*secret)) {
    problem(key, "file " + file + " must hold one line of plain characters (no control or accented ones)");
    return std::nullopt;
  }
  if (everybody_reads(file)) warning(key, open_to_everybody(file));
  return std::move(secret).value();
}

std::optional<std::size_t> ConfigTable::one_of(std::string_view key,
                                               const std::vector<std::string_view>& words) {
  const ConfigNode* value = find(key, ConfigNode::Kind::text);
  if (value == nullptr) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), value->text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(key, "is " + quoted(value->text) + "; it must be " + any_of_words(words));
  return std::nullopt;
}

void ConfigTable::required(std::string_view key, std::string_view how) {
  const ConfigNode* value = node_.find(key);
  if (value == nullptr) {
    return problem(key, "is missing from " + name_.header + "; write " + std::string(how));
  }
  if (value->kind == ConfigNode::Kind::text && value->text.empty())
    problem(key, "is empty; write " + std::string(how));
}

}  // namespace storegate::app
