// Finds the end of a header block in bytes that arrive in pieces, line by line, each byte looked at once.
// Knows nothing of what the lines say; refuses what parsers disagree about: bare LF and folded lines.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace storegate::platform {

class HttpHeaderScan {
 public:
  enum class Found { not_yet, whole, too_long, malformed };

  /// `bytes` begins at the same place each time. After `whole`, begin() and end() bound the block with its empty line.
  Found scan(std::string_view bytes, std::size_t bytes_max) {
    if (!skip_empty_lines(bytes)) return Found::not_yet;
    while (const char* feed = next_line_feed(bytes)) {
      const auto at = static_cast<std::size_t>(feed - bytes.data());
      if (at == line_ || bytes[at - 1] != '\r') return refuse("a line ends in a bare line feed");
      if (line_ > begin_ && is_blank(bytes[line_])) return refuse("a header line is folded");
      const bool is_empty = at == line_ + 1;
      line_ = looked_at_ = at + 1;
      if (line_ - begin_ > bytes_max) return Found::too_long;
      if (is_empty) return Found::whole;
    }
    looked_at_ = bytes.size();
    return bytes.size() - begin_ > bytes_max ? Found::too_long : Found::not_yet;
  }

  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return line_; }
  [[nodiscard]] std::string_view why() const noexcept { return why_; }

 private:
  static bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

  /// RFC 9112 2.2: an empty line before the start line is to be ignored; two at most, more are an attack.
  bool skip_empty_lines(std::string_view bytes) {
    while (line_ == begin_ && begin_ < 4 && bytes.substr(begin_).starts_with("\r\n")) {
      begin_ += 2;
      line_ = looked_at_ = begin_;
    }
    return bytes.size() > begin_ && bytes.substr(begin_) != "\r";
  }

  const char* next_line_feed(std::string_view bytes) const {
    if (looked_at_ >= bytes.size()) return nullptr;
    return static_cast<const char*>(std::memchr(bytes.data() + looked_at_, '\n', bytes.size() - looked_at_));
  }

  Found refuse(std::string_view why) {
    why_ = why;
    return Found::malformed;
  }

  std::size_t begin_ = 0;
  std::size_t line_ = 0;  // where the line being looked at begins
  std::size_t looked_at_ = 0;
  std::string_view why_;
};

}  // namespace storegate::platform
