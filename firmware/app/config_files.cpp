// Reads files with bounds and says in plain words why one cannot be read.
#include "app/config_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace storegate::app {
namespace {

constexpr std::size_t secret_bytes_max =
    64 * 1024;  // keys and tokens are below 8 KiB; the bound is against /dev/zero
constexpr std::string_view credentials_variable = "${CREDENTIALS_DIRECTORY}";

/// Closes the descriptor at the end of its block.
struct Descriptor {
  int number;
  explicit Descriptor(int of) noexcept : number(of) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

core::Error cannot_read(const std::string& path, int why) {
  const std::string where = "file " + path;
  if (why == ENOENT || why == ENOTDIR) return {core::ErrorCode::not_found, where + " does not exist"};
  if (why == EACCES || why == EPERM)
    return {core::ErrorCode::failed, where + " may not be read by this user"};
  return {core::ErrorCode::failed, where + " cannot be read: " + std::strerror(why)};
}

}  // namespace

core::Result<std::string> expanded_path(std::string_view path, const ConfigSurroundings& around) {
  std::string out(path);
  for (auto at = out.find("${"); at != std::string::npos; at = out.find("${", at)) {
    if (out.compare(at, credentials_variable.size(), credentials_variable) != 0) {
      return core::Error{core::ErrorCode::invalid,
                         "only " + std::string(credentials_variable) + " is filled in in paths"};
    }
    if (!around.credentials_directory || around.credentials_directory->empty()) {
      return core::Error{core::ErrorCode::invalid, std::string(credentials_variable) +
                                                       " is not set: systemd sets it for a unit with "
                                                       "LoadCredential=; otherwise write the whole path"};
    }
    out.replace(at, credentials_variable.size(), *around.credentials_directory);
    at += around.credentials_directory->size();
  }
  return out;
}

core::Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not hang the start
  if (file.number < 0) return cannot_read(path, errno);
  struct statx info {};
  if (::statx(file.number, "", AT_EMPTY_PATH, STATX_TYPE, &info) != 0) return cannot_read(path, errno);
  if (S_ISDIR(info.stx_mode)) return core::Error{core::ErrorCode::invalid, "file " + path + " is a folder"};
  std::string bytes;
  char part[4096];
  for (;;) {
    const ssize_t count = ::read(file.number, part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, errno);
    if (count == 0) return bytes;
    bytes.append(part, static_cast<std::size_t>(count));
    if (bytes.size() > bytes_max) {
      return core::Error{core::ErrorCode::invalid,
                         "file " + path + " has more than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

core::Result<std::string> read_secret(const std::string& path) {
  auto content = read_whole(path, secret_bytes_max);
  if (!content) return content;
  std::string secret = std::move(content).value();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty())
    return core::Error{core::ErrorCode::invalid, "file " + path + " is empty: write the secret into it"};
  if (secret.find('\0') != std::string::npos) {
    return core::Error{core::ErrorCode::invalid,
                       "file " + path + " holds a NUL byte: a secret is a line of text"};
  }
  return secret;
}

bool everybody_reads(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (error) return false;
  const auto lets = [](const fs::path& at, unsigned right) {
    struct statx info {};
    return ::statx(AT_FDCWD, at.c_str(), 0, STATX_MODE, &info) == 0 && (info.stx_mode & right) != 0;
  };
  if (!lets(whole, S_IROTH)) return false;
  for (fs::path at = whole.parent_path();; at = at.parent_path()) {
    if (!lets(at, S_IXOTH)) return false;
    if (at == at.root_path()) return true;
  }
}

std::string open_to_everybody(const std::string& path) {
  return "file " + path + " may be read by every user of this machine: chown root:storegate and chmod 640 it";
}

}  // namespace storegate::app
