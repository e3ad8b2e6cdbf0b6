// The file is written whole each time: it has some hundred bytes.
#include "app/partner_memory.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config_files.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;

core::Error failure(const std::string& doing) {
  return {core::ErrorCode::failed, doing + ": " + std::strerror(errno)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// The name in its folder is on disk as well.
core::Result<void> sync_folder_of(const std::string& path) {
  auto folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder.push_back('.');
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure("opening " + folder);
  const int synced = ::fsync(descriptor);
  const auto why = failure("syncing " + folder);
  ::close(descriptor);
  if (synced != 0) return why;
  return {};
}

}  // namespace

core::Result<void> replace_private_file(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  const int descriptor =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return failure("making " + fresh);
  // A left-over of that name may have had another mode.
  const bool written = ::fchmod(descriptor, S_IRUSR | S_IWUSR) == 0 && write_all(descriptor, bytes) &&
                       ::fsync(descriptor) == 0;
  const auto why = failure("writing " + fresh);
  ::close(descriptor);
  if (!written) return why;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failure("renaming " + fresh);
  return sync_folder_of(path);
}

PartnerMemory::PartnerMemory(std::string path, Write write)
    : path_(std::move(path)), write_(std::move(write)) {
  const auto text = read_whole(path_, file_bytes_max);
  if (!text && text.error().code == core::ErrorCode::not_found) return;
  if (auto records = text ? read_partner_records(*text) : std::nullopt) {
    partners_ = std::move(*records);
    return;
  }
  platform::log_warn("what was remembered of partners cannot be read: tokens are fetched anew",
                     {{"file", path_}});
}

const PartnerToken* PartnerMemory::token(std::string_view partner) const {
  const auto found = partners_.find(partner);
  return found == partners_.end() || !found->second.token ? nullptr : &*found->second.token;
}

void PartnerMemory::keep_token(const std::string& partner, PartnerToken token) {
  partners_[partner].token = std::move(token);
  save();
}

void PartnerMemory::save() {
  write_([path = path_, out = text_of(partners_)] {
    if (const auto done = replace_private_file(path, out); !done)
      platform::log_warn("partners' tokens cannot be kept over a restart", {{"why", done.error().context}});
  });
}

}  // namespace storegate::app
