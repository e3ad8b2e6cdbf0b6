// Certificates in the configuration: read once when it is checked, so that what does not fit is known before anybody connects.
#include <doctest/doctest.h>

#include <string>

#include "app/config.hpp"
#include "app/tls.hpp"
#include "config_text.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/platform/tls_certificates.hpp"

using namespace storegate;
using namespace storegate::test;

namespace {

/// A folder with a root, a certificate, its key, and another's key.
struct Files {
  support::TempDir folder;
  tests::TestCa root;

  Files() {
    const auto own = root.issue();
    write("ca.pem", root.certificate());
    write("server.crt", own.certificate);
    write("server.key", own.key);
    write("other.key", root.issue().key);
    write("token", "a-token\n");
  }
  void write(const std::string& name, const std::string& content) {
    support::write_file(folder.path() / name, content);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return "\"" + folder.file(name) + "\""; }
  [[nodiscard]] std::string http(const std::string& listen, const std::string& keys) const {
    return with("listen = \"127.0.0.1:8080\"", "listen = \"" + listen + "\"\n" + keys);
  }
  [[nodiscard]] std::string tls(const std::string& key = "server.key") const {
    return "tls = { certificate = " + file("server.crt") + ", key = " + file(key) + " }\n";
  }
};

}  // namespace

TEST_CASE("5.5 tls: beyond loopback a listener needs a certificate and a token, and then may be") {
  const Files files;
  const std::string token = "admin_token_file = " + files.file("token");
  const app::Config config = good(files.http("0.0.0.0:8443", files.tls() + token));
  CHECK(config.http.tls.is_on());
  CHECK(config.http.admin_token == "a-token");
  const ConfigReading open = read(files.http("0.0.0.0:8443", files.tls()));
  REQUIRE(open.problems.size() == 1);
  CHECK(open.problems[0].key == "http.listen");
  CHECK(open.problems[0].text.find("admin_token_file") != std::string::npos);
  CHECK(good(files.http("127.0.0.1:8443", files.tls())).http.tls.is_on());
}

TEST_CASE(
    "5.5 tls: a key of another certificate, a file that is none, a folder: a problem that names the file") {
  const Files files;
  const auto problem = [&](const std::string& certificate, const std::string& key) {
    const ConfigReading reading =
        read(files.http("127.0.0.1:8443", "tls = { certificate = " + certificate + ", key = " + key + " }"));
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].key == "http.tls");
    return reading.problems[0].text;
  };
  const auto names = [&](const std::string& text, const std::string& file) {
    CHECK_MESSAGE(text.find(files.folder.file(file)) != std::string::npos, text);
  };
  names(problem(files.file("server.crt"), files.file("other.key")), "other.key");
  names(problem(files.file("token"), files.file("server.key")), "token");
  names(problem(files.file("none.crt"), files.file("server.key")), "none.crt");
}

TEST_CASE(
    "5.5 tls: a broker and a POS are verified by the file that is given, and a file that nobody reads is "
    "warned of") {
  const Files files;
  const std::string broker =
      minimal + "[mqtt]\nurl = \"mqtts://broker\"\nca = " + files.file("ca.pem") + "\n";
  CHECK(good(broker).mqtt->tls.ca == files.folder.file("ca.pem"));
  const std::string pos =
      with("url = \"http://127.0.0.1:8081\"", "url = \"https://pos\"\nca = " + files.file("ca.pem"));
  CHECK(good(pos).pos.tls.ca == files.folder.file("ca.pem"));
  const ConfigReading unused = read(
      with("url = \"http://127.0.0.1:8081\"", "url = \"http://localhost\"\nca = " + files.file("ca.pem")));
  REQUIRE(unused.warnings.size() == 1);
  CHECK(unused.warnings[0].key == "pos.ca");
  const ConfigReading missing =
      read(minimal + "[mqtt]\nurl = \"mqtts://broker\"\nca = \"/nonexistent/ca\"\n");
  REQUIRE(missing.problems.size() == 1);
  CHECK(missing.problems[0].key == "mqtt.ca");
}

TEST_CASE("5.5 tls: a broker or a POS on another machine without TLS is allowed, and warned of") {
  const auto warnings = [](const std::string& text) {
    const ConfigReading reading = read(text);
    CHECK(reading.config.has_value());
    std::string keys;
    for (const auto& warning : reading.warnings)
      if (warning.text.find("in the clear") != std::string::npos) keys += warning.key + " " + warning.text;
    return keys;
  };
  const auto pos = [](const std::string& url) {
    return with("url = \"http://127.0.0.1:8081\"", "url = \"" + url + "\"");
  };
  for (const char* here :
       {"http://127.0.0.1:81", "http://[::1]:81", "http://localhost", "unix:/run/pos.sock"})
    CHECK(warnings(pos(here)).empty());
  for (const char* there : {"http://pos", "http://192.168.1.7:81", "http://[fd00::7]"}) {
    const std::string said = warnings(pos(there));
    CHECK(said.starts_with("pos.url "));
    CHECK(said.find("https://") != std::string::npos);
  }
  const auto broker = [](const std::string& url) { return minimal + "[mqtt]\nurl = \"" + url + "\"\n"; };
  for (const char* here : {"mqtt://127.0.0.1:1883", "tcp://localhost", "mqtt://[::1]"})
    CHECK(warnings(broker(here)).empty());
  const std::string said = warnings(broker("mqtt://broker.example"));
  CHECK(said.starts_with("mqtt.url "));
  CHECK(said.find("mqtts://") != std::string::npos);
}

TEST_CASE("5.5 tls: each name of MQTT over TLS gets a context, and none without") {
  const Files files;
  const auto tls_for = [&](const std::string& url) {
    const auto tls =
        app::load_tls(good(minimal + "[mqtt]\nurl = \"" + url + "\"\nca = " + files.file("ca.pem") + "\n"));
    REQUIRE(tls.ok());
    return tls->mqtt != nullptr;
  };
  CHECK(tls_for("mqtts://broker"));
  CHECK(tls_for("ssl://broker"));
  CHECK(tls_for("wss://broker/mqtt"));
  CHECK_FALSE(app::load_tls(good(minimal + "[mqtt]\nurl = \"mqtt://broker\"\n"))->mqtt);
}

TEST_CASE("5.5 tls: what ends first of the store's own certificates is known") {
  Files files;
  tests::CertificateWish soon;
  soon.until_ms = tests::system_now_ms() + 3 * tests::day_ms;
  const auto client = files.root.issue(soon);
  files.write("client.crt", client.certificate);
  files.write("client.key", client.key);
  const app::Config config =
      good(files.http("127.0.0.1:8443", files.tls()) +
           "[mqtt]\nurl = \"mqtts://b\"\nca = " + files.file("ca.pem") +
           "\ncertificate = " + files.file("client.crt") + "\nkey = " + files.file("client.key") + "\n");
  const auto tls = app::load_tls(config);
  REQUIRE(tls.ok());
  CHECK(tls->http != nullptr);
  CHECK(tls->pos == nullptr);
  REQUIRE(tls->ends_at_wall_ms());
  CHECK(*tls->ends_at_wall_ms() / 1000 == soon.until_ms / 1000);
  CHECK_FALSE(app::load_tls(good(minimal))->ends_at_wall_ms());
}
