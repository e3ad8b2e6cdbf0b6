// `storegate partners`: the register, and what becomes of one saved webhook.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "app/cli_partners.hpp"
#include "cli_shell.hpp"
#include "codec/partners/partner.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

constexpr const char* order =
    R"({"order":{"id":"dd-1","categories":[{"items":[{"merchant_supplied_id":"taco-01","price":199,"quantity":2,"name":"Taco \"hot\""}]}]}})";
constexpr const char* cancel = R"({"external_order_id":"dd-1"})";

/// A folder with one webhook and DoorDash's secret in it.
struct Saved {
  support::TempDir folder;
  std::string webhook = folder.file("webhook");
  std::string secret = folder.file("secret");

  explicit Saved(const std::string& content) {
    support::write_file(webhook, content);
    support::write_file(secret, "demo-secret\n");
  }

  int run(Shell& shell, std::vector<std::string> words) const {
    words.insert(words.begin(), {"partners", "try", "doordash", webhook});
    std::vector<const char*> texts;
    for (const std::string& word : words) texts.push_back(word.c_str());
    return shell.run(texts);
  }
};

}  // namespace

TEST_CASE("partners lists every partner with a codec, and how it is known") {
  Shell shell;
  CHECK(shell.run({"partners"}) == 0);
  for (const codec::PartnerCodec* codec : codec::partner_codecs()) {
    CAPTURE(codec->name());
    const auto summary = codec::summary_of(codec->name());
    CHECK_FALSE(summary.authentication.empty());
    CHECK(summary.authentication.size() <= 45);  // the column's width, and a blank
    CHECK_FALSE(summary.orders.empty());
    CHECK(has(shell.out, "\n" + std::string(codec->name()) + " "));
  }
  CHECK(codec::summary_of("kiosk").orders.empty());
  CHECK(shell.calls.empty());
}

TEST_CASE("partners try prints the canonical order of an authentic webhook and asks nobody") {
  const Saved saved(order);
  Shell shell;
  CHECK(saved.run(shell, {"--secret-file", saved.secret, "--header", "Authorization: Bearer demo-secret"}) ==
        0);
  CHECK(has(shell.out,
            "authentication: passes\nkind: order, answered 202 once it is stored\n"
            "answered 202 if the store rejects it, 409 if it is here with other contents\n{\n  \"partner\": "
            "\"doordash\",\n"));
  CHECK(has(shell.out, "\n      \"name\": \"Taco \\\"hot\\\"\",\n"));
  CHECK(has(shell.out, "\"modifiers\": []\n"));
  CHECK(shell.calls.empty());
}

TEST_CASE("partners try takes a whole HTTP request as it was saved") {
  const Saved saved(
      std::string(
          "POST /v1/partners/doordash/webhook HTTP/1.1\r\nHost: x\r\nAuthorization:  demo-secret\r\n\r\n") +
      cancel);
  Shell shell;
  CHECK(saved.run(shell, {"--secret-file", saved.secret}) == 0);
  CHECK(has(shell.out, "kind: cancel, answered 200 once it is stored\ncancels doordash dd-1\n"));
}

TEST_CASE("partners try says what is wrong, and ends with 1 if a part of it would be refused") {
  const Saved saved(order);
  Shell unsigned_one;
  CHECK(saved.run(unsigned_one, {}) == 1);
  CHECK(has(unsigned_one.err, "authentication: fails, answered 401; no secret is given"));
  CHECK(has(unsigned_one.out, "kind: order"));
  Shell wrong;
  CHECK(saved.run(wrong, {"--secret-file", saved.secret, "--header", "Authorization: x"}) == 1);
  CHECK(has(wrong.err, "made with another secret"));
  CHECK_FALSE(has(wrong.err, "demo-secret"));
  Shell unlooked;
  CHECK(saved.run(unlooked, {"--unsigned"}) == 0);
  Shell fixed;
  CHECK(saved.run(fixed, {"--unsigned", "--kind", "cancel"}) == 1);
  CHECK(has(fixed.err, "not understood, answered 400: this is another webhook than the URL names"));
  const Saved broken(R"({"order":{"id":"dd-1","categories":[]}})");
  Shell refused;
  CHECK(broken.run(refused, {"--unsigned"}) == 1);
  CHECK(has(refused.err, "not understood, answered 400: /order/categories: must have 1 to"));
  Shell fetched;
  CHECK(saved.run(fetched, {"--fetched"}) == 1);
  CHECK(has(fetched.err, "come whole and are not fetched"));
}

TEST_CASE("partners try says what an order would hear that is rejected, or here in other words") {
  const Saved saved(R"({"id":"1","items":[{"plu":"a","price":1}]})");
  Shell shell;
  CHECK(shell.run({"partners", "try", "jet_connect", saved.webhook.c_str(), "--unsigned"}) == 0);
  CHECK(has(shell.out, "answered 400 if the store rejects it, 200 if it is here with other contents\n"));
}

