// The door as a partner's engineer meets it: TLS, and webhooks signed by openssl and sent by curl, for every scheme there is.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/tls_line.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/json_text.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/platform/tls_certificates.hpp"

using namespace storegate;
using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds soon{20};
constexpr const char* secret = "the-secret-of-the-test";

/// One partner's way to say that it is the partner: a bash command that prints the header for the body in $1.
struct Scheme {
  const char* partner;
  const char* order;   // of the project's own fixtures
  const char* cancel;  // "" = none
  int status;          // of an order that was stored and accepted
  const char* header;
  const char* fixtures = partner;
};

constexpr const char* hex = "$(openssl dgst -sha256 -hmac \"$SECRET\" -r \"$1\" | cut -d' ' -f1)";
constexpr const char* base64 = "$(openssl dgst -sha256 -hmac \"$SECRET\" -binary \"$1\" | openssl base64 -A)";

std::string printed(const std::string& header) { return "printf '%s' \"" + header + "\""; }

/// A store whose partners' port speaks TLS; its administration is plain, on loopback.
class TlsStore {
 public:
  TlsStore() {
    const auto own = root_.issue();
    write("ca.pem", root_.certificate());
    write("server.crt", own.certificate);
    write("server.key", own.key);
    write("secret", std::string(secret) + "\n");
    write("standard.secret", "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdA==\n");  // the same bytes in base64
    std::string text = "[store]\nid = \"door\"\n[storage]\npath = \"" + folder_.file("orders.db") +
                       "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
                       "\"\nadmin_listen = \"127.0.0.1:" + std::to_string(admin_port_) +
                       "\"\nsocket = \"\"\ntls = { certificate = \"" + folder_.file("server.crt") +
                       "\", key = \"" + folder_.file("server.key") +
                       "\" }\n[pos]\nurl = \"http://127.0.0.1:9\"\n";
    for (const char* name :
         {"deliverect", "deliveroo", "doordash", "grubhub", "hubrise", "jet_connect", "just_eat", "otter"})
      text += partner(name, "secret", "");
    text += partner("jet-hash", "secret", "codec = \"jet_connect\"\n");
    // Their orders are fetched, here from nowhere.
    const std::string api = "[partner.api]\nurl = \"http://127.0.0.1:9\"\n";
    const std::string by_client =
        api + "token_url = \"http://127.0.0.1:9/token\"\nclient_id = \"door\"\nclient_secret_file = \"" +
        folder_.file("secret") + "\"\n";
    text += partner("rbi", "secret", api + "secret_file = \"" + folder_.file("secret") + "\"\n");
    text += partner("open_delivery", "secret", by_client + "merchant_id = \"door\"\n");
    text +=
        partner("uber_eats", "secret", by_client + "store_id = \"e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11\"\n");
    text += partner("hex-body", "secret",
                    "codec = \"generic\"\nwebhook = { header = \"X-Acme\", prefix = \"sha256=\" }\n");
    text += partner("standard", "standard.secret",
                    "codec = \"generic\"\nwebhook = { scheme = \"standard_webhooks\" }\n");
    text += partner("stripe", "secret", "codec = \"generic\"\nwebhook = { scheme = \"stripe\" }\n");
    write("storegate.toml", text);
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder_.file("log")});
    eventually("storegate is ready", soon, [&] { return admin.get("/readyz").is(200); });
  }

  /// Runs a bash script with SECRET set and `file` as $1; what it prints.
  std::string bash(const std::string& script, const std::string& file = {}) {
    const std::string output = folder_.file("output");
    write("output", "");
    Process run(
        "bash", {"-c", script, "bash", file},
        ProcessOptions{
            .environment = {{"SECRET", secret}}, .stdout_path = output, .stderr_path = folder_.file("log")});
    const auto ended = run.wait(soon);
    REQUIRE(ended);
    REQUIRE_MESSAGE(ended->clean(), script << ": " << read_file(folder_.file("log")));
    return read_file(output);
  }

  /// The status of one webhook that curl sends over TLS.
  int webhook(const std::string& partner, const std::string& file, const std::vector<std::string>& headers) {
    std::string script = "curl -s -o /dev/null -w '%{http_code}' --cacert " + folder_.file("ca.pem") +
                         " -H 'Content-Type: application/json' --data-binary @\"$1\"";
    for (const std::string& header : headers) script += " -H '" + header + "'";
    return std::stoi(
        bash(script + " https://localhost:" + std::to_string(port_) + "/v1/partners/" + partner + "/webhook",
             file));
  }

  /// The phases of a partner's orders as the administration lists them, with blanks between.
  std::string phases(const std::string& partner) {
    const std::string body = admin.get("/v1/orders?partner=" + partner).body;
    std::string phases;
    constexpr std::string_view member = R"("phase":")";
    for (auto at = body.find(member); at != std::string::npos; at = body.find(member, at + 1)) {
      const auto from = at + member.size();
      phases += (phases.empty() ? "" : " ") + body.substr(from, body.find('"', from) - from);
    }
    return phases;
  }

  void write(const std::string& name, const std::string& content) {
    write_file(folder_.path() / name, content);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] bool logged(const std::string& words) const {
    return read_file(folder_.file("log")).find(words) != std::string::npos;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return gateway_->pid(); }
  tests::TestCa& root() { return root_; }

 private:
  [[nodiscard]] std::string partner(const std::string& name, const std::string& file,
                                    const std::string& keys) const {
    return "[[partner]]\nname = \"" + name +
           "\"\nrelease = \"on_event\"\nrate_per_minute = 0\nsecret_files = [\"" + folder_.file(file) +
           "\"]\n" + keys;
  }

  TempDir folder_;
  tests::TestCa root_;
  std::uint16_t port_ = free_port(), admin_port_ = free_port();
  std::optional<Process> gateway_;

 public:
  HttpCaller admin{"127.0.0.1:" + std::to_string(admin_port_)};
  [[nodiscard]] std::string admin_address() const { return "127.0.0.1:" + std::to_string(admin_port_); }
};

