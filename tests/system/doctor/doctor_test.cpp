// storegate doctor against the real thing: a broker with passwords, servers with TLS, a POS, ports that are taken, a clock that
// was never set. What is found is named, with what to do; what needs the service's user and disks is in tests/package.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/openssl_server.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_store.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

/// A store's configuration, and what the doctor says of it.
struct Practice {
  std::string broker_url = "mqtt://127.0.0.1:" + std::to_string(free_port());
  std::string mqtt_keys = {};
  std::string pos_url = "http://127.0.0.1:" + std::to_string(free_port());
  std::string listen = "127.0.0.1:" + std::to_string(free_port());
  std::string http_keys = {};
  std::string storage_keys = {};
  ProcessOptions process = {};
  TempDir folder = {};
  std::string said = {};

  /// The exit status; what it printed is in `said`.
  int look() {
    write_file(folder.path() / "storegate.toml",
               "[store]\nid = \"store-7\"\n[storage]\npath = \"" + folder.file("orders.db") + "\"\n" +
                   storage_keys + "[http]\nlisten = \"" + listen + "\"\nsocket = \"" +
                   folder.file("api.sock") + "\"\n" + http_keys + "[mqtt]\nurl = \"" + broker_url + "\"\n" +
                   mqtt_keys + "[pos]\nurl = \"" + pos_url +
                   "\"\ntimeout_ms = 3000\n[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n");
    ProcessOptions options = process;
    options.stdout_path = folder.file("said");
    write_file(folder.path() / "said", "");
    Process doctor(STOREGATE_PROGRAM, {"doctor", "--config", folder.file("storegate.toml")}, options);
    const auto ended = doctor.wait(60s);
    said = read_file(folder.file("said"));
    INFO(said);
    REQUIRE(ended.has_value());
    REQUIRE(ended->signal == 0);
    return ended->code;
  }
  /// Whether a line names `what` as bad because of `why`, and the next one what to do.
  [[nodiscard]] bool blames(const std::string& what, const std::string& why,
                            const std::string& advice) const {
    for (std::size_t at = 0; at < said.size();) {
      const auto end = said.find('\n', at);
      const std::string line = said.substr(at, end - at);
      const std::string next = said.substr(end + 1, said.find('\n', end + 1) - end - 1);
      if (line.starts_with(what + " ") && line.find(" BAD ") != std::string::npos &&
          line.find(why) != std::string::npos)
        return next.find("-> ") != std::string::npos && next.find(advice) != std::string::npos;
      at = end + 1;
    }
    return false;
  }
  [[nodiscard]] bool praises(const std::string& what) const {
    const std::string lines = "\n" + said;
    const auto at = lines.find("\n" + what + " ");
    return at != std::string::npos &&
           lines.substr(at + 1, lines.find('\n', at + 1) - at).find(" good ") != std::string::npos;
  }
};

}  // namespace

TEST_CASE("a store where all is well, before its start and beside the running service") {
  Broker broker;
  broker.start();
  PosDouble pos;
  Practice practice;
  practice.broker_url = broker.url();
  practice.pos_url = pos.url();
  CHECK(practice.look() == 0);
  for (const char* what : {"configuration", "permissions", "disk", "database", "port", "broker", "POS"})
    CHECK_MESSAGE(practice.praises(what), what << " in " << practice.said);

  Process service(STOREGATE_PROGRAM, {"run", "--config", practice.folder.file("storegate.toml")});
  HttpCaller api("unix:" + practice.folder.file("api.sock"));
  eventually("storegate is connected", 20s,
             [&] { return api.get("/readyz").body.find("\"uplink\":\"pass\"") != std::string::npos; });
  const int beside_the_service = practice.look();
  CHECK_MESSAGE(beside_the_service == 0, practice.said);
  CHECK_MESSAGE(practice.said.find("is the running service's") != std::string::npos, practice.said);
  // Its own session was not taken from it.
  CHECK(api.get("/readyz").body.find("\"uplink\":\"pass\"") != std::string::npos);
}

