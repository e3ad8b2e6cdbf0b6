// Formats a line and gives it to the kernel in one write; never waits for a reader.
#include "platform/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <mutex>

namespace storegate::platform {
namespace {

constexpr std::size_t line_limit = 8 * 1024;
constexpr std::size_t text_limit =
    line_limit - 1024;  // where text is cut; the rest is for names, numbers, brackets
constexpr std::string_view cut_mark = "...";

std::atomic<LogLevel> current_level{LogLevel::info};
std::atomic<std::uint64_t> dropped_total{0};

/// Where lines go. The mutex keeps them whole and in order, and is held over one write that does not wait.
struct Sink {
  std::mutex mutex;
  int descriptor = STDERR_FILENO;
  LogFormat format = ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
  std::uint64_t dropped_before = 0;  // since the last line that got through
  std::string unfinished;            // the rest of a line of which the pipe took a part
};

Sink& sink() {
  static auto* const only = new Sink;  // never destroyed: threads may log while the process ends
  return *only;
}

std::string_view word_for(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warn: return "warn";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "error";
}

std::string timestamp(std::int64_t wall_ms) {
  std::int64_t seconds = wall_ms / 1000;
  std::int64_t rest = wall_ms % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  const auto time = static_cast<time_t>(seconds);
  tm broken{};
  ::gmtime_r(&time, &broken);
  char text[64];
  const int length = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                   broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour,
                                   broken.tm_min, broken.tm_sec, static_cast<int>(rest));
  return {text, static_cast<std::size_t>(length)};
}

/// The bytes of the UTF-8 character that begins at `at`, 0 if there is none (then one byte is wrong).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(at);
  const unsigned second = byte(at + 1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // surrogates
    return follows(at + 1) && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return follows(at + 1) && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

/// How many characters from `at` on, at most `limit`, are written as they are.
std::size_t plain_run(std::string_view text, std::size_t at, std::size_t limit) {
  const std::size_t end = std::min(text.size(), at + limit);
  std::size_t next = at;
  while (next < end && text[next] >= ' ' && text[next] < 0x7f && text[next] != '"' && text[next] != '\\')
    ++next;
  return next - at;
}

/// Control characters are escaped in both formats: a value must not be able to begin a line of its own or move a
/// terminal's cursor. Bytes that are no UTF-8 become U+FFFD.
void append_escaped(std::string& line, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (line.size() >= text_limit) {
      line += cut_mark;
      return;
    }
    const std::size_t plain = plain_run(text, at, text_limit - line.size());
    if (plain > 0) {
      line.append(text.substr(at, plain));
      at += plain;
      continue;
    }
    const char c = text[at];
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      line += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (length == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      line += escaped;
    } else {
      line.append(text.substr(at, length));
    }
    at += length;
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line.push_back('"');
  append_escaped(line, text);
  line.push_back('"');
}

void append_integer(std::string& line, std::int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value);
  line.append(text, end.ptr);
}

void append_real(std::string& line, double value) {
  if (!std::isfinite(value)) {
    line += std::isnan(value) ? "\"nan\"" : (value > 0 ? "\"inf\"" : "\"-inf\"");  // JSON has no such numbers
    return;
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value);
  line.append(text, end.ptr);
}

void append_value(std::string& line, const LogValue& value) {
  switch (value.kind()) {
    case LogValue::Kind::text: return append_quoted(line, value.text());
    case LogValue::Kind::integer: return append_integer(line, value.integer());
    case LogValue::Kind::real: return append_real(line, value.real());
    case LogValue::Kind::boolean: line += value.boolean() ? "true" : "false"; return;
    case LogValue::Kind::redacted: line += "\"[redacted]\""; return;
  }
}

std::string json_line(std::int64_t wall_ms, LogLevel level, std::string_view message, LogFields fields,
                      std::uint64_t dropped) {
  std::string line;
  line.reserve(256);
  line += "{\"time\":\"";
  line += timestamp(wall_ms);
  line += "\",\"level\":\"";
  line += word_for(level);
  line += "\",\"message\":";
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ",\"";
    line += field.name;
    line += "\":";
    append_value(line, field.value);
  }
  if (dropped > 0) {
    line += ",\"dropped\":";
    append_integer(line, static_cast<std::int64_t>(dropped));
  }
  line += "}\n";
  return line;
}

