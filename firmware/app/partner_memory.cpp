// A JSON object with a member for each partner, written whole each time: it has some hundred bytes.
#include "app/partner_memory.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config_files.hpp"
#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/reader.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t bearer_bytes_max = 16 * 1024;
constexpr std::size_t asked_for_bytes_max = 64;
constexpr std::size_t partners_max = 1000;
constexpr std::int64_t wall_ms_max = INT64_C(1) << 52;
constexpr std::int64_t save_seen_every_ms = 10 * 60 * 1000;

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
  if (folder.empty()) folder = ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure("opening " + folder);
  const int synced = ::fsync(descriptor);
  const auto why = failure("syncing " + folder);
  ::close(descriptor);
  if (synced != 0) return why;
  return {};
}

void append_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  codec::json::append_string(out, name);
  out += ':';
}

PartnerToken token_of(const codec::json::Place& place) {
  PartnerToken token;
  token.bearer = place.member("bearer").text({.min = 1, .max = bearer_bytes_max, .printable = true});
  token.obtained_wall_ms = place.member("obtained_ms").integer(0, wall_ms_max);
  token.expires_wall_ms = place.member("expires_ms").integer(0, wall_ms_max);
  token.asked_for = place.member("asked_for").text({.min = 0, .max = asked_for_bytes_max, .printable = true});
  return token;
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
  if (text && read(*text)) return;
  partners_.clear();
  platform::log_warn("what was remembered of partners cannot be read: tokens are fetched anew",
                     {{"file", path_}});
}

bool PartnerMemory::read(std::string_view text) {
  const auto document = codec::json::Document::parse(text);
  if (!document) return false;
  codec::json::Reading reading(*document);
  const codec::json::Place root(reading);
  if (!root.must_be_object()) return false;
  root.member("partners").elements(0, partners_max, [&](const codec::json::Place& place) {
    std::string name(
        place.member("name").text({.min = 1, .max = codec::partner_bytes_max, .printable = true}));
    Remembered& remembered = partners_[std::move(name)];
    if (place.member("token").given()) remembered.token = token_of(place.member("token"));
    if (!place.member("seen_ms").given()) return;
    remembered.seen_wall_ms = place.member("seen_ms").integer(0, wall_ms_max);
    remembered.seen_saved_ms = *remembered.seen_wall_ms;
  });
  return !reading.failed();
}

const PartnerToken* PartnerMemory::token(std::string_view partner) const {
  const auto found = partners_.find(partner);
  return found == partners_.end() || !found->second.token ? nullptr : &*found->second.token;
}

void PartnerMemory::keep_token(const std::string& partner, PartnerToken token) {
  partners_[partner].token = std::move(token);
  save();
}

std::optional<std::int64_t> PartnerMemory::seen_until(std::string_view partner) const {
  const auto found = partners_.find(partner);
  return found == partners_.end() ? std::nullopt : found->second.seen_wall_ms;
}

void PartnerMemory::keep_seen(const std::string& partner, std::int64_t wall_ms) {
  Remembered& remembered = partners_[partner];
  remembered.seen_wall_ms = wall_ms;
  const auto since_saved = wall_ms - remembered.seen_saved_ms;
  if (since_saved >= 0 && since_saved < save_seen_every_ms) return;
  remembered.seen_saved_ms = wall_ms;
  save();
}

void PartnerMemory::save() {
  std::string out = R"({"partners":[)";
  for (const auto& [name, remembered] : partners_) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_member(out, "name");
    codec::json::append_string(out, name);
    if (remembered.token) {
      append_member(out, "token");
      out += R"({"bearer":)";
      codec::json::append_string(out, remembered.token->bearer);
      out += R"(,"obtained_ms":)";
      codec::json::append_integer(out, remembered.token->obtained_wall_ms);
      out += R"(,"expires_ms":)";
      codec::json::append_integer(out, remembered.token->expires_wall_ms);
      out += R"(,"asked_for":)";
      codec::json::append_string(out, remembered.token->asked_for);
      out += '}';
    }
    if (remembered.seen_wall_ms) {
      append_member(out, "seen_ms");
      codec::json::append_integer(out, *remembered.seen_wall_ms);
    }
    out += '}';
  }
  out += "]}\n";
  write_([path = path_, out = std::move(out)] {
    if (const auto done = replace_private_file(path, out); !done)
      platform::log_warn("partners' tokens cannot be kept over a restart", {{"why", done.error().context}});
  });
}

}  // namespace storegate::app
