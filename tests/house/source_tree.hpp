// Reading a tree of sources: the files below a root, their lines, and their code without comments and
// literals. Knows no rule; the rules get a tree and give findings, so that they run on the project and on
// planted violations alike.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace storegate::house {

/// One violation of a rule: where, and what a person should change.
struct Finding {
  std::string file;      // relative to the root, with '/'
  std::size_t line = 0;  // from 1; 0 = the whole file
  std::string what;

  bool operator==(const Finding&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Finding& finding);

/// All findings, one a line as `file:line: what`; empty if there is none.
[[nodiscard]] std::string report(const std::vector<Finding>& findings);

/// One text file: its bytes, and the same with comments and the contents of literals blanked out, so that
/// offsets and line numbers agree in both.
struct SourceFile {
  std::string path;  // relative to the root, with '/'
  std::string text;
  std::string code;

  /// The lines of either, without their ends.
  [[nodiscard]] static std::vector<std::string_view> lines_of(std::string_view text);
  [[nodiscard]] bool ends_with(std::string_view ending) const { return path.ends_with(ending); }
  [[nodiscard]] bool below(std::string_view folder) const;
  [[nodiscard]] bool is_cpp() const { return ends_with(".cpp") || ends_with(".hpp"); }
};

/// All bytes of a file; empty if it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// C++ with comments, strings and character literals replaced by blanks; line ends stay.
[[nodiscard]] std::string without_comments_and_literals(std::string_view text);

/// All text files below `root` in order of their paths. Left out: what git ignores (build/, .cache/), .git,
/// binary files, and the planted violations of the project itself (planted/ folders).
[[nodiscard]] std::vector<SourceFile> read_tree(const std::filesystem::path& root);

}  // namespace storegate::house