std::string fixture(const std::string& name) { return std::string(STOREGATE_FIXTURES) + "/partners/" + name; }

/// A fixture as it would be sent in a year that is not over yet.
std::string ahead(TlsStore& store, const std::string& file) {
  std::string text = read_file(file);
  for (std::size_t at = 0; (at = text.find("2026-11-2", at)) != std::string::npos;)
    text.replace(at, 4, "2099");
  store.write("ahead.json", text);
  return store.file("ahead.json");
}

/// The canonical order of the fixtures as that partner's, in a file.
std::string canonical_file(TlsStore& store, const std::string& partner) {
  std::string order = read_file(fixture("generic/order.json"));
  const std::string_view written = "\"generic\"";
  store.write(partner + ".json", order.replace(order.find(written), written.size(), "\"" + partner + "\""));
  return store.file(partner + ".json");
}

}  // namespace

TEST_CASE(
    "5.1 every scheme: what openssl signed is let in over TLS, another signature is 401 and nothing is "
    "stored [I11]") {
  const std::vector<Scheme> schemes = {
      {"deliverect", "order.json", "cancel.json", 200, "X-Server-Authorization-HMAC-SHA256: HEX"},
      {"deliveroo", "order.json", "status_canceled.json", 200,
       "X-Deliveroo-HMAC-SHA256: $( (printf 'guid-1 '; cat \"$1\") | openssl dgst -sha256 -hmac \"$SECRET\" "
       "-r | cut -d' ' -f1)"},
      {"doordash", "order.json", "cancel.json", 202, "Authorization: $SECRET"},
      {"grubhub", "order.json", "cancelled.json", 200,
       "Authorization: Basic $(printf '%s' \"$SECRET\" | openssl base64 -A)"},
      {"hubrise", "order_create.json", "order_cancelled.json", 200, "X-HubRise-Hmac-SHA256: HEX"},
      {"jet_connect", "delivery_by_partner.json", "cancel.json", 200, "X-Flyt-Api-Key: $SECRET"},
      {"just_eat", "acceptance_requested.json", "order_cancelled.json", 200,
       "Authorization: JE-API-KEY $SECRET"},
      {"jet-hash", "delivery_by_partner.json", "cancel.json", 200, "X-JET-Connect-Hash: signature=BASE64",
       "jet_connect"},
      {"open_delivery", "created.json", "cancelled.json", 200, "X-App-Signature: HEX"},
      {"otter", "order.json", "cancel.json", 200, "X-HMAC-SHA256: BASE64"},
      {"rbi", "order_updated.json", "", 200, "X-Signature: HEX"},
      {"uber_eats", "notification.json", "cancel.json", 200, "X-Uber-Signature: HEX"},
  };
  TlsStore store;
  for (const Scheme& scheme : schemes) {
    CAPTURE(scheme.partner);
    std::string command = scheme.header;
    for (const auto& [word, with] : {std::pair("HEX", hex), {"BASE64", base64}})
      if (const auto at = command.find(word); at != std::string::npos && !command.starts_with("X-Deliveroo"))
        if (command.ends_with(word)) command.replace(at, std::string(word).size(), with);
    std::string ordered;
    for (const std::string name : {scheme.order, scheme.cancel}) {
      CAPTURE(name);
      if (name.empty()) continue;
      const std::string file = ahead(store, fixture(std::string(scheme.fixtures) + "/" + name));
      const std::string header = store.bash(printed(command), file);
      std::vector<std::string> wrong{header, "X-Deliveroo-Sequence-Guid: guid-1"};
      wrong[0].back() = wrong[0].back() == 'A' ? 'B' : 'A';
      wrong[0][wrong[0].size() - 3] = wrong[0][wrong[0].size() - 3] == 'A' ? 'B' : 'A';
      CHECK(store.webhook(scheme.partner, file, wrong) == 401);
      CHECK(store.webhook(scheme.partner, file, {}) == 401);
      if (name == scheme.order) CHECK(store.phases(scheme.partner) == "");
      const int status = store.webhook(scheme.partner, file, {header, "X-Deliveroo-Sequence-Guid: guid-1"});
      const std::string phases = store.phases(scheme.partner);
      CHECK_FALSE(phases.empty());
      // Some are told of a rejection by the status, so that the restaurant's tablet takes over.
      const std::string partner = scheme.fixtures;
      const bool told =
          (partner == "jet_connect" || partner == "just_eat") && name == scheme.order && phases == "rejected";
      CHECK(status == (told ? 400 : name == scheme.order ? scheme.status : 200));
      if (name == scheme.order) ordered = phases;
      if (name == scheme.cancel) CHECK(phases == (ordered == "rejected" ? "rejected" : "cancelled"));
      if (partner == "uber_eats" && name == scheme.order) CHECK(phases == "fetching");
      if (partner == "doordash" && name == scheme.order) CHECK(phases == "held");
    }
  }
}

