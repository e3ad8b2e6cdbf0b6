// TempDir: a folder that is there for one test and gone after it. Knows nothing of what is put in.
#pragma once

#include <filesystem>
#include <string>

namespace storegate::support {

class TempDir {
 public:
  /// A fresh folder under $TMPDIR (or /tmp). Throws std::runtime_error if it cannot be made.
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// The path of `name` in it, as text.
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Writes a whole file, making its folders. Throws std::runtime_error.
void write_file(const std::filesystem::path& path, const std::string& content);
/// A whole file's bytes; "" if it is not there.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace storegate::support
