// Samples, random orders and the oracle. The oracle restates the rules on purpose: it must not share code with what
// it judges.
#include "builders.hpp"

#include <cstdlib>

namespace storegate::codec::test {

std::string canonical_text() {
  return R"({"partner":"kiosk","partner_order_id":"K-1001","placed_at":"2026-11-23T12:00:00Z","test":false,
 "fulfilment":{"type":"delivery","promised_at":"2026-11-23T13:30:00.250+01:00"},
 "release":{"mode":"on_event","at":null,"fallback_at":"2026-11-23T12:20:00z","fallback":"release"},
 "customer":{"name":"Ana canary-of-a-customer","phone":"+1 555 canary-of-a-customer","note":"Ring, canary-of-a-customer"},
 "currency":"USD","loyalty":{"unknown":["members",1.5,null]},
 "items":[{"id":"taco-01","name":"Crunchy Taco","quantity":2,"unit_price":199,"note":"no salt, canary-of-a-customer",
           "modifiers":[{"id":"no-lettuce","name":"No lettuce","quantity":1,"unit_price":-10,"modifiers":[]},
                        {"id":"sauce","name":"Sauce \"hot\" \u00e9\ud83c\udf2e","quantity":2,"unit_price":50,
                         "modifiers":[{"id":"extra-hot","name":"Extra hot","quantity":1,"unit_price":5,"modifiers":[]}]}]},
          {"id":"drink-7","name":"Limonade größe L","quantity":1,"unit_price":250,"note":"",
           "modifiers":[{"id":"ice","name":"No ice","quantity":1,"unit_price":0}]},
          {"id":"side-3","name":"Rice & beans","quantity":3,"unit_price":175,"modifiers":null}],
 "totals":{"subtotal":1383,"tax":110,"tip":200,"discount":50,"total":1643},
 "payment":{"prepaid":true}})";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  if (at == std::string::npos) std::abort();
  return text.replace(at, what.size(), with);
}

std::string nested_modifiers(int levels) {
  std::string text = "[]";
  for (int level = 0; level < levels; ++level) text = R"([{"id":"m","modifiers":)" + text + "}]";
  return text;
}

