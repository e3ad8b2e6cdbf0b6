// The corpus of attacks against the server over real sockets, against the parser, and, as a control, against plain Beast:
// a corpus that plain Beast withstands would prove nothing of what stands in front of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http_corpus.hpp"
#include "http_served.hpp"
#include "platform/http_parser.hpp"

namespace storegate::platform {
namespace {

using tests::CorpusCase;
using tests::get_ok;
using tests::RawSocket;
using tests::Served;

// Stands behind every attack, and must never be seen.
constexpr std::string_view behind = "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n";

const std::vector<CorpusCase>& attacks() {
  static const auto cases = tests::read_corpus("attacks.txt");
  return cases;
}

const std::vector<CorpusCase>& good_requests() {
  static const auto cases = tests::read_corpus("good.txt");
  return cases;
}

/// Sends byte by byte, the server reading each by itself; what is long, in pieces of 61. Ends when it has refused.
void send_in_pieces(RawSocket& client, Served& served, std::string_view bytes) {
  const std::size_t size = bytes.size() > 2'000 ? 61 : 1;
  const auto before = served.counters();
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const auto piece = bytes.substr(at, size);
    if (!client.send(piece)) return;
    while (true) {
      const auto now = served.counters();
      if (now.bad_requests > before.bad_requests) return;
      if (now.bytes_in >= before.bytes_in + at + piece.size()) break;
      std::this_thread::yield();
    }
  }
}

void check_refused(RawSocket& client, Served& served, const CorpusCase& attack) {
  const auto response = client.read_response();
  CHECK(std::to_string(response.status) == attack.expected);
  CHECK(response.has("Connection: close\r\n"));
  CHECK(response.has("Content-Type: application/problem+json\r\n"));
  CHECK(client.sees_end());
  client.close();
  served.await_connections(0);
}

TEST_CASE("the corpus is there, and each of its cases has a name of its own") {
  CHECK(attacks().size() >= 250);
  CHECK(good_requests().size() >= 50);
  std::set<std::string> names;
  for (const auto& attack : attacks()) CHECK_MESSAGE(names.insert(attack.what).second, attack.what);
}

TEST_CASE(
    "every attack is answered with its status and closed, and nothing behind it is taken for a request") {
  Served served;
  for (const auto& attack : attacks()) {
    CAPTURE(attack.what);
    auto client = served.client();
    client.send(attack.bytes + std::string(behind));
    check_refused(client, served, attack);
  }
  CHECK(served.counters().requests == 0);
  CHECK(served.counters().bad_requests == attacks().size());
}

TEST_CASE("every attack is seen too when its bytes come one by one") {
  Served served;
  for (const auto& attack : attacks()) {
    CAPTURE(attack.what);
    auto client = served.client();
    send_in_pieces(client, served, attack.bytes + std::string(behind));
    check_refused(client, served, attack);
  }
  CHECK(served.counters().requests == 0);
  CHECK(served.counters().bad_requests == attacks().size());
}

TEST_CASE("an attack behind a good request costs that one nothing") {
  Served served;
  for (const auto& attack : attacks()) {
    CAPTURE(attack.what);
    auto client = served.client();
    client.send(std::string(get_ok) + attack.bytes + std::string(behind));
    CHECK(client.read_response().body == "/echo|");
    check_refused(client, served, attack);
  }
  CHECK(served.counters().requests == attacks().size());
}

TEST_CASE("what clients send is served as it is, and so is the request behind it") {
  Served served;
  for (const auto& good : good_requests()) {
    CAPTURE(good.what);
    auto client = served.client();
    client.send(good.bytes + std::string(get_ok));
    CHECK(client.read_response().body == good.expected);
    CHECK(client.read_response().body == "/echo|");
    send_in_pieces(client, served, good.bytes + std::string(get_ok));
    CHECK(client.read_response().body == good.expected);
    CHECK(client.read_response().body == "/echo|");
  }
  CHECK(served.counters().bad_requests == 0);
}

/// 0: nothing was refused, and a request was taken. -1: neither, more bytes are waited for.
int status_of(std::string_view bytes, std::size_t piece) {
  const auto parser = HttpRequestParser::make({});
  std::string unread;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    unread += bytes.substr(at, piece);
    unread.erase(0, parser->feed(unread));
    if (parser->state() == HttpParser::State::failed) return parser->failure_status();
    if (parser->body_too_large()) return 413;
    if (parser->state() == HttpParser::State::complete) return 0;
  }
  return -1;
}

TEST_CASE("the parser refuses an attack by its own bytes, whatever the pieces") {
  for (const auto& attack : attacks()) {
    CAPTURE(attack.what);
    const auto bytes = attack.bytes + std::string(behind);
    for (const std::size_t piece :
         {bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}})
      CHECK(std::to_string(status_of(bytes, piece)) == attack.expected);
  }
}

/// Whether plain Beast takes a whole request from these bytes.
bool beast_takes(std::string_view bytes) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(16 * 1024);
  parser.body_limit(512 * 1024);
  while (!bytes.empty() && !parser.is_done()) {
    boost::beast::error_code error;
    const auto used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || used == 0) return false;
    bytes.remove_prefix(used);
  }
  return parser.is_done();
}

TEST_CASE("control: plain Beast lets many of them through, and takes what is behind some for a request") {
  std::size_t through = 0;
  std::string names;
  for (const auto& attack : attacks()) {
    if (!beast_takes(attack.bytes + std::string(behind))) continue;
    ++through;
    names += "\n" + attack.what;
  }
  for (const auto& good : good_requests()) {
    const std::size_t begin = good.bytes.starts_with("\r\n") ? 2 : 0;  // which it does not know
    CHECK_MESSAGE(beast_takes(std::string_view(good.bytes).substr(begin)), good.what);
  }
  CAPTURE(names);
  CHECK(through >= 60);
  for (const std::string_view known :
       {"length: two that are equal", "coding: unknown", "coding: chunked not last", "line: folded",
        "host: two", "chunk: a flood of extensions", "trailer: a host"})
    CHECK_MESSAGE(names.find("\n" + std::string(known)) != std::string::npos, known);
}

}  // namespace
}  // namespace storegate::platform
