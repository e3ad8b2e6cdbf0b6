// Log: one line per happening on standard error, JSON, or text on a terminal. Never blocks the caller: a line that
// cannot be written at once is dropped and counted. It must not know what is logged; that no customer datum or
// secret gets in is the caller's duty (design I12), Redacted its tool.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::platform {

enum class LogLevel : std::uint8_t { error = 0, warn = 1, info = 2, debug = 3 };
enum class LogFormat : std::uint8_t { json, text };

/// "error", "warn", "info" or "debug"; nothing for any other word.
[[nodiscard]] std::optional<LogLevel> log_level_from(std::string_view word) noexcept;

/// Stands for a value that must not be written; prints as "[redacted]" and keeps nothing of it.
struct Redacted {
  Redacted() = default;
  template <typename T>
  explicit Redacted(const T& /*secret*/) noexcept {}
};

/// A typed value of a field. Strings are referred to, not copied: a field lives no longer than the call.
class LogValue {
 public:
  enum class Kind : std::uint8_t { text, integer, real, boolean, redacted };
  LogValue(std::string_view text) noexcept : kind_(Kind::text), text_(text) {}
  LogValue(const std::string& text) noexcept : kind_(Kind::text), text_(text) {}
  LogValue(const char* text) noexcept : kind_(Kind::text), text_(text) {}
  LogValue(bool value) noexcept : kind_(Kind::boolean), integer_(value ? 1 : 0) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogValue(T value)
  noexcept : kind_(Kind::integer), integer_(static_cast<std::int64_t>(value)) {}
  LogValue(double value) noexcept : kind_(Kind::real), real_(value) {}
  LogValue(Redacted) noexcept : kind_(Kind::redacted) {}

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::int64_t integer() const noexcept { return integer_; }
  [[nodiscard]] double real() const noexcept { return real_; }
  [[nodiscard]] bool boolean() const noexcept { return integer_ != 0; }

 private:
  Kind kind_;
  std::string_view text_;
  std::int64_t integer_ = 0;
  double real_ = 0;
};

/// name: [a-z0-9_], not one of time, level, message.
struct LogField {
  std::string_view name;
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

/// Any thread. A line is at most 8 KiB; longer text is cut and marked. Example:
///   log_info("order placed", {{"order", id}, {"partner", partner}});
void log_error(std::string_view message, LogFields fields = {}) noexcept;
void log_warn(std::string_view message, LogFields fields = {}) noexcept;
void log_info(std::string_view message, LogFields fields = {}) noexcept;
void log_debug(std::string_view message, LogFields fields = {}) noexcept;

/// While one is alive, lines of all threads are collected, and written together at its end: one system call for the
/// many lines of one commit. Keep it short; what is collected is lost if the process is killed meanwhile.
class LogBatch {
 public:
  LogBatch() noexcept;
  ~LogBatch();
  LogBatch(const LogBatch&) = delete;
  LogBatch& operator=(const LogBatch&) = delete;
};

/// Takes effect at once, in every thread. The start value is info.
void log_set_level(LogLevel level) noexcept;
[[nodiscard]] LogLevel log_level() noexcept;
[[nodiscard]] inline bool log_enabled(LogLevel level) noexcept { return level <= log_level(); }

/// Where lines go from now on: a descriptor that stays the caller's, and the format. The start value is standard
/// error, text if it is a terminal, JSON otherwise. For tests and for the command line.
void log_to(int descriptor, LogFormat format) noexcept;

/// Lines dropped because the descriptor would not take them, since the start. The next line that gets through
/// carries the number of those lost before it as the field "dropped".
[[nodiscard]] std::uint64_t log_dropped() noexcept;

/// One line with its newline, as it would be written at `wall_ms` (Unix ms). Pure; for tests.
[[nodiscard]] std::string format_log_line(LogFormat format, std::int64_t wall_ms, LogLevel level,
                                          std::string_view message, LogFields fields,
                                          std::uint64_t dropped = 0);

}  // namespace storegate::platform
