// Finds the end of a head in bytes that arrive in pieces, and judges each byte and line as it comes: what is wrong is
// refused at its first byte, not when the rest has arrived. Two empty lines may stand in front (RFC 9112 2.2).
#pragma once

#include <cstddef>
#include <string_view>

#include "platform/http_rules.hpp"

namespace storegate::platform {

class HttpHeaderScan {
 public:
  enum class Found { not_yet, whole, refused };

  /// `bytes_max` of start line and headers with their empty line, `lines_max` of the headers alone; beyond them: 431.
  HttpHeaderScan(bool is_request, std::size_t bytes_max, std::size_t lines_max) noexcept
      : rules_(is_request), bytes_max_(bytes_max), lines_max_(lines_max) {}

  /// `bytes` begins at the same place each time. After `whole`, begin() and end() bound the block with its empty line.
  Found scan(std::string_view bytes) {
    for (; at_ < bytes.size(); ++at_) {
      if (fault_ = fault_of_byte(bytes[at_]); fault_) return Found::refused;
      if (bytes[at_] != '\n') continue;
      const auto line = bytes.substr(line_, at_ - 1 - line_);
      const bool is_first = line_ == begin_;
      line_ = at_ + 1;
      after_return_ = false;
      if (line.empty() && !is_first) return finish();
      if (fault_ = fault_of_line(line, is_first); fault_) return Found::refused;
    }
    return Found::not_yet;
  }

  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return line_; }
  [[nodiscard]] HttpFault fault() const noexcept { return fault_.value_or(HttpFault{}); }

 private:
  MaybeFault fault_of_byte(char byte) {
    if (at_ - begin_ >= bytes_max_)
      return HttpFault{"the request line and headers are larger than allowed", 431};
    if (after_return_ && byte != '\n') return HttpFault{"a line has a bare carriage return"};
    if (byte == '\n' && !after_return_) return HttpFault{"a line ends in a bare line feed"};
    if (byte == '\n') return {};
    after_return_ = byte == '\r';
    if (!after_return_ && is_http_control(byte)) return HttpFault{"a line has a control character"};
    if (at_ == line_ && line_ > begin_ && (byte == ' ' || byte == '\t'))
      return HttpFault{"a header line is folded"};
    return {};
  }

  MaybeFault fault_of_line(std::string_view line, bool is_first) {
    if (is_first && line.empty() && begin_ < 4) {
      begin_ = line_;
      return {};
    }
    if (is_first) return line.empty() ? HttpFault{"the start line is missing"} : rules_.start_line(line);
    if (++lines_ > lines_max_) return HttpFault{"there are more header lines than allowed", 431};
    return rules_.field(line);
  }

  Found finish() {
    fault_ = rules_.end();
    return fault_ ? Found::refused : Found::whole;
  }

  HttpHeadRules rules_;
  std::size_t bytes_max_;
  std::size_t lines_max_;
  std::size_t begin_ = 0;
  std::size_t line_ = 0;  // where the line being looked at begins
  std::size_t at_ = 0;
  std::size_t lines_ = 0;
  bool after_return_ = false;
  MaybeFault fault_;
};

}  // namespace storegate::platform
