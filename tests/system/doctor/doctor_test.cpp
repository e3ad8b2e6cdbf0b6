// storegate doctor against the real thing: a broker with passwords, servers with TLS, a POS, ports that are taken, a clock that
// was never set. What is found is named, with what to do; what needs the service's user and disks is in tests/package.
#include <doctest/doctest.h>

#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
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

/// Answers as a POS does that is well and has no order, with a Date header of a clock that is so far ahead of ours.
class DatedPos {
 public:
  explicit DatedPos(std::chrono::seconds ahead) : ahead_(ahead), thread_([this] { serve(); }) {}
  DatedPos(const DatedPos&) = delete;
  DatedPos& operator=(const DatedPos&) = delete;
  ~DatedPos() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_of(listener_)); }

 private:
  void serve() const {
    for (pollfd door{listener_.get(), POLLIN, 0};;) {
      ::poll(&door, 1, -1);
      const Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) return;
      std::string request;
      char part[1024];
      for (ssize_t count = 1; count > 0 && request.find("\r\n\r\n") == std::string::npos;) {
        count = ::recv(peer.get(), part, sizeof part, 0);
        if (count > 0) request.append(part, static_cast<std::size_t>(count));
      }
      const bool is_health = request.starts_with("GET /health ");
      const std::string body = is_health ? R"({"status":"pass"})" : R"({"orders":[]})";
      const std::string answer =
          "HTTP/1.1 200 OK\r\nDate: " + date() +
          "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
      static_cast<void>(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    }
  }
  [[nodiscard]] std::string date() const {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + ahead_);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
  }

  std::chrono::seconds ahead_;
  Descriptor listener_ = listen_on(Address::parse("127.0.0.1:0"));
  std::thread thread_;
};

/// A server certificate of the folder's CA in server.crt, for localhost, valid as `times` says to `openssl ca`.
void certify_for(const TempDir& folder, const std::string& times) {
  run_bash(
      folder,
      "rm -f index.txt*; touch index.txt; echo 01 >serial; printf "
      "'[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\n"
      "serial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName="
      "supplied\n"
      "[x]\nsubjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,"
      "digitalSignature\n"
      "extendedKeyUsage=serverAuth\n' >ca.cnf; openssl req -new -key server.key -subj /CN=localhost -out "
      "s.csr; "
      "openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in s.csr -out server.crt " +
          times);
}

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
  CHECK_MESSAGE(practice.blames("broker", "uthori", "lets nobody in as store-7-doctor"), practice.said);
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

TEST_CASE("the broker's certificate: expired, of the future, one of ours that is wanted, and no TLS at all") {
  const TempDir folder;
  make_certificates(folder);
  PosDouble pos;
  Practice practice;
  practice.pos_url = pos.url();
  practice.mqtt_keys = "ca = \"" + folder.file("ca.pem") + "\"\n";
  const std::pair<const char*, std::pair<const char*, const char*>> times[] = {
      {"-startdate 20200101000000Z -enddate 20210101000000Z", {"expired", "needs a new certificate"}},
      {"-startdate 20700101000000Z -enddate 20710101000000Z", {"not valid before", "timedatectl set-ntp"}}};
  for (const auto& [valid, words] : times) {
    certify_for(folder, valid);
    OpensslServer server(folder, openssl_strict);
    practice.broker_url = "mqtts://localhost:" + std::to_string(server.port());
    CHECK(practice.look() == 1);
    CHECK_MESSAGE(practice.blames("broker", words.first, words.second), practice.said);
  }

  certify_for(folder, "-days 9");
  std::vector<std::string> wants_ours = openssl_strict;
  wants_ours.insert(wants_ours.end(),
                    {"-Verify", "1", "-verify_return_error", "-CAfile", folder.file("ca.pem")});
  OpensslServer strict(folder, wants_ours);
  practice.broker_url = "mqtts://localhost:" + std::to_string(strict.port());
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "certificate", "mqtt.certificate and .key"), practice.said);

  Broker plain;
  plain.start();
  practice.broker_url = "mqtts" + plain.url().substr(4);
  practice.pos_url = "https" + plain.url().substr(4);
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("broker", "TLS", "does the server speak TLS at that port? mqtt.url"),
                practice.said);
  CHECK_MESSAGE(practice.blames("POS", "TLS", "does the server speak TLS at that port? pos.url"),
                practice.said);
}

