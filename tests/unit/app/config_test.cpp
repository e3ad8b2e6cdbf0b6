// The configuration: the documented defaults, every kind of mistake with its line, and that no secret is ever told.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "config_text.hpp"
#include "tests/support/file_dates.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::test;
using support::TempDir;

TEST_CASE("the smallest file gives every default that is documented") {
  const app::Config config = good(minimal);
  CHECK(config.store.timezone == "UTC");
  CHECK(config.store.currency == "USD");
  CHECK_FALSE(config.store.hours.has_value());
  CHECK(config.store.prep_minutes == 8);
  CHECK(config.store.kitchen_capacity == 0);
  CHECK(config.storage.path == "/var/lib/storegate/orders.db");
  CHECK(config.storage.retain_days == 30);
  CHECK(config.storage.customer_data_hours == 48);
  CHECK(config.storage.order_id_reuse_hours == 48);
  CHECK(config.storage.min_free_mib == 64);
  CHECK(config.storage.max_live_orders == 20000);
  CHECK(config.http.body_max_kib == 512);
  CHECK(config.http.connections_max == 256);
  CHECK(config.http.admin_token.empty());
  CHECK(config.http.admin_listen.empty());
  CHECK(config.http.socket == "/run/storegate/api.sock");
  CHECK_FALSE(config.mqtt.has_value());
  CHECK(config.pos.driver == "rest");
  CHECK(config.pos.token.empty());
  CHECK(config.pos.timeout_ms == 8000);
  CHECK(config.pos.max_processing_ms == 30000);
  CHECK(config.pos.deduplicates_s == 0);
  CHECK(config.pos.can_query);
  CHECK(config.pos.rate_per_s == 5);
  CHECK(config.pos.requests_max == 16);
  CHECK(config.pos.expire_minutes == 30);
  CHECK(config.pos.complete_after_minutes == 240);
  CHECK(config.pos.watch_s == 20);
  CHECK(config.pos.watch_max == 4);
  CHECK(config.pos.watch_rate_per_s == 2);
  CHECK(config.pos.push_token.empty());
  CHECK(config.pos.availability_poll_s == 60);
  CHECK(config.pos.menu_poll_s == 0);
  CHECK_FALSE(config.pos.check_prices);
  CHECK(config.pos.price_tolerance == 1);
  REQUIRE(config.partners.size() == 1);
  CHECK(config.partners[0].secrets.empty());
  CHECK(config.partners[0].rate_per_minute == 120);
  CHECK(config.partners[0].weight == 1);
  CHECK(config.partners[0].release == core::ReleaseMode::immediate);
  CHECK(config.partners[0].release_fallback_minutes == 0);
  CHECK(config.partners[0].release_fallback_without_promise_minutes == 30);
  CHECK(config.partners[0].release_fallback == core::FallbackPolicy::release);
  REQUIRE(config.routes.size() == 1);
  CHECK(config.routes[0].topic == "{prefix}/{store}/out/{event}");
  CHECK(config.log.level == "info");
  CHECK(config.alarm.pos_unreachable_s == 60);
  CHECK(config.alarm.uplink_unreachable_s == 300);
  CHECK(config.alarm.backlog_events == 1000);
  CHECK(config.alarm.certificate_days == 14);
}

TEST_CASE(
    "an [mqtt] with nothing but its url has the documented defaults, the store's id as client id among "
    "them") {
  const app::Config config = good(minimal + "[mqtt]\nurl = \"mqtt://127.0.0.1:1883\"\n");
  REQUIRE(config.mqtt.has_value());
  CHECK(config.mqtt->version == "5");
  CHECK(config.mqtt->client_id == "store-042");
  CHECK(config.mqtt->username.empty());
  CHECK(config.mqtt->prefix == "stores");
  CHECK(config.mqtt->session_expiry_hours == 24);
  CHECK(config.mqtt->keepalive_s == 15);
  CHECK(config.mqtt->window == 20);
  CHECK_FALSE(config.mqtt->application_acknowledgement);
}

TEST_CASE("the file without problems and warnings in it has neither") {
  const ConfigReading reading = read(minimal);
  CHECK(all_of(reading).empty());
}

