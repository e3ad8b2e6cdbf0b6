// The civil calendar by arithmetic (days since 1970 in the proleptic Gregorian calendar), since the C library's own
// conversions depend on environment and locale.
#include "codec/times.hpp"

#include <algorithm>
#include <chrono>

#include "codec/text.hpp"

namespace storegate::codec {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t wall_ms_max = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

/// Reads from the front of a text and remembers whether anything did not fit.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  int digits(std::size_t count) {
    int value = 0;
    if (rest.size() < count) return ok = false, 0;
    for (std::size_t at = 0; at < count; ++at) {
      if (rest[at] < '0' || rest[at] > '9') return ok = false, 0;
      value = value * 10 + (rest[at] - '0');
    }
    rest.remove_prefix(count);
    return value;
  }

  /// One character out of `any`, or 0.
  char take(std::string_view any) {
    if (rest.empty() || any.find(rest.front()) == std::string_view::npos) return 0;
    const char c = rest.front();
    rest.remove_prefix(1);
    return c;
  }

  void expect(std::string_view any) {
    if (take(any) == 0) ok = false;
  }

  /// The digits behind a dot, of which the first three count.
  int milliseconds() {
    int value = 0;
    std::size_t count = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1), ++count) {
      if (count < 3) value = value * 10 + (rest.front() - '0');
    }
    if (count == 0) ok = false;
    for (; count < 3; ++count) value *= 10;
    return value;
  }
};

/// Unix milliseconds of a day's start; nothing if there is no such day.
std::optional<std::int64_t> day_start(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()} * day_ms;
}

/// How a time may be written.
struct Manner {
  bool loose = false;            // as partners do, else RFC 3339
  int local_offset_minutes = 0;  // loose: of a text without an offset
};

/// Minutes that local time is ahead of UTC.
int offset_minutes(Scanner& scanner, const Manner& manner) {
  while (manner.loose && scanner.take(" ") != 0) {
  }
  if (scanner.take("Zz") != 0) return 0;
  if (manner.loose && scanner.rest.empty()) return manner.local_offset_minutes;
  const char sign = scanner.take("+-");
  const int hours = scanner.digits(2);
  const bool has_colon = scanner.take(":") != 0;
  if (!has_colon && !manner.loose) scanner.ok = false;
  const bool is_short = manner.loose && !has_colon && scanner.rest.empty();
  const int minutes = is_short ? 0 : scanner.digits(2);
  if (sign == 0 || hours > 23 || minutes > 59) scanner.ok = false;
  return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

void append_digits(std::string& out, int value, std::size_t count) {
  char digits[4];
  for (std::size_t at = count; at-- > 0; value /= 10) digits[at] = static_cast<char>('0' + value % 10);
  out.append(digits, count);
}

}  // namespace

namespace {

std::optional<std::int64_t> time_in(std::string_view text, const Manner& manner) noexcept {
  Scanner scanner{text};
  const int year = scanner.digits(4);
  scanner.expect("-");
  const int month = scanner.digits(2);
  scanner.expect("-");
  const int day = scanner.digits(2);
  scanner.expect(manner.loose ? "Tt " : "Tt");
  const int hour = scanner.digits(2);
  scanner.expect(":");
  const int minute = scanner.digits(2);
  const bool has_seconds = scanner.take(":") != 0;
  if (!has_seconds && !manner.loose) scanner.ok = false;
  const int second = has_seconds ? scanner.digits(2) : 0;
  const int fraction_ms = has_seconds && scanner.take(".") != 0 ? scanner.milliseconds() : 0;
  const int ahead = offset_minutes(scanner, manner);
  if (!scanner.ok || !scanner.rest.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const auto start = day_start(year, month, day);
  if (!start) return std::nullopt;
  const std::int64_t seconds = (std::int64_t{hour} * 60 + minute - ahead) * 60 + second;
  const std::int64_t wall_ms = *start + seconds * 1000 + fraction_ms;
  if (wall_ms < 0 || wall_ms > wall_ms_max) return std::nullopt;
  return wall_ms;
}

}  // namespace

std::optional<std::int64_t> time_from(std::string_view text) noexcept { return time_in(text, {}); }

std::optional<std::int64_t> loose_time_from(std::string_view text, int local_offset_minutes) noexcept {
  return time_in(trimmed(text), {true, local_offset_minutes});
}

void append_time(std::string& out, std::int64_t wall_ms) {
  wall_ms = std::clamp<std::int64_t>(wall_ms, 0, wall_ms_max);
  const auto days = std::chrono::days{wall_ms / day_ms};
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const auto rest = static_cast<int>(wall_ms % day_ms);
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  out += '-';
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  out += 'T';
  append_digits(out, rest / 3'600'000, 2);
  out += ':';
  append_digits(out, rest / 60'000 % 60, 2);
  out += ':';
  append_digits(out, rest / 1000 % 60, 2);
  out += '.';
  append_digits(out, rest % 1000, 3);
  out += 'Z';
}

std::string time_text(std::int64_t wall_ms) {
  std::string out;
  append_time(out, wall_ms);
  return out;
}

}  // namespace storegate::codec