TEST_CASE("a clock that is not the POS's") {
  Broker broker;
  broker.start();
  Practice practice;
  practice.broker_url = broker.url();
  for (const auto ahead : {-4min, 4min}) {
    const DatedPos near(ahead);
    practice.pos_url = near.url();
    CHECK_MESSAGE(practice.look() == 0, practice.said);
  }
  for (const auto ahead : {-6min, 6min, 7 * 24 * 60min}) {
    const DatedPos far(ahead);
    practice.pos_url = far.url();
    CHECK_MESSAGE(practice.look() == 1, practice.said);
    CHECK_MESSAGE(practice.blames("clock", "that of the POS 20", "timedatectl shows this one"),
                  practice.said);
    CHECK_MESSAGE(practice.praises("POS"), practice.said);
  }
}

TEST_CASE("a newer storegate's version that is still in the write-ahead log is found, and nothing changes") {
  Practice practice;
  CHECK(practice.look() == 1);  // neither broker nor POS
  {
    Process service(STOREGATE_PROGRAM, {"run", "--config", practice.folder.file("storegate.toml")});
    HttpCaller api("unix:" + practice.folder.file("api.sock"));
    eventually("storegate answers", 20s, [&] { return api.get("/healthz").status == 200; });
    CHECK(practice.look() == 1);
    CHECK_MESSAGE(practice.said.find("orders.db is the running service's") != std::string::npos,
                  practice.said);
    service.kill(SIGTERM);
    REQUIRE(service.wait(20s).has_value());
  }
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.praises("database"), practice.said);
  const std::string file = practice.folder.file("orders.db");
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database,
                       "PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0; PRAGMA user_version=99",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  const std::string before = read_file(file) + read_file(file + "-wal");
  REQUIRE(read_file(file).at(63) != 99);  // the header knows nothing of it
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("database", "schema version 99", "install that version again"),
                practice.said);
  CHECK((read_file(file) + read_file(file + "-wal") == before));
  CHECK_FALSE(std::filesystem::exists(file + "-shm"));
}

TEST_CASE("a file that this user may not read is no fault of the file: root is to look") {
  Practice practice;
  CHECK(practice.look() == 1);
  const std::string config = practice.folder.file("storegate.toml");
  run_bash(practice.folder, "chmod 755 . && chmod 000 storegate.toml");
  std::vector<std::string> words{"doctor", "--config", config};
  std::string program = STOREGATE_PROGRAM;
  if (::geteuid() == 0) {  // whom no mode keeps out
    words.insert(words.begin(), {"--reuid=65534", "--regid=65534", "--clear-groups", program});
    program = "setpriv";
  }
  Process doctor(program, words, {.stdout_path = practice.folder.file("said")});
  REQUIRE(doctor.wait(60s).has_value());
  practice.said = read_file(practice.folder.file("said"));
  CHECK_MESSAGE(practice.blames("configuration", "may not be read by this user", "run it as root"),
                practice.said);
  CHECK(practice.said.find("chgrp") == std::string::npos);
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

  practice.process.environment = {{"LD_PRELOAD", STOREGATE_FEW_INODES_LIBRARY}, {"STOREGATE_INODES", "15"}};
  CHECK(practice.look() == 1);
  CHECK_MESSAGE(practice.blames("disk", "for 15 more files", "df -i"), practice.said);
  practice.process.environment[1].second = "16";
  CHECK_MESSAGE(practice.look() == 0, practice.said);

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
