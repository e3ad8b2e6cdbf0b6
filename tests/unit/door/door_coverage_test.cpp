// Nothing of a stranger's gets past authentication, shown by what the process enters: no parser, no reader of a partner,
// nothing of storage. The same requests with good credentials enter them, or the probe would prove nothing.
#include <doctest/doctest.h>

#include <array>
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
#include "entered.hpp"
#include "platform/digest.hpp"

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

/// Every partner of the register, an admin token, a token of the POS; nothing runs by the clock.
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
  return config;
}

support::HttpHeaders with(std::string name, std::string value) {
  return {
      {"Content-Type", "application/json"}, {"Idempotency-Key", "k"}, {std::move(name), std::move(value)}};
}

/// What a stranger may try: nothing, tokens of others, signatures by another secret under every partner's header.
std::vector<support::HttpHeaders> strange_credentials(std::string_view body) {
  static constexpr std::array<std::uint8_t, 5> other = {'o', 't', 'h', 'e', 'r'};
  const auto digest = platform::KeyedDigest(other).full(body);
  auto signatures = with("Authorization", "other");
  for (const char* header : {"X-Signature", "X-HubRise-Hmac-SHA256", "X-Server-Authorization-Hmac-SHA256",
                             "X-Deliveroo-Hmac-Sha256", "X-Uber-Signature", "X-GH-Signature",
                             "X-Jet-Signature", "X-HMAC-SHA256", "webhook-signature"})
    signatures.emplace_back(header, platform::to_hex(digest));
  return {
      with("Accept", "*/*"),
      with("Authorization", "Bearer other"),
      with("Authorization", "Basic b3RoZXI6b3RoZXI="),
      with("Authorization", ""),
      {{"Content-Type", "application/json"}, {"Authorization", "Bearer t0ke"}, {"Authorization", "s3cret"}},
      signatures};
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

TEST_CASE("a stranger's webhook to any partner enters no parser and nothing of storage [I11]") {
  support::TempDir folder;
  RunningService gate(guarded_config(folder));
  settle(gate);
  for (const auto* codec : codec::partner_codecs()) {
    CAPTURE(codec->name());
    for (const char* kind : {"", "/order", "/cancel", "/release"}) {
      const std::string path = "/v1/partners/" + std::string(codec->name()) + "/webhook" + kind;
      for (const std::string& body : bodies()) {
        const Names entered = entered_each_time([&] {
          for (const auto& headers : strange_credentials(body))
            CHECK(gate.caller().call("POST", path, headers, body).is(401));
        });
        CHECK(any_has(entered, "::authenticate("));  // it was there, and looked
        const Names beyond = beyond_the_door(entered);
        CHECK_MESSAGE(beyond.empty(), listed(beyond));
      }
    }
  }
}

TEST_CASE("a stranger's request to any route of the API enters no parser and nothing of storage [I11]") {
  support::TempDir folder;
  RunningService gate(guarded_config(folder));
  settle(gate);
  auto routes = administrative_routes();
  REQUIRE(routes.size() >= 14);
  routes.push_back({"POST", "/v1/nothing"});
  for (const auto& [method, path] : routes)
    for (const std::string& body : bodies()) {
      CAPTURE(method);
      CAPTURE(path);
      const Names entered = entered_each_time([&] {
        for (const auto& headers : strange_credentials(body))
          CHECK(gate.caller().call(method, path, headers, body).is(401));
      });
      CHECK(any_has(entered, "problem_reply"));
      const Names beyond = beyond_the_door(entered);
      CHECK_MESSAGE(beyond.empty(), listed(beyond));
    }
}

TEST_CASE("ten thousand mutants of a stranger's requests enter no parser and nothing of storage [I11]") {
  support::TempDir folder;
  RunningService gate(guarded_config(folder));
  settle(gate);
  auto routes = administrative_routes();
  for (const auto* codec : codec::partner_codecs())
    for (int share = 0; share < 4; ++share)
      routes.push_back({"POST", "/v1/partners/" + std::string(codec->name()) + "/webhook"});
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
