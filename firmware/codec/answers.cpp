// Bodies about orders, items and the store, and the bodies that commands bring. Whole replies are in replies.cpp.
#include "codec/answers.hpp"

#include <utility>
#include <variant>

#include "codec/availability.hpp"
#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/reader.hpp"
#include "codec/reasons.hpp"
#include "core/person.hpp"

namespace storegate::codec {

namespace {

using json::append_boolean;
using json::append_string;
using json::Place;

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_string(out, text);
  }
}

void append_time_or_null(std::string& out, const std::optional<std::int64_t>& wall_ms) {
  if (wall_ms) {
    json::append_time_string(out, *wall_ms);
  } else {
    out += "null";
  }
}

std::string_view reason_or_empty(core::Reason reason) {
  return reason == core::Reason::none ? std::string_view{} : name_of(reason);
}

std::string_view actor_or_empty(core::Actor actor) {
  return actor == core::Actor::none ? std::string_view{} : name_of(actor);
}

std::optional<std::int64_t> wall_of(const core::Stamp& stamp) {
  return stamp.is_set() ? std::optional(stamp.wall_ms) : std::nullopt;
}

/// The short answer without its closing brace, so that a longer answer can go on.
void append_open_short_answer(std::string& out, const core::ShortAnswer& answer) {
  out.append(R"({"id":")").append(text_of(answer.id)).append(R"(","partner":)");
  append_string(out, answer.partner);
  out += R"(,"partner_order_id":)";
  append_string(out, answer.partner_order_id);
  out.append(R"(,"phase":")").append(name_of(answer.phase));
  out.append(R"(","release_token":")").append(text_of(answer.release_token)).append(R"(","reason":)");
  append_string_or_null(out, reason_or_empty(answer.reason));
  out += R"(,"pos_reference":)";
  append_string_or_null(out, answer.pos_reference);
  out += R"(,"updated_at":)";
  json::append_time_string(out, answer.updated_wall_ms);
  append_reasons(out, answer.refusals);
}

/// The reason, or what else the event says of why.
std::string_view why_of(const core::EventRecord& event) {
  if (event.reason != core::Reason::none) return name_of(event.reason);
  for (const auto& [name, value] : event.details)
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && name == "why") return *text;
  return {};
}

/// Why the order was released, as its newest release says; "" if it was somebody's word, or is not known any more.
std::string_view why_released(std::span<const core::EventRecord> events) {
  for (std::size_t i = events.size(); i > 0; --i)
    if (events[i - 1].type == core::EventType::order_released) return why_of(events[i - 1]);
  return {};
}

/// What the list of parked orders and the page of one order have more than the short answer.
void append_for_people(std::string& out, const core::Order& order, const std::optional<std::int64_t>& since) {
  out.append(R"(,"display_code":")").append(core::display_code_of(order.id)).append(R"(","since":)");
  append_time_or_null(out, since);
  out += R"(,"actions":[)";
  bool first = true;
  for (const core::PersonAction action : core::actions_for(order)) {
    if (!std::exchange(first, false)) out += ',';
    append_string(out, name_of(action));
  }
  out += ']';
}

void append_history_entry(std::string& out, const core::EventRecord& event) {
  out.append(R"({"phase":")").append(name_of(event.phase)).append(R"(","at":)");
  json::append_time_string(out, event.at_wall_ms);
  out += R"(,"why":)";
  append_string_or_null(out, why_of(event));
  out.append(R"(,"event":")").append(name_of(event.type)).append(R"(","by":)");
  append_string_or_null(out, actor_or_empty(event.actor));
  out += '}';
}

/// Parses a small body; an empty one counts as `{}`. `read` gets the root, an object for sure.
template <typename Value, typename Read>
Parsed<Value> decode_body(std::string_view text, Read read) {
  const auto document = json::Document::parse(text.empty() ? "{}" : text);
  if (!document) return document.problem();
  json::Reading reading(*document);
  const Place root(reading);
  Value value{};
  if (root.must_be_object()) value = read(root);
  if (reading.failed()) return reading.take_problem();
  return value;
}

}  // namespace

core::ShortAnswer short_answer_of(const core::Order& order) {
  return {.id = order.id,
          .release_token = order.release_token,
          .partner = order.partner,
          .partner_order_id = order.partner_order_id,
          .phase = order.phase,
          .reason = order.reason,
          .pos_reference = order.pos_reference,
          .updated_wall_ms = order.updated_wall_ms,
          .refusals = order.refusals};
}

core::ShortAnswer first_answer_of(const core::Order& order) {
  core::ShortAnswer answer = short_answer_of(order);
  answer.phase = order.arrival_phase;
  answer.reason = order.arrival_reason;
  answer.pos_reference.clear();
  answer.updated_wall_ms = order.arrived.wall_ms;
  return answer;
}

std::string encode_short_answer(const core::ShortAnswer& answer) {
  std::string out;
  out.reserve(384);
  append_open_short_answer(out, answer);
  out += '}';
  return out;
}

