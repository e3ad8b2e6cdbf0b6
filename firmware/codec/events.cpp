// CloudEvents 1.0 in structured JSON. This is the busiest encoder of the gateway (every change of every order passes
// it), so it appends to one string and re-parses nothing.
#include "codec/events.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/partners/partner.hpp"
#include "codec/reader.hpp"
#include "codec/reasons.hpp"
#include "codec/trace.hpp"

namespace storegate::codec {

namespace {

using json::append_boolean;
using json::append_integer;
using json::append_string;

constexpr std::size_t sequence_digits = 20;
constexpr std::size_t epoch_bytes_max = 128;
constexpr std::size_t envelope_bytes =
    900;  // a common event without `shared`, so that one allocation is enough

void append_sequence(std::string& out, std::int64_t sequence) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), sequence).ptr;
  const auto count = static_cast<std::size_t>(end - digits);
  if (count < sequence_digits) out.append(sequence_digits - count, '0');
  out.append(digits, count);
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_string(out, text);
  }
}

void append_detail(std::string& out, const core::DetailValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    append_boolean(out, *flag);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    append_integer(out, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_string(out, *text);
  } else {
    out += "null";
  }
}

/// The details as members, with a comma before each but the first of its object.
void append_details(std::string& out, const core::Details& details, bool first) {
  for (const auto& [name, value] : details) {
    if (!first) out += ',';
    first = false;
    append_string(out, name);
    out += ':';
    append_detail(out, value);
  }
}

void append_attributes(std::string& out, std::string_view store, const core::OutgoingEvent& event) {
  const core::EventRecord& record = event.record;
  const std::string_view name = name_of(record.type);
  out += R"({"specversion":"1.0","id":")";
  // Store and epoch are names of ours ([a-z0-9-]) and need no escaping.
  out.append(store).append("-").append(event.epoch).append("-");
  append_sequence(out, record.position.sequence);
  out.append(R"(","source":"/stores/)").append(store);
  if (record.order != core::no_order) out.append(R"(","subject":")").append(text_of(event.order_id));
  out.append(R"(","type":"storegate.)").append(name).append(R"(.v1","time":)");
  json::append_time_string(out, record.at_wall_ms);
  out.append(R"(,"datacontenttype":"application/json","dataschema":"urn:storegate:schema:)").append(name);
  out += R"(:1","sequence":")";
  append_sequence(out, record.position.sequence);
  out.append(R"(","epoch":")").append(event.epoch).append(R"(","traceparent":")");
  append_traceparent(out, store, event);
  out += '"';
}

/// To its partner the order is another store's: there is nothing to be answered.
bool is_of_another_store(const core::OutgoingEvent& event) {
  const auto refusals = core::unpack_refusals(event.refusals);
  return refusals && std::any_of(refusals->begin(), refusals->end(), [](const core::Refusal& refusal) {
           return refusal.reason == core::Reason::invalid_order &&
                  refusal.subject == core::other_store_subject;
         });
}

/// The partner's own word for it: what a cloud that answers the partner has to send.
std::string_view partner_reason_of(const core::OutgoingEvent& event, const PartnerCodec* partner) {
  const core::EventRecord& record = event.record;
  if (partner == nullptr || record.reason == core::Reason::none) return {};
  switch (record.type) {
    case core::EventType::order_rejected:
      if (is_of_another_store(event)) return {};
      return partner->rejection_code(record.reason);
    case core::EventType::order_cancelled:
    case core::EventType::order_expired: return partner->cancel_code(record.reason);
    default: return {};
  }
}

