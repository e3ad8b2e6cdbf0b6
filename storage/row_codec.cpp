// How a row is digested, bound and read. Knows no table.
#include "storage/row_codec.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <bit>

namespace storegate::storage {

// One tag byte for each column. Integers are written in as few bytes as they need, their count in the tag: the image
// of an order's row then takes half the digest's blocks, and stays unambiguous.

namespace {

constexpr std::size_t integer_bytes_max = 9;

/// Byte by byte, lowest first, on every machine; written out, so that the compiler makes one store of it.
void put_word(std::uint64_t word, char* into) noexcept {
  into[0] = static_cast<char>(word);
  into[1] = static_cast<char>(word >> 8U);
  into[2] = static_cast<char>(word >> 16U);
  into[3] = static_cast<char>(word >> 24U);
  into[4] = static_cast<char>(word >> 32U);
  into[5] = static_cast<char>(word >> 40U);
  into[6] = static_cast<char>(word >> 48U);
  into[7] = static_cast<char>(word >> 56U);
}

/// How many bytes were put: the count, 0 to 8 and thereby below every other tag, and so many bytes.
std::size_t put_integer(std::int64_t value, char* into) noexcept {
  const auto word = static_cast<std::uint64_t>(value);
  const auto count = (static_cast<std::size_t>(std::bit_width(word)) + 7) / 8;
  into[0] = static_cast<char>(count);
  put_word(word, into + 1);
  return count + 1;
}

}  // namespace

RowImage::RowImage(std::string_view table) {
  image_.resize(768);  // an order's row, usually
  text(table);
}

void RowImage::null() {
  *room_for(1) = 'n';
  ++used_;
}

void RowImage::integer(std::int64_t value) { used_ += put_integer(value, room_for(integer_bytes_max)); }

void RowImage::sized(char tag, std::string_view value) {
  char* into = room_for(1 + integer_bytes_max + value.size());
  *into = tag;
  const std::size_t head = 1 + put_integer(static_cast<std::int64_t>(value.size()), into + 1);
  value.copy(into + head, value.size());
  used_ += head + value.size();
}

void RowImage::text(std::string_view value) { sized('t', value); }
void RowImage::bytes(std::string_view value) { sized('b', value); }

void RowImage::column(const Statement& row, int column) {
  switch (row.type(column)) {
    case SQLITE_NULL: return null();
    case SQLITE_INTEGER: return integer(row.integer(column));
    case SQLITE_BLOB: return bytes(row.text(column));
    default: return text(row.text(column));
  }
}

void RowWriter::null() {
  image_.null();
  statement_.bind_null(++column_);
}

void RowWriter::integer(std::int64_t value) {
  image_.integer(value);
  statement_.bind(++column_, value);
}

void RowWriter::text(std::string_view value) {
  image_.text(value);
  statement_.bind(++column_, value);
}

void RowWriter::bytes(std::span<const std::uint8_t> value) {
  image_.bytes(view_of(value));
  statement_.bind(++column_, value);
}

core::Result<void> RowWriter::write(const core::DigestFunction& digest) {
  digest_ = digest(image_.view());
  statement_.bind(++column_, std::span<const std::uint8_t>(digest_));
  return statement_.run();
}

bool RowReader::intact(const core::DigestFunction& digest) const {
  RowImage image(table_);
  const int last = statement_.columns() - 1;
  for (int column = 0; column < last; ++column) image.column(statement_, column);
  return statement_.type(last) == SQLITE_BLOB && statement_.text(last) == view_of(digest(image.view()));
}

std::optional<std::int64_t> RowReader::optional() {
  if (is_null()) return ++column_, std::nullopt;
  return integer();
}

void RowReader::copy(std::span<std::uint8_t> into) {
  const std::string_view stored = statement_.text(column_++);
  if (stored.size() != into.size()) return unsound();
  std::copy(stored.begin(), stored.end(), into.begin());
}

core::Error damaged_row(std::string_view why) { return {core::ErrorCode::damaged, std::string(why)}; }

}  // namespace storegate::storage
