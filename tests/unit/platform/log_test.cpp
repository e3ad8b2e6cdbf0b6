// Log lines: their form, and that a reader who does not read costs lines and not time.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string>

#include "platform/log.hpp"

using namespace storegate::platform;

namespace {

constexpr std::int64_t noon = 1'795'694'400'123;  // 2026-11-26T12:00:00.123Z

std::string json(std::string_view message, LogFields fields, std::uint64_t dropped = 0) {
  return format_log_line(LogFormat::json, noon, LogLevel::info, message, fields, dropped);
}

/// A pipe or socket pair that the log writes to while this object lives.
class LogReader {
 public:
  explicit LogReader(bool as_socket) {
    REQUIRE((as_socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_) : ::pipe(ends_)) == 0);
    log_to(ends_[1], LogFormat::json);
    log_set_level(LogLevel::info);
  }
  ~LogReader() {
    log_to(STDERR_FILENO, LogFormat::json);
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  [[nodiscard]] std::string read_all() const {
    std::string all;
    char bytes[4096];
    pollfd state{ends_[0], POLLIN, 0};
    while (::poll(&state, 1, 0) == 1 && (state.revents & POLLIN) != 0) {
      const ssize_t length = ::read(ends_[0], bytes, sizeof bytes);
      if (length <= 0) break;
      all.append(bytes, static_cast<std::size_t>(length));
    }
    return all;
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace

TEST_CASE("a JSON line carries time, level, message and typed fields") {
  CHECK(json("order placed", {{"order", "0193"}, {"attempt", 2}, {"wait_s", 1.5}, {"late", true}}) ==
        "{\"time\":\"2026-11-26T12:00:00.123Z\",\"level\":\"info\",\"message\":\"order "
        "placed\",\"order\":\"0193\","
        "\"attempt\":2,\"wait_s\":1.5,\"late\":true}\n");
  CHECK(json("x", {{"least", std::numeric_limits<std::int64_t>::min()}}).find(":-9223372036854775808}") !=
        std::string::npos);
  CHECK(json("x", {{"n", std::numeric_limits<double>::infinity()}}).find("\"n\":\"inf\"") !=
        std::string::npos);
  CHECK(json("x", {}, 3).find("\"dropped\":3}") != std::string::npos);
}

TEST_CASE("a text line is for a person's eyes") {
  CHECK(format_log_line(LogFormat::text, 0, LogLevel::warn, "POS is away",
                        {{"url", "http://pos"}, {"s", 60}}) ==
        "1970-01-01T00:00:00.000Z warn  POS is away url=\"http://pos\" s=60\n");
}

TEST_CASE("a redacted value leaves nothing of itself [I12]") {
  const std::string secret = "hunter2";
  const std::string line = json("caller", {{"token", Redacted(secret)}});
  CHECK(line.find("hunter2") == std::string::npos);
  CHECK(line.find("\"token\":\"[redacted]\"") != std::string::npos);
}

TEST_CASE("a value cannot break out of its line, its quotes or its encoding") {
  CHECK(json("a\"b\\c\nd\x1b[31m", {}).find("\"a\\\"b\\\\c\\nd\\u001b[31m\"") != std::string::npos);
  CHECK(json("\xc3\xa9", {}).find("\"\xc3\xa9\"") != std::string::npos);
  for (const char* broken : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"}) {
    CAPTURE(broken);
    const std::string line = json(broken, {});
    CHECK(line.find("\xef\xbf\xbd") != std::string::npos);
    CHECK(line.find(broken) == std::string::npos);
  }
  const std::string text = format_log_line(LogFormat::text, noon, LogLevel::info, "a\nb", {{"f", "c\nd"}});
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("a line has at most 8 KiB and says where it was cut") {
  const std::string huge(100'000, '\x01');  // six characters each when escaped
  for (const LogFormat format : {LogFormat::json, LogFormat::text}) {
    const std::string line =
        format_log_line(format, noon, LogLevel::info, huge, {{"one", huge}, {"two", huge}, {"n", 7}});
    CHECK(line.size() <= 8 * 1024);
    CHECK(line.find("...") != std::string::npos);
    CHECK(line.ends_with(format == LogFormat::json ? "\"n\":7}\n" : "n=7\n"));
  }
}

TEST_CASE("the level lets through what is as grave or graver, and may change while running") {
  const LogReader reader(false);
  log_debug("hidden");
  log_info("seen");
  log_set_level(LogLevel::error);
  log_warn("hidden too");
  log_error("seen too");
  log_set_level(LogLevel::debug);
  log_debug("now seen");
  const std::string all = reader.read_all();
  CHECK(all.find("hidden") == std::string::npos);
  CHECK(all.find("\"seen\"") != std::string::npos);
  CHECK(all.find("seen too") != std::string::npos);
  CHECK(all.find("now seen") != std::string::npos);
  CHECK(log_level_from("warn") == LogLevel::warn);
  CHECK_FALSE(log_level_from("WARN").has_value());
}

TEST_CASE("a reader that does not read costs lines, which are counted, and never time") {
  for (const bool as_socket : {false, true}) {
    CAPTURE(as_socket);
    const LogReader reader(as_socket);
    const std::uint64_t dropped_before = log_dropped();
    const std::string filler(3'000, 'x');
    const auto begin = std::chrono::steady_clock::now();
    for (int line = 0; line < 2'000; ++line) {
      const auto batch = line % 50 < 25 ? std::make_unique<LogBatch>() : nullptr;
      log_info("filler", {{"text", filler}});
      if (batch) log_info("filler", {{"more", line}});
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    const std::uint64_t dropped = log_dropped() - dropped_before;
    CHECK(dropped > 0);

    std::string all = reader.read_all();
    log_info("after");
    all += reader.read_all();
    // Every line is whole, and the first after the gap tells how many are missing.
    std::size_t lines = 0;
    for (std::size_t at = 0; at < all.size(); ++lines) {
      const std::size_t end = all.find('\n', at);
      REQUIRE(end != std::string::npos);
      CHECK(all.compare(at, 9, "{\"time\":\"") == 0);
      CHECK(all[end - 1] == '}');
      at = end + 1;
    }
    CHECK(lines == 3'000 - dropped + 1);
    CHECK(all.find("\"message\":\"after\",\"dropped\":" + std::to_string(dropped)) != std::string::npos);
  }
}

TEST_CASE("the lines of a batch are written together at the end of the outermost one, in order") {
  for (const bool as_socket : {false, true}) {
    CAPTURE(as_socket);
    const LogReader reader(as_socket);
    {
      const LogBatch outer;
      log_info("one");
      {
        const LogBatch inner;
        log_info("two");
      }
      log_info("three");
      CHECK(reader.read_all().empty());
    }
    const std::string all = reader.read_all();
    CHECK(all.find("one") < all.find("two"));
    CHECK(all.find("two") < all.find("three"));
    CHECK(all.find("three") != std::string::npos);
    CHECK(std::count(all.begin(), all.end(), '\n') == 3);
  }
}

TEST_CASE("the time of a line is right at the turns of days, months and years") {
  const auto time_of = [](std::int64_t wall_ms) {
    return format_log_line(LogFormat::text, wall_ms, LogLevel::info, "x", {}).substr(0, 24);
  };
  CHECK(time_of(0) == "1970-01-01T00:00:00.000Z");
  CHECK(time_of(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(time_of(951'782'399'999) == "2000-02-28T23:59:59.999Z");
  CHECK(time_of(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(time_of(1'798'761'599'050) == "2026-12-31T23:59:59.050Z");
  CHECK(time_of(2'147'483'648'000) == "2038-01-19T03:14:08.000Z");
  CHECK(time_of(4'294'967'296'000) == "2106-02-07T06:28:16.000Z");
}