TEST_CASE(
    "beside the running service a port is looked at: it is the service's, somebody else's, or nobody's") {
  Practice practice;
  CHECK(practice.look() == 1);  // neither broker nor POS
  const std::string configured = practice.folder.file("started.toml");
  std::filesystem::copy_file(practice.folder.file("storegate.toml"), configured);
  Process service(STOREGATE_PROGRAM, {"run", "--config", configured});
  HttpCaller api("unix:" + practice.folder.file("api.sock"));
  eventually("storegate answers", 20s, [&] { return api.get("/healthz").status == 200; });

  const Descriptor taken = listen_on(Address::parse("127.0.0.1:0"));
  const std::string own = practice.listen;
  practice.listen = "127.0.0.1:" + std::to_string(port_of(taken));
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("port", "in use", "ss -ltnp"), practice.said);

  PosDouble other;
  practice.listen = "127.0.0.1:" + std::to_string(other.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("port", "in use", "ss -ltnp"), practice.said);

  practice.listen = "127.0.0.1:" + std::to_string(free_port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.said.find("does not listen there yet") != std::string::npos, practice.said);

  practice.listen = own;
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.said.find(own + " is the running service's") != std::string::npos, practice.said);
}

TEST_CASE("a running service with TLS is known at its port") {
  const TempDir folder;
  make_certificates(folder);
  Practice practice;
  practice.http_keys = "tls = { certificate = \"" + folder.file("server.crt") + "\", key = \"" +
                       folder.file("server.key") + "\" }\n";
  CHECK(practice.look() == 1);  // neither broker nor POS
  Process service(STOREGATE_PROGRAM, {"run", "--config", practice.folder.file("storegate.toml")});
  HttpCaller api("unix:" + practice.folder.file("api.sock"));
  eventually("storegate answers", 20s, [&] { return api.get("/healthz").status == 200; });
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.said.find(" is the running service's") != std::string::npos, practice.said);
}

TEST_CASE("a 3.1.1 broker keeps nothing of the visit, and the store's name there may be of 128 bytes") {
  Broker broker;
  broker.start();
  PosDouble pos;
  Practice practice;
  practice.broker_url = broker.url();
  practice.pos_url = pos.url();
  practice.mqtt_keys = "version = \"3.1.1\"\nclient_id = \"" + std::string(128, 's') + "\"\n";
  CHECK(practice.look() == 0);
  CHECK(broker.log_shows(std::string(121, 's') + "-doctor (p2, c1,"));  // c1: a clean session
}

TEST_CASE("a key is everybody's only if its folders let everybody through to it") {
  const TempDir folder;
  make_certificates(folder);
  run_bash(folder, "chmod 755 .; chmod 644 server.crt server.key ca.pem");
  Practice practice;
  practice.broker_url = "mqtts://localhost:" + std::to_string(free_port());
  practice.mqtt_keys = "ca = \"" + folder.file("ca.pem") + "\"\ncertificate = \"" +
                       folder.file("server.crt") + "\"\nkey = \"" + folder.file("server.key") + "\"\n";
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("permissions", "everybody may read", "chmod 640"), practice.said);
  run_bash(folder, "chmod 700 .");
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.praises("permissions"), practice.said);
}

TEST_CASE("credentials of a unit that does not run: what to do, and the device is looked at all the same") {
  Practice practice;
  practice.mqtt_keys = "username = \"store-7\"\npassword_file = \"${CREDENTIALS_DIRECTORY}/password\"\n";
  CHECK(practice.look() == 2);
  CHECK_MESSAGE(practice.blames("configuration", "CREDENTIALS_DIRECTORY", "start the unit once"),
                practice.said);
  for (const char* what : {"disk", "database", "port"})
    CHECK_MESSAGE(practice.praises(what), what << " in " << practice.said);
  CHECK(practice.said.find("\nclock ") != std::string::npos);
  CHECK(practice.said.find("\nbroker ") == std::string::npos);
}

TEST_CASE("a database outside of what the unit may write is told, and is no obstacle") {
  Practice practice;
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.said.find("ReadWritePaths=" + practice.folder.path().string()) != std::string::npos,
                practice.said);
  CHECK_MESSAGE(practice.praises("disk"), practice.said);
}

