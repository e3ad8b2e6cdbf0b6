// Two ends of TLS in one test: a folder with certificates, contexts made of them, and two engines with bytes carried
// between them in pieces. No socket, no clock of its own.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "platform/tls_context.hpp"
#include "platform/tls_engine.hpp"
#include "tests/support/temp_dir.hpp"
#include "tls_certificates.hpp"

namespace storegate::tests {

using platform::TlsContext;
using platform::TlsEngine;
using Context = std::shared_ptr<const TlsContext>;

/// A folder with one CA and what it issues.
class TlsFolder {
 public:
  explicit TlsFolder(CertificateWish root = {.subject = "CN=test root"}) : ca_(std::move(root)) {
    support::write_file(file("ca.pem"), ca_.certificate());
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] const TestCa& ca() const { return ca_; }
  /// Writes NAME.pem and NAME.key.
  void issue(const std::string& name, const CertificateWish& wish = {}) const {
    const auto issued = ca_.issue(wish);
    support::write_file(file(name + ".pem"), issued.certificate);
    support::write_file(file(name + ".key"), issued.key);
  }
  [[nodiscard]] platform::TlsServerOptions server_options(const std::string& name = "server") const {
    return {.certificate_file = file(name + ".pem"), .key_file = file(name + ".key")};
  }
  [[nodiscard]] platform::TlsClientOptions client_options() const { return {.ca_file = file("ca.pem")}; }

  /// A server's context with a certificate as wished, of this folder's CA.
  [[nodiscard]] Context server(const CertificateWish& wish = {}) const {
    issue("server", wish);
    return made(TlsContext::server(server_options()));
  }
  [[nodiscard]] Context client() const { return made(TlsContext::client(client_options())); }

  static Context made(core::Result<Context> result) {
    if (!result) FAIL(result.error().context);
    return std::move(result).value();
  }

 private:
  support::TempDir folder_;
  TestCa ca_;
};

inline std::unique_ptr<TlsEngine> made(core::Result<std::unique_ptr<TlsEngine>> result) {
  if (!result) FAIL(result.error().context);
  return std::move(result).value();
}

/// One end, with what a connection around it would keep.
struct TlsEnd {
  explicit TlsEnd(std::unique_ptr<TlsEngine> with) : engine(std::move(with)) {}

  /// Handshake, then reading, as far as it goes without more bytes.
  void work() {
    if (!error.empty() || !go_on()) return;
    char bytes[4096];
    while (true) {
      auto got = engine->read(bytes, sizeof bytes);
      if (!got) return note(got.error());
      if (*got == 0) return;
      plain.append(bytes, *got);
    }
  }
  bool go_on() {
    if (open) return true;
    auto over = engine->handshake();
    if (!over) return note(over.error()), false;
    return open = *over;
  }
  void note(const core::Error& why) {
    error = why.context;
    code = why.code;
  }
  /// Everything, in as many records as it takes.
  void say(std::string_view text) {
    while (!text.empty() && error.empty()) {
      auto taken = engine->write(text);
      if (!taken) return note(taken.error());
      if (*taken == 0) return;
      text.remove_prefix(*taken);
    }
  }
  [[nodiscard]] bool says(std::string_view words) const { return error.find(words) != std::string::npos; }

  std::unique_ptr<TlsEngine> engine;
  std::string plain;
  std::string error;
  core::ErrorCode code{};
  bool open = false;
};

/// One direction of the way: where its bytes are split, or where it is cut.
struct TlsWay {
  static constexpr std::size_t nowhere = SIZE_MAX;

  std::size_t carried = 0;
  std::size_t split_at = nowhere;  // a piece ends behind so many bytes
  std::size_t cut_at = nowhere;    // nothing arrives behind so many bytes
  std::size_t flip_at = nowhere;   // the byte with this number arrives with one bit changed
  [[nodiscard]] bool is_cut() const { return carried >= cut_at; }
};

/// Both ends and the ways between.
class TlsPair {
 public:
  TlsPair(const Context& server_context, const Context& client_context, const std::string& host = "localhost",
          std::uint16_t port = 443)
      : TlsPair(made(TlsEngine::serve(server_context)),
                made(TlsEngine::connect(client_context, host, port))) {}
  TlsPair(std::unique_ptr<TlsEngine> at_server, std::unique_ptr<TlsEngine> at_client)
      : server(std::move(at_server)), client(std::move(at_client)) {}

  /// Carries bytes until both ends are still, at most `piece` at a time. A cut ends both ways.
  void run(std::size_t piece = SIZE_MAX) {
    client.work();
    server.work();
    while (carry(client, server, up, piece) || carry(server, client, down, piece)) {
    }
    if (!up.is_cut() && !down.is_cut()) return;
    for (TlsEnd* end : {&client, &server}) {
      end->engine->take_end();
      end->work();
    }
  }
  [[nodiscard]] bool both_open() const { return server.open && client.open; }
  [[nodiscard]] bool both_resumed() const {
    return both_open() && server.engine->is_resumed() && client.engine->is_resumed();
  }

  TlsEnd server;
  TlsEnd client;
  TlsWay up;    // client to server
  TlsWay down;  // server to client

 private:
  bool carry(TlsEnd& from, TlsEnd& to, TlsWay& way, std::size_t piece) const {
    const auto waiting = from.engine->to_send();
    if (waiting.empty() || up.is_cut() || down.is_cut()) return false;
    auto count = std::min({piece, waiting.size(), way.cut_at - way.carried});
    if (way.carried < way.split_at) count = std::min(count, way.split_at - way.carried);
    std::string bytes(waiting.substr(0, count));
    if (way.flip_at >= way.carried && way.flip_at < way.carried + count)
      bytes[way.flip_at - way.carried] = static_cast<char>(bytes[way.flip_at - way.carried] ^ 0x10);
    way.carried += count;
    from.engine->sent(count);
    to.engine->take_in(bytes);
    to.work();
    return true;
  }
};

}  // namespace storegate::tests
