// Fixtures grow to 4 KB by more of their own items; who builds orders of any size gets more items.
#include "adapting.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <stdexcept>
#include <variant>

#include "codec/json.hpp"
#include "codec/partners/generic.hpp"
#include "platform/digest.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::bench {

namespace {

constexpr std::size_t typical_bytes = 4096;
constexpr const char* secret = "the-secret-of-the-bench";

std::array<std::uint8_t, 32> hmac(std::string_view key, std::string_view bytes) {
  return platform::KeyedDigest({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}).full(bytes);
}

std::string hex_of(std::string_view bytes) { return platform::to_hex(hmac(secret, bytes)); }

std::string base64_of(std::string_view bytes) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) out += alphabet[bits >> (count - 6U) & 63U];
  }
  if (count > 0) out += alphabet[bits << (6U - count) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string base64_hmac(std::string_view bytes) {
  const auto digest = hmac(secret, bytes);
  return base64_of({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// A fixture whose list of items at `items` is made longer until the whole is typical.
std::string grown(const std::string& fixture, const std::string& items) {
  const std::string text = support::read_file(std::string(STOREGATE_FIXTURES) + "/partners/" + fixture);
  if (text.empty()) throw std::runtime_error("there is no fixture " + fixture);
  boost::json::value order = boost::json::parse(text);
  auto& list = order.at_pointer(items).as_array();
  const boost::json::value last = list.back();
  while (boost::json::serialize(order).size() < typical_bytes) list.push_back(last);
  return boost::json::serialize(order);
}

/// An order that is built, with as many items as make it typical.
std::string built(std::string (*build)(const support::OrderShape&)) {
  support::OrderShape shape;
  for (shape.items = 1; build(shape).size() < typical_bytes;) ++shape.items;
  return build(shape);
}

using HeaderTexts = std::vector<std::pair<std::string, std::string>>;

struct Kind {
  std::string_view partner;
  bool is_signed;
  std::string (*body)();
  HeaderTexts (*headers)(const std::string& body);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"deliverect", true, [] { return grown("deliverect/order.json", "/items"); },
       [](const std::string& body) {
         return HeaderTexts{{"X-Server-Authorization-HMAC-SHA256", hex_of(body)}};
       }},
      {"deliveroo", true, [] { return grown("deliveroo/order.json", "/body/order/items"); },
       [](const std::string& body) {
         return HeaderTexts{{"X-Deliveroo-Sequence-Guid", "guid-1"},
                            {"X-Deliveroo-HMAC-SHA256", hex_of("guid-1 " + body)}};
       }},
      {"doordash", false,
       [] {
         return built([](const support::OrderShape& shape) { return support::doordash_order("D-1", shape); });
       },
       [](const std::string&) {
         return HeaderTexts{{"Authorization", secret}};
       }},
      {"generic", true,
       [] {
         return built([](const support::OrderShape& shape) {
           return support::canonical_order("generic", "G-1", shape);
         });
       },
       [](const std::string& body) {
         return HeaderTexts{{"X-Signature", hex_of(body)}};
       }},
      {"grubhub", false, [] { return grown("grubhub/order.json", "/charges/line_groups/0/lines"); },
       [](const std::string&) {
         return HeaderTexts{{"Authorization", "Basic " + base64_of(secret)}};
       }},
      {"hubrise", true, [] { return grown("hubrise/order_create.json", "/new_state/items"); },
       [](const std::string& body) {
         return HeaderTexts{{"X-HubRise-Hmac-SHA256", hex_of(body)}};
       }},
      {"jet_connect", false, [] { return grown("jet_connect/delivery_by_partner.json", "/items"); },
       [](const std::string&) {
         return HeaderTexts{{"X-Flyt-Api-Key", secret}};
       }},
      {"just_eat", false, [] { return grown("just_eat/acceptance_requested.json", "/Items"); },
       [](const std::string&) {
         return HeaderTexts{{"Authorization", "JE-API-KEY " + std::string(secret)}};
       }},
      {"otter", true, [] { return grown("otter/order.json", "/metadata/payload/items"); },
       [](const std::string& body) {
         return HeaderTexts{{"X-HMAC-SHA256", base64_hmac(body)}};
       }},
  };
  return all;
}

}  // namespace

std::vector<std::string> adapted_partners() {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.emplace_back(kind.partner);
  return names;
}

Adapting::Adapting(std::string_view partner) : codec_(codec::partner_codec(partner)), secrets_{secret} {
  for (const Kind& kind : kinds()) {
    if (kind.partner != partner) continue;
    body_ = kind.body();
    header_texts_ = kind.headers(body_);
    is_signed_ = kind.is_signed;
  }
  if (codec_ == nullptr || body_.empty())
    throw std::runtime_error("no partner of this name: " + std::string(partner));
  headers_.push_back({"Content-Type", "application/json"});
  for (const auto& [name, value] : header_texts_) headers_.push_back({name, value});
  (void)adapt();
}

std::size_t Adapting::adapt() const {
  static const codec::SignatureFunction signature = hmac;
  static const codec::WebhookScheme scheme;
  const auto webhook = codec::open_webhook(
      *codec_,
      {.headers = headers_, .body = body_, .secrets = secrets_, .signature = &signature, .scheme = &scheme});
  if (!webhook) throw std::runtime_error(std::string(codec_->name()) + ": " + webhook.problem().text());
  const auto* order = std::get_if<codec::OrderReceived>(&*webhook);
  if (order == nullptr) throw std::runtime_error(std::string(codec_->name()) + ": no order");
  return order->decoded.body.canonical.size();
}

void Adapting::sign_alone() const { (void)hmac(secret, body_); }

void Adapting::parse_alone() const {
  if (!codec::json::Document::parse(body_)) throw std::runtime_error("no JSON");
}

}  // namespace storegate::bench
