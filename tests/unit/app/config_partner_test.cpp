// [[partner]]: whose format a webhook has, and how a generic one is signed.
#include <doctest/doctest.h>

#include <string>

#include "app/config.hpp"
#include "app/webhooks.hpp"
#include "config_text.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::test;

namespace {

std::string acme(const std::string& keys) {
  return minimal + "[[partner]]\nname = \"acme\"\nrelease = \"immediate\"\n" + keys + "\n";
}
constexpr std::uint32_t acme_lines = minimal_lines + 3;

BadCase acme_line(const std::string& line, const char* key, const char* says) {
  return {acme(line), acme_lines + 1, key, says};
}

const app::PartnerConfig& last(const app::Config& config) { return config.partners.back(); }

}  // namespace

TEST_CASE("a partner's codec is that of its name, or the one it names; any other has no webhook") {
  CHECK(last(good(acme(""))).codec == nullptr);
  const app::Config named = good(acme("codec = \"doordash\"\nsecret_files = []"));
  REQUIRE(last(named).codec != nullptr);
  CHECK(last(named).codec->name() == "doordash");
  CHECK(last(named).decide_within_s == 480);
  CHECK_FALSE(last(named).scheme.has_value());
  const app::Config by_name = good(with("name = \"kiosk\"", "name = \"generic\""));
  REQUIRE(last(by_name).codec != nullptr);
  CHECK(last(by_name).scheme == codec::WebhookScheme{});
  check_bad(acme_line("codec = \"dordash\"", "partner[2].codec", "\"doordash\""));
}

TEST_CASE(
    "an order's event has the word of the codec that its partner is configured with, or is named after") {
  const app::Config config = good(acme("codec = \"deliveroo\"\nsecret_files = []"));
  core::OutgoingEvent event;
  event.record.type = core::EventType::order_rejected;
  event.record.order = core::OrderNumber{7};
  event.record.phase = core::Phase::rejected;
  event.record.reason = core::Reason::too_busy;
  const auto says = [&](const std::string& partner, const std::string& what) {
    event.partner = partner;
    return app::encode_event(config, event).find(what) != std::string::npos;
  };
  CHECK(says("acme", R"("partner_reason":"busy")"));
  CHECK(says("grubhub", R"("partner_reason":"OTHER")"));  // not in this configuration any more
  CHECK_FALSE(says("kiosk", "partner_reason"));
  CHECK(app::codec_of(config, "kiosk") == nullptr);
}

TEST_CASE("a webhook knows where its partner reaches it, and the store's zone") {
  const std::string text = acme("codec = \"deliverect\"\nsecret_files = []");
  const auto replaced = [](std::string in, const std::string& what, const std::string& by) {
    return in.replace(in.find(what), what.size(), by);
  };
  const app::Config config =
      good(replaced(replaced(text, "[http]\n", "[http]\npublic_url = \"https://store.example/gate/\"\n"),
                    "id = \"store-042\"\n", "id = \"store-042\"\ntimezone = \"America/Chicago\"\n"));
  core::Now now;
  now.wall_ms = 1'795'435'200'000;  // in November
  const auto partner = app::webhook_partner(config, "acme");
  REQUIRE(partner);
  const codec::Delivery delivery = app::delivery_of(*partner, {}, "", now);
  CHECK(delivery.webhook_url == "https://store.example/gate/v1/partners/acme/webhook");
  CHECK(delivery.local_offset_minutes == -6 * 60);
  const app::Config bare = good(text);
  const codec::Delivery untold = app::delivery_of(*app::webhook_partner(bare, "acme"), {}, "", now);
  CHECK(untold.webhook_url.empty());
  CHECK(untold.local_offset_minutes == 0);
}

TEST_CASE("a generic webhook's scheme is written out, or one of the known ones with changes") {
  const app::Config written = good(acme(R"(codec = "generic"
webhook = { header = "X-Acme", encoding = "base64", prefix = "sha256=", signed = "{timestamp}:{body}", timestamp_header = "X-Time", tolerance_s = 60 })"));
  codec::WebhookScheme wanted;
  wanted.header = "X-Acme";
  wanted.encoding = codec::SignatureEncoding::base64;
  wanted.prefix = "sha256=";
  wanted.signed_text = "{timestamp}:{body}";
  wanted.timestamp_header = "X-Time";
  wanted.tolerance_s = 60;
  CHECK(last(written).scheme == wanted);
  codec::WebhookScheme stripe = codec::stripe_webhooks();
  stripe.header = "Acme-Signature";
  CHECK(last(good(acme(R"(codec = "generic"
webhook = { scheme = "stripe", header = "Acme-Signature" })")))
            .scheme == stripe);
}

TEST_CASE("secrets of Standard Webhooks are the bytes that their base64 stands for") {
  const support::TempDir folder;
  support::write_file(folder.path() / "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  support::write_file(folder.path() / "plain", "not base64!\n");
  const auto text = [&](const std::string& file, const std::string& webhook) {
    return acme("codec = \"generic\"\nsecret_files = [\"" + folder.file(file) + "\"]\nwebhook = { " +
                webhook + " }");
  };
  const app::Config standard = good(text("secret", "scheme = \"standard_webhooks\""));
  CHECK(last(standard).scheme == codec::standard_webhooks());
  CHECK(last(standard).secrets.at(0).size() == 24);
  CHECK(last(good(text("secret", "header = \"X\""))).secrets.at(0).starts_with("whsec_"));
  CHECK(last(good(text("secret", "header = \"X\", secrets = \"base64\""))).secrets.at(0).size() == 24);
  const ConfigReading reading = read(text("plain", "scheme = \"standard_webhooks\""));
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].key == "partner[2].secret_files");
  CHECK(all_of(reading).find("not base64!") == std::string::npos);
}

TEST_CASE("a scheme that would let anybody in, or that nobody asks for, is a problem with its line") {
  const auto webhook = [](const std::string& keys, const char* key, const char* says) {
    check_bad({acme("codec = \"generic\"\nwebhook = { " + keys + " }"), acme_lines + 2, key, says});
  };
  webhook("signed = \"{timestamp}\", timestamp_header = \"T\"", "partner[2].webhook", "signs no {body}");
  webhook("signed = \"{id}.{body}\"", "partner[2].webhook", "names no id_header");
  webhook("header = \"\"", "partner[2].webhook", "names no header");
  webhook("encoding = \"hax\"", "partner[2].webhook.encoding", "\"base64\"");
  webhook("separator = \", \"", "partner[2].webhook.separator", "one character");
  webhook("tolerance_s = -1", "partner[2].webhook.tolerance_s", "from 0");
  webhook("heder = \"X\"", "partner[2].webhook.heder", "did you mean \"header\"?");
  check_bad(
      {acme("webhook = { header = \"X\" }"), acme_lines + 1, "partner[2].webhook", "codec = \"generic\""});
}