std::string text_line(std::int64_t wall_ms, LogLevel level, std::string_view message, LogFields fields,
                      std::uint64_t dropped) {
  std::string line = timestamp(wall_ms);
  line.push_back(' ');
  line += word_for(level);
  line.append(6 - word_for(level).size(), ' ');
  append_escaped(line, message);
  for (const LogField& field : fields) {
    line.push_back(' ');
    line += field.name;
    line.push_back('=');
    append_value(line, field.value);
  }
  if (dropped > 0) {
    line += " dropped=";
    append_integer(line, static_cast<std::int64_t>(dropped));
  }
  line.push_back('\n');
  return line;
}

std::int64_t wall_now_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// Standard error is shared with whoever started us, so it is not made non-blocking: sockets (journald's) are asked
/// not to wait, and a pipe that polls as writable has room for PIPE_BUF, so longer lines go in pieces of that size.
bool takes_more(int descriptor) {
  pollfd state{descriptor, POLLOUT, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) != 0 &&
         (state.revents & (POLLERR | POLLNVAL)) == 0;
}

/// Writes what can be written without waiting; gives the number of bytes.
std::size_t write_without_waiting(int descriptor, std::string_view bytes) {
  constexpr std::size_t piece = 4096;  // PIPE_BUF
  std::size_t written = 0;
  while (written < bytes.size() && takes_more(descriptor)) {
    const std::string_view next = bytes.substr(written, piece);
    ssize_t count = ::send(descriptor, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == ENOTSOCK) count = ::write(descriptor, next.data(), next.size());
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  return written;
}

void drop(Sink& to) {
  ++to.dropped_before;
  ++dropped_total;
}

void write_line(LogLevel level, std::string_view message, LogFields fields) {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  if (!to.unfinished.empty()) {
    to.unfinished.erase(0, write_without_waiting(to.descriptor, to.unfinished));
    if (!to.unfinished.empty()) return drop(to);
  }
  if (!takes_more(to.descriptor)) return drop(to);  // before the work of formatting
  const std::string line =
      format_log_line(to.format, wall_now_ms(), level, message, fields, to.dropped_before);
  const std::size_t written = write_without_waiting(to.descriptor, line);
  if (written == 0) return drop(to);
  to.unfinished = line.substr(written);
  to.dropped_before = 0;
}

void log(LogLevel level, std::string_view message, LogFields fields) noexcept {
  if (!log_enabled(level)) return;
  try {
    write_line(level, message, fields);
  } catch (...) {  // no memory for a line: the process goes on without it
    ++dropped_total;
  }
}

}  // namespace

std::optional<LogLevel> log_level_from(std::string_view word) noexcept {
  for (const LogLevel level : {LogLevel::error, LogLevel::warn, LogLevel::info, LogLevel::debug})
    if (word == word_for(level)) return level;
  return std::nullopt;
}

void log_error(std::string_view message, LogFields fields) noexcept { log(LogLevel::error, message, fields); }
void log_warn(std::string_view message, LogFields fields) noexcept { log(LogLevel::warn, message, fields); }
void log_info(std::string_view message, LogFields fields) noexcept { log(LogLevel::info, message, fields); }
void log_debug(std::string_view message, LogFields fields) noexcept { log(LogLevel::debug, message, fields); }

void log_set_level(LogLevel level) noexcept { current_level.store(level, std::memory_order_relaxed); }

LogLevel log_level() noexcept { return current_level.load(std::memory_order_relaxed); }

void log_to(int descriptor, LogFormat format) noexcept {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  to.descriptor = descriptor;
  to.format = format;
  to.unfinished.clear();
}

std::uint64_t log_dropped() noexcept { return dropped_total.load(std::memory_order_relaxed); }

std::string format_log_line(LogFormat format, std::int64_t wall_ms, LogLevel level, std::string_view message,
                            LogFields fields, std::uint64_t dropped) {
  return format == LogFormat::json ? json_line(wall_ms, level, message, fields, dropped)
                                   : text_line(wall_ms, level, message, fields, dropped);
}

}  // namespace storegate::platform
