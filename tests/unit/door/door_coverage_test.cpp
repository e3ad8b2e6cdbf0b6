// Nothing of a stranger's gets past authentication, shown by what the process enters: no parser, no reader of a partner,
// nothing of storage. The same requests with good credentials enter them, or the probe would prove nothing.
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../app/running_service.hpp"
#include "../codec/partner_case.hpp"
#include "codec/partners/generic.hpp"
#include "entered.hpp"
#include "tests/support/sockets.hpp"

using namespace storegate;
using namespace storegate::app_test;
using door_test::begin_watching;
using door_test::end_watching;

namespace {

using Names = std::set<std::string>;

/// Whether the function reads what somebody sent, or rows. What writes JSON, and what authenticates, is not meant.
bool is_beyond_the_door(const std::string& name) {
  if (name.find("storegate::storage::") != std::string::npos) return true;
  if (name.find("storegate::codec::") == std::string::npos) return false;
  for (const char* writes : {"json::append_", "json::(anonymous namespace)::is_control("})
    if (name.find(writes) != std::string::npos) return false;
  for (const char* reads :
       {"json::", "::read(", "::read_fetched(", "decode_", "EventPattern", "CanonicalOrder"})
    if (name.find(reads) != std::string::npos) return true;
  return false;
}

Names beyond_the_door(const Names& entered) {
  Names found;
  for (const auto& name : entered)
    if (is_beyond_the_door(name)) found.insert(name);
  return found;
}

bool any_has(const Names& names, const std::string& part) {
  for (const auto& name : names)
    if (name.find(part) != std::string::npos) return true;
  return false;
}

std::string listed(const Names& names) {
  std::string out;
  for (const auto& name : names) out += name + "\n";
  return out;
}

struct Request {
  std::string method, path;
};

/// Every route below /v1 that the API has, out of its own table, with something in place of each variable part.
std::vector<Request> administrative_routes() {
  std::ifstream file(STOREGATE_ROUTES);
  const std::string source{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  static const std::regex route(R"re(\{"([A-Z]+)", "(/v1/[^"]*)", &Api::)re");
  std::vector<Request> found;
  for (std::sregex_iterator each(source.begin(), source.end(), route), end; each != end; ++each) {
    if ((*each)[2].str().starts_with("/v1/partners/")) continue;
    found.push_back({(*each)[1], std::regex_replace((*each)[2].str(), std::regex(R"(\*)"),
                                                    "01935a00-1122-7033-8044-5566778899aa")});
  }
  return found;
}

/// Every partner of the register, generic in each of its schemes, an admin token, a token of the POS; nothing runs by the
/// clock.
app::Config guarded_config(const support::TempDir& folder) {
  auto config = ordinary_config(folder);
  config.http.admin_token = "t0ken";
  config.pos.push_token = "p0s";
  config.pos.availability_poll_s = 0;
  const auto doordash = config.partners.back();
  config.partners.pop_back();
  for (const auto* codec : codec::partner_codecs()) {
    auto partner = doordash;
    partner.name = codec->name();
    partner.codec = codec;
    if (codec->name() == "generic") partner.scheme = codec::WebhookScheme{};
    config.partners.push_back(partner);
  }
  for (const auto& [name, scheme] :
       {std::pair("standard", codec::standard_webhooks()), std::pair("stripe", codec::stripe_webhooks())}) {
    auto partner = doordash;
    partner.name = name;
    partner.codec = codec::partner_codec("generic");
    partner.scheme = scheme;
    config.partners.push_back(partner);
  }
  return config;
}

support::HttpHeaders with(std::string name, std::string value) {
  return {
      {"Content-Type", "application/json"}, {"Idempotency-Key", "k"}, {std::move(name), std::move(value)}};
}

/// A token in Authorization, and beside it every signing partner's signature of the body by that secret: in the header and the
/// encoding that its codec reads, over the bytes that it signs, with the id and the time where they are signed too.
support::HttpHeaders signed_by(std::string_view secret, std::string_view body) {
  const std::string text(body), hex = codec::test::hmac_hex(secret, body),
                                base64 = codec::test::hmac_base64(secret, body);
  const std::string now = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  auto headers = with("Authorization", std::string(secret));
  for (const char* name : {"X-Server-Authorization-HMAC-SHA256", "X-HubRise-Hmac-SHA256", "X-App-Signature",
                           "X-Signature", "X-Uber-Signature"})
    headers.emplace_back(name, hex);  // deliverect, hubrise, open_delivery, rbi and generic, uber_eats
  headers.emplace_back("X-HMAC-SHA256", base64);  // otter
  headers.emplace_back("X-JET-Connect-Hash", "signature=" + base64);
  headers.emplace_back("X-Deliveroo-Sequence-Guid", "guid-1");
  headers.emplace_back("X-Deliveroo-HMAC-SHA256", codec::test::hmac_hex(secret, "guid-1 " + text));
  headers.emplace_back("webhook-id", "msg_1");
  headers.emplace_back("webhook-timestamp", now);
  headers.emplace_back("webhook-signature",
                       "v1," + codec::test::hmac_base64(secret, "msg_1." + now + "." + text));
  headers.emplace_back("Stripe-Signature",
                       "t=" + now + ",v1=" + codec::test::hmac_hex(secret, now + "." + text));
  return headers;
}

/// What a stranger may try: nothing, tokens of others, every partner's signature by another secret.
std::vector<support::HttpHeaders> strange_credentials(std::string_view body) {
  return {
      with("Accept", "*/*"),
      with("Authorization", "Bearer other"),
      with("Authorization", "Basic b3RoZXI6b3RoZXI="),
      with("Authorization", ""),
      {{"Content-Type", "application/json"}, {"Authorization", "Bearer t0ke"}, {"Authorization", "s3cret"}},
      signed_by("other", body),
      with("X-Flyt-Api-Key", "other")};
}

/// What is entered each time that `act` is done: what it brings about, and not what the service does by itself, which
/// looks at its disk every two seconds.
template <typename Act>
Names entered_each_time(Act act) {
  Names entered;
  for (int time = 0; time < 20; ++time) {
    begin_watching();
    act();
    Names now = end_watching();
    if (time > 0) std::erase_if(now, [&](const std::string& name) { return !entered.contains(name); });
    entered = std::move(now);
    if (beyond_the_door(entered).empty()) break;
  }
  return entered;
}

/// All that was told of earlier is on disk, so that no commit comes by itself.
void settle(RunningService& gate) {
  REQUIRE(gate.caller()
              .call("POST", "/v1/orders", with("Authorization", "Bearer t0ken"), held_order("K-0"))
              .is(201));
}

const std::vector<std::string>& bodies() {
  static const std::vector<std::string> bodies = {"", "{", R"({"a":1})", held_order("K-1"),
                                                  doordash_order("D-1")};
  return bodies;
}

/// A stranger's request to a route, changed at random where it is still a whole request: in its path, in the names and the
/// values of its headers, of which some come twice or not at all, and in its body.
class Mutant {
 public:
  explicit Mutant(std::mt19937_64& random) : random_(random) {}

  support::HttpAnswer call(RunningService& gate, const Request& route) {
    std::string body = bodies()[up_to(bodies().size())];
    auto strange = strange_credentials(body);
    strange.erase(strange.begin() + 4);  // beside another token it has a good one, which might be left alone
    auto headers = strange[up_to(strange.size())];
    if (one_in(4)) headers.push_back(headers[up_to(headers.size())]);
    if (one_in(4)) headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(up_to(headers.size())));
    for (auto& [name, value] : headers) {
      if (one_in(8)) change(name, "abcxyzABCXYZ0129-");
      if (one_in(3)) change(value, "abcxyz0129 +/=,.:;_-{}\"'");
    }
    for (auto times = up_to(5); times > 0; --times) change(body, "{}[]\",:0123456789abc\\\x01\xff");
    std::string path = route.path;
    if (one_in(4)) path += one_in(2) ? "?a=%00&b" : "/release";
    return gate.caller().call(route.method, path, headers, body);
  }

 private:
  std::size_t up_to(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  bool one_in(std::size_t count) { return up_to(count) == 0; }
  /// One character goes, comes, or becomes another.
  void change(std::string& text, std::string_view by) {
    const char with = by[up_to(by.size())];
    const auto at = up_to(text.size());
    if (text.size() < 2 || one_in(3)) return text.insert(at, 1, with), void();
    one_in(2) ? text.erase(at, 1), void() : void(text[at] = with);
  }

  std::mt19937_64& random_;
};

}  // namespace

namespace {

/// A partner's four webhook URLs.
std::vector<std::string> webhook_paths(const app::PartnerConfig& partner) {
  std::vector<std::string> paths;
  for (const char* kind : {"", "/order", "/cancel", "/release"})
    paths.push_back("/v1/partners/" + partner.name + "/webhook" + kind);
  return paths;
}

/// No stranger's request there enters anything beyond the door, and each is 401. What they all entered each time.
Names must_be_kept_out(RunningService& gate, const Request& to, const std::string& body) {
  CAPTURE(to.method);
  CAPTURE(to.path);
  CAPTURE(body);
  const Names entered = entered_each_time([&] {
    for (const auto& headers : strange_credentials(body))
      CHECK(gate.caller().call(to.method, to.path, headers, body).is(401));
  });
  const Names beyond = beyond_the_door(entered);
  CHECK_MESSAGE(beyond.empty(), listed(beyond));
  return entered;
}

/// Every partner's webhooks, by both methods. A signature by another secret is worked out and compared: it does not fail for
/// being in a header that nobody reads.
void no_webhook_lets_a_stranger_in(RunningService& gate, const app::Config& config) {
  for (const auto& partner : config.partners) {
    if (partner.codec == nullptr) continue;
    for (const std::string& path : webhook_paths(partner))
      for (const char* method : {"POST", "PUT"})
        for (const std::string& body : bodies())
          CHECK(any_has(must_be_kept_out(gate, {method, path}, body), "::authenticate("));
    CAPTURE(partner.name);
    begin_watching();
    CHECK(gate.caller().call("POST", webhook_paths(partner).front(), signed_by("other", "{"), "{").is(401));
    const Names entered = end_watching();
    REQUIRE(any_has(entered, "codec::equal_in_constant_time("));
    const bool by_secret = any_has(entered, "codec::header_is_secret(");
    REQUIRE(any_has(entered, "codec::is_signed_by_any(") == !by_secret);
    const std::string_view name = partner.codec->name();
    CHECK(by_secret == (name == "doordash" || name == "grubhub" || name == "just_eat"));
  }
}

/// An admin listener takes what is the store's own: on the other port are webhooks, and orders and the POS's news with their
/// tokens.
app::Config config_with_admin_listener(const support::TempDir& folder) {
  auto config = guarded_config(folder);
  config.http.admin_listen = "127.0.0.1:" + std::to_string(support::free_port());
  return config;
}

bool is_public(const Request& route) {
  return route.method == "POST" && (route.path == "/v1/orders" || route.path == "/v1/pos/status");
}

}  // namespace

TEST_CASE("a stranger's webhook to any partner enters no parser and nothing of storage [I11]") {
  support::TempDir folder;
  const auto config = guarded_config(folder);
  RunningService gate(config);
  settle(gate);
  no_webhook_lets_a_stranger_in(gate, config);
}

TEST_CASE("nor does it on the partners' port where administration has one of its own [I11]") {
  support::TempDir folder;
  const auto config = config_with_admin_listener(folder);
  RunningService gate(config);
  settle(gate);
  no_webhook_lets_a_stranger_in(gate, config);
}

TEST_CASE("a stranger's request to any route of the API enters no parser and nothing of storage [I11]") {
  support::TempDir folder;
  auto config = guarded_config(folder);
  SUBCASE("one listener") {}
  SUBCASE("administration has one of its own, and this is the other") {
    config = config_with_admin_listener(folder);
  }
  RunningService gate(config);
  settle(gate);
  auto routes = administrative_routes();
  REQUIRE(routes.size() >= 14);
  routes.push_back({"POST", "/v1/nothing"});
  for (const Request& route : routes)
    for (const std::string& body : bodies())
      CHECK(any_has(must_be_kept_out(gate, route, body), "problem_reply"));
}

TEST_CASE(
    "where administration has a port of its own, its token reaches nothing of it on the partners' [I11]") {
  support::TempDir folder;
  const auto config = config_with_admin_listener(folder);
  RunningService gate(config);
  settle(gate);
  support::HttpCaller admin(config.http.admin_listen);
  Names served;
  for (const Request& route : administrative_routes()) {
    if (is_public(route) || route.path == "/v1/events/stream") continue;
    CAPTURE(route.method);
    CAPTURE(route.path);
    for (const std::string& body : bodies()) {
      const auto token = with("Authorization", "Bearer t0ken");
      const Names entered = entered_each_time([&] {
        const int status = gate.caller().call(route.method, route.path, token, body).status;
        CHECK((status == 404 || status == 405));
      });
      const Names beyond = beyond_the_door(entered);
      CHECK_MESSAGE(beyond.empty(), listed(beyond));
    }
    begin_watching();
    CHECK(admin.call(route.method, route.path, with("Authorization", "Bearer t0ken"), "{").answered());
    served.merge(end_watching());
  }
  for (const char* part : {"storage::Journal::list_orders", "storage::Journal::events_after",
                           "decode_store_body", "decode_availability_body"})
    CHECK(any_has(served, part));  // at its own port it does reach them
}

TEST_CASE("ten thousand mutants of a stranger's requests enter no parser and nothing of storage [I11]") {
  support::TempDir folder;
  const auto config = guarded_config(folder);
  RunningService gate(config);
  settle(gate);
  auto routes = administrative_routes();
  for (const auto& partner : config.partners)
    for (const char* method : {"POST", "PUT", "POST", "PUT"})
      if (partner.codec != nullptr) routes.push_back({method, webhook_paths(partner).front()});
  std::size_t answered = 0, refused = 0;
  for (std::uint64_t batch = 0; batch < 100; ++batch) {
    CAPTURE(batch);
    const Names entered = entered_each_time([&] {  // the same each time
      std::mt19937_64 random(batch);
      for (int each = 0; each < 100; ++each) {
        const auto answer = Mutant(random).call(gate, routes[random() % routes.size()]);
        answered += answer.answered() ? 1U : 0U;
        refused += answer.status >= 400 && answer.status < 500 ? 1U : 0U;
      }
    });
    const Names beyond = beyond_the_door(entered);
    CHECK_MESSAGE(beyond.empty(), listed(beyond));
  }
  CHECK(answered >= 10'000);
  CHECK(refused == answered);
}

TEST_CASE("the same signatures by the partners' own secret let in, and what reads them is entered") {
  support::TempDir folder;
  const auto config = guarded_config(folder);
  RunningService gate(config);
  settle(gate);
  for (const auto& partner : config.partners) {
    if (partner.codec == nullptr) continue;
    CAPTURE(partner.name);
    for (const char* method : {"POST", "PUT"}) {
      begin_watching();
      const auto answer =
          gate.caller().call(method, webhook_paths(partner).front(), signed_by("s3cret", "{"), "{");
      CHECK(answer.status >= 400);  // it is no JSON
      CHECK(answer.status != 401);
      CHECK(any_has(end_watching(), "json::Document::parse"));
    }
  }
}

TEST_CASE("the same requests with good credentials are seen to enter parser, reader and storage") {
  support::TempDir folder;
  RunningService gate(guarded_config(folder));
  settle(gate);
  const auto seen = [&](const char* method, const char* path, const support::HttpHeaders& headers,
                        const std::string& body) {
    begin_watching();
    CHECK(gate.caller().call(method, path, headers, body).answered());
    return beyond_the_door(end_watching());
  };
  const auto admin = with("Authorization", "Bearer t0ken");
  const Names order =
      seen("POST", "/v1/partners/doordash/webhook", with("Authorization", "s3cret"), doordash_order("D-1"));
  for (const char* part :
       {"DoorDash::read(", "json::Document::parse", "storage::Journal::commit", "storage::"})
    CHECK(any_has(order, part));
  CHECK(any_has(seen("POST", "/v1/partners/just_eat/webhook", with("Authorization", "s3cret"), "{"),
                "JustEat::read("));
  CHECK(any_has(seen("POST", "/v1/orders", admin, "{"), "decode_canonical"));
  CHECK(
      any_has(seen("POST", "/v1/pos/status", with("Authorization", "Bearer p0s"), "{"), "decode_pos_status"));
  CHECK(any_has(seen("PUT", "/v1/store", admin, "{"), "decode_store_body"));
  CHECK(any_has(seen("PUT", "/v1/availability/tea", admin, "{"), "decode_availability_body"));
  CHECK(any_has(seen("GET", "/v1/orders", admin, ""), "storage::Journal::list_orders"));
  CHECK(any_has(seen("GET", "/v1/events", admin, ""), "storage::Journal::events_after"));
}
