// The client of a partner's API: who it says it is, where it goes, and how often it asks for a token.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>

#include "app/partner_client.hpp"
#include "partner_bench.hpp"
#include "tests/support/sockets.hpp"

using namespace storegate;
using namespace storegate::app_test;

TEST_CASE("5.2 sign in: a token is asked for by client credentials once, and carried by every request") {
  PartnerBench bench;
  bench.api().scope = "eats.order eats.store";
  bench.give_token("t-1");
  bench.answer(200, "first");
  bench.answer(200, "second");
  const auto first = bench.call("/orders/1?x=2");
  CHECK(first.status == 200);
  CHECK(first.sent);
  CHECK(first.body == "first");
  CHECK(first.content_type == "application/json");
  CHECK(bench.call().body == "second");
  REQUIRE(bench.tokens_asked.size() == 1);
  CHECK(bench.tokens_asked[0].method == "POST");
  CHECK(bench.tokens_asked[0].headers.get("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(bench.tokens_asked[0].body ==
        "grant_type=client_credentials&scope=eats.order%20eats.store&client_id=who&client_secret=client-"
        "s3cret");
  CHECK(bench.tokens_asked[0].headers.count("Authorization") == 0);
  CHECK(bench.heard[0].target == "/base/orders/1?x=2");
  CHECK(bench.authorization(0) == "Bearer t-1");
  CHECK(bench.authorization(1) == "Bearer t-1");
  CHECK(bench.heard[0].headers.count("Accept-Encoding") == 0);
}

TEST_CASE(
    "5.2 sign in: the secret may go in the Authorization header instead, percent-encoded and in base64") {
  PartnerBench bench;
  bench.api().client_auth = app::ClientAuth::basic;
  bench.api().client_id = "a:b";
  bench.api().client_secret = "s/c";
  bench.give_token("t-1");
  bench.answer(200);
  (void)bench.call();
  // echo -n 'a%3Ab:s%2Fc' | base64
  CHECK(bench.tokens_asked.at(0).headers.get("Authorization") == "Basic YSUzQWI6cyUyRmM=");
  CHECK(bench.tokens_asked.at(0).body == "grant_type=client_credentials");
}

TEST_CASE(
    "5.2 sign in: a token is asked for with its audience, in a form or in JSON as the partner wants it") {
  PartnerBench bench;
  bench.api().audience = "https://api.example";
  bench.api().scope = "a b";
  bench.api().client_secret = "s\"c";
  bench.give_token("t-1");
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.tokens_asked.at(0).body ==
        "grant_type=client_credentials&audience=https%3A%2F%2Fapi.example&scope=a%20b&client_id=who&client_"
        "secret="
        "s%22c");
  bench.api().audience = "https://api.other";  // another token is needed there
  bench.api().token_by_json = true;
  bench.lines->configure(bench.config, {});
  bench.give_token("t-2");
  bench.answer(200);
  (void)bench.call();
  REQUIRE(bench.tokens_asked.size() == 2);
  CHECK(bench.tokens_asked[1].headers.get("Content-Type") == "application/json");
  CHECK(
      bench.tokens_asked[1].body ==
      R"({"grant_type":"client_credentials","audience":"https://api.other","scope":"a b","client_id":"who",)"
      R"("client_secret":"s\"c"})");
  CHECK(bench.authorization(1) == "Bearer t-2");
  bench.api().client_auth = app::ClientAuth::basic;
  bench.api().audience.clear();
  bench.lines->configure(bench.config, {});
  bench.give_token("t-3");
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.tokens_asked.at(2).body == R"({"grant_type":"client_credentials","scope":"a b"})");
  CHECK(bench.tokens_asked[2].headers.get("Authorization").starts_with("Basic "));
}

TEST_CASE("5.2 sign in: a header with the secret, or a token that the store signs, needs no token endpoint") {
  PartnerBench bench;
  bench.codec.toy.how = codec::ApiSignIn::static_header;
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.heard.at(0).headers.get("X-Key") == "key header-s3cret");
  CHECK(bench.heard.at(0).headers.count("Authorization") == 0);
  bench.codec.toy.how = codec::ApiSignIn::signed_token;
  bench.answer(401);
  CHECK(bench.call().status == 401);
  CHECK(bench.authorization(1) == "Bearer header-s3cret@1800000000000");
  CHECK(bench.heard.size() == 2);
  CHECK(bench.tokens_asked.empty());
}