void append_order_data(std::string& out, const core::OutgoingEvent& event, const PartnerCodec* partner) {
  const core::EventRecord& record = event.record;
  out.append(R"({"id":")").append(text_of(event.order_id)).append(R"(","partner":)");
  append_string(out, event.partner);
  out += R"(,"partner_order_id":)";
  append_string(out, event.partner_order_id);
  out.append(R"(,"phase":")").append(name_of(record.phase)).append(R"(","previous_phase":)");
  append_string_or_null(out, record.previous_phase ? name_of(*record.previous_phase) : std::string_view{});
  out += R"(,"reason":)";
  append_string_or_null(out,
                        record.reason == core::Reason::none ? std::string_view{} : name_of(record.reason));
  if (const auto word = partner_reason_of(event, partner); !word.empty()) {
    out += R"(,"partner_reason":)";
    append_string(out, word);
  }
  if (record.token_shown)
    out.append(R"(,"release_token":")").append(text_of(event.release_token)).append("\"");
  if (record.type == core::EventType::order_rejected) append_reasons(out, event.refusals);
  if (record.type == core::EventType::order_accepted)
    out.append(R"(,"display_code":")").append(core::display_code_of(event.order_id)).append("\"");
  if (event.test) out += R"(,"test":true)";
  out += R"(,"pos_reference":)";
  append_string_or_null(out, record.pos_reference);
  if (!event.shared.empty()) out.append(",").append(event.shared);
  out += R"(,"at":)";
  json::append_time_string(out, record.at_wall_ms);
  if (record.actor != core::Actor::none) out.append(R"(,"by":")").append(name_of(record.actor)).append("\"");
  append_details(out, record.details, false);
  out += '}';
}

}  // namespace

void append_event(std::string& out, std::string_view store, const core::OutgoingEvent& event,
                  const PartnerCodec* partner) {
  out.reserve(out.size() + envelope_bytes + event.shared.size());
  append_attributes(out, store, event);
  out += R"(,"data":)";
  if (event.record.order != core::no_order) {
    append_order_data(out, event, partner);
  } else {
    out += '{';
    append_details(out, event.record.details, true);
    out += '}';
  }
  out += '}';
}

std::string encode_event(std::string_view store, const core::OutgoingEvent& event,
                         const PartnerCodec* partner) {
  std::string out;
  append_event(out, store, event, partner);
  return out;
}

std::string encode_event(std::string_view store, const core::OutgoingEvent& event) {
  return encode_event(store, event, partner_codec(event.partner));
}

std::string cursor_text(std::string_view epoch, std::int64_t sequence) {
  return std::string(epoch) + "-" + std::to_string(sequence);
}

std::optional<EventCursor> cursor_from(std::string_view text) {
  EventCursor cursor;
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    cursor.epoch = text.substr(0, dash);
    text.remove_prefix(dash + 1);
    if (cursor.epoch.empty() || cursor.epoch.size() > epoch_bytes_max) return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cursor.sequence);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return cursor;
}

std::string encode_events_page(std::span<const std::string> events, std::string_view next) {
  std::size_t size = 64 + next.size();
  for (const std::string& event : events) size += event.size() + 1;
  std::string out;
  out.reserve(size);
  out += R"({"events":[)";
  for (const std::string& event : events) {
    if (&event != &events.front()) out += ',';
    out += event;
  }
  out += R"(],"next":)";
  append_string_or_null(out, next);
  out += '}';
  return out;
}

std::string encode_presence(const Presence& presence) {
  std::string out = R"({"status":)";
  append_string(out, presence.online ? "online" : "offline");
  out += R"(,"since":)";
  json::append_time_string(out, presence.since_wall_ms);
  out += R"(,"version":)";
  append_string(out, presence.version);
  out += R"(,"epoch":)";
  append_string(out, presence.epoch);
  out += R"(,"sequence":)";
  append_integer(out, presence.sequence);
  out += '}';
  return out;
}

Parsed<Presence> decode_presence(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return document.problem();
  json::Reading reading(*document);
  const json::Place root(reading);
  const auto is_online = [](std::string_view status) -> std::optional<bool> {
    if (status != "online" && status != "offline") return std::nullopt;
    return status == "online";
  };
  Presence presence;
  if (root.must_be_object()) {
    presence.online = root.member("status").one_of(is_online, "online, offline");
    presence.since_wall_ms = root.member("since").time();
    presence.version = root.member("version").text({.min = 0, .max = name_bytes_max, .printable = true});
    presence.epoch = root.member("epoch").text({.min = 0, .max = epoch_bytes_max, .printable = true});
    presence.sequence = root.member("sequence").integer(0, std::numeric_limits<std::int64_t>::max());
  }
  if (reading.failed()) return reading.take_problem();
  return presence;
}

}  // namespace storegate::codec
