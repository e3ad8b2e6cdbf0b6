// How a row is digested, bound and read: every column goes through here, in the table's order, so that what is stored
// and what is digested cannot differ. Knows no table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "storage/database.hpp"

namespace storegate::storage {

/// The bytes a digest covers: the table's name, then each column as type, length and value. Two different rows, or
/// one row in two tables or under two keys, never have the same image.
class RowImage {
 public:
  explicit RowImage(std::string_view table);
  void null();
  void integer(std::int64_t value);
  void text(std::string_view value);
  void bytes(std::string_view value);
  /// Column `column` of the present row, whatever its type.
  void column(const Statement& row, int column);
  [[nodiscard]] std::string_view view() const noexcept { return {image_.data(), used_}; }

 private:
  /// Where the next bytes go; `most` of them may be written.
  [[nodiscard]] char* room_for(std::size_t most) {
    if (image_.size() - used_ < most) image_.resize(2 * image_.size() + most);
    return image_.data() + used_;
  }
  void sized(char tag, std::string_view value);
  std::string image_;
  std::size_t used_ = 0;  // of image_, which is longer
};

[[nodiscard]] inline std::string_view view_of(std::span<const std::uint8_t> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Binds a row's columns one after the other and digests them as it goes. What is given must live until write().
class RowWriter {
 public:
  RowWriter(Statement& statement, std::string_view table) : statement_(statement), image_(table) {}

  void null();
  void integer(std::int64_t value);
  void flag(bool value) { integer(value ? 1 : 0); }
  void text(std::string_view value);
  void bytes(std::span<const std::uint8_t> value);
  template <typename Enum>
  void number_of(Enum value) {
    integer(static_cast<std::int64_t>(value));
  }
  void optional(const std::optional<std::int64_t>& value) { value ? integer(*value) : null(); }

  /// Binds the digest as the last column and writes the row.
  [[nodiscard]] core::Result<void> write(const core::DigestFunction& digest);
  /// The digest that write() stored.
  [[nodiscard]] const core::Digest& digest() const noexcept { return digest_; }

 private:
  Statement& statement_;
  RowImage image_;
  core::Digest digest_{};
  int column_ = 0;
};

/// Reads a row's columns one after the other. Values are only to be trusted when intact() was true and sound() still is.
class RowReader {
 public:
  RowReader(const Statement& statement, std::string_view table) : statement_(statement), table_(table) {}

  /// The last column is the digest of all the others.
  [[nodiscard]] bool intact(const core::DigestFunction& digest) const;

  [[nodiscard]] std::int64_t integer() { return statement_.integer(column_++); }
  [[nodiscard]] bool flag() { return integer() != 0; }
  [[nodiscard]] bool is_null() const { return statement_.type(column_) == null_type; }
  [[nodiscard]] std::string text() { return std::string(statement_.text(column_++)); }
  [[nodiscard]] std::optional<std::int64_t> optional();
  void skip() noexcept { ++column_; }

  template <std::size_t size>
  [[nodiscard]] std::array<std::uint8_t, size> bytes() {
    std::array<std::uint8_t, size> into{};
    copy(into);
    return into;
  }
  /// An enumeration's value below `count`; a greater one makes the row unsound (a program newer than us wrote it).
  template <typename Enum>
  [[nodiscard]] Enum number(std::int64_t count) {
    const std::int64_t value = integer();
    if (value < 0 || value >= count) return sound_ = false, Enum{};
    return static_cast<Enum>(value);
  }
  /// Every value so far was one that this program could have written.
  [[nodiscard]] bool sound() const noexcept { return sound_; }
  void unsound() noexcept { sound_ = false; }

 private:
  static constexpr int null_type = 5;  // SQLITE_NULL; SQLite's header stays out of ours
  void copy(std::span<std::uint8_t> into);
  const Statement& statement_;
  std::string_view table_;
  int column_ = 0;
  bool sound_ = true;
};

/// What a reading function answers for a row that must not be used.
[[nodiscard]] core::Error damaged_row(std::string_view why);
inline constexpr std::string_view digest_differs = "the digest does not match";
inline constexpr std::string_view unknown_value = "a value is out of range";

}  // namespace storegate::storage
