// Formats a line and gives it to the kernel in one write; never waits for a reader.
#include "platform/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "platform/clock.hpp"
#include "platform/utf8.hpp"

namespace storegate::platform {
namespace {

constexpr std::size_t line_limit = 8 * 1024;
constexpr std::size_t text_limit =
    line_limit - 1024;  // where text is cut; the rest is for names, numbers, brackets
constexpr std::string_view cut_mark = "...";
constexpr std::size_t batch_limit = 32 * 1024;  // a batch that grows to it is written before its end

std::atomic<LogLevel> current_level{LogLevel::info};
std::atomic<std::uint64_t> dropped_total{0};

/// What the descriptor is decides how to write without waiting.
enum class Kind : std::uint8_t {
  socket,  // journald's: is asked not to wait
  file,    // or a device like /dev/null: never waits for a reader
  pipe,    // or a terminal: must be asked first
};

Kind kind_of(int descriptor) noexcept {
  struct statx found {};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_TYPE, &found) != 0) return Kind::pipe;
  if (S_ISSOCK(found.stx_mode)) return Kind::socket;
  const bool terminal = S_ISCHR(found.stx_mode) && ::isatty(descriptor) == 1;
  return (S_ISREG(found.stx_mode) || S_ISCHR(found.stx_mode)) && !terminal ? Kind::file : Kind::pipe;
}

/// Where lines go. The mutex keeps them whole and in order, and is held over one write that does not wait.
struct Sink {
  std::mutex mutex;
  int descriptor = STDERR_FILENO;
  Kind kind = kind_of(STDERR_FILENO);
  int batches = 0;    // LogBatch objects alive
  std::string batch;  // whole lines that wait for the last of them
  std::size_t batch_lines = 0;
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

void append_digits(std::string& text, unsigned value, std::size_t digits) {
  text.append(digits, '0');
  for (auto at = text.rbegin(); value != 0 && digits != 0; ++at, --digits, value /= 10)
    *at = static_cast<char>('0' + value % 10);
}

std::string timestamp(std::int64_t wall_ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(wall_ms)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text;
  const int year = static_cast<int>(date.year());
  append_digits(text, static_cast<unsigned>(std::clamp(year, 0, 9999)), 4);
  append_digits(text += '-', static_cast<unsigned>(date.month()), 2);
  append_digits(text += '-', static_cast<unsigned>(date.day()), 2);
  append_digits(text += 'T', static_cast<unsigned>(clock.hours().count()), 2);
  append_digits(text += ':', static_cast<unsigned>(clock.minutes().count()), 2);
  append_digits(text += ':', static_cast<unsigned>(clock.seconds().count()), 2);
  append_digits(text += '.', static_cast<unsigned>(clock.subseconds().count()), 3);
  return text += 'Z';
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
    const std::size_t length = utf8_bytes(text, at);
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

/// Standard error is shared with whoever started us, so it is not made non-blocking: sockets are asked not to wait,
/// and a pipe that polls as writable has room for PIPE_BUF, so longer lines go in pieces of that size.
bool takes_more(const Sink& to) {
  if (to.kind != Kind::pipe) return true;
  pollfd state{to.descriptor, POLLOUT, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) != 0 &&
         (state.revents & (POLLERR | POLLNVAL)) == 0;
}

/// Writes what can be written without waiting; gives the number of bytes.
std::size_t write_without_waiting(const Sink& to, std::string_view bytes) {
  constexpr std::size_t pipe_piece = 4096;  // PIPE_BUF
  const std::size_t piece = to.kind == Kind::pipe ? pipe_piece : bytes.size();
  std::size_t written = 0;
  while (written < bytes.size() && takes_more(to)) {
    const std::string_view next = bytes.substr(written, piece);
    const ssize_t count = to.kind == Kind::socket
                              ? ::send(to.descriptor, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(to.descriptor, next.data(), next.size());
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  return written;
}

void drop(Sink& to, std::size_t lines) {
  to.dropped_before += lines;
  dropped_total += lines;
}

/// The rest of a line that went out in part comes before anything else. false: it still waits.
bool finish_line(Sink& to) {
  if (!to.unfinished.empty()) to.unfinished.erase(0, write_without_waiting(to, to.unfinished));
  return to.unfinished.empty();
}

void write_lines(Sink& to, std::string_view bytes, std::size_t lines) {
  const std::size_t written = write_without_waiting(to, bytes);
  if (written == 0) return drop(to, lines);
  to.unfinished = bytes.substr(written);
  to.dropped_before = 0;
}

void flush_batch(Sink& to) {
  if (to.batch.empty()) return;
  if (finish_line(to))
    write_lines(to, to.batch, to.batch_lines);
  else
    drop(to, to.batch_lines);
  to.batch.clear();
  to.batch_lines = 0;
}

void write_line(LogLevel level, std::string_view message, LogFields fields) {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  if (to.batches > 0) {
    const std::uint64_t dropped = to.batch.empty() ? to.dropped_before : 0;
    to.batch += format_log_line(to.format, wall_now_ms(), level, message, fields, dropped);
    ++to.batch_lines;
    if (to.batch.size() >= batch_limit) flush_batch(to);
    return;
  }
  if (!finish_line(to) || !takes_more(to)) return drop(to, 1);  // before the work of formatting
  write_lines(to, format_log_line(to.format, wall_now_ms(), level, message, fields, to.dropped_before), 1);
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
  flush_batch(to);
  to.descriptor = descriptor;
  to.kind = kind_of(descriptor);
  to.format = format;
  to.unfinished.clear();
}

LogBatch::LogBatch() noexcept {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  ++to.batches;
}

LogBatch::~LogBatch() {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  if (--to.batches == 0) flush_batch(to);
}

std::uint64_t log_dropped() noexcept { return dropped_total.load(std::memory_order_relaxed); }

std::string format_log_line(LogFormat format, std::int64_t wall_ms, LogLevel level, std::string_view message,
                            LogFields fields, std::uint64_t dropped) {
  return format == LogFormat::json ? json_line(wall_ms, level, message, fields, dropped)
                                   : text_line(wall_ms, level, message, fields, dropped);
}

}  // namespace storegate::platform