TEST_CASE("each mistake is named with its line, its key and what to do") {
  const std::vector<BadCase> cases = {
      replaced_line("id = \"store-042\"", "", 1, "store.id", "missing from [store]"),
      replaced_line("id = \"store-042\"", "id = \"\"", 2, "store.id", "is empty"),
      replaced_line("id = \"store-042\"", "id = \"Store 42\"", 2, "store.id", "a-z, 0-9 and -"),
      replaced_line("id = \"store-042\"", "id = 42", 2, "store.id",
                    "must be text in quotes, not a whole number"),
      replaced_line("[storage]\npath = \"/var/lib/storegate/orders.db\"\n", "", 0, "storage.path",
                    "missing from [storage]"),
      replaced_line("listen = \"127.0.0.1:8080\"", "", 5, "http.listen", "missing from [http]"),
      replaced_line("listen = \"127.0.0.1:8080\"", "listen = \"localhost:8080\"", 6, "http.listen",
                    "numeric address"),
      replaced_line("listen = \"127.0.0.1:8080\"", "listen = \"unix:/run/x\"", 6, "http.listen",
                    "http.socket"),
      replaced_line("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:8443\"", 6, "http.listen",
                    "give tls = {"),
      replaced_line("listen = \"127.0.0.1:8080\"", "listen = \"[::]:8443\"", 6, "http.listen",
                    "others than this machine"),
      replaced_line("url = \"http://127.0.0.1:8081\"", "", 7, "pos.url", "missing from [pos]"),
      replaced_line("url = \"http://127.0.0.1:8081\"", "url = \"pos:81\"", 8, "pos.url", "expected http://"),
      replaced_line("name = \"kiosk\"", "", 9, "partner[1].name", "missing from [[partner]]"),
      replaced_line("name = \"kiosk\"", "name = \"a/b\"", 10, "partner[1].name", "without blanks"),
      replaced_line("release = \"immediate\"", "", 9, "partner[1].release", "write release = \"immediate\""),
      replaced_line("release = \"immediate\"", "release = \"later\"", 11, "partner[1].release",
                    "\"at_time\" or \"on_event\""),
      partner_line("wieght = 2", "partner[1].wieght", "did you mean \"weight\"?"),
      partner_line("zzz = 2", "partner[1].zzz", "no such key in [[partner]]; remove it"),
      partner_line("weight = 0", "partner[1].weight", "from 1 to 1000"),
      partner_line("weight = 1.5", "partner[1].weight", "must be a whole number"),
      partner_line("rate_per_minute = -1", "partner[1].rate_per_minute", "from 0 to"),
      partner_line("release_fallback = \"drop\"", "partner[1].release_fallback",
                   "\"release\", \"park\" or \"cancel\""),
      partner_line("secret_files = \"x\"", "partner[1].secret_files", "must be a list"),
      partner_line("secret_files = [1]", "partner[1].secret_files", "list of paths"),
      partner_line("secret_files = [\"/nonexistent/s\"]", "partner[1].secret_files",
                   "/nonexistent/s does not exist"),
      partner_line("secret_files = [\"${CREDENTIALS_DIRECTORY}/s\"]", "partner[1].secret_files",
                   "is not set"),
      partner_line("secret_files = [\"${HOME}/s\"]", "partner[1].secret_files",
                   "only ${CREDENTIALS_DIRECTORY}"),
      {minimal + "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n", 13, "partner[2].name",
       "earlier [[partner]]"},
      {minimal + "[stroage]\n", 12, "stroage", "did you mean \"storage\"?"},
      {"partners = 1\n" + minimal, 1, "partners", "did you mean \"partner\"?"},
      replaced_line("[[partner]]", "[partner]", 9, "partner", "[[partner]]"),
      section_line("[log]", "level = \"loud\"", "log.level", "\"error\", \"warn\", \"info\" or \"debug\""),
      section_line("[alarm]", "backlog_events = -5", "alarm.backlog_events", "from 0 to"),
      section_line("[[route]]", "match = '{\"type\":[\"x\"]}'", "route[1].match", "only"),
      section_line("[[route]]", "url = \"https://cloud\"", "route[1].url", "over MQTT only"),
      section_line("[[route]]", "topic = \"a/{stor}\"", "route[1].topic", "{prefix}, {store} and {event}"),
      section_line("[[route]]", "topic = \"a/+\"", "route[1].topic", "+ or #"),
  };
  for (const BadCase& bad : cases) check_bad(bad);
}

