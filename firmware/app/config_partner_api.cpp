// [[partner]] answer and [partner.api]: where a partner's API is and how the store signs in there. What a codec cannot do
// without is missed here, by name, and not at the first order.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_sections.hpp"
#include "app/tls.hpp"
#include "app/webhooks.hpp"
#include "codec/partners/partner_api.hpp"
#include "codec/text.hpp"
#include "platform/endpoint.hpp"

namespace storegate::app {
namespace {

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::size_t id_bytes_max = 256;

/// Credentials and customers' data go there: nothing of it in the clear beyond this machine.
void check_api_url(ConfigTable& table, std::string_view key, const std::string& url) {
  if (url.empty()) return;
  check_http_url(table, key, url);
  const auto parsed = platform::Url::parse(url);
  if (parsed && !parsed->origin.tls && !is_this_machine(parsed->origin.host))
    table.problem(key, "must begin with https://: what goes there must not be read on the way");
}

void read_url(ConfigTable& table, std::string_view key, std::string_view by_codec, std::string& url) {
  url = by_codec;
  table.text(key, url);
  check_api_url(table, key, url);
}

/// Ids go into headers, paths and signed tokens: a line of visible characters.
void read_id(ConfigTable& table, std::string_view key, std::string& id) {
  table.text(key, id);
  bool fits = id.size() <= id_bytes_max;
  for (const char c : id) fits = fits && c >= ' ' && c <= '~';
  if (!fits) table.problem(key, "must be at most 256 plain characters (no control or accented ones)");
}

void need(ConfigTable& table, std::string_view key, const std::string& value, std::string_view how) {
  if (value.empty()) table.required(key, how);
}

void check_sign_in(ConfigTable& table, const codec::PartnerApi& codec, const PartnerApiConfig& api) {
  need(table, "url", api.url,
       "the address of the partner's API, such as url = \"https://api.partner.example\"");
  const codec::ApiNeeds needs = codec.needs();
  if (needs.store_id)
    need(table, "store_id", api.store_id, "store_id = \"…\", the partner's id of this store");
  if (needs.merchant_id)
    need(table, "merchant_id", api.merchant_id,
         "merchant_id = \"…\", as this partner's page in the README of partners says");
  switch (codec.sign_in()) {
    case codec::ApiSignIn::client_credentials:
      need(table, "token_url", api.token_url,
           "where tokens are given, such as token_url = \"https://…/oauth/token\"");
      need(table, "client_id", api.client_id, "client_id = \"…\", as the partner gave it");
      need(table, "client_secret_file", api.client_secret,
           "client_secret_file = \"PATH\" of a file with the secret that the partner gave");
      return;
    case codec::ApiSignIn::static_header:
      need(table, "secret_file", api.secret,
           "secret_file = \"PATH\" of a file with the key that the partner gave");
      return;
    case codec::ApiSignIn::signed_token:
      need(table, "developer_id", api.developer_id, "developer_id = \"…\", as the partner gave it");
      need(table, "key_id", api.key_id, "key_id = \"…\", as the partner gave it");
      need(table, "secret_file", api.secret, "secret_file = \"PATH\" of a file with the signing secret");
      if (!api.secret.empty() && signed_token(api, 0).empty())
        table.problem("secret_file",
                      "no token can be signed with what it holds: it must be the signing secret as the "
                      "partner shows it, in base64url");
      return;
  }
}

/// What [partner.api] has to say at least.
std::string least_of(const codec::PartnerApi& codec) {
  std::vector<std::string_view> keys;
  if (codec.default_url().empty()) keys.emplace_back("url");
  switch (codec.sign_in()) {
    case codec::ApiSignIn::client_credentials:
      if (codec.default_token_url().empty()) keys.emplace_back("token_url");
      keys.insert(keys.end(), {"client_id", "client_secret_file"});
      break;
    case codec::ApiSignIn::static_header: keys.emplace_back("secret_file"); break;
    case codec::ApiSignIn::signed_token:
      keys.insert(keys.end(), {"developer_id", "key_id", "secret_file"});
      break;
  }
  const codec::ApiNeeds needs = codec.needs();
  if (needs.store_id) keys.emplace_back("store_id");
  if (needs.merchant_id) keys.emplace_back("merchant_id");
  std::string text;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (at > 0) text += at + 1 == keys.size() ? " and " : ", ";
    text += keys[at];
  }
  return text;
}

/// A key that this partner's way to sign in has no use for is a slip that would be searched for long.
void warn_of_unused(ConfigTable& table, codec::ApiSignIn sign_in) {
  struct Use {
    std::string_view key;
    bool used;
  };
  const bool token = sign_in == codec::ApiSignIn::client_credentials;
  const bool is_signed = sign_in == codec::ApiSignIn::signed_token;
  for (const Use& use : std::array<Use, 9>{{{"token_url", token},
                                            {"client_auth", token},
                                            {"client_id", token},
                                            {"client_secret_file", token},
                                            {"scope", token},
                                            {"audience", token},
                                            {"secret_file", !token},
                                            {"developer_id", is_signed},
                                            {"key_id", is_signed}}})
    if (!use.used && table.has(use.key))
      table.warning(use.key, "is not used: this partner's API is signed in to otherwise");
}

PartnerApiConfig read_api(ConfigTable& table, const ConfigSurroundings& around,
                          const codec::PartnerApi& codec) {
  PartnerApiConfig api;
  read_url(table, "url", codec.default_url(), api.url);
  if (const auto url = platform::Url::parse(api.url))
    if (const auto flaw = codec.flaw_of_host(url->origin.host); !flaw.empty())
      table.problem("url", std::string(flaw));
  read_url(table, "token_url", codec.default_token_url(), api.token_url);
  if (table.one_of("client_auth", {"body", "basic"}) == 1U) api.client_auth = ClientAuth::basic;
  read_id(table, "client_id", api.client_id);
  table.secret_file("client_secret_file", around, ConfigTable::SecretUse::token, api.client_secret);
  api.scope = codec.default_scope();
  read_id(table, "scope", api.scope);
  api.token_by_json = codec.asks_token_by_json();
  if (api.token_by_json) api.audience = api.url;
  read_id(table, "audience", api.audience);
  table.secret_file("secret_file", around, ConfigTable::SecretUse::token, api.secret);
  read_id(table, "developer_id", api.developer_id);
  read_id(table, "key_id", api.key_id);
  read_id(table, "store_id", api.store_id);
  read_id(table, "merchant_id", api.merchant_id);
  if (!api.store_id.empty() && codec.own_id({api.store_id, {}}).empty())
    table.problem(
        "store_id",
        "is compared with nothing: this partner's orders name the store as merchant_id does; remove it");
  table.path("ca", around, api.tls.ca);
  const bool uses_tls = speaks_tls(api);
  if (uses_tls) {
    if (const auto context = around.tls->peer(api.tls, http_alpn); !context)
      table.problem("ca", context.error().context);
  } else if (!api.tls.ca.empty()) {
    table.warning("ca", "is not used: the address in url is one without TLS");
  }
  api.pull_interval_s = codec.pull_interval_s();
  table.integer("pull_interval_s", api.pull_interval_s, 0, day_s);
  if (table.has("pull_interval_s") && !codec.pulls())
    table.warning("pull_interval_s", "is not used: this partner's API cannot be asked for missed orders");
  table.integer("timeout_ms", api.timeout_ms, 100, 60'000);
  check_sign_in(table, codec, api);
  warn_of_unused(table, codec.sign_in());
  table.report_unknown();
  return api;
}

/// Which store an order must be for. What [partner.api] says of it need not be said twice.
void read_store_id(ConfigTable& table, PartnerConfig& partner) {
  read_id(table, "store_id", partner.store_id);
  const std::string_view member = partner.codec == nullptr ? "" : partner.codec->store_member();
  if (member.empty()) {
    if (!partner.store_id.empty())
      table.warning("store_id", "is not used: nothing of this partner's names a store");
    partner.store_id.clear();
    return;
  }
  if (partner.api) {
    const codec::PartnerApi& codec = *partner.codec->api();
    PartnerApiConfig& api = *partner.api;
    const std::string_view own = codec.own_id({api.store_id, api.merchant_id});
    if (own.empty())
      api.store_id = partner.store_id;
    else if (partner.store_id.empty())
      partner.store_id = own;
    else if (!codec::same_ignoring_case(partner.store_id, own))
      table.problem("store_id",
                    "is another than [partner.api] has: orders would be compared with the one here and with "
                    "the other there; remove one of them");
  }
  if (partner.store_id.empty() && partner.enabled)
    table.warning("store_id",
                  "not given: what this partner sends for another store would be cooked here; write "
                  "store_id = \"…\", as its orders have it in \"" +
                      std::string(member) + "\"");
}

void read_answer_and_api(ConfigTable& table, const ConfigSurroundings& around, PartnerConfig& partner) {
  const codec::PartnerApi* codec = partner.codec == nullptr ? nullptr : partner.codec->api();
  partner.answers_directly = table.one_of("answer", {"cloud", "direct"}) == 1U;
  const ConfigNode* node = table.find("api", ConfigNode::Kind::table);
  if (node != nullptr && codec == nullptr)
    return table.problem("api", "is of no use: storegate knows no API of this partner; remove it");
  if (partner.answers_directly && (codec == nullptr || codec->notices().empty()))
    return table.problem("answer", "must be \"cloud\": storegate has nothing to tell this partner by itself");
  if (codec == nullptr) return;
  if (node != nullptr) {
    ConfigTable api = table.inner(*node, "api");
    partner.api = read_api(api, around, *codec);
    return;
  }
  // Its webhooks name orders that somebody has to fetch: without a way in, every one of them would be lost.
  if (codec->fetches())
    table.problem("api", "is missing: this partner's orders have to be fetched; write [partner.api] with " +
                             least_of(*codec));
  else if (partner.answers_directly)
    table.problem("api",
                  "is missing: answer = \"direct\" needs it; write [partner.api] with " + least_of(*codec));
}

}  // namespace

void read_partner_api(ConfigTable& table, const ConfigSurroundings& around, PartnerConfig& partner) {
  read_answer_and_api(table, around, partner);
  read_store_id(table, partner);
}

}  // namespace storegate::app
