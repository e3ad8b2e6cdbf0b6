// [[partner]]: who it is, whose format and signatures its webhooks have, and how its orders are released.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_sections.hpp"
#include "codec/limits.hpp"
#include "codec/partners/generic.hpp"
#include "codec/partners/partner.hpp"

namespace storegate::app {
namespace {

constexpr std::int64_t week_minutes = 7 * 24 * 60;
constexpr std::int64_t day_s = 24 * 3600;

/// Any name that can stand in a URL's path and in a log line.
bool is_partner_name(std::string_view name) {
  const auto fits = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != '/'; };
  return !name.empty() && name.size() <= codec::partner_bytes_max &&
         std::all_of(name.begin(), name.end(), fits);
}

/// Whose format it speaks: its own by name, or another's by `codec`.
void read_codec(ConfigTable& table, PartnerConfig& partner) {
  partner.codec = codec::partner_codec(partner.name);
  if (!table.has("codec")) return (void)table.find("codec");
  std::vector<std::string_view> names;
  for (const codec::PartnerCodec* known : codec::partner_codecs()) names.push_back(known->name());
  if (const auto found = table.one_of("codec", names)) partner.codec = codec::partner_codec(names[*found]);
}

/// The scheme that the others start from.
codec::WebhookScheme named_scheme(ConfigTable& table, bool& base64_secrets) {
  const auto which = table.one_of("scheme", {"custom", "standard_webhooks", "stripe"});
  base64_secrets = which == 1U;
  if (which == 1U) return codec::standard_webhooks();
  return which == 2U ? codec::stripe_webhooks() : codec::WebhookScheme{};
}

void read_separator(ConfigTable& table, char& separator) {
  std::string text(separator == '\0' ? 0U : 1U, separator);
  table.text("separator", text);
  if (text.size() > 1)
    table.problem("separator", "must be one character, or \"\" where there is one signature");
  separator = text.empty() ? '\0' : text.front();
}

void read_scheme(ConfigTable& table, codec::WebhookScheme& scheme, bool& base64_secrets) {
  scheme = named_scheme(table, base64_secrets);
  table.text("header", scheme.header);
  if (const auto encoding = table.one_of("encoding", {"hex", "base64"}))
    scheme.encoding = *encoding == 0 ? codec::SignatureEncoding::hex : codec::SignatureEncoding::base64;
  table.text("prefix", scheme.prefix);
  read_separator(table, scheme.separator);
  table.text("signed", scheme.signed_text);
  table.text("id_header", scheme.id_header);
  table.text("timestamp_header", scheme.timestamp_header);
  table.text("timestamp_prefix", scheme.timestamp_prefix);
  table.integer("tolerance_s", scheme.tolerance_s, 0, day_s);
  if (const auto form = table.one_of("secrets", {"text", "base64"})) base64_secrets = *form == 1;
  table.report_unknown();
}

/// Secrets that are written in base64 become the bytes they stand for.
void decode_secrets(ConfigTable& table, PartnerConfig& partner) {
  for (std::string& secret : partner.secrets) {
    auto bytes = codec::standard_webhooks_secret(secret);
    if (!bytes) {
      table.problem("secret_files", "a secret is not base64, with or without \"whsec_\" in front");
      return;
    }
    secret = std::move(*bytes);
  }
}

void read_webhook(ConfigTable& table, PartnerConfig& partner) {
  const bool is_generic = partner.codec != nullptr && partner.codec->name() == "generic";
  if (is_generic) partner.scheme.emplace();
  const ConfigNode* node = table.find("webhook", ConfigNode::Kind::table);
  if (node == nullptr) return;
  if (!is_generic)
    return table.problem("webhook", "is for codec = \"generic\": a partner's own codec knows how it signs");
  ConfigTable webhook = table.inner(*node, "webhook");
  bool base64_secrets = false;
  read_scheme(webhook, *partner.scheme, base64_secrets);
  if (const std::string flaw = codec::flaw_of(*partner.scheme); !flaw.empty()) table.problem("webhook", flaw);
  if (base64_secrets) decode_secrets(table, partner);
}

}  // namespace

void read_partner(ConfigTable& table, const ConfigSurroundings& around, PartnerConfig& partner) {
  table.required("name", "the partner's name, such as name = \"doordash\"");
  table.text("name", partner.name);
  if (!partner.name.empty() && !is_partner_name(partner.name)) {
    table.problem("name",
                  "must be 1 to 64 bytes without blanks and \"/\", since it stands in the webhook's address");
  }
  read_codec(table, partner);
  table.secret_files("secret_files", around, partner.secrets);
  if (partner.codec != nullptr && !table.has("secret_files")) {
    table.warning("secret_files", "none given: every webhook of this partner will be answered 401");
  }
  read_webhook(table, partner);
  table.integer("rate_per_minute", partner.rate_per_minute, 0, 1'000'000);
  table.integer("weight", partner.weight, 1, 1000);
  table.boolean("enabled", partner.enabled);
  partner.decide_within_s =
      codec::decision_deadline_s(partner.codec == nullptr ? partner.name : partner.codec->name());
  table.integer("decide_within_s", partner.decide_within_s, 0, week_minutes * 60);
  table.required("release", "release = \"immediate\", \"at_time\" or \"on_event\"");
  constexpr core::ReleaseMode modes[] = {core::ReleaseMode::immediate, core::ReleaseMode::at_time,
                                         core::ReleaseMode::on_event};
  if (const auto mode = table.one_of("release", {"immediate", "at_time", "on_event"}))
    partner.release = modes[*mode];
  table.integer("release_fallback_minutes", partner.release_fallback_minutes, 0, week_minutes);
  table.integer("release_fallback_without_promise_minutes", partner.release_fallback_without_promise_minutes,
                0, week_minutes);
  constexpr core::FallbackPolicy policies[] = {core::FallbackPolicy::release, core::FallbackPolicy::park,
                                               core::FallbackPolicy::cancel};
  if (const auto policy = table.one_of("release_fallback", {"release", "park", "cancel"})) {
    partner.release_fallback = policies[*policy];
  }
  read_partner_api(table, around, partner);
  table.report_unknown();
}

}  // namespace storegate::app
