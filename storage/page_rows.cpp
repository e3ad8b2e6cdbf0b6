// Cells to records. Names as in SQLite's description of its file format.
#include "storage/page_rows.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "storage/big_endian.hpp"

namespace storegate::storage {
namespace {

constexpr std::size_t usable = page_bytes;
constexpr std::size_t columns_max = 64;
// An order's body at the largest `http.body_max_kib` that one would set is below a tenth of it.
constexpr std::uint64_t payload_bytes_max = 64U * 1024 * 1024;

/// Reads what stands one behind the other; once something is not there it stays spent.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) noexcept : bytes_(bytes) {}

  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (int index = 0; index < 9; ++index) {
      if (at_ >= bytes_.size()) return spent_ = true, 0;
      const unsigned char byte = bytes_[at_++];
      if (index == 8) return value << 8U | byte;
      value = value << 7U | (byte & 0x7fU);
      if ((byte & 0x80U) == 0) return value;
    }
    return value;
  }
  std::uint32_t word() noexcept {
    if (bytes_.size() - at_ < 4) return spent_ = true, 0;
    at_ += 4;
    return number_32(bytes_.data() + at_ - 4);
  }
  std::span<const unsigned char> take(std::size_t count) noexcept {
    if (bytes_.size() - at_ < count) return spent_ = true, std::span<const unsigned char>();
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] bool spent() const noexcept { return spent_; }

 private:
  std::span<const unsigned char> bytes_;
  std::size_t at_ = 0;
  bool spent_ = false;
};

std::span<const unsigned char> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

// ---------------------------------------------------------------- records

constexpr std::array<std::size_t, 10> integer_bytes = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
constexpr std::uint64_t real_type = 7;

std::uint64_t bytes_of_type(std::uint64_t type) noexcept {
  return type < 10 ? integer_bytes.at(static_cast<std::size_t>(type)) : (type - 12) / 2;
}

/// The columns' types as a record's head lists them.
struct RecordHead {
  std::size_t bytes = 0;
  std::vector<std::uint64_t> types;
};

/// Nothing unless head and columns are exactly as long as the payload: so damage is seen before a chain is followed.
std::optional<RecordHead> head_of(std::span<const unsigned char> local, std::uint64_t payload_bytes) {
  Reader reader(local);
  const std::uint64_t head_bytes = reader.varint();
  if (reader.spent() || head_bytes > local.size()) return {};
  RecordHead head{static_cast<std::size_t>(head_bytes), {}};
  std::uint64_t all = head_bytes;
  while (reader.at() < head.bytes) {
    const std::uint64_t type = reader.varint();
    const bool known = type != real_type && type != 10 && type != 11;
    if (reader.spent() || !known || head.types.size() == columns_max) return {};
    if (bytes_of_type(type) > payload_bytes) return {};
    all += bytes_of_type(type);
    head.types.push_back(type);
  }
  if (reader.at() != head.bytes || all != payload_bytes) return {};
  return head;
}

Value value_of_type(std::uint64_t type, std::string_view bytes) noexcept {
  if (type == 0) return {};
  if (type >= 12) return {type % 2 == 0 ? ValueKind::blob : ValueKind::text, 0, bytes};
  if (type >= 8) return {ValueKind::integer, static_cast<std::int64_t>(type) - 8, {}};
  const std::span<const unsigned char> digits = bytes_of(bytes);
  std::uint64_t value = digits[0] >= 0x80U ? ~std::uint64_t{0} : 0;
  for (const unsigned char digit : digits) value = value << 8U | digit;
  return {ValueKind::integer, static_cast<std::int64_t>(value), {}};
}

std::vector<Value> columns_of(const RecordHead& head, std::string_view payload) {
  std::vector<Value> columns;
  columns.reserve(head.types.size());
  std::size_t at = head.bytes;
  for (const std::uint64_t type : head.types) {
    const auto bytes = static_cast<std::size_t>(bytes_of_type(type));
    columns.push_back(value_of_type(type, payload.substr(at, bytes)));
    at += bytes;
  }
  return columns;
}

// ---------------------------------------------------------------- pages

std::size_t base_of(std::uint32_t number) noexcept { return number == 1 ? 100 : 0; }

bool is_inner(PageKind kind) noexcept {
  return kind == PageKind::table_inner || kind == PageKind::index_inner;
}