TEST_CASE("each mistake in [store], [storage], [http], [pos] and [mqtt] is found where it stands") {
  const auto store = [](const std::string& line, const char* key, const char* says) {
    return replaced_line("id = \"store-042\"", "id = \"s\"\n" + line, 3, key, says);
  };
  const auto storage = [](const std::string& line, const char* key, const char* says) {
    return replaced_line("[storage]", "[storage]\n" + line, 4, key, says);
  };
  const auto http = [](const std::string& line, const char* key, const char* says) {
    return replaced_line("[http]", "[http]\n" + line, 6, key, says);
  };
  const auto pos = [](const std::string& line, const char* key, const char* says) {
    return replaced_line("[pos]", "[pos]\n" + line, 8, key, says);
  };
  const auto mqtt = [](const std::string& line, const char* key, const char* says) {
    return BadCase{minimal + "[mqtt]\nurl = \"mqtt://b\"\n" + line + "\n", minimal_lines + 3, key, says};
  };
  const auto broker = [](const std::string& url, const char* says) {
    return section_line("[mqtt]", "url = \"" + url + "\"", "mqtt.url", says);
  };
  const std::vector<BadCase> cases = {
      store("timezone = \"Mars/Olympus\"", "store.timezone", "install the package tzdata"),
      store("timezone = \"../../etc/passwd\"", "store.timezone", "not the name of a time zone"),
      store("currency = \"usd\"", "store.currency", "three capitals"),
      store("hours = { mon = [\"6:00-23:00\"] }", "store.hours.mon", "06:00-23:00"),
      store("hours = { mon = [\"06:00-06:00\"] }", "store.hours.mon", "06:00-23:00"),
      store("hours = { mon = [\"24:00-25:00\"] }", "store.hours.mon", "06:00-23:00"),
      store("hours = { mon = [8] }", "store.hours.mon", "list of times"),
      store("hours = { monday = [] }", "store.hours.monday", "did you mean \"mon\"?"),
      store("prep_minutes = 1441", "store.prep_minutes", "from 0 to 1440"),
      storage("max_mib = 31", "storage.max_mib", "at least 32"),
      storage("max_mib = -1", "storage.max_mib", "from 0 to"),
      storage("retain_days = 0", "storage.retain_days", "from 1 to"),
      storage("retain_days = 1", "storage.retain_days", "shorter than order_id_reuse_hours"),
      storage("max_live_orders = -1", "storage.max_live_orders", "from 0 to"),
      http("admin_listen = \"192.168.1.2:80\"", "http.admin_listen", "give tls = {"),
      http("admin_listen = \"127.0.0.1:8080\"", "http.admin_listen", "same as listen"),
      http("tls = { certificate = \"/c\", key = \"/k\" }", "http.tls", "/c"),
      http("tls = { certificate = \"/c\" }", "http.tls", "certificate and key together"),
      http("tls = { client_ca = \"/c\" }", "http.tls", "client_ca asks for"),
      http("tls = { cert = \"\" }", "http.tls.cert", "no such key"),
      http("socket = \"/" + std::string(120, 'x') + "\"", "http.socket", "at most 107 bytes"),
      http("body_max_kib = 99999999", "http.body_max_kib", "from 0 to"),
      http("public_url = \"store.example\"", "http.public_url", "http"),
      pos("driver = \"toast\"", "pos.driver", "it must be \"rest\""),
      pos("timeout_ms = 1", "pos.timeout_ms", "from 100 to"),
      pos("can_query = 1", "pos.can_query", "true or false"),
      pos("expire_minutes = 0", "pos.expire_minutes", "from 1 to"),
      pos("watch_s = 3601", "pos.watch_s", "from 0 to"),
      pos("watch_max = 0", "pos.watch_max", "from 1 to"),
      pos("watch_rate_per_s = -1", "pos.watch_rate_per_s", "from 0 to"),
      pos("requests_max = 0", "pos.requests_max", "from 1 to 256"),
      section_line("[mqtt]", "", "mqtt.url", "missing from [mqtt]"),
      broker("http://b", "must begin with mqtt://"),
      mqtt("version = \"4\"", "mqtt.version", "\"5\" or \"3.1.1\""),
      mqtt("key = \"/k.pem\"", "mqtt.key", "needed together"),
      mqtt("prefix = \"a/#\"", "mqtt.prefix", "no + # { }"),
      mqtt("prefix = \"a/b/c/d/e/f\"", "mqtt.prefix", "7 slashes"),
      mqtt("keepalive_s = 1", "mqtt.keepalive_s", "from 5 to"),
      mqtt("acknowledgement = \"none\"", "mqtt.acknowledgement", "\"puback\" or \"application\""),
      mqtt("password_file = \"\"\nwindow = -1", "mqtt.window", "from 0 to"),
  };
  for (BadCase bad : cases) {
    if (std::string_view(bad.key) == "mqtt.window") ++bad.line;
    if (bad.text.find("[mqtt]\n\n") != std::string::npos)
      --bad.line;  // a missing key is at its section's line
    check_bad(bad);
  }
}

