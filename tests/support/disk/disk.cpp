// The disk's state: page cache above, medium below, faults and the log beside them. The methods that SQLite calls are
// in disk_vfs.cpp.
#include "support/disk/disk.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "support/disk/disk_state.hpp"

namespace storegate::disk {
namespace {

int error_of(OpKind kind) {
  switch (kind) {
    case OpKind::open: return SQLITE_CANTOPEN;
    case OpKind::read: return SQLITE_IOERR_READ;
    case OpKind::write: return SQLITE_IOERR_WRITE;
    case OpKind::truncate: return SQLITE_IOERR_TRUNCATE;
    case OpKind::sync: return SQLITE_IOERR_FSYNC;
    case OpKind::remove: return SQLITE_IOERR_DELETE;
    case OpKind::access: return SQLITE_IOERR_ACCESS;
  }
  return SQLITE_IOERR;
}

std::size_t at(std::int64_t offset) { return static_cast<std::size_t>(offset); }

}  // namespace

std::string_view name_of(OpKind kind) noexcept {
  constexpr std::string_view names[op_kinds] = {"open", "read",   "write", "truncate",
                                                "sync", "remove", "access"};
  return names[static_cast<std::size_t>(kind)];
}

std::uint64_t Counts::all() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : by_kind) sum += count;
  return sum;
}

void seed_sqlite(std::uint64_t seed) noexcept {
  sqlite3_initialize();
  const int drawn = static_cast<int>(Draws(seed).next() & 0x7fffffffU);
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, drawn == 0 ? 1 : drawn, static_cast<sqlite3*>(nullptr));
}

// ---------------------------------------------------------------- what is on it

void Disk::must_be_closed() const {
  if (open_files_ != 0) std::abort();  // a connection outlives its process: an error of the harness
}

void Disk::take(Image image) {
  folder_.clear();
  used_bytes_ = 0;
  next_file_ = 1;
  for (auto& [name, bytes] : image.files) {
    auto file = std::make_shared<File>();
    file->id = next_file_++;  // as Medium numbers them
    used_bytes_ += static_cast<std::int64_t>(bytes.size());
    file->cached = std::move(bytes);
    folder_[name] = std::move(file);
  }
  dead_ = false;
}

void Disk::reset(Image image, std::uint64_t seed) {
  reset_without_medium(image, seed);
  has_medium_ = true;
  medium_ = Medium(std::move(image));
}

void Disk::reset_without_medium(Image image, std::uint64_t seed) {
  must_be_closed();
  take(std::move(image));
  has_medium_ = false;
  medium_ = {};
  randomness_ = Draws(seed);
  faults_.clear();
  failures_ = 0;
  capacity_.reset();
  ignore_syncs_ = false;
  failed_sync_ = nullptr;
  hook_ = nullptr;
  counts_ = {};
  recording_.reset();
}

Image Disk::cached() const {
  Image image;
  for (const auto& [name, file] : folder_) image.files[name] = file->cached;
  return image;
}

const Bytes* Disk::cached(std::string_view name) const {
  const auto found = folder_.find(name);
  return found == folder_.end() ? nullptr : &found->second->cached;
}

// ---------------------------------------------------------------- processes and power

void Disk::restart() {
  must_be_closed();
  dead_ = false;
}

void Disk::power_cut(const Choose& choose) {
  std::vector<Fate> fates;
  for (const Step& step : pending()) fates.push_back(choose(step));
  power_cut(fates);
}

void Disk::power_cut(std::span<const Fate> fates) {
  must_be_closed();
  if (!has_medium_ || recording_) std::abort();  // there is no step for it: a recording ends before
  Image image = medium_.cut(fates);
  take(image);
  medium_ = Medium(std::move(image));
}

void Disk::drop_clean_pages() {
  if (!has_medium_) std::abort();
  for (auto& [name, file] : folder_) {
    used_bytes_ -= static_cast<std::int64_t>(file->cached.size());
    file->cached = medium_.content(file->id);
    used_bytes_ += static_cast<std::int64_t>(file->cached.size());
    file->stale_pages.clear();
  }
}

// ---------------------------------------------------------------- faults

void Disk::plan(Fault fault) { faults_.push_back({std::move(fault), 0}); }

std::uint64_t Disk::heal() noexcept {
  faults_.clear();
  capacity_.reset();
  return std::exchange(failures_, 0);
}

int Disk::planned_failure(OpKind kind, std::string_view file) {
  int code = SQLITE_OK;
  for (Planned& planned : faults_) {
    const Fault& fault = planned.fault;
    if (fault.kind != kind || !file.ends_with(fault.file_ends)) continue;
    ++planned.seen;
    const bool fails = fault.persistent ? planned.seen >= fault.nth : planned.seen == fault.nth;
    if (fails && code == SQLITE_OK) code = fault.code != 0 ? fault.code : error_of(kind);
  }
  if (code != SQLITE_OK) ++failures_;
  return code;
}

