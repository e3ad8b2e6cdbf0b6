// Walks over a chunked body in front of Beast and judges what stands between its data: size lines, line ends, trailers.
// Beast reads the same bytes afterwards, and both must find the same end. Knows nothing of what the data is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/http_rules.hpp"

namespace storegate::platform {

class HttpChunkScan {
 public:
  /// `trailer_bytes_max` with their empty line, `lines_max` of them; beyond: 431.
  HttpChunkScan(std::size_t trailer_bytes_max, std::size_t lines_max) noexcept
      : trailer_bytes_max_(trailer_bytes_max), lines_max_(lines_max) {}

  /// Takes what follows the bytes of the last call; how many of them belong to the body. Fewer than all: it is
  /// complete, or refused by the byte behind them.
  std::size_t take(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && part_ != Part::over && !fault_) {
      if (part_ == Part::data) {
        const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size() - at));
        size_ -= skipped;
        at += skipped;
        if (size_ == 0) part_ = Part::data_end;
      } else if (fault_ = take_byte(bytes[at]); !fault_) {
        ++at;
      }
    }
    return at;
  }

  [[nodiscard]] bool is_complete() const noexcept { return part_ == Part::over; }
  [[nodiscard]] MaybeFault fault() const noexcept { return fault_; }

 private:
  enum class Part { size, extension, data, data_end, trailer, over };

  // Four GiB, beyond any body. Zeros in front count: without a bound they are a line without end.
  static constexpr unsigned digits_max = 8;
  // Nobody needs extensions; long ones are a way to keep a server busy (a byte of body for kilobytes of line). One
  // scheme in use signs each chunk of 64 KiB with 85 bytes.
  static constexpr std::size_t extension_bytes_max = 128;
  static constexpr std::size_t extensions_bytes_max = 4096;

  MaybeFault take_byte(char byte) {
    if (after_return_) {
      if (byte != '\n') return HttpFault{"a chunk's line has a bare carriage return"};
      after_return_ = false;
      return end_line();
    }
    if (byte == '\r') {
      after_return_ = true;
      return is_quoted_ || (part_ == Part::size && digits_ == 0) ? malformed : MaybeFault{};
    }
    switch (part_) {
      case Part::size: return take_size(byte);
      case Part::extension: return take_extension(byte);
      case Part::trailer: return take_trailer(byte);
      default: return HttpFault{"a chunk is longer than its size says"};
    }
  }

  MaybeFault take_size(char byte) {
    if (byte == ';' && digits_ > 0) {
      part_ = Part::extension;
      extension_bytes_ = 0;
      return {};
    }
    const auto digit = std::string_view("0123456789abcdefABCDEF").find(byte);
    if (digit == std::string_view::npos) return malformed;
    if (++digits_ > digits_max) return HttpFault{"a chunk's size is larger than allowed"};
    size_ = size_ * 16 + (digit < 16 ? digit : digit - 6);
    return {};
  }

  MaybeFault take_extension(char byte) {
    if (byte == '"') is_quoted_ = !is_quoted_;
    if (is_http_control(byte) || byte == '\\') return malformed;
    if (++extension_bytes_ > extension_bytes_max || ++extensions_bytes_ > extensions_bytes_max)
      return HttpFault{"the chunk extensions are too long"};
    return {};
  }

  MaybeFault take_trailer(char byte) {
    if (is_http_control(byte)) return HttpFault{"a trailer has a control character"};
    if (line_.empty() && (byte == ' ' || byte == '\t')) return HttpFault{"a trailer is folded"};
    if (++trailer_bytes_ >= trailer_bytes_max_) return HttpFault{"the trailers are larger than allowed", 431};
    line_ += byte;
    return {};
  }

  MaybeFault end_line() {
    if (part_ == Part::trailer) return end_trailer();
    if (part_ == Part::data_end) {
      digits_ = 0;
      part_ = Part::size;
    } else {
      part_ = size_ == 0 ? Part::trailer : Part::data;
    }
    return {};
  }

  MaybeFault end_trailer() {
    if (line_.empty()) {
      part_ = Part::over;
      return {};
    }
    if (++lines_ > lines_max_) return HttpFault{"there are more trailers than allowed", 431};
    if (const auto fault = fault_of_field(line_)) return fault;
    if (is_framing_name(line_.substr(0, line_.find(':'))))
      return HttpFault{"a trailer says what only a header may say"};
    line_.clear();
    return {};
  }

  static constexpr MaybeFault malformed = HttpFault{"a chunk is malformed"};

  std::size_t trailer_bytes_max_;
  std::size_t lines_max_;
  Part part_ = Part::size;
  bool after_return_ = false;
  unsigned digits_ = 0;
  std::uint64_t size_ = 0;  // of the chunk, then what is left of it
  bool is_quoted_ = false;
  std::size_t extension_bytes_ = 0;
  std::size_t extensions_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t lines_ = 0;
  std::string line_;  // of the trailers, as far as it has come
  MaybeFault fault_;
};

}  // namespace storegate::platform
