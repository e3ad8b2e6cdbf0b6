// Configuration files for tests: the smallest one, with a line replaced or added, read, and held against what is expected.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "app/config.hpp"

namespace storegate::test {

using app::ConfigReading;
using app::ConfigSurroundings;

// Line numbers of cases count from this text's own first line.
inline const std::string minimal = R"([store]
id = "store-042"
[storage]
path = "/var/lib/storegate/orders.db"
[http]
listen = "127.0.0.1:8080"
[pos]
url = "http://127.0.0.1:8081"
[[partner]]
name = "kiosk"
release = "immediate"
)";
inline constexpr std::uint32_t minimal_lines = 11;

inline ConfigReading read(const std::string& text, const ConfigSurroundings& around = {}) {
  return app::parse_config(text, around);
}

inline std::string all_of(const ConfigReading& reading) {
  std::string out;
  for (const auto& problem : reading.problems) out += app::describe(problem, "f") + "\n";
  for (const auto& warning : reading.warnings) out += app::describe(warning, "f") + "\n";
  return out;
}

inline app::Config good(const std::string& text, const ConfigSurroundings& around = {}) {
  const ConfigReading reading = read(text, around);
  INFO(all_of(reading));
  REQUIRE(reading.config.has_value());
  return *reading.config;
}

/// The minimal file with one line replaced.
inline std::string with(const std::string& old_line, const std::string& new_line) {
  std::string text = minimal;
  const auto at = text.find(old_line);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old_line.size(), new_line);
}

struct BadCase {
  std::string text;
  std::uint32_t line;
  const char* key;
  const char* says;
};

inline void check_bad(const BadCase& bad) {
  CAPTURE(bad.text);
  const ConfigReading reading = read(bad.text);
  INFO(all_of(reading));
  CHECK_FALSE(reading.config.has_value());
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].line == bad.line);
  CHECK((bad.line == 0) == (reading.problems[0].column == 0));
  CHECK(reading.problems[0].key == bad.key);
  CHECK(reading.problems[0].text.find(bad.says) != std::string::npos);
}

/// A problem with the first of the lines that are put behind the minimal file's last section, [[partner]].
inline BadCase partner_line(const std::string& line, const char* key, const char* says) {
  return {minimal + line + "\n", minimal_lines + 1, key, says};
}

/// The same in a section of its own.
inline BadCase section_line(const std::string& section, const std::string& line, const char* key,
                            const char* says) {
  return {minimal + section + "\n" + line + "\n", minimal_lines + 2, key, says};
}

inline BadCase replaced_line(const std::string& old_line, const std::string& new_line, std::uint32_t line,
                             const char* key, const char* says) {
  return {with(old_line, new_line), line, key, says};
}

}  // namespace storegate::test
