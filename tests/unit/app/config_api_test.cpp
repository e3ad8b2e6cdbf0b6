// [partner.api] and answer: how a partner's API is spoken to, and what a person hears who left something out.
#include <doctest/doctest.h>

#include <string>

#include "app/config.hpp"
#include "app/config_sections.hpp"
#include "app/config_tree.hpp"
#include "config_text.hpp"
#include "partner_bench.hpp"

using namespace storegate;
using namespace storegate::test;

namespace {

struct Files {
  support::TempDir folder;
  Files() {
    support::write_file(folder.path() / "client", "cl1ent\n");
    support::write_file(folder.path() / "key", "k3y\n");
    support::write_file(folder.path() / "two", "a\nb\n");
    support::write_file(folder.path() / "signing", "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc\n");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return "\"" + folder.file(name) + "\""; }
};

/// The minimal file with a partner of that name behind it.
std::string partner(const std::string& name, const std::string& keys) {
  return minimal + "[[partner]]\nname = \"" + name + "\"\nrelease = \"immediate\"\nsecret_files = []\n" +
         keys + "\n";
}
constexpr std::uint32_t section_line_number = minimal_lines + 5;  // of the first of `keys`

/// A partner's section read for a codec of the test's own.
struct ToyReading {
  app_test::ToyCodec codec;
  app::ConfigFindings findings;
  app::PartnerConfig partner;

  void read(const std::string& text) {
    const auto parsed = app::parse_toml(text);
    REQUIRE(std::holds_alternative<app::ConfigNode>(parsed));
    partner.codec = &codec;
    app::ConfigTable table(std::get<app::ConfigNode>(parsed), {"partner[1]", "[[partner]]"}, findings);
    app::read_partner_api(table, {}, partner);
  }
  [[nodiscard]] std::string problems() const {
    std::string text;
    for (const auto& problem : findings.problems) text += app::describe(problem, "f") + "\n";
    return text;
  }
};

}  // namespace

TEST_CASE("5.2 config: an API's section has its codec's defaults, and the owner's words over them") {
  const Files files;
  const app::Config config = good(partner(
      "deliveroo",
      "answer = \"direct\"\n[partner.api]\nclient_id = \"me\"\nclient_secret_file = " + files.file("client") +
          "\nclient_auth = \"basic\"\nstore_id = \"S 1\"\ntimeout_ms = 3000"));
  const app::PartnerConfig& deliveroo = config.partners.back();
  CHECK(deliveroo.answers_directly);
  REQUIRE(deliveroo.api.has_value());
  CHECK(deliveroo.api->url == "https://api.developers.deliveroo.com");
  CHECK(deliveroo.api->token_url == "https://auth.developers.deliveroo.com/oauth2/token");
  CHECK(deliveroo.api->client_id == "me");
  CHECK(deliveroo.api->client_secret == "cl1ent");
  CHECK(deliveroo.api->client_auth == app::ClientAuth::basic);
  CHECK(deliveroo.api->store_id == "S 1");
  CHECK(deliveroo.api->timeout_ms == 3000);
  const auto policy = app::policy_of(config).partners.at("deliveroo");
  CHECK_FALSE(policy.fetches);
  CHECK(policy.tells == deliveroo.codec->api()->notices());
  const app::Config hubrise = good(partner("hubrise", "api = { secret_file = " + files.file("key") + " }"));
  CHECK(hubrise.partners.back().api->secret == "k3y");
  CHECK(hubrise.partners.back().api->pull_interval_s == 30);
  CHECK_FALSE(hubrise.partners.back().answers_directly);
  CHECK(app::policy_of(hubrise).partners.at("hubrise").tells.empty());
  CHECK(app::policy_of(hubrise).partners.at("hubrise").fetches);  // its events are whole, and it can be asked
  CHECK_FALSE(good(partner("hubrise", "answer = \"cloud\"")).partners.back().api.has_value());
}

