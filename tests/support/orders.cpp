// The orders and commands that tests send, spelled out as JSON text.
#include "tests/support/orders.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "tests/support/json_text.hpp"

namespace storegate::support {

namespace {

struct Dish {
  std::string_view id;
  std::string_view name;
  int price;  // cents
};

constexpr std::array<Dish, 6> menu{{{"taco-01", "Crunchy Taco", 199},
                                    {"burrito-07", "Bean Burrito Supreme", 549},
                                    {"quesadilla-02", "Chicken Quesadilla", 629},
                                    {"nachos-04", "Nachos with Three Cheeses", 479},
                                    {"drink-11", "Lemonade, large", 249},
                                    {"side-03", "Cinnamon Twists", 159}}};

constexpr int modifier_price = 75;

/// What the i-th line of an order is; the first one's id can be chosen.
struct Line {
  std::string id;
  std::string_view name;
  int price;
  int quantity;
};

Line line_of(const OrderShape& shape, int i) {
  const Dish& dish = menu[static_cast<std::size_t>(i) % menu.size()];
  return {i == 0 ? shape.first_item_id : std::string(dish.id), dish.name, dish.price, 1 + i % 2};
}

int subtotal_of(const OrderShape& shape) {
  int sum = 0;
  for (int i = 0; i < shape.items; ++i) {
    const Line line = line_of(shape, i);
    sum += line.quantity * (line.price + modifier_price);
  }
  return sum;
}

std::string canonical_item(const Line& line) {
  return R"({"id":)" + json_text(line.id) + R"(,"name":)" + json_text(line.name) + R"(,"quantity":)" +
         std::to_string(line.quantity) + R"(,"unit_price":)" + std::to_string(line.price) +
         R"(,"note":"","modifiers":[{"id":"extra-cheese","name":"Extra cheese","quantity":1,"unit_price":)" +
         std::to_string(modifier_price) +
         R"(,"modifiers":[]},{"id":"no-onion","name":"No onion, please","quantity":1,"unit_price":0,"modifiers":[]}]})";
}

std::string time_or_null(int minutes) {
  return minutes == 0 ? "null" : json_text(utc_text(std::chrono::minutes(minutes)));
}

std::string release_member(const OrderShape& shape) {
  if (shape.release_mode.empty()) return {};
  return R"("release":{"mode":)" + json_text(shape.release_mode) + R"(,"at":)" +
         time_or_null(shape.release_at_minutes) + R"(,"fallback_at":)" +
         time_or_null(shape.fallback_minutes) + R"(,"fallback":)" + json_text(shape.fallback) + "},";
}

std::string doordash_item(const Line& line, int i) {
  return R"({"name":)" + json_text(line.name) + R"(,"merchant_supplied_id":)" + json_text(line.id) +
         R"(,"quantity":)" + std::to_string(line.quantity) + R"(,"price":)" + std::to_string(line.price) +
         R"(,"line_item_id":"line-)" + std::to_string(i) +
         R"(","special_instructions":"","extras":[{"name":"Make it yours","merchant_supplied_id":"group-yours","options":[)"
         R"({"name":"Extra cheese","merchant_supplied_id":"extra-cheese","quantity":1,"price":)" +
         std::to_string(modifier_price) + R"(,"line_option_id":"option-)" + std::to_string(i) +
         R"(","extras":[]},{"name":"No onion, please","merchant_supplied_id":"no-onion","quantity":1,"price":0,"extras":[]}]}]})";
}

std::string joined_items(const OrderShape& shape, bool doordash) {
  std::string text;
  for (int i = 0; i < shape.items; ++i) {
    const Line line = line_of(shape, i);
    text += (i > 0 ? "," : "") + (doordash ? doordash_item(line, i) : canonical_item(line));
  }
  return text;
}

std::string named_order(std::string_view partner, std::string_view partner_order_id) {
  return R"("partner":)" + json_text(partner) + R"(,"partner_order_id":)" + json_text(partner_order_id);
}

}  // namespace

