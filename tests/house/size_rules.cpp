// Counts lines. The only subtle part is to tell a function's brace from a type's, a namespace's or an
// initialiser's: by what stands between the last `;`, `{` or `}` and the brace.
#include "house/size_rules.hpp"

#include <algorithm>
#include <regex>
#include <string_view>

namespace storegate::house {
namespace {

/// `text` without what stands between angle brackets, so that `template <class T>` names no class.
std::string without_angles(std::string_view text) {
  std::string out;
  int depth = 0;
  for (char c : text) {
    if (c == '<') ++depth;
    if (depth == 0) out += c;
    if (c == '>' && depth > 0) --depth;
  }
  return out;
}

enum class Brace { scope, body, value };

/// What a `{` opens that follows `head`.
Brace kind_of(std::string_view head) {
  static const std::regex type(R"re(^[^(]*\b(namespace|class|struct|union|enum|extern)\b)re");
  static const std::regex initialiser(R"re((=|,|\(|\breturn)\s*$)re");
  static const std::regex member_of_list(
      R"re(\)[^:()]*:[^:].*[A-Za-z0-9_>]\s*$|^\s*,\s*[A-Za-z0-9_]+\s*$)re");
  const std::string plain = without_angles(head);
  if (std::regex_search(plain, initialiser)) return Brace::value;
  if (std::regex_search(plain, type)) return Brace::scope;
  if (plain.find('(') == std::string::npos) return Brace::value;
  std::string flat = plain;
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  return std::regex_search(flat, member_of_list) ? Brace::value : Brace::body;
}

std::size_t matching_brace(std::string_view code, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    if (code[at] == '{') ++depth;
    if (code[at] == '}' && --depth == 0) return at;
  }
  return code.size();
}

std::size_t line_of(std::string_view code, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

/// Preprocessor lines would be taken for the head of what follows them.
std::string without_directives(std::string_view code) {
  std::string out(code);
  bool directive = false;
  bool blank_so_far = true;
  for (std::size_t at = 0; at < out.size(); ++at) {
    const char c = out[at];
    if (c == '\n') {
      directive = directive && at > 0 && code[at - 1] == '\\';
      blank_so_far = true;
      continue;
    }
    if (c == '#' && blank_so_far) directive = true;
    if (c != ' ' && c != '\t') blank_so_far = false;
    if (directive) out[at] = ' ';
  }
  return out;
}

/// The part of the function that is before its brace begins at the first visible character of its head.
std::size_t first_visible(std::string_view code, std::size_t from, std::size_t to) {
  while (from < to && (code[from] == ' ' || code[from] == '\n')) ++from;
  return from;
}

}  // namespace

std::vector<Function> functions_of(const SourceFile& file) {
  std::vector<Function> functions;
  const std::string code = without_directives(file.code);
  std::size_t head = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (code[at] == ';' || code[at] == '}') head = at + 1;
    if (code[at] != '{') continue;
    const Brace kind = kind_of(std::string_view(code).substr(head, at - head));
    if (kind == Brace::scope) {
      head = at + 1;
      continue;
    }
    const std::size_t end = matching_brace(code, at);
    if (kind == Brace::body) {
      const std::size_t first = line_of(code, first_visible(code, head, at));
      functions.push_back({file.path, first, line_of(code, end) - first + 1});
      head = end + 1;
    }
    at = end;  // a value keeps its head: the constructor's body, or the `;`, is still to come
  }
  return functions;
}

std::vector<Finding> oversized(const std::vector<SourceFile>& tree) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    const std::size_t lines = SourceFile::lines_of(file.text).size();
    if (lines > file_lines_max) {
      findings.push_back(
          {file.path, 0, std::to_string(lines) + " lines, at most " + std::to_string(file_lines_max)});
    }
    for (const Function& function : functions_of(file)) {
      if (function.lines <= function_lines_max) continue;
      findings.push_back({file.path, function.line,
                          "a function of " + std::to_string(function.lines) + " lines, at most " +
                              std::to_string(function_lines_max)});
    }
  }
  return findings;
}

std::size_t percentile(const std::vector<Function>& functions, double share) {
  if (functions.empty()) return 0;
  std::vector<std::size_t> lengths;
  for (const Function& function : functions) lengths.push_back(function.lines);
  std::sort(lengths.begin(), lengths.end());
  const auto index = static_cast<std::size_t>(share * static_cast<double>(lengths.size() - 1));
  return lengths[index];
}

}  // namespace storegate::house
