// What the double demands of an order that it is sent.
#include "tests/support/pos_double/order_body.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

namespace storegate::pos_double {

namespace json = boost::json;

namespace {

std::string_view text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool readable_code(std::string_view code) {
  return code.size() == 4 && std::all_of(code.begin(), code.end(), [](char letter) {
           return std::isalnum(static_cast<unsigned char>(letter)) != 0;
         });
}

std::string what_is_wrong(const json::object& order, std::string_view idempotency_key) {
  if (text_in(order, "reference") != idempotency_key) return "reference is not the Idempotency-Key";
  if (!readable_code(text_in(order, "display_code"))) return "display_code is not four letters or digits";
  const auto* items = order.if_contains("items");
  if (items == nullptr || !items->is_array() || items->get_array().empty())
    return "items is empty or missing";
  return {};
}

}  // namespace

OrderBody read_order(std::string_view body, std::string_view idempotency_key) {
  OrderBody read;
  unsigned char buffer[16384];
  json::monotonic_resource memory(buffer, sizeof buffer);
  boost::system::error_code failed;
  const json::value value = json::parse({body.data(), body.size()}, failed, &memory);
  if (failed || !value.is_object()) {
    read.wrong = "the body is not a JSON object";
    return read;
  }
  const json::object& order = value.get_object();
  read.wrong = what_is_wrong(order, idempotency_key);
  read.ticket.reference = text_in(order, "reference");
  read.ticket.display_code = text_in(order, "display_code");
  read.ticket.partner = text_in(order, "partner");
  read.ticket.partner_order_id = text_in(order, "partner_order_id");
  const auto* reprint = order.if_contains("reprint");
  read.ticket.reprint = reprint != nullptr && reprint->is_bool() && reprint->get_bool();
  return read;
}

}  // namespace storegate::pos_double
