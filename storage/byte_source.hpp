// Where salvage reads from: bytes at any place, never written. A file of the damaged store, or memory in a test. A place
// that the disk cannot read is zeros and says so: one dead sector must not hide the rows around it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/result.hpp"

namespace storegate::storage {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  [[nodiscard]] virtual std::int64_t size() const noexcept = 0;
  /// Fills `into` from `offset` on; what lies beyond the end or cannot be read is zeros, and the answer false.
  virtual bool read(std::int64_t offset, std::span<unsigned char> into) const noexcept = 0;
};

/// Bytes that somebody else holds.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const unsigned char> bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::int64_t size() const noexcept override {
    return static_cast<std::int64_t>(bytes_.size());
  }
  bool read(std::int64_t offset, std::span<unsigned char> into) const noexcept override;

 private:
  std::span<const unsigned char> bytes_;
};

/// A file, opened for reading only.
class FileSource final : public ByteSource {
 public:
  /// Errors: not_found, invalid (not a regular file), failed.
  [[nodiscard]] static core::Result<std::unique_ptr<FileSource>> open(const std::string& path);
  ~FileSource() override;

  /// Takes the lock that SQLite's readers have, and holds it: a journal that has the file keeps it from us, and none can
  /// open it meanwhile. Errors: unavailable, failed.
  [[nodiscard]] core::Result<void> lock_against_writers();
  /// Whether a journal, or another program, has it locked for writing. Takes no lock.
  [[nodiscard]] bool has_writer() const noexcept;
  /// Gives another file this one's owner and rights, as far as we may.
  void lend_rights_to(const std::string& path) const noexcept;

  [[nodiscard]] std::int64_t size() const noexcept override { return size_; }
  bool read(std::int64_t offset, std::span<unsigned char> into) const noexcept override;

 private:
  FileSource(int descriptor, std::int64_t size) noexcept : descriptor_(descriptor), size_(size) {}
  bool read_once(std::int64_t offset, std::span<unsigned char> into) const noexcept;
  int descriptor_;
  std::int64_t size_;
};

/// The WAL of the database at `path`; a database without one has an empty one. Errors: invalid (not a file), failed.
[[nodiscard]] core::Result<std::unique_ptr<ByteSource>> open_wal_of(const std::string& path);

}  // namespace storegate::storage