TEST_CASE("partners try says whom a partner calls, and what is answered to who asks for an address") {
  const Saved called(R"({"OrderId":"je-1"})");
  Shell shell;
  CHECK(shell.run({"partners", "try", "just_eat", called.webhook.c_str(), "--unsigned"}) == 0);
  CHECK(has(shell.out, "has a person key in, so parks if it waits here, just_eat je-1\n"));
  const Saved asked(R"({"accountId":"a","locationId":"l","externalLocationId":"e"})");
  Shell unanswered;
  CHECK(unanswered.run({"partners", "try", "deliverect", asked.webhook.c_str(), "--unsigned"}) == 1);
  CHECK(has(unanswered.err, "public_url"));
}

TEST_CASE("partners try says of a webhook that asks for nothing that it does") {
  const Saved saved(R"({"eventType":"orders.pos_injection_state_update","eventId":"e-1","metadata":{}})");
  Shell shell;
  CHECK(shell.run({"partners", "try", "otter", saved.webhook.c_str(), "--unsigned"}) == 0);
  CHECK(has(shell.out, "kind: nothing, answered 200\nasks for nothing"));
}

TEST_CASE("partners try ends with 2 for a partner, a file or a secret that is not there") {
  const Saved saved(order);
  Shell nobody;
  CHECK(nobody.run({"partners", "try", "kiosk", saved.webhook.c_str()}) == 2);
  CHECK(has(nobody.err, "there is no partner of this name"));
  Shell no_file;
  CHECK(no_file.run({"partners", "try", "doordash", "/nonexistent/webhook"}) == 2);
  Shell no_secret;
  CHECK(saved.run(no_secret, {"--secret-file", "/nonexistent/secret"}) == 2);
  Shell no_config;
  CHECK(saved.run(no_config, {"--config", "/nonexistent/config"}) == 2);
  Shell words;
  CHECK(words.run({"partners", "try", "doordash"}) == 2);
  CHECK(words.run({"partners", "try", "doordash", "f", "--kind", "menu"}) == 2);
}

TEST_CASE("partners try takes secrets and scheme from a configuration's section") {
  const Saved saved(cancel);
  const std::string config = saved.folder.file("storegate.toml");
  support::write_file(
      config,
      "[store]\nid = \"s\"\n[storage]\npath = \"/tmp/none.db\"\n[http]\nlisten = \"127.0.0.1:0\"\n[pos]\nurl "
      "= \"http://127.0.0.1:1\"\n"
      "[[partner]]\nname = \"dd-west\"\ncodec = \"doordash\"\nrelease = \"immediate\"\nsecret_files = [\"" +
          saved.secret + "\"]\n");
  Shell shell;
  CHECK(shell.run({"partners", "try", "dd-west", saved.webhook.c_str(), "--config", config.c_str(),
                   "--header", "Authorization: demo-secret"}) == 0);
  CHECK(has(shell.out, "cancels dd-west dd-1\n"));
  Shell other;
  CHECK(other.run({"partners", "try", "doordash", saved.webhook.c_str(), "--config", config.c_str()}) == 2);
  CHECK(has(other.err, "has no partner of this name with a webhook"));
}

TEST_CASE("partners try says that a webhook, or an order that was fetched, is another store's") {
  const Saved saved(R"({"_id":"o-1","status":100,"location":"60bb"})");
  const auto config_of = [&](const std::string& partner) {
    const std::string config = saved.folder.file("storegate.toml");
    support::write_file(config,
                        "[store]\nid = \"s\"\n[storage]\npath = \"/tmp/none.db\"\n[http]\nlisten = "
                        "\"127.0.0.1:0\"\n[pos]\nurl = \"http://127.0.0.1:1\"\n[[partner]]\nrelease = "
                        "\"immediate\"\n" +
                            partner);
    return config;
  };
  const std::string deliverect = config_of("name = \"deliverect\"\nstore_id = \"61aa\"\n");
  Shell webhook;
  CHECK(webhook.run({"partners", "try", "deliverect", saved.webhook.c_str(), "--unsigned", "--config",
                     deliverect.c_str()}) == 1);
  CHECK(has(webhook.err, "answered 404: /location: is another store than this one"));
  const Saved fetched(R"({"id":"o-1","storeId":"7"})");
  const std::string rbi =
      config_of("name = \"rbi\"\nstore_id = \"8\"\napi = { secret_file = \"" + saved.secret + "\" }\n");
  Shell api;
  CHECK(api.run({"partners", "try", "rbi", fetched.webhook.c_str(), "--fetched", "--config", rbi.c_str()}) ==
        1);
  CHECK(has(api.err, "it is of another store, and rejected"));
}

TEST_CASE("a canonical order is indented, its texts untouched") {
  CHECK(app::indented(R"({"a":[],"b":{},"c":[1,{"d":"x{,}:\"y"}],"e":null})") ==
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"x{,}:\\\"y\"\n    }\n  "
        "],\n  \"e\": null\n}");
}
