// The text of HTTP/1.1: request and answer heads, chunks, percent-encoding. Pure: no socket.
// Shared by the POS double (reads requests) and the callers (read answers).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::support {

/// Views into the bytes that were parsed; valid as long as those.
struct HttpHead {
  std::string_view first;   // request: method; answer: version
  std::string_view second;  // request: target; answer: status
  std::string_view fields;  // the header lines, each ending in CRLF
  std::size_t size = 0;     // of the whole head with its empty line
};

/// The head at the front of `bytes`; empty while its end has not come. Malformed: `first` is empty.
[[nodiscard]] std::optional<HttpHead> parse_head(std::string_view bytes);
/// A field's value without surrounding blanks, found whatever its case; empty if absent.
[[nodiscard]] std::optional<std::string_view> field(const HttpHead& head, std::string_view name);
/// Calls use(name, value) for every header line.
template <typename Use>
void each_field(const HttpHead& head, Use&& use);

[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;  // ASCII case ignored
/// A non-negative decimal number, nothing else around it.
[[nodiscard]] std::optional<std::size_t> decimal(std::string_view text) noexcept;

/// How the body of an answer ends.
enum class BodyEnd { by_length, by_chunks, by_close };
/// An answer as far as it has come.
struct AnswerBytes {
  HttpHead head;
  int status = 0;
  std::string body;
  BodyEnd end = BodyEnd::by_length;
  std::size_t size = 0;  // bytes of the whole answer, once complete
  bool complete = false;
  bool closes = false;  // "Connection: close" or HTTP/1.0
  bool malformed = false;
};
/// Parses the answer at the front of `bytes`. `no_body`: it answers a HEAD. `closed`: nothing will follow.
/// Empty while the head is not whole. 1xx answers are returned like any other.
[[nodiscard]] std::optional<AnswerBytes> parse_answer(std::string_view bytes, bool no_body, bool closed);

/// "%41b" -> "Ab"; empty when an escape is malformed. '+' stays '+'.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Everything but unreserved characters escaped.
[[nodiscard]] std::string percent_encode(std::string_view text);

template <typename Use>
void each_field(const HttpHead& head, Use&& use) {
  std::string_view rest = head.fields;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    use(line.substr(0, colon), value);
  }
}

}  // namespace storegate::support
