// Frame after frame along the chain of checksums; see wal_file.hpp for what counts.
#include "storage/wal_file.hpp"

#include <array>
#include <optional>
#include <utility>

#include "storage/big_endian.hpp"
#include "storage/database.hpp"

namespace storegate::storage {
namespace {

constexpr std::int64_t header_bytes = 32;
constexpr std::int64_t frame_header_bytes = 24;
constexpr std::int64_t frame_bytes = frame_header_bytes + page_bytes;
constexpr std::uint32_t magic = 0x377f0682;  // its last bit: the checksums' byte order
constexpr std::uint32_t format = 3007000;

using Checksum = std::pair<std::uint32_t, std::uint32_t>;
using Salts = std::pair<std::uint32_t, std::uint32_t>;

/// SQLite's own: over pairs of 32-bit words.
Checksum checksum(Checksum sum, bool big_endian, std::span<const unsigned char> bytes) noexcept {
  const auto word = [&](std::size_t at) {
    const unsigned char* from = bytes.data() + at;
    if (big_endian) return number_32(from);
    return std::uint32_t{from[3]} << 24U | std::uint32_t{from[2]} << 16U | std::uint32_t{from[1]} << 8U |
           from[0];
  };
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum.first += word(at) + sum.second;
    sum.second += word(at + 4) + sum.first;
  }
  return sum;
}

std::pair<std::uint32_t, std::uint32_t> two_words(const unsigned char* from) noexcept {
  return {number_32(from), number_32(from + 4)};
}

class Walk {
 public:
  explicit Walk(const ByteSource& wal) : wal_(wal), frames_((wal.size() - header_bytes) / frame_bytes) {}

  WalPages run() {
    if (frames_ < 1 || !begin()) return std::move(found_);
    for (std::int64_t index = 0; index < frames_; ++index) {
      read(index);
      if (salts_of_frame() == salts_) {
        take(index);
      } else {
        if (index > 0 && !is_ours(index + 1)) break;
        chain_.reset();
        miss(index);
      }
    }
    return std::move(found_);
  }

 private:
  /// A damaged header is done without: every frame has the salts, and the second one is as good as the first.
  bool begin() {
    std::array<unsigned char, header_bytes> header{};
    wal_.read(0, header);
    const std::uint32_t kind = number_32(header.data());
    big_endian_ = kind == magic + 1;
    const Checksum sum = checksum({0, 0}, big_endian_, std::span(header).first(24));
    const bool good = (kind & ~1U) == magic && number_32(header.data() + 4) == format &&
                      number_32(header.data() + 8) == page_bytes && sum == two_words(header.data() + 24);
    if (good) {
      salts_ = two_words(header.data() + 16);
      chain_ = sum;
      return true;
    }
    big_endian_ = false;
    if (frames_ < 2) return false;
    read(1);
    salts_ = salts_of_frame();
    found_.header_damaged = salts_ != Salts{} && is_ours(2);  // one frame alone proves nothing
    return found_.header_damaged;
  }

  void read(std::int64_t index) { wal_.read(header_bytes + index * frame_bytes, frame_); }

  [[nodiscard]] Salts salts_of_frame() const noexcept { return two_words(frame_.data() + 8); }

  [[nodiscard]] bool is_ours(std::int64_t index) const {
    std::array<unsigned char, frame_header_bytes> header{};
    return index < frames_ && wal_.read(header_bytes + index * frame_bytes, header) &&
           two_words(header.data() + 8) == salts_;
  }

  /// The frame that was read is of this use of the file.
  void take(std::int64_t index) {
    const Checksum stored = two_words(frame_.data() + 16);
    const bool good = chain_ && sum_of_frame() == stored;
    chain_ = stored;
    good ? accept(index) : miss(index);
  }

  [[nodiscard]] Checksum sum_of_frame() const noexcept {
    const Checksum sum = checksum(*chain_, big_endian_, std::span(frame_).first(8));
    return checksum(sum, big_endian_, std::span(frame_).subspan(frame_header_bytes));
  }

  void miss(std::int64_t index) {
    missed_.push_back(index + 1);
    doubtful_ = false;  // whether the next good frame began a commit is not known now; a later one will tell
  }

  void accept(std::int64_t index) {
    const std::uint32_t page = number_32(frame_.data());
    const std::uint32_t pages_after = number_32(frame_.data() + 4);
    const bool padding = pages_after != 0 && page == last_committed_;  // a commit's last frame, once more
    if (doubtful_ && !padding) settle();
    pending_[page] = header_bytes + index * frame_bytes + frame_header_bytes;
    last_committed_ = pages_after != 0 ? page : 0;
    if (pages_after == 0) return;
    pages_after_ = pages_after;
    missed_.empty() ? settle() : static_cast<void>(doubtful_ = true);
  }

  /// What is pending was committed and synced.
  void settle() {
    for (const auto& [page, at] : pending_) {
      if (page != 0) found_.content_at[page] = at;
    }
    found_.damaged_frames.insert(found_.damaged_frames.end(), missed_.begin(), missed_.end());
    found_.database_pages = pages_after_;
    pending_.clear();
    missed_.clear();
    doubtful_ = false;
  }

  const ByteSource& wal_;
  const std::int64_t frames_;
  std::array<unsigned char, frame_bytes> frame_{};
  bool big_endian_ = false;
  Salts salts_;
  std::optional<Checksum> chain_;                  // up to the frame before; nothing: it is not known
  std::map<std::uint32_t, std::int64_t> pending_;  // since the last commit that counts
  std::vector<std::int64_t> missed_;               // damaged frames since then
  std::uint32_t last_committed_ = 0;               // the page of the frame before, where that ended a commit
  std::uint32_t pages_after_ = 0;
  bool doubtful_ =
      false;  // a commit has ended that has damaged frames; a frame right behind it proves that it was synced
  WalPages found_;
};

}  // namespace

WalPages read_wal(const ByteSource& wal) { return Walk(wal).run(); }

}  // namespace storegate::storage