TEST_CASE("5.2 token: renewed at nine tenths of its life; until its end the old one serves if that fails") {
  PartnerBench bench;
  bench.give_token("t-1", 1000);
  for (int i = 0; i < 5; ++i) bench.answer(200);
  (void)bench.call();
  bench.pass(899 * core::second_ms);
  (void)bench.call();
  CHECK(bench.tokens_asked.size() == 1);
  bench.pass(2 * core::second_ms);  // 901 s: it is renewed beside the call, which goes out with the old one
  (void)bench.call();
  bench.until([&] { return bench.tokens_asked.size() == 2; });  // answered 500: the script is empty
  CHECK(bench.authorization(2) == "Bearer t-1");
  bench.loop.run_ready();
  (void)bench.call();
  CHECK(bench.authorization(3) == "Bearer t-1");
  CHECK(bench.tokens_asked.size() == 2);  // within 30 s of a failure the endpoint is left alone
  bench.pass(100 * core::second_ms);      // 1001 s: its life is over
  bench.give_token("t-2", 1000);
  (void)bench.call();
  CHECK(bench.tokens_asked.size() == 3);
  CHECK(bench.authorization(4) == "Bearer t-2");
}

TEST_CASE("5.2 token: after 401 a new one is fetched and the request sent once more, never a third time") {
  PartnerBench bench;
  bench.give_token("t-1");
  bench.answer(200);
  (void)bench.call();
  bench.answer(401);
  bench.answer(200, "now");
  bench.give_token("t-2");
  CHECK(bench.call().body == "now");
  CHECK(bench.authorization(1) == "Bearer t-1");
  CHECK(bench.authorization(2) == "Bearer t-2");
  bench.pass(2 * core::minute_ms);
  bench.give_token("t-3");
  bench.answer(401);
  bench.answer(401, "still not");
  const auto refused = bench.call();
  CHECK(refused.status == 401);
  CHECK(refused.body == "still not");
  CHECK(bench.heard.size() == 5);
  // An API that says 401 to every token does not use up the hour's tokens.
  bench.answer(401);
  CHECK(bench.call().status == 401);
  CHECK(bench.heard.size() == 6);
  CHECK(bench.tokens_asked.size() == 3);
}

TEST_CASE("5.2 token: one request at a time serves all who wait; none within 30 s of a failure") {
  PartnerBench bench;
  bench.silent = true;
  int ended = 0;
  for (int i = 0; i < 3; ++i)
    bench.line().client.call("fetch", {"GET", "/x", {}, {}}, [&](app::PartnerReply reply) {
      CHECK_FALSE(reply.status.has_value());
      CHECK_FALSE(reply.sent);
      ++ended;
    });
  bench.until([&] { return !bench.unanswered.empty(); });
  CHECK(bench.tokens_asked.size() == 1);
  platform::HttpResponse refusal;
  refusal.status = 401;
  refusal.body = R"({"error":"invalid_client","error_description":"client-s3cret is wrong"})";
  bench.unanswered.front().answer(std::move(refusal));
  bench.until([&] { return ended == 3; });
  bench.silent = false;
  bench.pass(29 * core::second_ms);
  CHECK_FALSE(bench.call().status.has_value());
  CHECK(bench.tokens_asked.size() == 1);
  bench.pass(2 * core::second_ms);
  bench.give_token("t-1");
  bench.answer(200);
  CHECK(bench.call().status == 200);
  CHECK(bench.tokens_asked.size() == 2);
  CHECK(bench.heard.size() == 1);
}

TEST_CASE("5.2 token: an endpoint that asks for more time gets it") {
  PartnerBench bench;
  platform::HttpResponse busy;
  busy.status = 429;
  busy.headers.add("Retry-After", "120");
  bench.token_script.push_back(std::move(busy));
  CHECK_FALSE(bench.call().status.has_value());
  bench.pass(119 * core::second_ms);
  CHECK_FALSE(bench.call().status.has_value());
  CHECK(bench.tokens_asked.size() == 1);
  bench.pass(2 * core::second_ms);
  bench.give_token("t-1");
  bench.answer(200);
  CHECK(bench.call().status == 200);
}

