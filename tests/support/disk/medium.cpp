// The medium as synced contents and a list of what is not synced yet; a cut folds the list over the contents.
#include "support/disk/medium.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "support/disk/draws.hpp"

namespace storegate::disk {
namespace {

std::size_t at(std::int64_t offset) { return static_cast<std::size_t>(offset); }

/// The bytes of [from, to) in `bytes`, where they exist, become what the flash made of them. Whether there are any.
bool garble_range(Bytes& bytes, std::int64_t from, std::int64_t to, Draws& draws) {
  to = std::min(to, static_cast<std::int64_t>(bytes.size()));
  const bool is_any = from < to;
  for (; from < to; from += 8) {
    const std::uint64_t drawn = draws.next();
    std::memcpy(bytes.data() + from, &drawn, at(std::min<std::int64_t>(8, to - from)));
  }
  return is_any;
}

/// What lies in the write's blocks outside of it: each such sector is hit in half of the cases. Whether any byte was.
bool garble_around(std::int64_t offset, std::int64_t end, std::uint64_t seed, Bytes& bytes) {
  Draws draws(seed);
  bool any = false;
  const std::int64_t first = offset / block_bytes * block_bytes;
  const std::int64_t last = (end + block_bytes - 1) / block_bytes * block_bytes;
  for (std::int64_t sector = first; sector < last; sector += sector_bytes) {
    const bool hit = draws.chance(500);
    const std::int64_t sector_end = sector + sector_bytes;
    if (!hit || (sector >= offset && sector_end <= end)) continue;
    const bool before = garble_range(bytes, sector, std::min(sector_end, offset), draws);
    const bool behind = garble_range(bytes, std::max(sector, end), sector_end, draws);
    any = any || before || behind;
  }
  return any;
}

/// Whether some sectors arrived and others not.
bool write_torn(const Step& step, const Fate& fate, Bytes& bytes) {
  bool some = false;
  bool others = false;
  const std::int64_t end = step.offset + static_cast<std::int64_t>(step.bytes->size());
  const std::int64_t first_sector = step.offset / sector_bytes;
  for (std::int64_t from = step.offset; from < end;) {
    const std::int64_t sector = from / sector_bytes;
    const std::int64_t to = std::min(end, (sector + 1) * sector_bytes);
    const auto bit = static_cast<std::uint64_t>(std::min<std::int64_t>(sector - first_sector, 63));
    const bool arrived = ((fate.sectors >> bit) & 1U) != 0;
    some = some || arrived;
    others = others || !arrived;
    if (arrived) {
      if (static_cast<std::int64_t>(bytes.size()) < to) bytes.resize(at(to));
      std::memcpy(bytes.data() + from, step.bytes->data() + (from - step.offset), at(to - from));
    }
    from = to;
  }
  return some && others;
}

}  // namespace

void put(Bytes& bytes, std::int64_t offset, const unsigned char* from, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (offset > size) bytes.resize(at(offset));
  const std::int64_t over = std::clamp<std::int64_t>(size - offset, 0, count);
  if (over > 0) std::memcpy(bytes.data() + offset, from, at(over));
  bytes.insert(bytes.end(), from + over, from + count);
}

Spoiled carry_out(const Step& step, const Fate& fate, Bytes& bytes) {
  if (step.kind == StepKind::truncate) {
    if (fate.kept) bytes.resize(at(step.offset));
    return {};
  }
  Spoiled spoiled;
  const std::int64_t end = step.offset + static_cast<std::int64_t>(step.bytes->size());
  if (fate.kept && fate.sectors == ~0ULL) {
    put(bytes, step.offset, step.bytes->data(), end - step.offset);
  } else if (fate.kept) {
    spoiled.torn = write_torn(step, fate, bytes);
  }
  if (fate.garble != 0) spoiled.garbled = garble_around(step.offset, end, fate.garble, bytes);
  return spoiled;
}

Medium::Medium(Image image) {
  FileId next = 1;
  for (auto& [name, bytes] : image.files) {
    folder_[name] = next;
    synced_[next++] = std::move(bytes);
  }
}

FileId Medium::find(const std::string& name) const {
  const auto entry = folder_.find(name);
  FileId found = entry == folder_.end() ? 0 : entry->second;
  for (const Step& step : pending_) {
    if (step.kind == StepKind::create && step.name == name) found = step.file;
    if (step.kind == StepKind::remove && step.name == name) found = 0;
  }
  return found;
}

void Medium::apply(const Step& step) {
  switch (step.kind) {
    case StepKind::create:
    case StepKind::remove:
    case StepKind::write:
    case StepKind::truncate: pending_.push_back(step); return;
    case StepKind::sync: return sync(step.file);
    case StepKind::sync_folder: return sync_folder();
    case StepKind::fail_sync: return fail_sync(step);
    case StepKind::mark: return;
  }
}

void Medium::sync(FileId file) {
  Bytes& bytes = synced_[file];
  std::vector<Step> left;
  for (Step& step : pending_) {
    if (step.file == file && step.kind == StepKind::create) {
      folder_[step.name] = file;
      // A removal of that name from before is settled by the new entry.
      std::erase_if(left, [&](const Step& earlier) {
        return earlier.kind == StepKind::remove && earlier.name == step.name;
      });
    } else if (step.file == file && step.kind != StepKind::remove) {
      carry_out(step, {}, bytes);
    } else {
      left.push_back(std::move(step));
    }
  }
  pending_ = std::move(left);
}

void Medium::sync_folder() {
  for (const Step& step : pending_) {
    if (step.kind == StepKind::create) folder_[step.name] = step.file;
    if (step.kind == StepKind::remove) folder_.erase(step.name);
  }
  const auto gone = [&](FileId file) {
    return std::none_of(folder_.begin(), folder_.end(),
                        [&](const auto& entry) { return entry.second == file; });
  };
  std::erase_if(synced_, [&](const auto& file) { return gone(file.first); });
  std::erase_if(pending_, [&](const Step& step) {
    return step.kind == StepKind::create || step.kind == StepKind::remove || gone(step.file);
  });
}

void Medium::fail_sync(const Step& step) {
  Bytes& bytes = synced_[step.file];
  std::size_t write = 0;
  const auto is_content = [&](const Step& pending) {
    return pending.file == step.file &&
           (pending.kind == StepKind::write || pending.kind == StepKind::truncate);
  };
  for (const Step& pending : pending_) {
    if (!is_content(pending)) continue;
    // Sizes are metadata, which has a journal of its own.
    const bool kept = pending.kind == StepKind::truncate || step.bytes->at(write++) != 0;
    if (kept) carry_out(pending, {}, bytes);
  }
  std::erase_if(pending_, is_content);
}

Image Medium::cut(std::span<const Fate> fates, Spoiled& spoiled) const {
  if (fates.size() != pending_.size()) std::abort();
  Folder folder = folder_;
  for (std::size_t index = 0; index < pending_.size(); ++index) {
    const Step& step = pending_[index];
    if (!fates[index].kept) continue;
    if (step.kind == StepKind::create) folder[step.name] = step.file;
    if (step.kind == StepKind::remove) folder.erase(step.name);
  }
  Image image;
  for (const auto& [name, file] : folder) {
    Bytes& bytes = image.files[name];
    if (const auto synced = synced_.find(file); synced != synced_.end()) bytes = synced->second;
    for (std::size_t index = 0; index < pending_.size(); ++index) {
      const Step& step = pending_[index];
      const bool content = step.kind == StepKind::write || step.kind == StepKind::truncate;
      if (!content || step.file != file) continue;
      const Spoiled one = carry_out(step, fates[index], bytes);
      spoiled.torn = spoiled.torn || one.torn;
      spoiled.garbled = spoiled.garbled || one.garbled;
    }
  }
  return image;
}

Bytes Medium::content(FileId file) const {
  Bytes bytes;
  if (const auto synced = synced_.find(file); synced != synced_.end()) bytes = synced->second;
  for (const Step& step : pending_) {
    const bool written = step.kind == StepKind::write || step.kind == StepKind::truncate;
    if (written && step.file == file) carry_out(step, {}, bytes);
  }
  return bytes;
}

}  // namespace storegate::disk