std::string encode_order_detail(const core::Order& order, std::string_view canonical,
                                std::span<const core::EventRecord> events) {
  std::string out;
  out.reserve(1024 + canonical.size() + events.size() * 160);
  append_open_short_answer(out, short_answer_of(order));
  append_for_people(out, order, parked_since(order, events.empty() ? nullptr : &events.back()));
  out += R"(,"pos_status":)";
  append_string_or_null(
      out, order.pos_status == core::PosStatus::unknown ? std::string_view{} : name_of(order.pos_status));
  out.append(R"(,"order":)").append(canonical.empty() ? std::string_view("null") : canonical);
  out.append(R"(,"release":{"mode":")").append(name_of(order.release_mode)).append(R"(","due":)");
  append_time_or_null(out, wall_of(order.release_due));
  out += R"(,"by":)";
  append_string_or_null(out, actor_or_empty(order.released_by));
  out += R"(,"at":)";
  append_time_or_null(out, wall_of(order.released));
  out += R"(,"why":)";
  append_string_or_null(out, why_released(events));
  out += R"(},"history":[)";
  for (const core::EventRecord& event : events) {
    if (&event != &events.front()) out += ',';
    append_history_entry(out, event);
  }
  out += "]}";
  return out;
}

std::optional<std::int64_t> parked_since(const core::Order& order, const core::EventRecord* last_event) {
  if (order.phase != core::Phase::parked) return {};
  const bool known = last_event != nullptr && last_event->type == core::EventType::order_parked;
  return known ? last_event->at_wall_ms : order.updated_wall_ms;
}

std::string encode_order_list(std::span<const ListedOrder> orders, std::string_view next) {
  std::string out;
  out.reserve(64 + orders.size() * 384);
  out += R"({"orders":[)";
  for (const ListedOrder& listed : orders) {
    if (&listed != &orders.front()) out += ',';
    append_open_short_answer(out, short_answer_of(listed.order));
    if (listed.order.phase == core::Phase::parked) append_for_people(out, listed.order, listed.since_wall_ms);
    out += '}';
  }
  out += R"(],"next":)";
  append_string_or_null(out, next);
  out += '}';
  return out;
}

Parsed<std::string> decode_cancel_body(std::string_view text) {
  return decode_body<std::string>(text, [](const Place& root) {
    const Place reason = root.member("reason");
    return reason.given() ? std::string(reason.text({.min = 0, .max = note_bytes_max})) : std::string();
  });
}

Parsed<core::Resolution> decode_resolve_body(std::string_view text) {
  const auto resolution_from = [](std::string_view answer) -> std::optional<core::Resolution> {
    if (answer == "placed") return core::Resolution::placed;
    if (answer == "not_placed") return core::Resolution::not_placed;
    if (answer == "reprint") return core::Resolution::reprint;
    return std::nullopt;
  };
  return decode_body<core::Resolution>(text, [&](const Place& root) {
    return root.member("answer").one_of(resolution_from, "placed, not_placed, reprint");
  });
}

Parsed<PosStatusReport> decode_pos_status_body(std::string_view text) {
  return decode_body<PosStatusReport>(text, [](const Place& root) {
    constexpr json::TextRule rule{.min = 1, .max = pos_reference_bytes_max, .printable = true};
    return PosStatusReport{
        std::string(root.member("pos_reference").text(rule)),
        root.member("status").one_of(core::pos_status_from, "open, preparing, ready, completed, voided")};
  });
}

Parsed<core::ItemAvailability> decode_availability_body(std::string_view item, std::string_view text) {
  return decode_body<core::ItemAvailability>(
      text, [&](const Place& root) { return read_item_availability(root, item); });
}

std::string encode_availability(std::span<const core::ListedItem> items) {
  std::string out = R"({"items":[)";
  for (const core::ListedItem& listed : items) {
    if (&listed != &items.front()) out += ',';
    out += R"({"id":)";
    append_string(out, listed.item.item);
    out += R"(,"available":)";
    append_boolean(out, listed.item.available);
    out += R"(,"until":)";
    append_time_or_null(out, listed.item.until_wall_ms);
    if (listed.pos_off) out += R"(,"pos_off":true)";
    out += '}';
  }
  out += "]}";
  return out;
}

Parsed<StoreStatus> decode_store_body(std::string_view text) {
  const auto paused_from = [](std::string_view status) -> std::optional<bool> {
    if (status != "open" && status != "paused") return std::nullopt;
    return status == "paused";
  };
  return decode_body<StoreStatus>(text, [&](const Place& root) {
    StoreStatus status{.paused = root.member("status").one_of(paused_from, "open, paused"),
                       .until_wall_ms = root.member("until").time_if_given()};
    if (status.until_wall_ms && !status.paused) root.member("until").refuse("only a pause has an end");
    return status;
  });
}

std::string encode_store(const StoreStatus& status, bool open_now) {
  std::string out = R"({"status":)";
  append_string(out, status.paused ? "paused" : "open");
  out += R"(,"until":)";
  append_time_or_null(out, status.until_wall_ms);
  out += R"(,"open_now":)";
  append_boolean(out, open_now);
  out += '}';
  return out;
}

}  // namespace storegate::codec