TEST_CASE("all problems of a file come at once, in the order of their lines") {
  const ConfigReading reading = read(R"([store]
id = "S"
timezone = "Nowhere/Land"
[http]
listen = "0.0.0.0:80"
colour = "red"
[[partner]]
name = "a"
release = "soon"
)");
  std::vector<std::string> keys;
  std::vector<std::uint32_t> lines;
  for (const auto& problem : reading.problems) {
    keys.push_back(problem.key);
    lines.push_back(problem.line);
  }
  CHECK(keys == std::vector<std::string>{"storage.path", "pos.url", "store.id", "store.timezone",
                                         "http.listen", "http.colour", "partner[1].release"});
  CHECK(lines == std::vector<std::uint32_t>{0, 0, 2, 3, 5, 6, 9});
}

TEST_CASE("text that is not TOML is one problem with its line and column") {
  const ConfigReading reading = read("[store]\nid = \"s\nx = 1\n");
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].line == 2);
  CHECK(reading.problems[0].column > 0);
  CHECK(app::describe(reading.problems[0], "/etc/s.toml").starts_with("/etc/s.toml:2:"));
  CHECK_FALSE(reading.config.has_value());
}

TEST_CASE("a section or key that begins as none may is a problem with its line, not the end of the process") {
  for (const char* line : {"[!]", "[ =x]", "[.a]", "[\xc3\xa9]", "[s\xef\xbb\xbd]", "[\x05]"}) {
    CAPTURE(line);
    for (const std::string& behind : {std::string(), "\n" + minimal}) {
      const ConfigReading reading = read(minimal + line + behind);
      CHECK_FALSE(reading.config.has_value());
      REQUIRE(reading.problems.size() == 1);
      CHECK(reading.problems[0].line == minimal_lines + 1);
      CHECK(reading.problems[0].column > 0);
      CHECK(reading.problems[0].text.starts_with("not TOML: "));
    }
  }
}

TEST_CASE("bytes that are no UTF-8, deep nesting and a duplicate key are problems, not crashes") {
  CHECK_FALSE(read("a = \"\xff\"").problems.empty());
  CHECK_FALSE(read("a = " + std::string(5000, '[')).problems.empty());
  CHECK_FALSE(read("[store]\nid = \"a\"\nid = \"b\"\n").problems.empty());
}

TEST_CASE("a file that is absent or a folder is a problem about no line") {
  const TempDir folder;
  for (const std::string& path : {folder.file("none.toml"), folder.path().string()}) {
    const ConfigReading reading = app::load_config(path, {});
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].line == 0);
    CHECK(app::describe(reading.problems[0], path).find(path) == 0);
  }
}