/// Counts, asks the hook, says whether the process is still there. Planned faults are asked for apart.
int Disk::before(OpKind kind, std::string_view file, std::int64_t offset, std::int64_t bytes) {
  if (dead_) return error_of(kind);
  ++counts_.by_kind[static_cast<std::size_t>(kind)];
  if (hook_) {
    const int answer = hook_(Op{kind, file, counts_.all(), offset, bytes});
    if (dead_) return error_of(kind);
    if (answer != SQLITE_OK) return answer;
  }
  return SQLITE_OK;
}

// ---------------------------------------------------------------- the log

void Disk::step(Step step) {
  if (recording_) recording_->steps.push_back(step);
  if (has_medium_) medium_.apply(step);
}

void Disk::start_recording() {
  if (!has_medium_ || !pending().empty() || open_files_ != 0) std::abort();
  recording_ = Recording{cached(), {}};
  // Played on Medium(image), the steps must name the files as that numbers them.
  reset_numbers();
}

Disk::Recording Disk::stop_recording() {
  if (!recording_) std::abort();
  return *std::exchange(recording_, std::nullopt);
}

void Disk::mark(std::int64_t number) { step({StepKind::mark, 0, number, {}, {}}); }

void Disk::reset_numbers() {
  Image image = recording_->start;
  take(image);
  medium_ = Medium(std::move(image));
}

// ---------------------------------------------------------------- files

void Disk::write_down(File& file, std::int64_t offset, std::int64_t bytes) {
  if (file.id == 0 || (!has_medium_ && !recording_)) return;
  // The kernel writes whole pages: one that was clean with lost bytes goes down with all it has.
  std::int64_t from = offset;
  std::int64_t to = offset + bytes;
  for (std::int64_t page = offset / block_bytes; page * block_bytes < offset + bytes; ++page) {
    if (file.stale_pages.erase(page) == 0) continue;
    from = std::min(from, page * block_bytes);
    to = std::max(to, std::min((page + 1) * block_bytes, static_cast<std::int64_t>(file.cached.size())));
  }
  const auto begin = file.cached.begin() + static_cast<std::ptrdiff_t>(from);
  auto written = std::make_shared<const Bytes>(begin, begin + static_cast<std::ptrdiff_t>(to - from));
  step({StepKind::write, file.id, from, {}, std::move(written)});
}

int Disk::write(File& file, const unsigned char* from, std::int64_t bytes, std::int64_t offset) {
  const auto size = static_cast<std::int64_t>(file.cached.size());
  const std::int64_t grows = std::max<std::int64_t>(0, offset + bytes - size);
  int result = SQLITE_OK;
  if (capacity_ && grows > 0 && used_bytes_ + grows > *capacity_) {
    const std::int64_t fits = std::max<std::int64_t>(0, *capacity_ - used_bytes_);
    bytes = std::max<std::int64_t>(0, bytes - (grows - fits));
    ++failures_;
    result = SQLITE_FULL;
  }
  if (bytes == 0) return result;
  if (offset + bytes > size) {
    used_bytes_ += offset + bytes - size;
  }
  put(file.cached, offset, from, bytes);
  counts_.bytes_written += static_cast<std::uint64_t>(bytes);
  write_down(file, offset, bytes);
  return result;
}

void Disk::truncate(File& file, std::int64_t size) {
  used_bytes_ += size - static_cast<std::int64_t>(file.cached.size());
  file.cached.resize(at(size));
  std::erase_if(file.stale_pages, [size](std::int64_t page) { return page * block_bytes >= size; });
  if (file.id != 0) step({StepKind::truncate, file.id, size, {}, {}});
}

int Disk::sync(File& file) {
  if (file.id == 0 || ignore_syncs_) return SQLITE_OK;
  step({StepKind::sync, file.id, 0, {}, {}});
  if (std::exchange(file.syncs_folder, false)) step({StepKind::sync_folder, 0, 0, {}, {}});
  return SQLITE_OK;
}

void Disk::fail_sync(File& file) {
  if (file.id == 0) return;
  if (!has_medium_) std::abort();
  auto marks = std::make_shared<Bytes>();
  for (const Step& pending : pending()) {
    if (pending.kind != StepKind::write || pending.file != file.id) continue;
    const bool kept = failed_sync_ && failed_sync_(pending).kept;
    marks->push_back(kept ? 1 : 0);
    if (kept) continue;
    const std::int64_t end = pending.offset + static_cast<std::int64_t>(pending.bytes->size());
    for (std::int64_t page = pending.offset / block_bytes; page * block_bytes < end; ++page)
      file.stale_pages.insert(page);
  }
  step({StepKind::fail_sync, file.id, 0, {}, std::move(marks)});
}

}  // namespace storegate::disk
