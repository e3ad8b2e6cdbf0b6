// Plain concatenation; the texts hold nothing that needs escaping.
#include "sim/parts/bodies.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "sim/clock.hpp"
#include "sim/plan.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::sim {

namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const std::size_t left = bytes.size() - at;
    for (std::size_t i = 0; i < 3; ++i)
      group = (group << 8U) | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= left ? base64_letters[(group >> (18U - 6U * i)) & 63U] : '=';
  }
  return text;
}

/// The member `release`, with a comma behind it; nothing if the order says nothing of it.
std::string release_wish(const Story& story) {
  std::string wish;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!wish.empty()) wish += ',';
    wish.append("\"").append(name).append("\":\"").append(value).append("\"");
  };
  if (story.names_mode) add("mode", core::name_of(story.mode));
  if (story.at_ms) add("at", time_text(*story.at_ms));
  if (story.fallback_at_ms) add("fallback_at", time_text(*story.fallback_at_ms));
  if (story.names_fallback) add("fallback", core::name_of(story.fallback));
  return wish.empty() ? std::string() : R"("release":{)" + wish + "},";
}

/// Each customer has a number of his own, by which what is left of him is found.
std::string phone_of(std::string_view id) { return "+15550100-" + std::string(id); }

}  // namespace

// The world begins at noon and lasts for hours, so the date does not change.
std::string time_text(std::int64_t true_ms) {
  const std::int64_t seconds = 12 * 3600 + true_ms / 1000;
  char text[40];
  std::snprintf(text, sizeof text, "2026-11-23T%02d:%02d:%02d.%03dZ", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
                static_cast<int>(true_ms % 1000));
  return text;
}

std::string canonical_body(const Story& story, std::string_view item, int body) {
  std::string text = R"({"partner":")" + story.partner + R"(","partner_order_id":")" + story.id +
                     R"(","fulfilment":{"type":"delivery")";
  if (story.promised_ms) text += R"(,"promised_at":")" + time_text(*story.promised_ms) + "\"";
  text +=
      R"(},)" + release_wish(story) + R"("customer":{"name":"Ana","phone":")" + phone_of(story.id) + "\"}";
  if (story.placed_ms) text += R"(,"placed_at":")" + time_text(*story.placed_ms) + "\"";
  if (story.foreign_currency) text += R"(,"currency":"EUR")";
  if (story.test) text += R"(,"test":true)";
  text += R"(,"items":[{"id":")" + std::string(item) + R"(","name":"Taco","quantity":)" +
          std::to_string(body + 1) + R"(,"unit_price":199,"note":"no onions")";
  if (!story.modifier.empty())
    text += R"(,"modifiers":[{"id":"plain","name":"Plain","quantity":1,"unit_price":0,"modifiers":[{"id":")" +
            story.modifier + R"(","name":"More","quantity":1,"unit_price":25}]}])";
  if (!story.thin) text += R"(},{"id":"soda-01","name":"Soda","quantity":1,"unit_price":150)";
  return text + "}]}";
}

std::string doordash_body(const Story& story, std::string_view item, int body) {
  std::string text = R"({"event":{"type":"OrderCreate","status":"NEW"},"order":{"id":")" + story.id +
                     R"(","subtotal":549,"tax":40,"fulfillment_type":"dx_delivery")";
  if (story.promised_ms) text += R"(,"estimated_pickup_time":")" + time_text(*story.promised_ms) + "\"";
  text += R"(,"consumer":{"first_name":"Bo","phone":")" + phone_of(story.id) + "\"}";
  text += R"(,"categories":[{"name":"Food","items":[{"merchant_supplied_id":")" + std::string(item) +
          R"(","name":"Taco","quantity":)" + std::to_string(body + 1) + R"(,"price":199)";
  if (!story.modifier.empty())
    text += R"(,"extras":[{"options":[{"merchant_supplied_id":"plain","name":"Plain","quantity":1,"price":0,)"
            R"("extras":[{"options":[{"merchant_supplied_id":")" +
            story.modifier + R"(","name":"More","quantity":1,"price":25}]}]}]}])";
  text += "}]}]}}";
  return text;
}

WebAsk doordash_webhook(std::string body) {
  WebAsk ask;
  ask.target = std::string("/v1/partners/") + webhook_partner + "/webhook";
  ask.headers = {{"Content-Type", "application/json"}, {"Authorization", webhook_secret}};
  ask.body = std::move(body);
  return ask;
}

namespace {

std::string uber_money(std::int64_t minor) {
  return R"({"amount":)" + std::to_string(minor) + R"(,"currency_code":"USD"})";
}

std::string uber_line(std::string_view id, std::string_view title, int quantity, std::int64_t price,
                      std::string_view groups) {
  std::string text = R"({"id":")";
  text.append(id).append(R"(","title":")").append(title);
  text += R"(","quantity":)" + std::to_string(quantity) + R"(,"price":{"base_unit_price":)" +
          uber_money(price) + R"(,"unit_price":)" + uber_money(price) + R"(,"total_price":)" +
          uber_money(price * quantity) + "}";
  if (!groups.empty()) text.append(R"(,"selected_modifier_groups":[)").append(groups).append("]");
  return text + "}";
}

/// In hex.
std::string signature_of(std::string_view body) {
  std::string hex;
  for (const std::uint8_t byte : plain_signature(webhook_secret, body)) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::string uber_group(const std::string& lines) {
  return R"({"id":"group","title":"More","selected_items":[)" + lines + "]}";
}

}  // namespace

