// The rules on text, each a few lines over a tree. The words that must not appear are written here in two
// halves, so that this file does not break its own rule.
#include "house/text_rules.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <string>
#include <string_view>

namespace storegate::house {
namespace {

struct Word {
  std::string_view text;
  std::string_view why;
};

constexpr Word words[] = {
    {"/wo"
     "rk/",
     "a path of one machine"},
    {"/tmp/bash"
     "_jobs",
     "a path of one machine"},
    {"/home"
     "/",
     "a path of one machine"},
    {"pypi"
     ".org",
     "a package host"},
    {"registry.npm"
     "js",
     "a package host"},
    {"proxy.go"
     "lang",
     "a package host"},
    {"TO"
     "DO",
     "unfinished work: finish it, or file an issue"},
    {"FIX"
     "ME",
     "unfinished work: finish it, or file an issue"},
    {"place"
     "holder",
     "unfinished work: write the thing itself"},
    {"not impl"
     "emented",
     "unfinished work: write the thing itself"},
};

constexpr std::string_view rooms[] = {"firmware", "storage", "platform"};

/// Conditions that choose no backend: what the compiler is, whether a sanitizer is on.
constexpr std::string_view harmless_conditions[] = {"__SANITIZE_", "__has_feature", "__cplusplus"};

/// The one file in which two versions of a library meet, and what it may ask.
constexpr std::string_view version_file = "platform/tls_compat.hpp";
constexpr std::string_view version_condition = "MBEDTLS_VERSION_NUMBER";

/// The files that may: one reads the clocks, the other spares SQLite what this rule is about.
constexpr std::string_view time_files[] = {"platform/clock.cpp", "storage/long_times.cpp"};

bool in_a_room(const SourceFile& file) {
  return std::any_of(std::begin(rooms), std::end(rooms),
                     [&](std::string_view room) { return file.below(room); });
}

std::string_view first_line_with_text(std::string_view text) {
  for (std::string_view line : SourceFile::lines_of(text)) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) return line;
  }
  return {};
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// SQL in capitals without comments and string literals, blanks joined to one.
std::string sql_words(std::string_view text) {
  static const std::regex noise(R"re(--[^\n]*|/\*[^]*?\*/|'(?:[^']|'')*'|"[^"]*")re");
  static const std::regex blanks(R"re(\s+)re");
  const std::string bare = std::regex_replace(std::string(text), noise, " ");
  return upper(std::regex_replace(bare, blanks, " "));
}

/// The statements of one file; a trigger's body counts as part of its one statement.
std::size_t statements_in(std::string_view words_of_file) {
  std::string sql(words_of_file);
  static const std::regex trigger(R"re(CREATE (TEMP |TEMPORARY )?TRIGGER[^]*?\bEND\b)re");
  sql = std::regex_replace(sql, trigger, "TRIGGER");
  std::size_t count = 0;
  bool open = false;
  for (char c : sql) {
    if (c == ';') {
      count += open ? 1 : 0;
      open = false;
    } else if (c != ' ') {
      open = true;
    }
  }
  return count + (open ? 1 : 0);
}

bool lacks_strict(const std::string& words_of_file) {
  static const std::regex table(R"re(^ ?CREATE (TEMP |TEMPORARY )?TABLE\b)re");
  if (!std::regex_search(words_of_file, table)) return false;
  const std::size_t close = words_of_file.rfind(')');
  return close == std::string::npos || words_of_file.find("STRICT", close) == std::string::npos;
}

/// Whether a C++ source of storage names the file, as `name` or `name.sql`.
bool is_used(const std::vector<SourceFile>& tree, const std::string& stem) {
  const std::regex name("\\b" + stem + "\\b");
  return std::any_of(tree.begin(), tree.end(), [&](const SourceFile& file) {
    return file.below("storage") && file.is_cpp() && std::regex_search(file.text, name);
  });
}

}  // namespace

std::vector<Finding> without_opening_comment(const std::vector<SourceFile>& tree) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    const std::string_view first = first_line_with_text(file.text);
    if (file.is_cpp() && !first.starts_with("//"))
      findings.push_back({file.path, 1, "opens without a comment"});
  }
  return findings;
}

std::vector<Finding> forbidden_words(const std::vector<SourceFile>& tree) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    const auto lines = SourceFile::lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const Word& word : words) {
        if (lines[i].find(word.text) == std::string_view::npos) continue;
        findings.push_back(
            {file.path, i + 1, "\"" + std::string(word.text) + "\": " + std::string(word.why)});
      }
    }
  }
  return findings;
}

std::vector<Finding> short_time(const std::vector<SourceFile>& tree) {
  static const std::regex word(
      R"re((\b(std::)?(time_t|timespec|timeval|itimerspec|(to|from)_time_t|(local|gm)time(_r)?|mktime|timegm)re"
      R"re(|strftime|gettimeofday|clock_gettime|system_clock|[fl]?stat64|fstat(at)?|lstat|utimensat|futimens)re"
      R"re(|mbedtls_x509_time_is_\w+)\b|\bstruct stat\b|(std|^|[^\w])::(time|stat) ?\()re"
      R"re(|\b(filesystem|fs)::((symlink_)?status|exists|is_\w+|file_size|last_write_time|equivalent)re"
      R"re(|hard_link_count|copy\w*|create_director\w+)\b))re");
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    const bool may =
        std::find(std::begin(time_files), std::end(time_files), file.path) != std::end(time_files);
    if (!file.is_cpp() || !in_a_room(file) || may) continue;
    const auto lines = SourceFile::lines_of(file.code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string line(lines[i]);
      std::smatch match;
      if (std::regex_search(line, match, word))
        findings.push_back({file.path, i + 1, "ends in 2038 on 32-bit ARM: " + match[0].str()});
    }
  }
  return findings;
}

std::vector<Finding> conditional_code(const std::vector<SourceFile>& tree) {
  static const std::regex condition(R"re(^\s*#\s*(if|ifdef|ifndef|elif)\b(.*))re");
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp() || !in_a_room(file)) continue;
    const auto lines = SourceFile::lines_of(file.code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string line(lines[i]);
      std::smatch match;
      if (!std::regex_match(line, match, condition)) continue;
      const std::string what = match[2].str();
      const bool between_versions =
          file.path == version_file && what.find(version_condition) != std::string::npos;
      const bool harmless =
          between_versions ||
          std::any_of(std::begin(harmless_conditions), std::end(harmless_conditions),
                      [&](std::string_view known) { return what.find(known) != std::string::npos; });
      if (!harmless) findings.push_back({file.path, i + 1, "a preprocessor condition:" + what});
    }
  }
  return findings;
}

std::vector<Finding> sql_findings(const std::vector<SourceFile>& tree) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    if (!file.below("storage/sql") || !file.ends_with(".sql")) continue;
    const std::string sql = sql_words(file.text);
    const std::size_t statements = statements_in(sql);
    if (statements != 1) {
      findings.push_back({file.path, 0, std::to_string(statements) + " statements, one a file"});
    }
    if (lacks_strict(sql)) findings.push_back({file.path, 0, "a table that is not STRICT"});
    const std::string stem = std::filesystem::path(file.path).stem().string();
    if (!is_used(tree, stem)) findings.push_back({file.path, 0, "no source of storage names it"});
  }
  return findings;
}

}  // namespace storegate::house