TEST_CASE("the broker: nobody there, not a broker, a refused password") {
  PosDouble pos;
  Practice practice;
  practice.pos_url = pos.url();
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "Connection refused", "is mqtt.url right"), practice.said);

  practice.broker_url = "mqtt://no-such-host.invalid";
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "no-such-host.invalid", "is mqtt.url right"), practice.said);

  practice.broker_url = "mqtt://127.0.0.1:" + std::to_string(pos.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "", "does an MQTT broker listen at that port"), practice.said);

  const TempDir secrets;
  run_bash(secrets,
           "mosquitto_passwd -b -c passwords store-7 right; chmod 644 passwords; chmod 755 .; printf wrong "
           ">password");
  Broker strict({.acl = "user store-7\npattern read stores/%u/in/#\n",
                 .more_lines = "allow_anonymous false\npassword_file " + secrets.file("passwords") + "\n"});
  strict.start();
  practice.broker_url = strict.url();
  practice.mqtt_keys = "username = \"store-7\"\npassword_file = \"" + secrets.file("password") + "\"\n";
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "uthori", "mqtt.password_file"), practice.said);
  CHECK(practice.said.find("not-it-7") == std::string::npos);

  write_file(secrets.path() / "password", "right");
  CHECK(practice.look() == 0);
}

TEST_CASE("the broker's certificate: signed by nobody we trust, and for another name") {
  const TempDir folder;
  make_certificates(folder);
  OpensslServer server(folder, openssl_strict);
  PosDouble pos;
  Practice practice;
  practice.pos_url = pos.url();
  practice.broker_url = "mqtts://localhost:" + std::to_string(server.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "signed by nobody", "mqtt.ca"), practice.said);
  practice.mqtt_keys = "ca = \"" + folder.file("ca.pem") + "\"\n";
  run_bash(folder,
           "openssl req -new -key server.key -subj /CN=other -out other.csr; openssl x509 -req -in other.csr "
           "-CA ca.pem"
           " -CAkey ca.key -CAcreateserial -days 9 -out server.crt -extfile <(printf "
           "'subjectAltName=DNS:other.example\\n"
           "basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage="
           "serverAuth\\n')");
  OpensslServer other(folder, openssl_strict);
  practice.broker_url = "mqtts://localhost:" + std::to_string(other.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "other.example", "mqtt.url"), practice.said);
}

TEST_CASE("the POS: nobody there, something else there, and one that does not know orders") {
  Broker broker;
  broker.start();
  Practice practice;
  practice.broker_url = broker.url();
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("POS", "Connection refused", "is pos.url right"), practice.said);

  const TempDir folder;
  make_certificates(folder);
  OpensslServer no_http(folder, openssl_strict);
  practice.pos_url = "http://127.0.0.1:" + std::to_string(no_http.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("POS", "answers nonsense", "something else than the POS"), practice.said);

  PosDouble pos;
  practice.pos_url = pos.url() + "/elsewhere";
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("POS", "something else than the POS", "with its path"), practice.said);
  practice.pos_url = pos.url();
  CHECK(practice.look() == 0);
}

TEST_CASE(
    "the device: a port that is taken, a disk nearly full, a clock at 1970, a database of somebody else") {
  Broker broker;
  broker.start();
  PosDouble pos;
  Practice practice;
  practice.broker_url = broker.url();
  practice.pos_url = pos.url();

  const Descriptor taken = listen_on(Address::parse("127.0.0.1:0"));
  const std::string free = practice.listen;
  practice.listen = "127.0.0.1:" + std::to_string(port_of(taken));
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("port", "in use", "ss -ltnp"), practice.said);
  practice.listen = free;

  practice.storage_keys = "min_free_mib = 1048576\n";
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("disk", "new orders are refused below 1048576 MiB", "free some"),
                practice.said);
  practice.storage_keys = {};

  practice.process.environment = {{"LD_PRELOAD", STOREGATE_CLOCK_AHEAD_LIBRARY},
                                  {"STOREGATE_CLOCK_AHEAD_S", "-1700000000"}};
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("clock", "long past", "timedatectl"), practice.said);
  practice.process.environment = {};

  write_file(practice.folder.path() / "orders.db", std::string(4096, 'x'));
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("database", "no database of storegate", "salvage"), practice.said);
}

TEST_CASE("a configuration that cannot be used: each problem with its line, and nothing else is tried") {
  Practice practice;
  practice.storage_keys = "retain_dayz = 3\n";
  practice.mqtt_keys = "password_file = \"/nonexistent/password\"\nusername = \"store-7\"\n";
  CHECK(practice.look() == 2);
  CHECK_MESSAGE(practice.blames("configuration", "retain_days", "line 5"), practice.said);
  CHECK_MESSAGE(practice.blames("configuration", "/nonexistent/password does not exist", "edit"),
                practice.said);
  CHECK(practice.said.find("broker") == std::string::npos);
}