TEST_CASE(
    "5.2 token: it outlives the process, for its owner's eyes alone, and not the configuration it was given "
    "to") {
  PartnerBench bench;
  bench.give_token("t-1", 1000);
  bench.answer(200);
  (void)bench.call();
  struct stat info {};
  REQUIRE(::stat(bench.tokens_file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  bench.restart();
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.authorization(1) == "Bearer t-1");
  CHECK(bench.tokens_asked.size() == 1);
  bench.pass(1001 * core::second_ms);  // after its end
  bench.restart();
  bench.give_token("t-2", 1000);
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.authorization(2) == "Bearer t-2");
  bench.api().client_id = "somebody else";
  bench.restart();
  bench.give_token("t-3");
  bench.answer(200);
  (void)bench.call();
  CHECK(bench.authorization(3) == "Bearer t-3");
}

TEST_CASE("5.2 token: without a clock a remembered one is used until the API says no") {
  PartnerBench bench;
  bench.give_token("t-1", 1000);
  bench.answer(200);
  (void)bench.call();
  bench.clock = {.steady_ms = 5000, .wall_ms = 100'000, .wall_trusted = false};
  bench.restart();
  bench.answer(401);
  bench.answer(200);
  bench.give_token("t-2");
  CHECK(bench.call().status == 200);
  CHECK(bench.authorization(1) == "Bearer t-1");
  CHECK(bench.authorization(2) == "Bearer t-2");
}

TEST_CASE("5.2 token: a file that cannot be read is as none, and is written anew") {
  for (const char* text : {"", "{", R"({"partners":[{"name":"toy","token":{"bearer":7}}]})"}) {
    CAPTURE(text);
    PartnerBench bench;
    support::write_file(bench.tokens_file(), text);
    bench.give_token("t-1");
    bench.answer(200);
    CHECK(bench.call().status == 200);
    CHECK(bench.tokens_asked.size() == 1);
    bench.restart();
    bench.answer(200);
    CHECK(bench.call().status == 200);
    CHECK(bench.tokens_asked.size() == 1);
  }
}

TEST_CASE("5.2 token: what is no bearer token is none") {
  for (const char* body :
       {R"({"access_token":"a b"})", R"({"access_token":""})", R"({"token":"x"})", "[]", "",
        R"({"access_token":"x","token_type":"mac"})", R"({"access_token":"x","expires_in":"soon"})"}) {
    CAPTURE(body);
    PartnerBench bench;
    platform::HttpResponse response;
    response.body = body;
    bench.token_script.push_back(std::move(response));
    CHECK_FALSE(bench.call().sent);
    CHECK(bench.heard.empty());
  }
}

TEST_CASE("5.2 client: a redirect is an answer like another: nothing goes anywhere else") {
  PartnerBench bench;
  bench.codec.toy.how = codec::ApiSignIn::static_header;
  platform::HttpResponse elsewhere;
  elsewhere.status = 302;
  elsewhere.headers.add("Location", bench.base() + "/base/other");
  bench.script.push_back(std::move(elsewhere));
  CHECK(bench.call().status == 302);
  bench.loop.run_ready();
  CHECK(bench.heard.size() == 1);
}

TEST_CASE("5.2 client: an address counts only below the API's own") {
  constexpr const char* api = "https://api.partner.example/v1";
  CHECK(app::target_under(api, "https://api.partner.example/v1/orders/7?x=1") == "/orders/7?x=1");
  CHECK(app::target_under(api, "HTTPS://API.Partner.example:443/v1/orders/A%20b") == "/orders/A%20b");
  CHECK(app::target_under(api, "/v1/orders/7") == "/orders/7");
  CHECK(app::target_under("https://api.partner.example", "https://api.partner.example/v1/o") == "/v1/o");
  for (const char* foreign : {"",
                              "http://api.partner.example/v1/orders/7",
                              "https://api.partner.example:444/v1/orders/7",
                              "https://api.partner.example.evil.example/v1/orders/7",
                              "https://evil.example/v1/orders/7",
                              "https://api.partner.example@evil.example/v1/orders/7",
                              "https://u:p@api.partner.example/v1/orders/7",
                              "https://api.partner.example\\@evil.example/v1/orders/7",
                              "//evil.example/v1/orders/7",
                              "/v2/orders/7",
                              "/v1orders/7",
                              "https://api.partner.example/v1/../admin",
                              "https://api.partner.example/v1/%2E%2e/admin",
                              "https://api.partner.example/v1/./orders",
                              "https://api.partner.example/v1",
                              "orders/7",
                              "/v1/orders/7#x",
                              "https://api.partner.example/v1/a b",
                              "https:///v1/orders",
                              "https://api.partner.example?/v1/orders"}) {
    CAPTURE(foreign);
    CHECK(app::target_under(api, foreign).empty());
  }
}

TEST_CASE("5.2 client: no secret and no token is ever logged, and outcomes are counted") {
  PartnerBench bench;
  LogCapture log;
  bench.give_token("t0p-token");
  bench.answer(200);
  (void)bench.call();
  bench.pass(2 * core::minute_ms);
  bench.answer(401, "client-s3cret");
  bench.answer(503, "t0p-token", "7");
  bench.give_token("t0p-token-2");
  const auto busy = bench.call();
  CHECK(busy.status == 503);
  CHECK(busy.retry_after == "7");
  bench.pass(2 * core::minute_ms);
  bench.answer(401);
  platform::HttpResponse refusal;
  refusal.status = 400;
  refusal.body = R"({"error":"client-s3cret"})";
  bench.token_script.push_back(std::move(refusal));
  (void)bench.call();
  const std::string text = log.take();
  CHECK(text.find("gives no token") != std::string::npos);
  for (const char* secret : {"s3cret", "t0p-token"}) CHECK(text.find(secret) == std::string::npos);
  const std::string metrics = bench.gauges.write();
  const auto counted = [&](const char* line) { return metrics.find(line) != std::string::npos; };
  CHECK(counted(R"(storegate_partner_requests_total{partner="toy",what="fetch",outcome="ok"} 1)"));
  CHECK(counted(R"(storegate_partner_requests_total{partner="toy",what="fetch",outcome="refused"} 2)"));
  CHECK(counted(R"(storegate_partner_requests_total{partner="toy",what="fetch",outcome="not_now"} 1)"));
  CHECK(counted(R"(storegate_partner_requests_total{partner="toy",what="fetch",outcome="not_sent"} 1)"));
  CHECK(counted(R"(storegate_partner_requests_total{partner="toy",what="token",outcome="ok"} 2)"));
}

TEST_CASE(
    "5.4 client: an API that answers after more than a minute away has come back, a shorter gap is none") {
  PartnerBench bench;
  bench.codec.toy.how = codec::ApiSignIn::static_header;
  int returns = 0;
  bench.line().client.on_return([&] { ++returns; });
  const auto away_for = [&](core::Milliseconds ms) {
    const auto url =
        std::exchange(bench.api().url, "http://127.0.0.1:" + std::to_string(support::free_port()));
    bench.lines->configure(bench.config, {});
    CHECK_FALSE(bench.call().status.has_value());
    bench.pass(ms);
    bench.api().url = url;
    bench.lines->configure(bench.config, {});
    bench.answer(404);
    CHECK(bench.call().is_gone());
  };
  away_for(59 * core::second_ms);
  CHECK(returns == 0);
  away_for(61 * core::second_ms);
  CHECK(returns == 1);
}

TEST_CASE("5.2 client: once closed, what waits for a token fails, and so does every call after") {
  PartnerBench bench;
  bench.silent = true;
  std::optional<app::PartnerReply> waiting;
  bench.line().client.call("fetch", {"GET", "/x", {}, {}},
                           [&](app::PartnerReply reply) { waiting = std::move(reply); });
  bench.until([&] { return !bench.unanswered.empty(); });
  bench.lines->close();
  bench.until([&] { return waiting.has_value(); });
  CHECK_FALSE(waiting->sent);
  CHECK_FALSE(bench.call().sent);
  CHECK(bench.heard.empty());
}

TEST_CASE(
    "5.2 client: what waits for a token while its API moves fails: no new token goes to the old address") {
  PartnerBench bench;
  bench.silent = true;
  std::optional<app::PartnerReply> waiting;
  bench.line().client.call("fetch", {"GET", "/x", {}, {}},
                           [&](app::PartnerReply reply) { waiting = std::move(reply); });
  bench.until([&] { return !bench.unanswered.empty(); });
  bench.api().url = "http://127.0.0.1:" + std::to_string(support::free_port());
  bench.lines->configure(bench.config, {});
  platform::HttpResponse token;
  token.body = R"({"access_token":"t-new","token_type":"Bearer","expires_in":3600})";
  bench.unanswered.front().answer(std::move(token));
  bench.until([&] { return waiting.has_value(); });
  CHECK_FALSE(waiting->status.has_value());
  CHECK_FALSE(waiting->sent);
  CHECK(waiting->why.find("moved") != std::string::npos);
  CHECK(bench.heard.empty());
}
