// Two engines in memory: handshake, data and farewell in any pieces, cut anywhere, changed anywhere.
#include "platform/tls_engine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>

#include "tests/support/rounds.hpp"
#include "tls_bare_end.hpp"
#include "tls_pair.hpp"

namespace storegate::tests {
namespace {

constexpr std::string_view question = "GET / HTTP/1.1\r\n\r\n";
constexpr std::string_view answer = "HTTP/1.1 204 No Content\r\n\r\n";

/// Everybody's certificates, made once.
struct Common {
  TlsFolder folder;
  Context server = folder.server();
  Context client = folder.client();  // resumes
};
const Common& common() {
  static const Common made;
  return made;
}

/// A client that has seen no server before.
Context newcomer() { return common().folder.client(); }

/// A question, its answer and both farewells.
void converse(TlsPair& pair, std::size_t piece = SIZE_MAX) {
  pair.run(piece);
  pair.client.say(question);
  pair.run(piece);
  pair.server.say(answer);
  pair.server.engine->close();
  pair.run(piece);
  pair.client.engine->close();
  pair.run(piece);
}

bool conversed(const TlsPair& pair) {
  return pair.client.error.empty() && pair.server.error.empty() && pair.server.plain == question &&
         pair.client.plain == answer && pair.client.engine->has_ended() && pair.server.engine->has_ended();
}

/// Nobody was told more or other than was said, and who did not hear the farewell knows it.
bool was_not_deceived(const TlsEnd& end, std::string_view said) {
  return said.starts_with(end.plain) && (end.engine->has_ended() ? end.plain == said : !end.error.empty());
}

/// The bytes of one whole conversation, each way.
std::pair<std::size_t, std::size_t> lengths(const Context& client) {
  TlsPair pair(common().server, client);
  converse(pair);
  REQUIRE(conversed(pair));
  return {pair.up.carried, pair.down.carried};
}

TEST_CASE("two ends shake hands, talk and say farewell, whatever the pieces their bytes come in") {
  for (std::size_t piece = 1; piece <= 40; ++piece) {
    CAPTURE(piece);
    TlsPair pair(common().server, newcomer());
    converse(pair, piece);
    CHECK(conversed(pair));
    CHECK_FALSE(pair.client.engine->is_resumed());
    CHECK(pair.client.engine->suite() == "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256");
  }
}

TEST_CASE("the same with the bytes split at every place, in a full handshake and in a short one") {
  const auto [up, down] = lengths(newcomer());
  const auto [short_up, short_down] = (lengths(common().client), lengths(common().client));
  CHECK(short_down < down / 2);
  for (std::size_t at = 1; at < std::max(up, down); at += support::round_stride) {
    CAPTURE(at);
    TlsPair pair(common().server, newcomer());
    pair.up.split_at = pair.down.split_at = at;
    converse(pair);
    REQUIRE(conversed(pair));
    if (at >= std::max(short_up, short_down)) continue;
    TlsPair resumed(common().server, common().client);
    resumed.up.split_at = resumed.down.split_at = at;
    converse(resumed);
    REQUIRE(conversed(resumed));
    REQUIRE(resumed.both_resumed());
  }
}

/// How many bytes shorter one ECDSA signature of P-256 is than another, but once in many million.
constexpr std::size_t signature_slack = 8;

TEST_CASE("a way that is cut at any place ends in an error at both ends, unless the farewell had come") {
  const auto [up, down] = lengths(newcomer());
  for (std::size_t at = 0; at < up + down; at += support::round_stride) {
    CAPTURE(at);
    TlsPair pair(common().server, newcomer());
    (at < up ? pair.up : pair.down).cut_at = at < up ? at : at - up;
    converse(pair);
    REQUIRE(was_not_deceived(pair.server, question));
    REQUIRE(was_not_deceived(pair.client, answer));
    if (pair.client.error.empty() && pair.server.error.empty()) {
      // A signature is some bytes shorter at times than in the conversation that was measured: this cut came behind its end.
      REQUIRE(conversed(pair));
      REQUIRE((at < up ? up : up + down) - at <= signature_slack);
    }
    if (!pair.client.open) REQUIRE(pair.client.says("during the TLS handshake"));
  }
}

TEST_CASE("a cut after the last record is told from an orderly end") {
  TlsPair pair(common().server, newcomer());
  pair.run();
  pair.server.say(answer);
  pair.run();
  pair.client.engine->take_end();
  pair.client.work();
  CHECK(pair.client.plain == answer);
  CHECK_FALSE(pair.client.engine->has_ended());
  CHECK(pair.client.says("without TLS's farewell"));
  CHECK(pair.client.code == core::ErrorCode::unavailable);
}

TEST_CASE("one bit changed in any byte of the handshake: no connection") {
  const auto [up, down] = lengths(common().client);
  (void)down;
  const std::size_t step = 13 * support::round_stride;
  for (std::size_t at = 0; at < 2'400; at += step) {
    CAPTURE(at);
    TlsPair pair(common().server, newcomer());
    (at % 2 == 0 ? pair.up : pair.down).flip_at = at / 2;
    pair.run();
    const bool was_carried = (at % 2 == 0 ? pair.up : pair.down).carried > at / 2;
    // The version of a record's header is nobody's business before the handshake has settled it.
    REQUIRE(((!pair.client.open || !pair.server.open) || !was_carried || at / 2 == 1 || at / 2 == 2));
    REQUIRE(pair.client.plain.empty());
  }
  CHECK(up > 0);
}

TEST_CASE("one bit changed in any byte of a record: nothing of it arrives") {
  for (std::size_t at = 0; at < question.size() + 21; ++at) {
    CAPTURE(at);
    TlsPair pair(common().server, common().client);
    pair.run();
    REQUIRE(pair.both_open());
    pair.up.flip_at = pair.up.carried + at;
    pair.client.say(question);
    pair.run();
    pair.server.engine->take_end();
    pair.server.work();
    REQUIRE(pair.server.plain.empty());
    REQUIRE_FALSE(pair.server.error.empty());
    if (at >= 5) REQUIRE(pair.server.says("was changed on its way"));
  }
}

TEST_CASE("megabytes both ways at once, in records and pieces of any size") {
  std::mt19937 random(7);
  std::string up(1'500'000, ' ');
  std::string down(1'000'000, ' ');
  for (auto* text : {&up, &down})
    for (char& c : *text) c = static_cast<char>(random());
  TlsPair pair(common().server, common().client);
  pair.run();
  std::size_t up_said = 0;
  std::size_t down_said = 0;
  const auto say_some = [&](TlsEnd& end, const std::string& text, std::size_t& said) {
    const auto taken = end.engine->write(std::string_view(text).substr(said, 1 + random() % 40'000));
    REQUIRE(taken.ok());
    CHECK(*taken <= 16 * 1024);
    said += *taken;
  };
  while (pair.server.plain.size() < up.size() || pair.client.plain.size() < down.size()) {
    say_some(pair.client, up, up_said);
    say_some(pair.server, down, down_said);
    pair.run(1 + random() % 20'000);
  }
  CHECK(pair.server.plain == up);
  CHECK(pair.client.plain == down);
}

TEST_CASE("what waits to be sent is bounded, and nothing of what was taken is lost") {
  TlsPair pair(common().server, common().client);
  pair.run();
  const std::string text(16 * 1024, 'x');
  std::size_t taken = 0;
  while (true) {
    const auto more = pair.client.engine->write(text);
    REQUIRE(more.ok());
    if (*more == 0) break;
    taken += *more;
  }
  CHECK(pair.client.engine->to_send().size() < 84 * 1024);
  pair.run();
  CHECK(pair.server.plain.size() == taken);
}

TEST_CASE("closing twice says farewell once, and nothing can be written behind it") {
  TlsPair pair(common().server, newcomer());
  CHECK_FALSE(pair.client.engine->write("too early").ok());
  pair.client.engine->close();  // there is nothing yet to say farewell to
  CHECK(pair.client.engine->to_send().empty());
  pair.run();
  CHECK(pair.both_open());
  CHECK_FALSE(pair.server.engine->has_unread());
  pair.client.engine->close();
  const auto farewell = pair.client.engine->to_send().size();
  CHECK(farewell > 0);
  pair.client.engine->close();
  CHECK(pair.client.engine->to_send().size() == farewell);
  CHECK_FALSE(pair.client.engine->write("more").ok());
}

/// A server's end of ours and a client of mbedTLS's own, their handshake over.
struct Met {
  Met() {
    while (!client.shake_hands() || !server.open) {
      server.engine->take_in(client.said());
      server.work();
      client.hear(server.engine->to_send());
      server.engine->sent(server.engine->to_send().size());
      REQUIRE(server.error.empty());
    }
  }
  TlsEnd server{made(TlsEngine::serve(common().server))};
  TlsBareEnd client{newcomer()};
};

TEST_CASE("a request behind warnings is read at once, without another byte") {
  Met met;
  met.client.warn(no_renegotiation, 3);
  met.client.say(question);
  met.server.engine->take_in(met.client.said());
  met.server.work();
  CHECK(met.server.plain == question);
  CHECK_FALSE(met.server.engine->has_unread());
}

TEST_CASE("warnings without end are read away: none of them stays in memory") {
  Met met;
  for (int i = 0; i < 50; ++i) {
    met.client.warn(no_renegotiation, 500);
    const std::string bytes = met.client.said();
    met.server.engine->take_in(std::string_view(bytes).substr(0, bytes.size() - 3));
    std::array<char, 16> into{};
    const auto got = met.server.engine->read(into.data(), into.size());
    REQUIRE(got.ok());
    CHECK(*got == 0);
    REQUIRE_FALSE(met.server.engine->has_unread());
    met.server.engine->take_in(std::string_view(bytes).substr(bytes.size() - 3));
  }
}

TEST_CASE("who gives and never reads is stopped: what came in and waits is bounded") {
  TlsEnd server(made(TlsEngine::serve(common().server)));
  const std::string flood(16 * 1024, '\x16');
  for (int i = 0; i < 20; ++i) server.engine->take_in(flood);
  CHECK_FALSE(server.engine->has_unread());
  server.work();
  CHECK(server.says("more came from the client than is read at a time"));
  CHECK(server.code == core::ErrorCode::failed);
}

TEST_CASE("what is not TLS is refused, and plain HTTP is recognised") {
  const auto server = made(TlsEngine::serve(common().server));
  server->take_in("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto over = server->handshake();
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().context == "what came from the client is not TLS");
  CHECK(server->heard_plain_http());
  CHECK(server->handshake().error().context == over.error().context);

  TlsEnd client(made(TlsEngine::connect(newcomer(), "localhost", 443)));
  client.work();
  client.engine->take_in("HTTP/1.1 400 Bad Request\r\n\r\n");
  client.work();
  CHECK(client.error == "what came from localhost:443 is not TLS");
  CHECK_FALSE(client.open);
}

}  // namespace
}  // namespace storegate::tests