TEST_CASE("5.1 generic: a prefix, Standard Webhooks and Stripe's scheme, signed by openssl") {
  TlsStore store;
  const std::string now = store.bash("date +%s | tr -d '\\n'");
  const std::string acme = canonical_file(store, "hex-body");
  CHECK(store.webhook("hex-body", acme, {store.bash(printed("X-Acme: sha256=" + std::string(hex)), acme)}) ==
        200);
  CHECK(store.webhook("hex-body", acme, {store.bash(printed("X-Acme: " + std::string(hex)), acme)}) == 401);

  const std::string standard = canonical_file(store, "standard");
  const std::string mac =
      store.bash("(printf 'msg_1." + now +
                     ".'; cat \"$1\") | openssl dgst -sha256 -hmac \"$SECRET\" -binary | openssl base64 -A",
                 standard);
  CHECK(store.webhook("standard", standard,
                      {"webhook-id: msg_1", "webhook-timestamp: " + now, "webhook-signature: v1," + mac}) ==
        200);
  CHECK(store.webhook("standard", standard,
                      {"webhook-id: msg_2", "webhook-timestamp: " + now, "webhook-signature: v1," + mac}) ==
        401);

  const std::string stripe = canonical_file(store, "stripe");
  const auto signed_at = [&](const std::string& time) {
    return "Stripe-Signature: t=" + time + ",v1=" +
           store.bash("printf '%s' \"$( (printf '" + time +
                          ".'; cat \"$1\") | openssl dgst -sha256 -hmac \"$SECRET\" -r | cut -d' ' -f1)\"",
                      stripe);
  };
  CHECK(store.webhook("stripe", stripe, {signed_at(now) + "0"}) == 401);
  CHECK(store.webhook("stripe", stripe, {signed_at(now)}) == 200);
  for (const char* partner : {"hex-body", "standard", "stripe"}) CHECK(store.phases(partner) == "held");
}

TEST_CASE("5.6 the partners' port serves no administration, and an older TLS is not spoken") {
  TlsStore store;
  const std::string url = " https://localhost:" + std::to_string(store.port());
  const std::string curl = "curl -s -o /dev/null -w '%{http_code}' --cacert " + store.file("ca.pem");
  CHECK(store.bash(curl + url + "/v1/orders") == "405");
  CHECK(store.bash(curl + url + "/metrics") == "404");
  CHECK(store.bash(curl + url + "/healthz") == "404");
  CHECK(store.bash("curl -s -o /dev/null --cacert " + store.file("ca.pem") + " --tls-max 1.1" + url +
                   "/ || printf refused") == "refused");
  CHECK(store.bash("curl -s -o /dev/null" + url + "/ || printf untrusted") == "untrusted");
}