TEST_CASE("5.2 config: what an API cannot be spoken to without is named") {
  const Files files;
  const auto bad = [&](const std::string& name, const std::string& keys, std::uint32_t line, const char* key,
                       const char* says) {
    check_bad({partner(name, keys), line, key, says});
  };
  const auto at = section_line_number;
  bad("uber_eats", "", minimal_lines + 1, "partner[2].api",
      "have to be fetched; write [partner.api] with client_id, client_secret_file and store_id");
  bad("deliveroo", "answer = \"direct\"", minimal_lines + 1, "partner[2].api",
      "client_id and client_secret_file");
  bad("doordash", "answer = \"direct\"", minimal_lines + 1, "partner[2].api",
      "developer_id, key_id and secret_file");
  bad("grubhub", "answer = \"direct\"", minimal_lines + 1, "partner[2].api",
      "url, secret_file and merchant_id");
  bad("deliveroo", "api = { client_id = \"me\" }", at, "partner[2].api.client_secret_file",
      "client_secret_file = ");
  bad("deliveroo", "api = { client_secret_file = " + files.file("client") + " }", at,
      "partner[2].api.client_id", "client_id");
  bad("grubhub", "api = { merchant_id = \"7\", secret_file = " + files.file("key") + " }", at,
      "partner[2].api.url", "url = ");
  bad("doordash", "api = { developer_id = \"d\", secret_file = " + files.file("signing") + " }", at,
      "partner[2].api.key_id", "key_id");
  const std::string client = "client_id = \"me\", client_secret_file = " + files.file("client");
  const std::string where = "url = \"https://api.example\", token_url = \"https://api.example/token\", ";
  bad("uber_eats", "api = { " + client + " }", at, "partner[2].api.store_id", "store_id = ");
  bad("grubhub", "api = { url = \"https://api.example\", secret_file = " + files.file("key") + " }", at,
      "partner[2].api.merchant_id", "merchant_id = ");
  bad("otter", "api = { merchant_id = \"ubereats\", " + where + client + " }", at, "partner[2].api.store_id",
      "store_id = ");
  bad("otter", "api = { store_id = \"1\", " + where + client + " }", at, "partner[2].api.merchant_id",
      "merchant_id = ");
  bad("open_delivery", "api = { " + where + client + " }", at, "partner[2].api.merchant_id",
      "merchant_id = ");
  CHECK(good(partner("uber_eats", "api = { store_id = \"1\", " + client + " }"))
            .partners.back()
            .api->pull_interval_s == 300);
  bad("hubrise", "api = { secret_file = \"/nowhere/key\" }", at, "partner[2].api.secret_file",
      "does not exist");
  bad("hubrise", "api = { secret_file = " + files.file("two") + " }", at, "partner[2].api.secret_file",
      "one line");
}

TEST_CASE("5.2 config: what is of no use or would be read on the way is said") {
  const Files files;
  const auto hubrise = [&](const std::string& more) {
    return partner("hubrise", "api = { secret_file = " + files.file("key") + ", " + more + " }");
  };
  const auto bad = [&](const std::string& more, const char* key, const char* says) {
    check_bad({hubrise(more), section_line_number, key, says});
  };
  bad("url = \"http://api.example\"", "partner[2].api.url", "https://");
  bad("url = \"http://10.0.0.7/v1\"", "partner[2].api.url", "https://");
  bad("url = \"https://me:pw@api.example\"", "partner[2].api.url", "user or password");
  bad("url = \"\"", "partner[2].api.url", "is empty");
  bad("timeout_ms = 99", "partner[2].api.timeout_ms", "from 100");
  bad("pull_interval_s = -1", "partner[2].api.pull_interval_s", "from 0");
  bad("ca = \"/nowhere.pem\"", "partner[2].api.ca", "/nowhere.pem");
  bad("store_id = \"caf\xc3\xa9\"", "partner[2].api.store_id", "plain characters");
  bad("stor_id = \"1\"", "partner[2].api.stor_id", "did you mean \"store_id\"?");
  for (const char* url : {"http://127.0.0.1:8099/v1", "http://[::1]:8099", "http://localhost:8099"})
    CHECK(good(hubrise("url = \"" + std::string(url) + "\"")).partners.back().api->url == url);
  const ConfigReading unused = read(hubrise("client_id = \"me\""));
  REQUIRE(unused.config.has_value());
  CHECK(all_of(unused).find("partner[2].api.client_id: is not used") != std::string::npos);
  check_bad({minimal + "api = { url = \"https://x.example\" }\n", minimal_lines + 1, "partner[1].api",
             "remove it"});
  check_bad({minimal + "answer = \"direct\"\n", minimal_lines + 1, "partner[1].answer", "must be \"cloud\""});
  check_bad({minimal + "answer = \"both\"\n", minimal_lines + 1, "partner[1].answer", "\"direct\""});
}

