// Reads tests/fixtures/http: requests as bytes, each with what must become of it. The format is in its README.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storegate::tests {

struct CorpusCase {
  std::string expected;  // a status, or what is echoed
  std::string what;
  std::string bytes;
};

namespace corpus {

inline char unescaped(std::string_view text, std::size_t& at) {
  const char kind = text.at(++at);
  switch (kind) {
    case 'r': return '\r';
    case 'n': return '\n';
    case 't': return '\t';
    case '0': return '\0';
    case '\\': return '\\';
    case 'x':
      at += 2;
      return static_cast<char>(std::strtol(std::string(text.substr(at - 1, 2)).c_str(), nullptr, 16));
    default: FAIL("an unknown escape in: " << text);
  }
  return kind;
}

/// Where "{N*" that begins here ends, N in `times`; npos if this brace is only a brace.
inline std::size_t repeated_from(std::string_view text, std::size_t at, std::size_t& times) {
  const auto star = text.find_first_not_of("0123456789", at + 1);
  if (star == at + 1 || star >= text.size() || text[star] != '*') return std::string_view::npos;
  times = static_cast<std::size_t>(std::atol(text.data() + at + 1));
  return star + 1;
}

/// Up to the end, or to the brace that closes a repetition.
inline std::string decoded(std::string_view text, std::size_t& at, bool repeated) {
  std::string bytes;
  for (; at < text.size(); ++at) {
    std::size_t times = 0;
    if (text[at] == '}' && repeated) break;
    if (text[at] == '\\') {
      bytes += unescaped(text, at);
    } else if (const auto inner = text[at] == '{' ? repeated_from(text, at, times) : std::string_view::npos;
               inner != std::string_view::npos) {
      at = inner;
      const auto once = decoded(text, at, true);
      for (; times > 0; --times) bytes += once;
    } else {
      bytes += text[at];
    }
  }
  return bytes;
}

inline std::string decoded(std::string_view text) {
  std::size_t at = 0;
  return decoded(text, at, false);
}

inline std::string request_of(std::string_view line) {
  const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  switch (line.empty() ? '\0' : line[0]) {
    case '@': return post + decoded(line.substr(1));
    case '%': return post + "Transfer-Encoding: chunked\r\n\r\n" + decoded(line.substr(1));
    case '&': return "GET /echo HTTP/1.1\r\nHost: a\r\n" + decoded(line.substr(1));
    default: return decoded(line);
  }
}

}  // namespace corpus

inline std::vector<CorpusCase> read_corpus(const std::string& name) {
  std::ifstream file(std::string(STOREGATE_FIXTURES) + "/http/" + name);
  std::vector<CorpusCase> cases;
  for (std::string head, bytes; std::getline(file, head) && std::getline(file, bytes);) {
    REQUIRE_MESSAGE(head.starts_with("= "), head);
    const auto blank = head.find(' ', 2);
    cases.push_back(
        {corpus::decoded(head.substr(2, blank - 2)), head.substr(blank + 1), corpus::request_of(bytes)});
  }
  return cases;
}

}  // namespace storegate::tests