std::string uber_order(const Story& story, std::string_view item, std::string_view state,
                       bool courier_waits) {
  std::string groups;
  if (!story.modifier.empty())
    groups = uber_group(
        uber_line("plain", "Plain", 1, 0, uber_group(uber_line(story.modifier, "More", 1, 25, {}))));
  std::string text = R"({"id":")" + story.id + R"(","display_id":"D-)" + story.id + R"(","current_state":")" +
                     std::string(state) + R"(","store":{"id":"store"},"type":"DELIVERY_BY_UBER")";
  text += R"(,"eater":{"first_name":"Cy","phone":")" + phone_of(story.id) + R"("},"cart":{"items":[)" +
          uber_line(item, "Taco", 1, 199, groups) + "]}";
  if (story.promised_ms)
    text += R"(,"estimated_ready_for_pickup_at":")" + time_text(*story.promised_ms) + "\"";
  if (courier_waits) text += R"(,"deliveries":[{"id":"d","current_state":"ARRIVED_AT_PICKUP"}])";
  return text + "}";
}

WebAsk uber_webhook(std::string_view event, const Story& story) {
  WebAsk ask;
  ask.target = std::string("/v1/partners/") + thin_partner + "/webhook";
  ask.body =
      R"({"event_type":")" + std::string(event) + R"(","event_id":"e-)" + story.id +
      R"(","event_time":1427343990,"meta":{"resource_id":")" + story.id +
      R"(","status":"pos","user_id":"store"},"resource_href":"https://api.uber.example/v2/eats/order/)" +
      story.id + "\"}";
  ask.headers = {{"Content-Type", "application/json"}, {"X-Uber-Signature", signature_of(ask.body)}};
  return ask;
}

namespace {

std::string open_line(std::string_view id, std::string_view name, std::string_view price,
                      const std::string& options) {
  std::string text = R"({"id":"line","externalCode":")";
  text.append(id).append(R"(","name":")").append(name).append(R"(","quantity":1,"unitPrice":{"value":)");
  text.append(price).append(R"(,"currency":"USD"})");
  if (!options.empty()) text.append(R"(,"options":[)").append(options).append("]");
  return text + "}";
}

}  // namespace

std::string open_order(const Story& story, std::string_view item, std::string_view last_event) {
  std::string options;
  if (!story.modifier.empty())
    options = open_line("plain", "Plain", "0.00", open_line(story.modifier, "More", "0.25", {}));
  std::string text = R"({"id":")" + story.id +
                     R"(","merchant":{"id":"12345678000199-store"},"type":"DELIVERY","lastEvent":")";
  text.append(last_event).append(R"(","customer":{"name":"Di","phone":{"number":")");
  text += phone_of(story.id) + R"("}},"items":[)" + open_line(item, "Taco", "1.99", options) + "]";
  if (story.promised_ms) text += R"(,"takeout":{"takeoutDateTime":")" + time_text(*story.promised_ms) + "\"}";
  return text + "}";
}

WebAsk open_webhook(std::string_view event, const Story& story) {
  WebAsk ask;
  ask.target = std::string("/v1/partners/") + open_partner + "/webhook";
  ask.body = R"({"eventId":"e-)" + story.id + R"(","eventType":")" + std::string(event) + R"(","orderId":")" +
             story.id + R"(","orderURL":"https://api.open.example/v1/orders/)" + story.id +
             R"(","createdAt":"2026-11-23T12:00:00Z"})";
  ask.headers = {{"Content-Type", "application/json"}, {"X-App-Signature", signature_of(ask.body)}};
  return ask;
}

std::array<std::uint8_t, 32> plain_signature(std::string_view secret, std::string_view bytes) {
  std::array<std::uint8_t, 32> signature{};
  for (std::size_t half = 0; half < 2; ++half) {
    std::array<std::uint8_t, 16> key{};
    for (std::size_t i = 0; i < secret.size(); ++i)
      key[i % key.size()] ^= static_cast<std::uint8_t>(static_cast<unsigned char>(secret[i]) + half);
    const core::Digest digest = storage::sip_digest(key)(bytes);
    std::copy(digest.begin(), digest.end(), signature.begin() + static_cast<std::ptrdiff_t>(16 * half));
  }
  return signature;
}

std::string forwarded_body(std::string_view partner, std::string_view header, std::string_view value,
                           std::string_view raw) {
  std::string text = R"({"partner":")";
  text.append(partner).append(R"(","headers":{")").append(header).append(R"(":")").append(value);
  return text.append(R"("},"body_base64":")").append(base64(raw)).append("\"}");
}

std::string forwarded_doordash(std::string_view raw) {
  return forwarded_body(webhook_partner, "Authorization", std::string("Bearer ") + webhook_secret, raw);
}

std::string forwarded_thin(const Story& story, const WebAsk& ask) {
  const auto& [header, value] = ask.headers.back();
  return forwarded_body(story.partner, header, value, ask.body);
}

std::string sent_on(const Story& story, std::string_view data) {
  if (!story.sent_ms) return std::string(data);
  return R"({"specversion":"1.0","id":")" + story.id + R"(","source":"/cloud","type":"order.sent","time":")" +
         time_text(*story.sent_ms) + R"(","data":)" + std::string(data) + "}";
}

// Cut off in the middle, as a broken client sends it: with a customer in it.
std::string unreadable_body(std::uint64_t number) {
  return R"({"partner":"hub","customer":{"name":"Ana","phone":")" + phone_of("x" + std::to_string(number)) +
         R"("},"items":[)";
}

std::string by_pair(const Story& story) {
  return R"("partner":")" + story.partner + R"(","partner_order_id":")" + story.id + "\"";
}

}  // namespace storegate::sim
