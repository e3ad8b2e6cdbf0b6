// How a row is digested, bound and read. Knows no table.
#include "storage/row_codec.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace storegate::storage {

// One tag byte for each column. Integers are written in as few bytes as they need, their count in the tag: the image
// of an order's row then takes half the digest's blocks, and stays unambiguous.

RowImage::RowImage(std::string_view table) {
  image_.reserve(512);
  text(table);
}

void RowImage::null() { image_ += 'n'; }

void RowImage::integer(std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value);
  std::array<char, 8> digits{};
  std::size_t count = 0;
  for (; rest != 0; rest >>= 8U) digits[count++] = static_cast<char>(rest & 0xffU);
  image_ += static_cast<char>(count);  // 0 to 8: below every other tag
  image_.append(digits.data(), count);
}

void RowImage::sized(char tag, std::string_view value) {
  image_ += tag;
  integer(static_cast<std::int64_t>(value.size()));
  image_ += value;
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
