// Damaged pages: what SQLite and the journal make of them, and what salvage, which reads pages by itself, brings over.
#include <algorithm>
#include <cstring>

#include "storage/salvage.hpp"
#include "storage/sip_digest.hpp"
#include "store_image.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

/// Where in the file it is written, and what: bytes over what is there, or its end cut off.
void damage(StoreImage& store, Cut& input) {
  const std::uint8_t how = input.byte();
  disk::Bytes& file = how % 2 == 0 ? store.database : store.wal;
  if (file.empty()) return;
  const std::size_t at = static_cast<std::size_t>(input.word() & 0xffff'ffff) % file.size();
  if (how >= 250) return file.resize(at);
  const auto bytes = input.bytes(std::min<std::size_t>(input.byte(), file.size() - at));
  if (!bytes.empty()) std::memcpy(file.data() + at, bytes.data(), bytes.size());
}

void open_and_use(const StoreImage& store) {
  static disk::Disk disk("storegate-fuzz-pages");
  disk::Image image;
  image.files[store_path] = store.database;
  image.files[std::string(store_path) + "-wal"] = store.wal;
  disk.reset_without_medium(std::move(image));
  auto journal = storage::Journal::open(options_on(disk, storage::sip_digest));
  if (!journal) return expect(!journal.error().context.empty(), "a store that cannot be opened says why");
  use_journal(*journal);
}

void salvage(const StoreImage& store) {
  static disk::Disk disk("storegate-fuzz-salvaged");
  disk.reset_without_medium({});
  auto into = options_on(disk, storage::sip_digest);
  into.fresh_epoch = "epoch-after-salvage";
  const auto report =
      storage::salvage(storage::MemorySource(store.database), storage::MemorySource(store.wal), into);
  if (!report) return expect(!report.error().context.empty(), "a store that cannot be salvaged says why");
  auto journal = storage::Journal::open(into);
  expect(journal.ok(), "what was salvaged is a store");
  use_journal(*journal);
}

}  // namespace

/// Damages, at most 16, one behind the other: which file and how in a byte, a place in eight, a length, the bytes.
void run_pages(std::string_view input) {
  static const StoreImage whole = make_store(storage::sip_digest);
  StoreImage store = whole;
  Cut cut(input);
  for (int count = 0; count < 16 && !cut.empty(); ++count) damage(store, cut);
  salvage(store);
  open_and_use(store);
}

}  // namespace storegate::fuzz