TEST_CASE("5.2 config: the store that orders must name is said once, in the section or in its API's") {
  const Files files;
  const std::string client = "client_id = \"me\", client_secret_file = " + files.file("client");
  const auto store_of = [](const std::string& text) { return good(text).partners.back().store_id; };
  CHECK(store_of(partner("deliveroo", "store_id = \"gb-7\"")) == "gb-7");
  CHECK(store_of(partner("uber_eats", "api = { store_id = \"u-1\", " + client + " }")) == "u-1");
  const std::string open_api =
      "api = { merchant_id = \"m-1\", url = \"https://api.example\", token_url = "
      "\"https://api.example/token\", " +
      client;
  CHECK(store_of(partner("open_delivery", open_api + " }")) == "m-1");
  CHECK(store_of(partner("open_delivery", "store_id = \"M-1\"\n" + open_api + " }")) == "M-1");
  const auto at = section_line_number;
  check_bad({partner("open_delivery", open_api + ", store_id = \"x\" }"), at, "partner[2].api.store_id",
             "is compared with nothing"});
  check_bad({partner("open_delivery", "store_id = \"m-2\"\n" + open_api + " }"), at, "partner[2].store_id",
             "is another than [partner.api] has"});
  const std::string key = "secret_file = " + files.file("key");
  CHECK(store_of(partner("rbi", "store_id = \"7\"\napi = { store_id = \"7\", " + key + " }")) == "7");
  check_bad({partner("rbi", "store_id = \"7\"\napi = { store_id = \"8\", " + key + " }"), at,
             "partner[2].store_id", "is another than [partner.api] has"});
  // Nor need the API's section say it again: its requests and what it gives are this store's.
  const app::Config rbi = good(partner("rbi", "store_id = \"7\"\napi = { " + key + " }"));
  CHECK(rbi.partners.back().api->store_id == "7");
  for (const char* whose : {"doordash", "uber_eats", "hubrise"}) {
    const ConfigReading reading =
        read(partner(whose, std::string(whose) == "uber_eats" ? "api = { store_id = \"\" }" : ""));
    CAPTURE(whose);
    CHECK(all_of(reading).find("partner[2].store_id: not given") != std::string::npos);
  }
  CHECK(all_of(read(partner("hubrise", ""))).find("as its orders have it in \"location_id\"") !=
        std::string::npos);
  CHECK(all_of(read(partner("hubrise", "store_id = \"z3\""))).find("not given") == std::string::npos);
  CHECK(all_of(read(partner("hubrise", "enabled = false"))).find("not given") == std::string::npos);
  CHECK(all_of(read(partner("kiosk2", ""))).find("store_id") == std::string::npos);
  for (const char* nobody : {"kiosk2", "generic"}) {
    const ConfigReading unused = read(partner(nobody, "store_id = \"7\""));
    CHECK(all_of(unused).find("partner[2].store_id: is not used") != std::string::npos);
    REQUIRE(unused.config.has_value());
    CHECK(unused.config->partners.back().store_id.empty());
  }
  check_bad({partner("hubrise", "store_id = \"caf\xc3\xa9\""), section_line_number, "partner[2].store_id",
             "plain characters"});
}