TEST_CASE("secrets are their files' contents without the line ends behind them") {
  const TempDir folder;
  support::write_file(folder.path() / "one", "first secret\n");
  REQUIRE(support::date_to_2040(folder.path() / "one"));  // a clock may have been ahead when it was written
  support::write_file(folder.path() / "two", "second\r\n\n");
  support::write_file(folder.path() / "pass", "  keep blanks \n");
  ConfigSurroundings around;
  around.credentials_directory = folder.path().string();
  const app::Config config =
      good(minimal + R"(secret_files = ["${CREDENTIALS_DIRECTORY}/one", "${CREDENTIALS_DIRECTORY}/two"]
[mqtt]
url = "mqtt://127.0.0.1"
username = "u"
password_file = "${CREDENTIALS_DIRECTORY}/pass"
)",
           around);
  CHECK(config.partners[0].secrets == std::vector<std::string>{"first secret", "second"});
  CHECK(config.mqtt->password == "  keep blanks ");
}

TEST_CASE("a secret file that is empty, has two lines or a NUL is a problem that tells nothing of it [I12]") {
  const TempDir folder;
  const std::vector<std::string> contents = {"\n", "canary-1\ncanary-2\n", std::string("canary\0x", 8),
                                             "canary-\xc3\xa9", std::string(70'000, 'c')};
  for (const std::string& content : contents) {
    CAPTURE(content.size());
    support::write_file(folder.path() / "secret", content);
    const ConfigReading reading =
        read(with("[pos]", "[pos]\ntoken_file = \"" + folder.file("secret") + "\""));
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].key == "pos.token_file");
    CHECK(reading.problems[0].line == 8);
    CHECK(all_of(reading).find("canary") == std::string::npos);
    CHECK(all_of(reading).find("cccc") == std::string::npos);
  }
}

TEST_CASE("a password in a URL is refused and not repeated [I12]") {
  const ConfigReading pos =
      read(with("url = \"http://127.0.0.1:8081\"", "url = \"http://u:canary@127.0.0.1\""));
  const ConfigReading mqtt = read(minimal + "[mqtt]\nurl = \"mqtts://u:canary@broker\"\n");
  for (const ConfigReading& reading : {pos, mqtt}) {
    REQUIRE(reading.problems.size() == 1);
    CHECK(all_of(reading).find("must not hold a user or password") != std::string::npos);
    CHECK(all_of(reading).find("canary") == std::string::npos);
  }
}

TEST_CASE("a password without a user is a problem") {
  const TempDir folder;
  support::write_file(folder.path() / "pass", "p\n");
  check_bad({minimal + "[mqtt]\nurl = \"mqtt://b\"\npassword_file = \"" + folder.file("pass") + "\"\n",
             minimal_lines + 3, "mqtt.password_file", "needs username"});
}

TEST_CASE("a webhook partner without a secret, no partner at all and a route without [mqtt] are warned of") {
  const ConfigReading doordash = read(with("name = \"kiosk\"", "name = \"doordash\""));
  REQUIRE(doordash.warnings.size() == 2);
  CHECK(doordash.warnings[0].text.find("401") != std::string::npos);
  CHECK(doordash.warnings[1].key == "partner[1].store_id");
  const ConfigReading route = read(minimal + "[[route]]\nname = \"cloud\"\n");
  REQUIRE(route.warnings.size() == 1);
  CHECK(route.warnings[0].key == "route");
  const ConfigReading nobody = read(minimal.substr(0, minimal.find("[[partner]]")));
  REQUIRE(nobody.warnings.size() == 1);
  CHECK(nobody.warnings[0].key == "partner");
  CHECK(nobody.config.has_value());
}

TEST_CASE("the documented default route and an application acknowledgement are understood") {
  const app::Config config = good(minimal + R"([mqtt]
url = "mqtt://127.0.0.1:1883"
version = "3.1.1"
acknowledgement = "application"
window = 0
[[route]]
name = "cloud"
match = '{"type":[{"prefix":"storegate."}]}'
topic = "{prefix}/{store}/out/{event}"
)");
  CHECK(config.mqtt->version == "3.1.1");
  CHECK(config.mqtt->application_acknowledgement);
  CHECK(config.mqtt->window == 65'535);
  CHECK(app::policy_of(config).wait_for_application_ack);
}
