// What a context says of the files it is made of.
#include "platform/tls_context.hpp"

#include <doctest/doctest.h>
#include <mbedtls/version.h>
#include <sys/stat.h>

#include "tests/support/file_dates.hpp"
#include "tls_pair.hpp"

namespace storegate::tests {
namespace {

using core::ErrorCode;
using support::write_file;

std::string server_error(const platform::TlsServerOptions& options) {
  const auto made = TlsContext::server(options);
  if (made) return "";
  CHECK(made.error().code == ErrorCode::invalid);
  return made.error().context;
}

TEST_CASE("5.5 mbedTLS: the library that is linked is the one whose headers were read") {
  CHECK(mbedtls_version_get_number() == MBEDTLS_VERSION_NUMBER);
  MESSAGE("mbedTLS ", MBEDTLS_VERSION_STRING);
}

TEST_CASE("each file that cannot be used is named, with what is wrong with it") {
  const TlsFolder folder;
  folder.issue("server");
  folder.issue("other");
  const auto good = folder.server_options();
  CHECK(server_error(good).empty());
  const auto with = [&](auto change) {
    auto options = good;
    change(options);
    return server_error(options);
  };
  const auto path = [&](const char* name) { return folder.file(name); };
  const auto is_about = [](const std::string& error, const std::string& file, std::string_view why) {
    CAPTURE(error);
    return error.find(file) != std::string::npos && error.find(why) != std::string::npos;
  };
  write_file(path("text"), "this is no certificate\n");
  write_file(path("half"), support::read_file(path("server.pem")).substr(0, 300));
  write_file(path("huge"), std::string(3 * 1024 * 1024, 'x'));
  write_file(path("locked.key"),
             "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
             "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
             "-----END EC PRIVATE KEY-----\n");
  CHECK(is_about(with([&](auto& o) { o.certificate_file = path("gone"); }), path("gone"), "No such file"));
  CHECK(is_about(with([&](auto& o) { o.certificate_file = path("text"); }), path("text"), "no certificate"));
  CHECK(is_about(with([&](auto& o) { o.certificate_file = path("half"); }), path("half"), "no certificate"));
  CHECK(is_about(with([&](auto& o) { o.certificate_file = path("huge"); }), path("huge"), "too large"));
  CHECK(is_about(with([&](auto& o) { o.certificate_file = ""; }), "the certificate", "no file is named"));
  CHECK(is_about(with([&](auto& o) { o.certificate_file = path("server.key"); }), path("server.key"),
                 "no certificate"));
  CHECK(is_about(with([&](auto& o) { o.key_file = path("gone"); }), path("gone"), "No such file"));
  CHECK(is_about(with([&](auto& o) { o.key_file = path("server.pem"); }), path("server.pem"),
                 "no private key"));
  CHECK(is_about(with([&](auto& o) { o.key_file = path("locked.key"); }), path("locked.key"), "password"));
  CHECK(is_about(with([&](auto& o) { o.key_file = path("other.key"); }), path("other.key"),
                 "does not belong to the certificate " + path("server.pem")));
  CHECK(is_about(with([&](auto& o) { o.client_ca_file = path("gone"); }), path("gone"), "No such file"));
  CHECK(is_about(with([&](auto& o) { o.client_ca_file = path("text"); }), path("text"), "no certificate"));
}

TEST_CASE("what is no regular file is refused, and nobody waits for it") {
  const TlsFolder folder;
  folder.issue("server");
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  REQUIRE(::mkdir(folder.file("folder").c_str(), 0700) == 0);
  for (const char* name : {"pipe", "folder"}) {
    auto options = folder.server_options();
    options.key_file = folder.file(name);
    CHECK(server_error(options) == "the key " + folder.file(name) + ": it is no regular file");
  }
}

TEST_CASE("a certificate, a key and a bundle that were written after 2038 are read") {
  const TlsFolder folder;
  folder.issue("server");
  auto options = folder.server_options();
  for (const auto& file : {options.certificate_file, options.key_file}) REQUIRE(support::date_to_2040(file));
  CHECK(TlsContext::server(options).ok());
  const auto client = folder.client_options();
  REQUIRE(support::date_to_2040(client.ca_file));
  CHECK(TlsContext::client(client).ok());
}

TEST_CASE("a client must be told whom to trust, and needs certificate and key together") {
  const TlsFolder folder;
  folder.issue("server");
  folder.issue("other");
  CHECK(TlsContext::client(folder.client_options()).ok());
  CHECK_FALSE(TlsContext::client({}).ok());
  auto options = folder.client_options();
  options.certificate_file = folder.file("server.pem");
  CHECK_FALSE(TlsContext::client(options).ok());
  options.key_file = folder.file("other.key");
  CHECK_FALSE(TlsContext::client(options).ok());
  options.key_file = folder.file("server.key");
  CHECK(TlsContext::client(options).ok());
  options.certificate_file.clear();
  CHECK_FALSE(TlsContext::client(options).ok());
}

TEST_CASE("a bundle may hold roots that mbedTLS cannot read; a certificate chain may not") {
  const TlsFolder folder;
  folder.issue("server");
  const std::string broken =
      "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n" + folder.ca().certificate();
  write_file(folder.file("mixed.pem"), broken);
  auto client = folder.client_options();
  client.ca_file = folder.file("mixed.pem");
  CHECK(TlsContext::client(client).ok());
  write_file(folder.file("chain.pem"), support::read_file(folder.file("server.pem")) + broken);
  auto server = folder.server_options();
  server.certificate_file = folder.file("chain.pem");
  CHECK_FALSE(TlsContext::server(server).ok());
}

TEST_CASE("a context tells whose its certificate is and when the first of its chain ends") {
  const auto end_s = system_now_ms() / 1000 + 5L * 24 * 3600;
  const TlsFolder folder({.subject = "CN=brief root", .until_ms = end_s * 1000});
  folder.issue("server", {.subject = "CN=store-7,O=Diner", .until_ms = (end_s + 1'000) * 1000});
  const auto leaf_only = TlsFolder::made(TlsContext::server(folder.server_options()));
  CHECK(leaf_only->certificate_subject() == "CN=store-7, O=Diner");
  CHECK(leaf_only->certificate_not_after_ms() == (end_s + 1'000) * 1000);
  CHECK(leaf_only->is_server());
  write_file(folder.file("chain.pem"),
             support::read_file(folder.file("server.pem")) + folder.ca().certificate());
  auto options = folder.server_options();
  options.certificate_file = folder.file("chain.pem");
  CHECK(TlsFolder::made(TlsContext::server(options))->certificate_not_after_ms() == end_s * 1000);
  const Context client = folder.client();
  CHECK_FALSE(client->certificate_not_after_ms().has_value());
  CHECK(client->certificate_subject().empty());
  CHECK_FALSE(client->is_server());
}

TEST_CASE(
    "one that has expired can be loaded: the alarm tells of it, and the service goes on for who does not "
    "mind") {
  const auto now = system_now_ms();
  const TlsFolder folder;
  folder.issue("server", {.from_ms = now - 9 * day_ms, .until_ms = now - day_ms});
  const auto context = TlsFolder::made(TlsContext::server(folder.server_options()));
  CHECK(*context->certificate_not_after_ms() < now);
}

}  // namespace
}  // namespace storegate::tests
