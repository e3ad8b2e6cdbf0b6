// Bytes read and not yet used up, in one piece and in one allocation that is kept. Knows nothing of HTTP.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace storegate::platform {

/// The text and its memory: to assign an empty one frees nothing in g++'s library.
inline void give_back(std::string& text) noexcept { std::string().swap(text); }

class HttpBuffer {
 public:
  /// Room for at least `bytes` more; never less than 8 KiB in all, so that a common message comes with one read
  /// that leaves room (a read that fills its buffer costs another to find the socket empty).
  char* prepare(std::size_t bytes) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ < bytes) make_room(bytes);
    return bytes_.get() + end_;
  }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - end_; }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }
  [[nodiscard]] std::string_view unread() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

 private:
  void make_room(std::size_t bytes) {
    const std::size_t kept = end_ - begin_;
    if (capacity_ < kept + bytes) {
      const std::size_t larger = std::max<std::size_t>({8192, capacity_ * 2, kept + bytes});
      auto moved = std::make_unique_for_overwrite<char[]>(larger);
      if (kept > 0) std::memcpy(moved.get(), bytes_.get() + begin_, kept);
      bytes_ = std::move(moved);
      capacity_ = larger;
    } else {
      std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace storegate::platform
