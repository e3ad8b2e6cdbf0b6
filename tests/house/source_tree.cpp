// Walks a tree and blanks out comments and literals: a small lexer, enough for the C++ written here
// (raw strings and digit separators included; no trigraphs, no line splices inside literals).
#include "house/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <ostream>
#include <sstream>

namespace storegate::house {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Blanks out one piece after the other; `at_` is the next byte to be looked at.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    if (text_.substr(at_).starts_with("//")) return blank_until(text_.find('\n', at_));
    if (text_.substr(at_).starts_with("/*")) return blank_until(end_after("*/", at_ + 2));
    if (opens_raw_string()) return raw_string();
    if (text_[at_] == '"') return literal('"');
    if (text_[at_] == '\'' && !separates_digits()) return literal('\'');
    ++at_;
  }

  [[nodiscard]] std::size_t end_after(std::string_view end, std::size_t from) const {
    const std::size_t found = text_.find(end, from);
    return found == std::string_view::npos ? text_.size() : found + end.size();
  }

  void blank_until(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  [[nodiscard]] bool opens_raw_string() const {
    return text_.substr(at_).starts_with("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]));
  }

  void raw_string() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return blank_until(text_.size());
    const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(end_after(close, open));
  }

  [[nodiscard]] bool separates_digits() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0 &&
           at_ + 1 < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0;
  }

  /// Keeps the quotes, so that a rule still sees that a literal stands there.
  void literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2U : 1U;
    }
    ++at_;
    blank_until(end);
    if (at_ < text_.size() && text_[at_] == quote) ++at_;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

bool is_left_out(const std::filesystem::path& folder) {
  static const std::vector<std::string> names = {".git", "build", ".cache", "planted"};
  return std::find(names.begin(), names.end(), folder.filename().string()) != names.end();
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Finding& finding) {
  return out << finding.file << ':' << finding.line << ": " << finding.what;
}

std::string report(const std::vector<Finding>& findings) {
  std::ostringstream out;
  for (const Finding& finding : findings) out << '\n' << finding;
  return out.str();
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string_view> SourceFile::lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool SourceFile::below(std::string_view folder) const {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::string without_comments_and_literals(std::string_view text) { return Blanker(text).run(); }

std::vector<SourceFile> read_tree(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  auto entry = std::filesystem::recursive_directory_iterator(root);
  for (; entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory()) {
      if (is_left_out(entry->path())) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file()) continue;
    SourceFile file{entry->path().lexically_relative(root).generic_string(), read_file(entry->path()), {}};
    if (file.text.find('\0') != std::string::npos) continue;
    if (file.is_cpp()) file.code = without_comments_and_literals(file.text);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace storegate::house