TEST_CASE("5.2 config: Grubhub's own host is refused, since requests to it would have to be signed") {
  const Files files;
  const auto at = [&](const std::string& url) {
    return partner("grubhub", "api = { merchant_id = \"7\", secret_file = " + files.file("key") +
                                  ", url = \"" + url + "\" }");
  };
  for (const char* theirs : {"https://api-third-party-gtm.grubhub.com", "https://GrubHub.com/base",
                             "https://api-third-party-gtm-pp.grubhub.com:443"})
    check_bad({at(theirs), section_line_number, "partner[2].api.url", "a proxy of yours that signs"});
  for (const char* ours :
       {"https://signs.example/grubhub.com", "https://notgrubhub.com", "http://127.0.0.1:9"})
    CHECK(good(at(ours)).partners.back().api->url == ours);
}

TEST_CASE("5.2 config: a secret that can sign no token is named, and not first missed at an order") {
  const Files files;
  support::write_file(files.folder.path() / "bad", "yMnKy8zN!\n");
  const auto with_secret = [&](const std::string& name) {
    return partner("doordash",
                   "api = { developer_id = \"d\", key_id = \"k\", secret_file = " + files.file(name) + " }");
  };
  CHECK(good(with_secret("signing")).partners.back().api->developer_id == "d");
  check_bad({with_secret("bad"), section_line_number, "partner[2].api.secret_file", "base64url"});
}

TEST_CASE(
    "5.2 config: Deliverect's token is asked for by JSON for the API's address, unless said otherwise") {
  const Files files;
  const auto deliverect = [&](const std::string& more) {
    const app::Config config = good(
        partner("deliverect",
                "api = { client_id = \"me\", client_secret_file = " + files.file("client") + more + " }"));
    return *config.partners.back().api;
  };
  CHECK(deliverect("").token_by_json);
  CHECK(deliverect("").audience == "https://api.deliverect.com");
  CHECK(deliverect(", url = \"https://api.staging.deliverect.com\"").audience ==
        "https://api.staging.deliverect.com");
  CHECK(deliverect(", audience = \"https://other.example\"").audience == "https://other.example");
  const app::Config deliveroo = good(partner(
      "deliveroo", "api = { client_id = \"me\", client_secret_file = " + files.file("client") + " }"));
  CHECK_FALSE(deliveroo.partners.back().api->token_by_json);
  CHECK(deliveroo.partners.back().api->audience.empty());
  const ConfigReading unused =
      read(partner("hubrise", "api = { secret_file = " + files.file("key") + ", audience = \"x\" }"));
  CHECK(all_of(unused).find("partner[2].api.audience: is not used") != std::string::npos);
}

TEST_CASE("5.2 config: a partner whose orders have to be fetched is of no use without a way in") {
  ToyReading missing;
  missing.read("name = \"toy\"");
  REQUIRE(missing.findings.problems.size() == 1);
  CHECK(missing.findings.problems[0].key == "partner[1].api");
  CHECK(missing.problems().find("have to be fetched") != std::string::npos);
  CHECK(missing.problems().find("url, token_url, client_id and client_secret_file") != std::string::npos);
  ToyReading mute;
  mute.codec.toy.thin = false;
  mute.codec.toy.told_of = {};
  mute.read("answer = \"direct\"");
  CHECK(mute.problems().find("must be \"cloud\"") != std::string::npos);
  ToyReading whole;
  const Files files;
  whole.read(
      "[api]\nurl = \"http://127.0.0.1:1\"\ntoken_url = \"http://127.0.0.1:1/token\"\nclient_id = \"me\"\n"
      "client_secret_file = " +
      files.file("client"));
  CHECK(whole.problems().empty());
  app::Config config;
  whole.partner.name = "toy";
  whole.partner.decide_within_s = 690;
  config.partners.push_back(whole.partner);
  const auto policy = app::policy_of(config).partners.at("toy");
  CHECK(policy.fetches);
  CHECK(policy.fetch_within_ms == 690 * core::second_ms);
  CHECK(policy.tells.empty());
}