/// How much of a payload lies on the page itself.
std::size_t local_bytes(PageKind kind, std::uint64_t payload) noexcept {
  constexpr std::size_t least = (usable - 12) * 32 / 255 - 23;
  const std::size_t most = kind == PageKind::table_leaf ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  if (payload <= most) return static_cast<std::size_t>(payload);
  const std::size_t fitting = least + static_cast<std::size_t>((payload - least) % (usable - 4));
  return fitting <= most ? fitting : least;
}

/// What cells do not use: the gap, free blocks and fragments. Nothing if the page's own figures are impossible.
std::optional<std::size_t> unused_on(std::span<const unsigned char> page, std::size_t base,
                                     std::size_t cells_from) {
  const std::size_t content = number_16(&page[base + 5]);
  if (content < cells_from || content > usable) return {};
  std::size_t unused = content - cells_from + page[base + 7];
  std::size_t block = number_16(&page[base + 1]);
  for (std::size_t last = content; block != 0;) {
    if (block < last || block + 4 > usable) return {};  // ascending, so this ends
    unused += number_16(&page[block + 2]);
    last = block + 4;
    block = number_16(&page[block]);
  }
  return unused;
}

}  // namespace

PageKind kind_of(std::uint32_t number, const Page& page) noexcept {
  switch (page.at(base_of(number))) {
    case 0x0d: return PageKind::table_leaf;
    case 0x05: return PageKind::table_inner;
    case 0x0a: return PageKind::index_leaf;
    case 0x02: return PageKind::index_inner;
    default: return PageKind::other;
  }
}

bool PageRows::follow_chain(std::uint32_t next, std::size_t bytes, std::string& payload) {
  Page page{};
  while (payload.size() < bytes) {
    if (chain_budget_ == 0 || !pages_.has(next)) return false;
    --chain_budget_;
    pages_.read(next, page);
    const std::size_t more = std::min(bytes - payload.size(), usable - 4);
    payload.append(reinterpret_cast<const char*>(page.data()) + 4, more);
    next = number_32(page.data());
  }
  return true;
}

void PageRows::visit_cell(const Page& page, PageKind kind, std::size_t at, const Visitor& visitor,
                          std::size_t& used) {
  Reader reader{std::span(page).subspan(at)};
  if (is_inner(kind)) reader.word();  // the child to the left
  const std::uint64_t bytes = reader.varint();
  Row row;
  row.by_rowid = kind == PageKind::table_leaf;
  if (row.by_rowid) row.rowid = static_cast<std::int64_t>(reader.varint());
  const std::optional<std::int64_t> rowid = row.by_rowid ? std::optional(row.rowid) : std::nullopt;
  const std::size_t local = local_bytes(kind, bytes);
  const auto here = reader.take(local);
  const std::uint32_t chain = bytes > local ? reader.word() : 0;
  if (reader.spent()) return visitor.unreadable({}, "its place on the page is impossible");
  used += std::max<std::size_t>(reader.at(), 4);
  const auto head = bytes <= payload_bytes_max ? head_of(here, bytes) : std::nullopt;
  if (!head) return visitor.unreadable(rowid, "its columns do not add up");
  row.payload.assign(reinterpret_cast<const char*>(here.data()), here.size());
  if (bytes > local && !follow_chain(chain, static_cast<std::size_t>(bytes), row.payload))
    return visitor.unreadable(rowid, "a page that it goes on on is not there");
  row.columns = columns_of(*head, row.payload);
  visitor.row(row);
}

void PageRows::visit(std::uint32_t number, const Page& page, const Visitor& visitor) {
  const PageKind kind = kind_of(number, page);
  if (kind == PageKind::other || kind == PageKind::table_inner) return;
  const std::size_t base = base_of(number);
  const std::size_t cells = number_16(&page.at(base + 3));
  const std::size_t pointers = base + (is_inner(kind) ? 12 : 8);
  const std::size_t there = std::min(cells, (usable - pointers) / 2);
  const std::optional<std::size_t> unused = unused_on(page, base, pointers + 2 * there);
  std::size_t used = pointers + 2 * there;
  for (std::size_t index = 0; index < there; ++index) {
    const std::size_t at = number_16(&page.at(pointers + 2 * index));
    if (at >= pointers + 2 * there && at < usable) {
      visit_cell(page, kind, at, visitor, used);
    } else {
      visitor.unreadable({}, "its place on the page is impossible");
    }
  }
  if (there != cells || !unused || used + *unused != usable) visitor.unsound();
}

}  // namespace storegate::storage
