// The table of the design as data: a row for each room, a class for each header. To give a room a new
// neighbour is to change a row here, where a reviewer sees it.
#include "house/include_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace storegate::house {
namespace {

/// What a header belongs to, by how its name begins. The first line that fits decides.
struct HeaderClass {
  std::string_view prefix;
  std::string_view owner;
};

constexpr HeaderClass header_classes[] = {
    {"core/", "core"},
    {"codec/", "codec"},
    {"storage/", "storage"},
    {"platform/", "platform"},
    {"app/", "app"},
    {"boost/json", "boost.json"},
    {"boost/asio", "boost.asio"},
    {"boost/beast", "boost.beast"},
    {"boost/", "boost"},
    {"sqlite3", "sqlite"},
    {"mbedtls/", "mbedtls"},
    {"psa/", "mbedtls"},
    {"openssl/", "openssl"},
    {"mqtt/", "paho"},
    {"MQTT", "paho"},
    {"systemd/", "systemd"},
    {"spdlog/", "spdlog"},
    {"fmt/", "fmt"},
    {"prometheus/", "prometheus"},
    {"CLI/", "cli11"},
    {"toml++/", "toml++"},
    {"doctest/", "doctest"},
    // The network apart from the rest of the operating system: storage has never heard of a socket.
    {"sys/socket.h", "sockets"},
    {"sys/un.h", "sockets"},
    {"sys/epoll.h", "sockets"},
    {"netinet/", "sockets"},
    {"arpa/", "sockets"},
    {"netdb.h", "sockets"},
    {"net/", "sockets"},
    {"poll.h", "sockets"},
    {"sys/", "os"},
    {"linux/", "os"},
};

/// Headers of the standard library that do something to the world or wait for it: a pure room does without.
constexpr std::string_view worldly_std[] = {
    "barrier",      "condition_variable", "csignal",    "ctime",  "filesystem", "fstream",
    "future",       "iostream",           "latch",      "mutex",  "print",      "semaphore",
    "shared_mutex", "stop_token",         "syncstream", "thread",
};

/// A room's row. `core_headers` narrows what it may take from core; empty = all of it or, if core is not
/// among `may`, nothing.
struct Row {
  std::string_view folder;
  std::string_view name;
  std::vector<std::string_view> may;
  std::vector<std::string_view> core_headers;
};

const std::vector<Row>& table() {
  // `std` is the pure part of the standard library, `std.world` the rest of it.
  static const std::vector<Row> rows = {
      {"firmware/core", "core", {"std", "core"}, {}},
      {"firmware/codec",
       "codec",
       {"std", "core", "codec", "boost.json"},
       // Gateway, engine and book stay out: a codec turns bytes into messages and decides nothing.
       {"core/messages.hpp", "core/order.hpp", "core/money.hpp", "core/ids.hpp", "core/time.hpp",
        "core/result.hpp", "core/person.hpp"}},
      {"storage", "storage", {"std", "std.world", "os", "core", "storage", "sqlite"}, {}},
      {"platform",
       "platform",
       {"std", "std.world", "os", "sockets", "core", "platform", "boost", "boost.asio", "boost.beast",
        "mbedtls", "paho", "systemd", "spdlog", "fmt", "prometheus"},
       {"core/result.hpp"}},
      {"firmware/app",
       "app",
       {"std", "std.world", "os", "core", "codec", "storage", "platform", "app", "boost.asio", "boost.beast",
        "boost.json", "cli11", "toml++"},
       {}},
  };
  return rows;
}

template <typename List, typename Value>
bool contains(const List& list, const Value& value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

/// The owner of a header; nullopt for a quoted header that names no room.
std::optional<std::string_view> owner_of(std::string_view header, bool quoted) {
  for (const HeaderClass& known : header_classes) {
    if (header.starts_with(known.prefix)) return known.owner;
  }
  if (quoted) return std::nullopt;
  if (header.ends_with(".h")) return "os";
  return contains(worldly_std, header) ? "std.world" : "std";
}

/// Why `row` may not include `header`; empty if it may.
std::string objection(const Row& row, std::string_view header, bool quoted) {
  const auto owner = owner_of(header, quoted);
  if (!owner) return "\"" + std::string(header) + "\" names no room: write \"room/file.hpp\"";
  if (!contains(row.may, *owner)) {
    return std::string(row.name) + " may not include " + std::string(*owner) + " (" + std::string(header) +
           ")";
  }
  if (*owner == "core" && !row.core_headers.empty() && !contains(row.core_headers, header)) {
    return std::string(row.name) + " may not include this part of core (" + std::string(header) + ")";
  }
  return {};
}

void judge(const SourceFile& file, const Row& row, std::vector<Finding>& findings) {
  static const std::regex include(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)re");
  const auto code = SourceFile::lines_of(file.code);
  const auto text = SourceFile::lines_of(file.text);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i].find("include") == std::string_view::npos) continue;  // not code: a comment or a literal
    std::cmatch match;
    if (!std::regex_match(text[i].data(), text[i].data() + text[i].size(), match, include)) continue;
    std::string why = objection(row, match[2].str(), match[1].str() == "\"");
    if (!why.empty()) findings.push_back({file.path, i + 1, std::move(why)});
  }
}

}  // namespace

std::vector<Finding> forbidden_includes(const std::vector<SourceFile>& tree) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    for (const Row& row : table()) {
      if (file.below(row.folder)) judge(file, row, findings);
    }
  }
  return findings;
}

}  // namespace storegate::house