namespace {

/// Whose certificate the partners' port shows.
std::string subject_at(TlsStore& store) {
  return store.bash("openssl s_client -connect 127.0.0.1:" + std::to_string(store.port()) +
                    " </dev/null 2>/dev/null | openssl x509 -noout -subject");
}

/// Puts another certificate with its key in the place of the store's.
void replace_certificate(TlsStore& store, const tests::CertificateWish& wish) {
  const auto fresh = store.root().issue(wish);
  store.write("server.crt", fresh.certificate);
  store.write("server.key", fresh.key);
}

}  // namespace

TEST_CASE("5.5 certificates are replaced by SIGHUP, and files that do not fit leave the old ones") {
  TlsStore store;
  const std::string before = subject_at(store);
  tests::CertificateWish wish;
  wish.subject = "CN=store-8";
  const auto fresh = store.root().issue(wish);
  store.write("server.crt", fresh.certificate);  // the old key does not belong to it
  ::kill(store.pid(), SIGHUP);
  eventually("the new certificate is refused", soon, [&] { return store.logged("not reloaded"); });
  CHECK(subject_at(store) == before);
  store.write("server.key", fresh.key);
  ::kill(store.pid(), SIGHUP);
  eventually("the new certificate is served", soon,
             [&] { return subject_at(store).find("store-8") != std::string::npos; });
}

TEST_CASE("5.5 a certificate that is not valid now takes no good one's place, and check-config names it") {
  TlsStore store;
  const std::string before = subject_at(store);
  const std::int64_t now_ms = tests::system_now_ms();
  tests::CertificateWish wish;
  wish.subject = "CN=store-9";
  std::string why;
  SUBCASE("it has ended") {
    wish.from_ms = now_ms - 2 * tests::day_ms;
    wish.until_ms = now_ms - tests::day_ms;
    why = "has ended on";
  }
  SUBCASE("it has not begun") {
    wish.from_ms = now_ms + tests::day_ms;
    wish.until_ms = now_ms + 2 * tests::day_ms;
    why = "begins on";
  }
  replace_certificate(store, wish);
  ::kill(store.pid(), SIGHUP);
  eventually("it is not taken", soon, [&] { return store.logged("the new certificate is not taken"); });
  eventually("the rest is", soon, [&] { return store.logged("configuration reloaded"); });
  CHECK(subject_at(store) == before);
  const std::string words = store.bash(std::string(STOREGATE_PROGRAM) + " check-config --config " +
                                       store.file("storegate.toml") + " 2>&1");
  CHECK_MESSAGE(words.find(why) != std::string::npos, words);
  CHECK_MESSAGE(words.find(": good\n") != std::string::npos, words);
  wish.from_ms = now_ms - tests::day_ms;
  wish.until_ms = now_ms + tests::day_ms;
  replace_certificate(store, wish);
  ::kill(store.pid(), SIGHUP);
  eventually("a valid one is served", soon,
             [&] { return subject_at(store).find("store-9") != std::string::npos; });
}

TEST_CASE(
    "5.5 a connection lives through reloads under load, each of which is in force without waiting for a "
    "lull") {
  TlsStore store;
  std::atomic<bool> stop = false;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 6; ++sender)
    senders.emplace_back([&stop, sender, address = store.admin_address()] {
      HttpCaller caller(address);
      for (int i = 0; !stop; ++i)
        caller.put("/v1/availability/item-" + std::to_string(sender),
                   i % 2 == 0 ? R"({"available":false})" : R"({"available":true})");
    });
  bench::TlsLine kept(Address::parse("127.0.0.1:" + std::to_string(store.port())),
                      bench::tls_client(store.file("ca.pem")));
  const auto status_of = [&](const std::string& secret_now) {
    return kept
        .ask("POST /v1/partners/doordash/webhook HTTP/1.1\r\nHost: localhost\r\nAuthorization: " +
             secret_now + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        .status;
  };
  tests::CertificateWish wish;
  for (int round = 0; round < 20; ++round) {
    const std::string fresh = "secret-of-round-" + std::to_string(round);
    wish.subject = "CN=" + fresh;
    replace_certificate(store, wish);
    store.write("secret", fresh + "\n");
    ::kill(store.pid(), SIGHUP);
    eventually("the new secret is in force", soon, [&] { return status_of(fresh) != 401; });
    CHECK(status_of("secret-of-round-" + std::to_string(round - 1)) == 401);
  }
  stop = true;
  for (auto& sender : senders) sender.join();
  CHECK(subject_at(store).find(wish.subject.substr(3)) != std::string::npos);
}
