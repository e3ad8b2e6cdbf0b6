// A file that grows and shrinks by slices, through a sqlite3_vfs.
#include "storage/reserve.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace storegate::storage {

namespace {

// One slice carries a turn of dozens of orders; what is given back at once may be taken by another program.
constexpr std::int64_t slice_bytes = 256 * 1024;
constexpr std::size_t chunk_bytes = 32 * 1024;

/// Bytes that no file system compresses: a reserve of zeros would hold no space there.
std::array<std::uint64_t, chunk_bytes / 8> noise() noexcept {
  std::array<std::uint64_t, chunk_bytes / 8> words{};
  std::uint64_t state = 0x9e3779b97f4a7c15U;
  for (std::uint64_t& word : words) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    word = state;
  }
  return words;
}

}  // namespace

struct Reserve::State {
  std::vector<std::max_align_t> memory;  // of the VFS's own size; stays where it is
  sqlite3_file* file = nullptr;          // nullptr: it could not be opened, there is no reserve
  sqlite3_filename name = nullptr;
  std::int64_t wanted = 0;
  std::int64_t bytes = 0;
  std::int64_t most = 0;  // that it has held in this process

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (file != nullptr) file->pMethods->xClose(file);
    sqlite3_free_filename(name);
  }

  void open(const std::string& path, sqlite3_vfs* vfs) {
    name = sqlite3_create_filename(path.c_str(), "", "", 0, nullptr);
    if (vfs == nullptr || name == nullptr) return;
    memory.resize(static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
    auto* opened = reinterpret_cast<sqlite3_file*>(memory.data());
    opened->pMethods = nullptr;
    // As a journal is opened: with the rights of the database it belongs to.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL;
    const int result = vfs->xOpen(vfs, name, opened, flags, nullptr);
    if (opened->pMethods == nullptr) return;
    file = opened;
    sqlite3_int64 size = 0;
    if (result != SQLITE_OK || file->pMethods->xFileSize(file, &size) != SQLITE_OK) return;
    // A kill or a full disk may have left any size: whole slices count, and what is beyond them is written over.
    most = bytes = std::min<std::int64_t>(size, wanted) / slice_bytes * slice_bytes;
    if (size > wanted) cut(bytes);
  }

  void cut(std::int64_t size) noexcept {
    // The sync makes a journaling file system let go of the blocks now.
    if (file->pMethods->xTruncate(file, size) == SQLITE_OK) file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  }
};

Reserve::Reserve(const std::string& database_path, const std::string& vfs, std::int64_t bytes_wanted)
    : state_(std::make_unique<State>()) {
  state_->wanted = bytes_wanted / slice_bytes * slice_bytes;
  if (state_->wanted > 0)
    state_->open(database_path + "-reserve", sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str()));
}
Reserve::Reserve(Reserve&&) noexcept = default;
Reserve& Reserve::operator=(Reserve&&) noexcept = default;
Reserve::~Reserve() = default;

bool Reserve::release() noexcept {
  State& state = *state_;
  if (state.file == nullptr || state.bytes == 0) return false;
  state.bytes = (state.bytes - 1) / slice_bytes * slice_bytes;
  state.cut(state.bytes);
  return true;
}

void Reserve::fill(std::int64_t bytes_max) noexcept {
  State& state = *state_;
  if (state.file == nullptr || state.bytes >= state.wanted) return;
  const std::int64_t until = std::min(state.wanted, state.bytes + bytes_max) / slice_bytes * slice_bytes;
  static const auto bytes = noise();
  std::int64_t at = state.bytes;
  while (at < until && state.file->pMethods->xWrite(state.file, bytes.data(), static_cast<int>(chunk_bytes),
                                                    at) == SQLITE_OK) {
    at += static_cast<std::int64_t>(chunk_bytes);
  }
  // Only what a sync has confirmed is held; a slice that did not fit whole is given back.
  const bool held = state.file->pMethods->xSync(state.file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
  const std::int64_t whole = held ? at / slice_bytes * slice_bytes : state.bytes;
  if (whole < until) state.cut(whole);
  state.bytes = whole;
  state.most = std::max(state.most, whole);
}

bool Reserve::in_use() const noexcept { return state_->bytes < state_->most; }

bool Reserve::regain() noexcept {
  const std::int64_t before = state_->bytes;
  fill(slice_bytes);
  return state_->bytes > before;
}

std::int64_t Reserve::bytes() const noexcept { return state_->bytes; }

}  // namespace storegate::storage