namespace {

std::int64_t between(std::mt19937_64& random, std::int64_t min, std::int64_t max) {
  return std::uniform_int_distribution<std::int64_t>(min, max)(random);
}

bool chance(std::mt19937_64& random, int percent) { return between(random, 1, 100) <= percent; }

/// Text of pieces that escapes, encodings and keys could stumble over.
std::string random_text(std::mt19937_64& random, int pieces_max, bool printable) {
  static constexpr std::string_view pieces[] = {
      "taco", "K-1001", "%",      ":", "\"", "\\",   "/", "~", " ",  "{",  "]",  ",",    "é",    "ß",
      "日本", "🌮",   "\u2028", "a", "0",  "null", "=", "&", "\n", "\t", "\r", "\x01", "\x1f", "\b"};
  constexpr std::size_t control = 6;
  std::string text;
  const auto count = between(random, printable ? 1 : 0, pieces_max);
  const auto choices = static_cast<std::int64_t>(std::size(pieces) - (printable ? control : 0));
  for (std::int64_t piece = 0; piece < count; ++piece) {
    text += pieces[static_cast<std::size_t>(between(random, 0, choices - 1))];
  }
  return text;
}

std::vector<core::Modifier> random_modifiers(std::mt19937_64& random, int depth) {
  std::vector<core::Modifier> modifiers;
  if (depth > static_cast<int>(core::modifier_depth_max) || !chance(random, depth == 1 ? 60 : 45))
    return modifiers;
  for (auto count = between(random, 1, 2); count > 0; --count) {
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = random_text(random, 4, true);
    modifier.name = random_text(random, 6, false);
    modifier.quantity = between(random, 1, chance(random, 10) ? 10'000 : 3);
    modifier.unit_price = {between(random, -100, chance(random, 5) ? core::money_minor_max : 1000)};
    modifier.modifiers = random_modifiers(random, depth + 1);
  }
  return modifiers;
}

std::optional<std::int64_t> random_time(std::mt19937_64& random) {
  if (chance(random, 30)) return std::nullopt;
  return between(random, 0, 253'402'300'799'999);
}

std::string customer_text(std::mt19937_64& random) {
  return chance(random, 20) ? std::string() : std::string(canary) + random_text(random, 5, false);
}

template <typename Enum>
std::optional<Enum> maybe(std::mt19937_64& random, int last) {
  if (chance(random, 40)) return std::nullopt;
  return static_cast<Enum>(between(random, 0, last));
}

}  // namespace

core::CanonicalOrder random_order(std::mt19937_64& random) {
  core::CanonicalOrder order;
  order.partner = random_text(random, 3, true);
  order.partner_order_id = random_text(random, 8, true);
  order.placed_at_wall_ms = random_time(random);
  order.test = chance(random, 20);
  order.fulfilment = static_cast<core::FulfilmentType>(between(random, 0, 3));
  order.promised_at_wall_ms = random_time(random);
  order.release = {maybe<core::ReleaseMode>(random, 2), random_time(random), random_time(random),
                   maybe<core::FallbackPolicy>(random, 2)};
  order.customer = {customer_text(random), customer_text(random), customer_text(random)};
  if (chance(random, 70)) order.currency = chance(random, 50) ? "USD" : "EUR";
  for (auto count = between(random, 1, chance(random, 3) ? 60 : 5); count > 0; --count) {
    core::Item& item = order.items.emplace_back();
    item.id = random_text(random, 4, true);
    item.name = random_text(random, 8, false);
    item.quantity = between(random, 1, chance(random, 10) ? 10'000 : 4);
    item.unit_price = {between(random, 0, chance(random, 5) ? core::money_minor_max : 3000)};
    item.note = customer_text(random);
    item.modifiers = random_modifiers(random, 1);
  }
  if (chance(random, 70)) {
    const auto amount = [&] {
      return core::Money{between(random, 0, chance(random, 5) ? core::money_minor_max : 9000)};
    };
    order.totals = core::Totals{amount(), amount(), amount(), amount(), amount()};
  }
  order.prepaid = chance(random, 80);
  return order;
}

namespace {

bool is_id(std::string_view text, std::size_t max) {
  if (text.empty() || text.size() > max) return false;
  for (const char c : text) {
    if (const auto byte = static_cast<unsigned char>(c); byte < ' ' || byte == 0x7f) return false;
  }
  return true;
}

bool is_amount(core::Money money, std::int64_t min) {
  return money.minor >= min && money.minor <= core::money_minor_max;
}

bool is_time(const std::optional<std::int64_t>& wall_ms) {
  return !wall_ms || (*wall_ms >= 0 && *wall_ms <= 253'402'300'799'999);
}

std::string broken_rule(const std::vector<core::Modifier>& modifiers, std::size_t depth) {
  if (!modifiers.empty() && depth > 10) return "depth";
  for (const core::Modifier& modifier : modifiers) {
    if (!is_id(modifier.id, 128)) return "modifier id";
    if (modifier.quantity < 1 || modifier.quantity > 10'000) return "modifier quantity";
    if (!is_amount(modifier.unit_price, -core::money_minor_max)) return "modifier price";
    if (auto broken = broken_rule(modifier.modifiers, depth + 1); !broken.empty()) return broken;
  }
  return "";
}

std::string broken_rule(const core::Item& item) {
  if (!is_id(item.id, 128)) return "item id";
  if (item.quantity < 1 || item.quantity > 10'000) return "item quantity";
  if (!is_amount(item.unit_price, 0)) return "item price";
  if (item.note.find('\0') != std::string::npos) return "item note";
  return broken_rule(item.modifiers, 1);
}

}  // namespace

std::string broken_rule(const core::CanonicalOrder& order) {
  if (!is_id(order.partner, 64)) return "partner";
  if (!is_id(order.partner_order_id, 128)) return "partner_order_id";
  if (order.fulfilment > core::FulfilmentType::curbside) return "fulfilment";
  if (!is_time(order.placed_at_wall_ms) || !is_time(order.promised_at_wall_ms)) return "time";
  if (!is_time(order.release.at_wall_ms) || !is_time(order.release.fallback_at_wall_ms))
    return "release time";
  if (!order.currency.empty() && order.currency.size() != 3) return "currency";
  if (order.items.empty() || order.items.size() > 1000) return "items";
  for (const core::Item& item : order.items) {
    if (auto broken = broken_rule(item); !broken.empty()) return broken;
  }
  if (!order.totals) return "";
  for (const core::Money amount : {order.totals->subtotal, order.totals->tax, order.totals->tip,
                                   order.totals->discount, order.totals->total}) {
    if (!is_amount(amount, 0)) return "totals";
  }
  return "";
}

core::OutgoingEvent order_event(std::string_view shared) {
  core::OutgoingEvent event;
  event.record.position = {1, 42};
  event.record.type = core::EventType::order_accepted;
  event.record.at_wall_ms = 1'795'435'200'123;
  event.record.order = core::OrderNumber{7};
  event.record.phase = core::Phase::held;
  event.record.token_shown = true;
  event.epoch = "e7k2";
  event.order_id.bytes = {0x01, 0x93, 0x5a, 0x00, 0x11, 0x22, 0x70, 0x33,
                          0x80, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa};
  event.release_token.order = core::OrderNumber{7};
  event.release_token.secret = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  event.partner = "kiosk";
  event.partner_order_id = "K-\"1001\"";
  event.shared = shared;
  return event;
}

}  // namespace storegate::codec::test
