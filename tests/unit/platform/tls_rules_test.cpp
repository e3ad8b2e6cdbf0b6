// Whom an end lets in: names, dates, authorities, versions and suites, client certificates; and that resuming an
// earlier session goes round none of it.
#include <doctest/doctest.h>

#include <array>

#include "platform/clock.hpp"
#include "platform/tls_engine.hpp"
#include "platform/tls_inner.hpp"
#include "tls_pair.hpp"

namespace storegate::tests {
namespace {

using platform::wall_floor_ms;

const TlsFolder& folder() {
  static const TlsFolder made;
  return made;
}

const Context& good_server() {
  static const Context made = folder().server();
  return made;
}

/// What the client says of a server with that certificate; "" = they talk.
std::string verdict(const CertificateWish& wish, const Context& client = folder().client(),
                    const std::string& host = "localhost") {
  TlsPair pair(folder().server(wish), client, host);
  pair.run();
  CHECK(pair.client.open == pair.client.error.empty());
  return pair.client.error;
}

TEST_CASE("a server must prove the name it was asked by") {
  struct Row {
    std::string host;
    std::vector<std::string> names;
    std::vector<std::string> addresses;
    std::string error;
  };
  const std::string other = ":443 is for another name: it is for ";
  const Row rows[] = {
      {"pos.local", {"pos.local"}, {}, ""},
      {"POS.local", {"pos.LOCAL"}, {}, ""},
      {"pos.local", {"a", "b", "pos.local"}, {}, ""},
      {"pos.local", {"kds.local"}, {"10.0.0.7"}, "pos.local" + other + "kds.local, 10.0.0.7"},
      {"pos.local", {}, {}, "pos.local:443 is for another name: it has no subject alternative name"},
      {"CN-only", {}, {}, "CN-only:443 is for another name: it has no subject alternative name"},
      {"pos.store.example", {"*.store.example"}, {}, ""},
      {"a.pos.store.example", {"*.store.example"}, {}, "a.pos.store.example" + other + "*.store.example"},
      {"store.example", {"*.store.example"}, {}, "store.example" + other + "*.store.example"},
      {"pos.example", {"*.example"}, {}, "pos.example" + other + "*.example"},
      {"pos.local", {"*"}, {}, "pos.local" + other + "*"},
      {"10.0.0.7", {}, {"10.0.0.7"}, ""},
      {"10.0.0.7", {}, {"10.0.0.8"}, "10.0.0.7" + other + "10.0.0.8"},
      {"10.0.0.7", {"10.0.0.7"}, {}, "10.0.0.7" + other + "10.0.0.7"},
      {"127.0.0.1", {"127.0.0.1.example", "x\ny"}, {}, "127.0.0.1" + other + "127.0.0.1.example, x?y"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    const std::string error =
        verdict({.subject = "CN=CN-only", .names = row.names, .addresses = row.addresses}, folder().client(),
                row.host);
    CHECK(error == (row.error.empty() ? "" : "the certificate of " + row.error));
  }
}

TEST_CASE("a client without the name of its server does not begin") {
  for (const auto& host : {std::string(), std::string(254, 'a')}) {
    const auto engine = TlsEngine::connect(folder().client(), host, 443);
    REQUIRE_FALSE(engine.ok());
    CHECK(engine.error().code == core::ErrorCode::invalid);
  }
}

TEST_CASE("dates are judged by the wall clock, and by the release's floor while that was never set") {
  struct Row {
    std::string_view what;
    std::int64_t from_ms;
    std::int64_t until_ms;
    std::int64_t wall_ms;
    std::string_view error;
  };
  const std::int64_t floor = wall_floor_ms;  // 2026-01-01
  const Row rows[] = {
      {"in its time", floor, floor + 9 * day_ms, floor + 5 * day_ms, ""},
      {"its first second", floor, floor + 9 * day_ms, floor, ""},
      {"the second before", floor + 5 * day_ms, floor + 9 * day_ms, floor + 5 * day_ms - 1,
       "is not valid before 2026-01-06; is this device's clock right?"},
      {"its last second", floor, floor + 9 * day_ms, floor + 9 * day_ms + 999, ""},
      {"the second after", floor, floor + 9 * day_ms, floor + 9 * day_ms + 1'000, "expired on 2026-01-10"},
      {"1970, valid at the floor", floor - 90 * day_ms, floor + 9 * day_ms, 12'345, ""},
      {"1970, expired before the floor", floor - 90 * day_ms, floor - day_ms, 12'345,
       "expired on 2025-12-31"},
      {"1970, issued after the floor", floor + day_ms, floor + 9 * day_ms, 12'345,
       "not valid before 2026-01-02"},
      {"far in the future", floor, floor + 9 * day_ms, floor + 36'500 * day_ms, "expired on 2026-01-10"},
      {"past 2038, in its time", floor, floor + 9'000 * day_ms, floor + 5'000 * day_ms, ""},
      {"past 2038, issued after 2038", floor + 4'500 * day_ms, floor + 9'000 * day_ms, floor + 5'000 * day_ms,
       ""},
      {"past 2038, expired past 2038", floor, floor + 5'000 * day_ms, floor + 5'002 * day_ms,
       "expired on 2039-09-10"},
  };
  // A root that is valid for all of it; our own clock never shows these times, so mbedTLS's judgement is seen not to
  // count.
  const TlsFolder old({.subject = "CN=old root", .from_ms = 0, .until_ms = floor + 40'000 * day_ms});
  for (const auto& row : rows) {
    CAPTURE(row.what);
    auto options = old.client_options();
    options.wall_ms = [&row] { return row.wall_ms; };
    TlsPair pair(old.server({.from_ms = row.from_ms, .until_ms = row.until_ms}),
                 TlsFolder::made(TlsContext::client(options)));
    pair.run();
    CHECK(pair.client.error.empty() == row.error.empty());
    CHECK(pair.client.says(row.error));
  }
}

TEST_CASE("a CA that has expired vouches for nobody") {
  const auto now = system_now_ms();
  const TlsFolder stale({.subject = "CN=stale", .from_ms = now - 9 * day_ms, .until_ms = now - day_ms});
  TlsPair pair(stale.server(), stale.client());
  pair.run();
  CHECK(pair.client.says("a CA's certificate above that of localhost:443 expired on "));
}

TEST_CASE("a certificate by another authority, and one of the same name with another key, are refused") {
  const TlsFolder stranger({.subject = "CN=test root"});
  TlsPair pair(stranger.server(), folder().client());
  pair.run();
  CHECK(pair.client.error == "the certificate of localhost:443 is signed by nobody in our CA bundle");
  CHECK(pair.server.says("does not trust the CA of our certificate"));
  CHECK_FALSE(pair.server.open);
}

TEST_CASE("keys: RSA is fine, a curve that we do not use is not") {
  CHECK(verdict({.rsa = true}).empty());
  CHECK(verdict({.p384 = true}).find("RSA keys or P-256 ones") != std::string::npos);
}

TEST_CASE("keys: a CA on P-384 is trusted, and vouches for a server on P-256") {
  const TlsFolder larger({.subject = "CN=larger root", .p384 = true});
  TlsPair pair(larger.server(), larger.client());
  pair.run();
  CHECK(pair.client.error.empty());
  CHECK(pair.client.open);
}

// The other side's configuration is bent here, since our own cannot be.
mbedtls_ssl_config* bent(const Context& context) { return context->inner().config.get(); }

TEST_CASE("older versions of TLS are refused, from both sides") {
  if (mbedtls_version_get_number() >= 0x03000000) {
    MESSAGE("mbedTLS 3 cannot speak them: there is no such peer to be made");
    return;
  }
  for (const int minor : {1, 2}) {
    CAPTURE(minor);
    const Context old_client = folder().client();
    mbedtls_ssl_conf_min_version(bent(old_client), 3, 1);
    mbedtls_ssl_conf_max_version(bent(old_client), 3, minor);
    constexpr std::array suites{MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, 0};
    mbedtls_ssl_conf_ciphersuites(bent(old_client), suites.data());
    TlsPair pair(good_server(), old_client);
    pair.run();
    CHECK(pair.server.error == "the client does not speak TLS 1.2");
    CHECK(pair.client.says("does not speak TLS 1.2"));

    const Context old_server = folder().server();
    mbedtls_ssl_conf_min_version(bent(old_server), 3, 1);
    mbedtls_ssl_conf_max_version(bent(old_server), 3, minor);
    mbedtls_ssl_conf_ciphersuites(bent(old_server), suites.data());
    TlsPair other(old_server, folder().client());
    other.run();
    CHECK_FALSE(other.client.open);
    CHECK_FALSE(other.server.open);
  }
}

TEST_CASE("suites without forward secrecy or with CBC are refused, those of ours all work") {
  struct Row {
    int suite;
    bool rsa;
    bool works;
  };
  const Row rows[] = {
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false, true},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false, true},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false, true},
      {MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, true, true},
      {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true, true},
      {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true, true},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false, false},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM, false, false},
      {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, true, false},
      {MBEDTLS_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, true, false},
      {MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, true, false},
      {MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA, true, false},
  };
  const Context rsa_server = folder().server({.rsa = true});
  for (const auto& row : rows) {
    const std::array list{row.suite, 0};
    const Context client = folder().client();
    mbedtls_ssl_conf_ciphersuites(bent(client), list.data());
    TlsPair pair(row.rsa ? rsa_server : good_server(), client);
    pair.run();
    CAPTURE(mbedtls_ssl_get_ciphersuite_name(row.suite));
    CHECK(pair.both_open() == row.works);
    if (!row.works) CHECK(pair.server.says("no cipher suite in common"));
  }
}

TEST_CASE(
    "a client that asks for another protocol than HTTP/1.1 is told so; one that asks for none is served") {
  auto options = folder().client_options();
  options.alpn = "h2";
  TlsPair h2(good_server(), TlsFolder::made(TlsContext::client(options)));
  h2.run();
  CHECK_FALSE(h2.server.open);
  CHECK(h2.client.says("does not speak our protocol"));
  options.alpn = "";
  TlsPair none(good_server(), TlsFolder::made(TlsContext::client(options)));
  none.run();
  CHECK(none.both_open());
}

/// A server that asks for certificates of this folder's CA.
Context asking_server() {
  folder().issue("asking");
  auto options = folder().server_options("asking");
  options.client_ca_file = folder().file("ca.pem");
  return TlsFolder::made(TlsContext::server(options));
}

Context certified_client(const TlsFolder& from, const CertificateWish& wish = {}) {
  from.issue("client", wish);
  auto options = folder().client_options();
  options.certificate_file = from.file("client.pem");
  options.key_file = from.file("client.key");
  return TlsFolder::made(TlsContext::client(options));
}

TEST_CASE("a server that asks for certificates lets in who has a good one") {
  const Context server = asking_server();
  const auto said_of = [&](const Context& client) {
    TlsPair pair(server, client);
    pair.run();
    CHECK(pair.server.open == pair.server.error.empty());
    return pair.server.error;
  };
  CHECK(said_of(certified_client(folder())).empty());
  CHECK(said_of(certified_client(folder(), {.names = {}, .addresses = {}, .rsa = true})).empty());
  CHECK(said_of(folder().client()) == "the client sent no certificate");
  TlsPair bare(server, folder().client());
  bare.run();
  CHECK(bare.client.says("or it wants a certificate that we did not send"));
  const TlsFolder stranger({.subject = "CN=stranger"});
  CHECK(said_of(certified_client(stranger)) ==
        "the certificate of the client is signed by nobody in our CA bundle");
  const auto now = system_now_ms();
  const auto expired =
      said_of(certified_client(folder(), {.from_ms = now - 9 * day_ms, .until_ms = now - day_ms}));
  CHECK(expired.find("the certificate of the client expired on ") == 0);
}

TEST_CASE("a second connection is a short one, at the same server and name only") {
  const Context client = folder().client();
  const auto resumes = [&](const Context& server, const std::string& host = "localhost",
                           std::uint16_t port = 443) {
    TlsPair pair(server, client, host, port);
    pair.run();
    REQUIRE(pair.both_open());
    CHECK(pair.client.engine->is_resumed() == pair.server.engine->is_resumed());
    pair.client.say("hello");
    pair.run();
    CHECK(pair.server.plain == "hello");
    return pair.both_resumed();
  };
  folder().issue("lasting");
  const auto load = [] { return TlsFolder::made(TlsContext::server(folder().server_options("lasting"))); };
  const Context loaded = load();
  CHECK_FALSE(resumes(loaded));
  CHECK(resumes(loaded));
  CHECK(resumes(loaded));
  CHECK_FALSE(resumes(loaded, "127.0.0.1"));
  CHECK_FALSE(resumes(loaded, "localhost", 444));
  // The same files, loaded again, and another server: their keys open none of the tickets.
  const Context reloaded = load();
  CHECK_FALSE(resumes(reloaded));
  CHECK(resumes(reloaded));
  CHECK_FALSE(resumes(folder().server({.subject = "CN=another"})));
}

TEST_CASE("a client's reload forgets its sessions, since it may trust others now") {
  for (int i = 0; i < 2; ++i) {
    TlsPair pair(good_server(), folder().client());
    pair.run();
    CHECK(pair.both_open());
    CHECK_FALSE(pair.client.engine->is_resumed());
  }
  const TlsFolder stranger({.subject = "CN=stranger"});
  TlsPair refused(good_server(), stranger.client());
  refused.run();
  CHECK_FALSE(refused.client.open);
}

TEST_CASE("a session ends with the certificates that it was verified by, the CA's among them") {
  const auto now = system_now_ms();
  // A root that ends earlier than what it has signed.
  const TlsFolder brief({.subject = "CN=brief", .from_ms = now - day_ms, .until_ms = now + 5 * day_ms});
  std::int64_t wall_ms = now;
  auto options = brief.client_options();
  options.wall_ms = [&wall_ms] { return wall_ms; };
  const Context client = TlsFolder::made(TlsContext::client(options));
  const Context server = brief.server({.until_ms = now + 9 * day_ms});
  const auto error_at = [&](std::int64_t then, bool resumed) {
    wall_ms = then;
    TlsPair pair(server, client);
    pair.run();
    CHECK(pair.client.engine->is_resumed() == resumed);
    return pair.client.error;
  };
  CHECK(error_at(now, false).empty());
  CHECK(error_at(now + 4 * day_ms, true).empty());
  CHECK(error_at(now + 6 * day_ms, false).find("expired on") != std::string::npos);
  CHECK(error_at(now, false).empty());  // it was forgotten
}

TEST_CASE("a server that asks for certificates resumes nothing: each connection is judged anew") {
  const Context server = asking_server();
  const Context client = certified_client(folder());
  for (int i = 0; i < 3; ++i) {
    TlsPair pair(server, client);
    pair.run();
    CHECK(pair.both_open());
    CHECK_FALSE(pair.server.engine->is_resumed());
    CHECK_FALSE(pair.client.engine->is_resumed());
  }
}

TEST_CASE("a server without tickets resumes nothing") {
  folder().issue("plain");
  auto options = folder().server_options("plain");
  options.ticket_lifetime = std::chrono::seconds(0);
  const Context server = TlsFolder::made(TlsContext::server(options));
  const Context client = folder().client();
  for (int i = 0; i < 2; ++i) {
    TlsPair pair(server, client);
    pair.run();
    CHECK(pair.both_open());
    CHECK_FALSE(pair.server.engine->is_resumed());
  }
}

TEST_CASE("a ticket that a server did not want is not kept beside the secret of the next session") {
  folder().issue("both");
  auto options = folder().server_options("both");
  const Context with_tickets = TlsFolder::made(TlsContext::server(options));
  options.ticket_lifetime = std::chrono::seconds(0);
  const Context without = TlsFolder::made(TlsContext::server(options));
  const Context client = folder().client();
  for (const auto& server : {with_tickets, without, without, with_tickets}) {
    TlsPair pair(server, client);
    pair.run();
    CHECK(pair.client.error.empty());
    CHECK(pair.both_open());
    CHECK_FALSE(pair.client.engine->is_resumed());
  }
  TlsPair pair(with_tickets, client);
  pair.run();
  CHECK(pair.both_resumed());
}

TEST_CASE("a failed handshake costs the session: the next one begins from nothing") {
  const Context client = folder().client();
  const auto run = [&](std::size_t cut_at) {
    TlsPair pair(good_server(), client);
    pair.down.cut_at = cut_at;
    pair.run();
    return pair.client.open && pair.client.engine->is_resumed();
  };
  CHECK_FALSE(run(TlsWay::nowhere));
  CHECK(run(TlsWay::nowhere));
  CHECK_FALSE(run(30));
  CHECK_FALSE(run(TlsWay::nowhere));
  CHECK(run(TlsWay::nowhere));
}

}  // namespace
}  // namespace storegate::tests
