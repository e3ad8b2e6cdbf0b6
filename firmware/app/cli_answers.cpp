// JSON by Boost.JSON, whose nesting limit (32) is raised just enough for ten levels of modifiers.
#include "app/cli_answers.hpp"

#include <boost/json.hpp>

namespace storegate::app {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 64;
constexpr int modifier_levels_max = 16;  // deeper ones are not shown

std::optional<json::object> object_from(std::string_view body) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::int64_t> integer(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

bool boolean_or(const json::object& from, std::string_view key, bool otherwise) {
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
}

/// The member if it is an object, otherwise an empty one.
const json::object& object(const json::object& from, std::string_view key) {
  static const json::object none;
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const json::array* array(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr ? nullptr : value->if_array();
}

/// read(object) for each object of the list; an absent list gives none.
template <typename Line, typename Read>
std::vector<Line> lines_of(const json::array* list, Read read) {
  std::vector<Line> lines;
  if (list == nullptr) return lines;
  for (const json::value& item : *list) {
    if (item.is_object()) lines.push_back(read(item.get_object()));
  }
  return lines;
}

OrderLine order_line(const json::object& from) {
  OrderLine line{text(from, "id"),         text(from, "partner"), text(from, "partner_order_id"),
                 text(from, "phase"),      text(from, "reason"),  text(from, "pos_reference"),
                 text(from, "updated_at"), text(from, "since"),   {}};
  if (const json::array* actions = array(from, "actions"))
    for (const json::value& action : *actions)
      if (action.is_string()) line.actions.emplace_back(action.get_string().c_str());
  return line;
}

std::vector<BoughtItem> bought_items(const json::array* list, int levels) {
  if (levels == 0) return {};
  return lines_of<BoughtItem>(list, [levels](const json::object& from) {
    BoughtItem item;
    item.id = text(from, "id");
    item.name = text(from, "name");
    item.note = text(from, "note");
    item.quantity = integer(from, "quantity").value_or(1);
    item.modifiers = bought_items(array(from, "modifiers"), levels - 1);
    return item;
  });
}

void read_canonical(const json::object& order, OrderDetail& detail) {
  const json::object& fulfilment = object(order, "fulfilment");
  detail.fulfilment = text(fulfilment, "type");
  detail.promised_at = text(fulfilment, "promised_at");
  detail.customer = text(object(order, "customer"), "name");
  detail.currency = text(order, "currency");
  detail.total = integer(object(order, "totals"), "total");
  detail.items = bought_items(array(order, "items"), modifier_levels_max);
}

/// "fries off", "paused", "uplink_unreachable", the topic of a message that was refused; of an order its reason.
std::string what_of(const json::object& data) {
  if (const std::string item = text(data, "item"); !item.empty())
    return item + (boolean_or(data, "available", false) ? " on" : " off");
  for (const std::string_view member : {"status", "alarm", "topic", "reason"})
    if (std::string said = text(data, member); !said.empty()) return said;
  return {};
}

EventLine event_line(const json::object& from) {
  const json::object& data = object(from, "data");
  EventLine line{text(from, "sequence"), text(from, "time"),    text(from, "type"),
                 text(from, "subject"),  text(data, "partner"), text(data, "partner_order_id"),
                 text(data, "phase"),    text(data, "by"),      text(data, "why"),
                 what_of(data),          text(from, "epoch"),   json::serialize(from)};
  if (line.cursor.empty() || line.sequence.empty())
    line.cursor.clear();
  else
    line.cursor += "-" + line.sequence;
  return line;
}

}  // namespace

std::optional<OrderLine> read_order_line(std::string_view body) {
  const auto document = object_from(body);
  if (!document) return std::nullopt;
  return order_line(*document);
}

std::optional<OrderPage> read_order_page(std::string_view body) {
  const auto document = object_from(body);
  if (!document || array(*document, "orders") == nullptr) return std::nullopt;
  return OrderPage{lines_of<OrderLine>(array(*document, "orders"), order_line), text(*document, "next")};
}

std::optional<OrderDetail> read_order_detail(std::string_view body) {
  const auto document = object_from(body);
  if (!document) return std::nullopt;
  OrderDetail detail;
  detail.line = order_line(*document);
  read_canonical(object(*document, "order"), detail);
  const json::object& release = object(*document, "release");
  detail.release_mode = text(release, "mode");
  detail.release_due = text(release, "due");
  detail.release_by = text(release, "by");
  detail.released_at = text(release, "at");
  detail.history = lines_of<HistoryLine>(array(*document, "history"), [](const json::object& from) {
    return HistoryLine{text(from, "phase"), text(from, "at"), text(from, "why"), text(from, "event"),
                       text(from, "by")};
  });
  return detail;
}

std::optional<std::vector<AvailabilityLine>> read_availability(std::string_view body) {
  const auto document = object_from(body);
  if (!document || array(*document, "items") == nullptr) return std::nullopt;
  return lines_of<AvailabilityLine>(array(*document, "items"), [](const json::object& from) {
    return AvailabilityLine{text(from, "id"), text(from, "until"), boolean_or(from, "available", true),
                            boolean_or(from, "pos_off", false)};
  });
}

std::optional<StoreLine> read_store(std::string_view body) {
  const auto document = object_from(body);
  if (!document || text(*document, "status").empty()) return std::nullopt;
  return StoreLine{text(*document, "status"), text(*document, "until"),
                   boolean_or(*document, "open_now", true)};
}

std::optional<EventPage> read_event_page(std::string_view body) {
  const auto document = object_from(body);
  if (!document || array(*document, "events") == nullptr) return std::nullopt;
  return EventPage{lines_of<EventLine>(array(*document, "events"), event_line), text(*document, "next")};
}

std::string read_problem(std::string_view body) {
  const auto document = object_from(body);
  if (!document) return {};
  std::string detail = text(*document, "detail");
  return detail.empty() ? text(*document, "title") : detail;
}

std::string cancel_body(std::string_view reason) {
  json::object body;
  if (!reason.empty()) body["reason"] = json::string_view(reason.data(), reason.size());
  return json::serialize(body);
}

std::string store_body(bool paused, std::string_view until) {
  json::object body;
  body["status"] = paused ? "paused" : "open";
  if (!until.empty()) body["until"] = json::string_view(until.data(), until.size());
  return json::serialize(body);
}

std::string availability_body(bool available, std::string_view until) {
  json::object body;
  body["available"] = available;
  if (!until.empty()) body["until"] = json::string_view(until.data(), until.size());
  return json::serialize(body);
}

}  // namespace storegate::app