std::string canonical_order(std::string_view partner, std::string_view partner_order_id,
                            const OrderShape& shape) {
  const int subtotal = subtotal_of(shape);
  const int tax = subtotal * 825 / 10000;
  const std::string promised = shape.promise
                                   ? json_text(utc_text(std::chrono::minutes(shape.promised_in_minutes)))
                                   : std::string("null");
  return "{" + named_order(partner, partner_order_id) + R"(,"placed_at":)" + json_text(utc_text()) +
         R"(,"test":)" + (shape.test ? "true" : "false") + R"(,"fulfilment":{"type":)" +
         json_text(shape.fulfilment) + R"(,"promised_at":)" + promised + "}," + release_member(shape) +
         R"("customer":{"name":)" + json_text(shape.customer_name) + R"(,"phone":)" +
         json_text(shape.customer_phone) + R"(,"note":)" + json_text(shape.note) +
         R"(},"currency":"USD","items":[)" + joined_items(shape, false) + R"(],"totals":{"subtotal":)" +
         std::to_string(subtotal) + R"(,"tax":)" + std::to_string(tax) + R"(,"tip":0,"discount":0,"total":)" +
         std::to_string(subtotal + tax) + R"(},"payment":{"prepaid":true}})";
}

std::string doordash_order(std::string_view order_id, const OrderShape& shape) {
  const int subtotal = subtotal_of(shape);
  const bool pickup = shape.fulfilment == "pickup";
  const std::string promised = shape.promise
                                   ? json_text(utc_text(std::chrono::minutes(shape.promised_in_minutes)))
                                   : std::string("null");
  return R"({"event":{"type":"OrderCreate","status":"NEW"},"order":{"id":)" + json_text(order_id) +
         R"(,"consumer":{"id":4711,"first_name":)" + json_text(shape.customer_name) +
         R"(,"last_name":"L.","phone":)" + json_text(shape.customer_phone) +
         R"(},"store":{"merchant_supplied_id":"store-042","provider_type":"storegate"},)" + R"("subtotal":)" +
         std::to_string(subtotal) + R"(,"tax":)" + std::to_string(subtotal * 825 / 10000) +
         R"(,"estimated_pickup_time":)" + promised + R"(,"is_pickup":)" + (pickup ? "true" : "false") +
         R"(,"order_special_instructions":)" + json_text(shape.note) +
         R"(,"commission_type":"default","fulfillment_type":)" +
         (pickup ? R"("pickup")" : R"("dx_delivery")") +
         R"(,"experience":"DOORDASH","categories":[{"name":"Favourites","merchant_supplied_id":"cat-1","items":[)" +
         joined_items(shape, true) + "]}]}}";
}

std::string doordash_release(std::string_view external_order_id, int distance_m) {
  return R"({"external_order_id":)" + json_text(external_order_id) +
         R"(,"client_order_id":"","distance_from_store":)" + std::to_string(distance_m) +
         R"(,"dasher":{"first_name":"Sam","last_name":"R.","phone_number":"+15550177"},)"
         R"("vehicle":{"make":"Ford","color":"blue"},"store":{"merchant_supplied_id":"store-042"}})";
}

std::string doordash_cancel(std::string_view external_order_id) {
  return R"({"external_order_id":)" + json_text(external_order_id) +
         R"(,"client_order_id":"","is_asap":true,"store":{"merchant_supplied_id":"store-042"}})";
}

std::string release_command(std::string_view partner, std::string_view partner_order_id) {
  return "{" + named_order(partner, partner_order_id) + "}";
}

std::string cancel_command(std::string_view partner, std::string_view partner_order_id,
                           std::string_view reason) {
  return "{" + named_order(partner, partner_order_id) + R"(,"reason":)" + json_text(reason) + "}";
}

std::string unique_id(std::string_view prefix) {
  static const auto run =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  static std::atomic<std::uint64_t> counter{0};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "-%llx-%x-%llu", static_cast<unsigned long long>(run),
                static_cast<unsigned>(::getpid()), static_cast<unsigned long long>(++counter));
  return std::string(prefix) + text.data();
}

}  // namespace storegate::support
