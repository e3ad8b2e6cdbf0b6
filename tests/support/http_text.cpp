// HTTP/1.1 heads and bodies, written and read as text.
#include "tests/support/http_text.hpp"

#include <algorithm>
#include <charconv>

namespace storegate::support {

namespace {

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

/// The joined chunks at the front of `bytes` and how many bytes they took; size 0 = not whole yet.
struct Chunks {
  std::string body;
  std::size_t size = 0;
  bool malformed = false;
};

Chunks parse_chunks(std::string_view bytes) {
  Chunks chunks;
  std::size_t at = 0;
  while (true) {
    const auto line_end = bytes.find("\r\n", at);
    if (line_end == std::string_view::npos) return chunks;
    std::size_t length = 0;
    const auto parsed = std::from_chars(bytes.data() + at, bytes.data() + line_end, length, 16);
    chunks.malformed = parsed.ec != std::errc{};
    if (chunks.malformed || bytes.size() < line_end + 2 + length + 2) return chunks;
    chunks.body.append(bytes.substr(line_end + 2, length));
    at = line_end + 2 + length + 2;
    if (length == 0) break;  // trailers are not sent by anyone we talk to
  }
  chunks.size = at;
  return chunks;
}

BodyEnd body_end_of(const HttpHead& head, bool no_body, int status) {
  if (no_body || status == 204 || status == 304 || status < 200) return BodyEnd::by_length;
  const auto coding = field(head, "Transfer-Encoding");
  if (coding && same_word(*coding, "chunked")) return BodyEnd::by_chunks;
  return field(head, "Content-Length") ? BodyEnd::by_length : BodyEnd::by_close;
}

std::size_t length_of(const HttpHead& head, bool no_body, int status) {
  if (no_body || status == 204 || status == 304 || status < 200) return 0;
  return decimal(field(head, "Content-Length").value_or("")).value_or(0);
}

int hex_digit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char small = lower(digit);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::size_t> decimal(std::string_view text) noexcept {
  std::size_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

std::optional<HttpHead> parse_head(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  HttpHead head;
  head.size = end + 4;
  const auto line_end = bytes.find("\r\n");
  head.fields = bytes.substr(line_end + 2, end + 2 - (line_end + 2));
  const std::string_view line = bytes.substr(0, line_end);
  const auto first_blank = line.find(' ');
  if (first_blank == std::string_view::npos || first_blank == 0) return head;
  const auto second_blank = line.find(' ', first_blank + 1);
  head.second = line.substr(first_blank + 1, second_blank - (first_blank + 1));
  if (!head.second.empty()) head.first = line.substr(0, first_blank);
  return head;
}

std::optional<std::string_view> field(const HttpHead& head, std::string_view name) {
  std::optional<std::string_view> found;
  each_field(head, [&](std::string_view its_name, std::string_view value) {
    if (!found && same_word(its_name, name)) found = value;
  });
  return found;
}

std::optional<AnswerBytes> parse_answer(std::string_view bytes, bool no_body, bool closed) {
  const auto head = parse_head(bytes);
  if (!head) return std::nullopt;
  AnswerBytes answer;
  answer.head = *head;
  answer.status = static_cast<int>(decimal(head->second).value_or(0));
  answer.malformed = !head->first.starts_with("HTTP/1.") || answer.status < 100 || answer.status > 999;
  answer.end = body_end_of(*head, no_body, answer.status);
  answer.closes = head->first == "HTTP/1.0" || same_word(field(*head, "Connection").value_or(""), "close") ||
                  answer.end == BodyEnd::by_close;
  const std::string_view rest = bytes.substr(head->size);
  std::size_t body_size = rest.size();
  if (answer.end == BodyEnd::by_chunks) {
    Chunks chunks = parse_chunks(rest);
    answer.malformed = answer.malformed || chunks.malformed;
    answer.complete = chunks.size > 0;
    answer.body = std::move(chunks.body);
    body_size = chunks.size;
  } else if (answer.end == BodyEnd::by_length) {
    const std::size_t length = length_of(*head, no_body, answer.status);
    answer.complete = rest.size() >= length;
    answer.body = rest.substr(0, length);
    body_size = length;
  } else {
    answer.complete = closed;
    answer.body = rest;
  }
  if (answer.complete) answer.size = head->size + body_size;
  return answer;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    const bool plain = (letter >= '0' && letter <= '9') || (lower(letter) >= 'a' && lower(letter) <= 'z') ||
                       std::string_view("-._~").find(letter) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(letter);
    if (plain)
      encoded += letter;
    else
      (encoded += '%', encoded += digits[byte >> 4], encoded += digits[byte & 15]);
  }
  return encoded;
}

}  // namespace storegate::support
