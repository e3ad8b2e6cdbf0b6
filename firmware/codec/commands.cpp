// Commands of the cloud: unwraps the CloudEvent if there is one, then reads `data` by the topic's kind.
#include "codec/commands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "codec/availability.hpp"
#include "codec/limits.hpp"
#include "codec/reader.hpp"
#include "codec/text.hpp"
#include "codec/times.hpp"
#include "codec/trace.hpp"

namespace storegate::codec {

namespace {

using json::Kind;
using json::Place;
using json::TextRule;

constexpr TextRule attribute_rule{.min = 1, .max = name_bytes_max, .printable = true};
constexpr TextRule partner_rule{.min = 1, .max = partner_bytes_max, .printable = true};
constexpr TextRule order_id_rule{.min = 1, .max = core::partner_order_id_bytes_max, .printable = true};
constexpr TextRule note_rule{.min = 0, .max = note_bytes_max, .printable = false};
constexpr TextRule base64_rule{.min = 0, .max = std::numeric_limits<std::uint32_t>::max(), .printable = true};
constexpr TextRule header_rule{.min = 0, .max = 8192, .printable = false};

/// What a message brought along besides its data.
struct Envelope {
  std::string_view payload;  // the whole message
  std::string traceparent;   // "" = none
  std::optional<std::int64_t> time_wall_ms{};
};

// ---- references to orders ----

core::OrderRef read_ref(const Place& place) {
  core::OrderRef ref;
  if (!place.must_be_object()) return ref;
  if (const Place token = place.member("release_token"); token.given()) {
    const auto found = core::release_token_from(token.text(order_id_rule));
    if (!found) token.refuse("is no release token of this gateway");
    ref.by = found.value_or(core::ReleaseToken{});
  } else if (const Place id = place.member("id"); id.given()) {
    const auto found = core::order_id_from(id.text(order_id_rule));
    if (!found) id.refuse("is no order id (UUID)");
    ref.by = found.value_or(core::OrderId{});
  } else if (!place.member("partner").given()) {
    place.refuse("names no order: release_token, id, or partner with partner_order_id is needed");
  } else {
    ref.by = std::pair(std::string(place.member("partner").text(partner_rule)),
                       std::string(place.member("partner_order_id").text(order_id_rule)));
  }
  return ref;
}

/// Reads one reference, or the list under `list`; `each` sees the object of every reference.
template <typename Each>
std::vector<core::OrderRef> read_refs(const Place& data, std::string_view list, Each each) {
  std::vector<core::OrderRef> refs;
  const auto read_one = [&](const Place& place) {
    refs.push_back(read_ref(place));
    each(place);
  };
  if (const Place many = data.member(list); many.present()) {
    many.elements(1, refs_per_message_max, read_one);
  } else {
    read_one(data);
  }
  return refs;
}

core::ReleaseArrived read_release(const Place& data) {
  core::ReleaseArrived release;
  release.source = core::Source::mqtt;
  release.actor = core::Actor::cloud;
  release.orders = read_refs(data, "releases", [](const Place&) {});
  return release;
}

/// The message's reason, or those of its entries: core takes one text for all, so different ones are joined. A
/// cancel must not be refused over its words, nor over who is said to want it: any `by` but "customer" means the cloud.
core::CancelArrived read_cancel(const Place& data) {
  core::CancelArrived cancel;
  cancel.source = core::Source::mqtt;
  const bool by_customer = data.member("by").text_or_empty() == "customer";
  cancel.actor = by_customer ? core::Actor::customer : core::Actor::cloud;
  std::vector<std::string> reasons;
  const auto take_reason = [&](const Place& place) {
    const Place reason = place.member("reason");
    if (!reason.given()) return;
    const std::string_view text = reason.text(note_rule);
    if (!text.empty() && reasons.size() < 8 &&
        std::find(reasons.begin(), reasons.end(), text) == reasons.end()) {
      reasons.emplace_back(text);
    }
  };
  if (data.member("cancels").present()) take_reason(data);
  const bool one_for_all = !reasons.empty();
  cancel.orders = read_refs(data, "cancels", [&](const Place& place) {
    if (!one_for_all) take_reason(place);
  });
  for (const std::string& reason : reasons) {
    if (!cancel.text.empty()) cancel.text += "; ";
    cancel.text += reason;
  }
  return cancel;
}

// ---- availability and acknowledgements ----

core::AvailabilityArrived read_availability(const Place& data) {
  core::AvailabilityArrived availability;
  availability.actor = core::Actor::cloud;
  if (!data.must_be_object()) return availability;
  data.member("items").elements(0, availability_items_max, [&](const Place& item) {
    if (!item.must_be_object()) return;
    const std::string_view id =
        item.member("id").text({.min = 1, .max = item_id_bytes_max, .printable = true});
    availability.items.push_back(read_item_availability(item, id));
  });
  if (const Place full = data.member("full"); full.given()) availability.full = full.boolean();
  return availability;
}

/// An integer, or the digits of one as the attribute `sequence` writes it.
std::int64_t read_sequence(const Place& place, std::int64_t min) {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
  if (!place.is(Kind::string)) return place.integer(min, max);
  const std::string_view digits = place.text({.min = 1, .max = 20, .printable = true});
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc{} && end == digits.data() + digits.size() && value >= min) return value;
  place.refuse("must be a sequence: digits, at least " + std::to_string(min));
  return min;
}

core::EventsAcknowledged read_ack(const Place& data) {
  core::EventsAcknowledged ack;
  if (!data.must_be_object()) return ack;
  const Place through = data.member("through");
  const Place replay = data.member("replay_from");
  if (through.given() == replay.given()) {
    data.refuse("must have either through or replay_from");
    return ack;
  }
  // An acknowledgement without its epoch could be a late one of the epoch before, and drop rows never sent.
  const Place epoch = data.member("epoch");
  if (epoch.given() || through.given()) ack.epoch = epoch.text(attribute_rule);
  if (through.given()) ack.through = read_sequence(through, 0);
  if (replay.given()) ack.replay_from = read_sequence(replay, 1);
  return ack;
}

// ---- orders, canonical or as the partner sent them ----

core::OrderArrived order_arrived(Decoded decoded, core::Source source) {
  core::OrderArrived arrived;
  arrived.source = source;
  arrived.order = std::move(decoded.order);
  arrived.body = std::move(decoded.body);
  return arrived;
}

Commands one_command(Command command) {
  Commands commands;
  commands.push_back(std::move(command));
  return commands;
}

Parsed<Commands> open_raw_webhook(const Place& data, const Envelope& envelope, json::Reading& reading,
                                  const WebhookOpener& open) {
  const std::string_view partner = data.member("partner").text(partner_rule);
  std::vector<HeaderView> headers;
  if (const Place given = data.member("headers"); given.given()) {
    given.members([&](std::string_view name, const Place& value) {
      headers.push_back({name, value.text(header_rule)});
    });
  }
  const Place encoded = data.member("body_base64");
  const auto body = base64_decoded(encoded.text(base64_rule));
  if (!body) encoded.refuse("is not base64");
  if (reading.failed()) return reading.take_problem();

  auto webhook = open(partner, headers, *body);
  if (!webhook) return std::move(webhook).problem();
  auto commands = commands_of(std::move(*webhook), core::Source::mqtt);
  if (commands.empty())
    return Problem{ProblemKind::invalid_document, "the webhook asks for nothing", "", std::nullopt};
  if (auto* order = std::get_if<core::OrderArrived>(&commands.back())) {
    order->traceparent = envelope.traceparent;
    if (!order->sent_at_wall_ms) order->sent_at_wall_ms = envelope.time_wall_ms;
  } else if (auto* announced = std::get_if<core::OrderAnnounced>(&commands.back())) {
    announced->traceparent = envelope.traceparent;
  }
  return commands;
}

Parsed<Commands> read_order(const Place& data, const Envelope& envelope, json::Reading& reading,
                            const WebhookOpener& open) {
  if (data.member("body_base64").present()) return open_raw_webhook(data, envelope, reading, open);
  core::CanonicalOrder order = read_canonical(data);
  if (reading.failed()) return reading.take_problem();
  core::OrderArrived arrived =
      order_arrived(with_bytes(std::move(order), envelope.payload), core::Source::mqtt);
  arrived.traceparent = envelope.traceparent;
  arrived.sent_at_wall_ms = envelope.time_wall_ms;
  return one_command(std::move(arrived));
}

Parsed<Commands> read_data(CommandKind kind, const Place& data, const Envelope& envelope,
                           json::Reading& reading, const WebhookOpener& open) {
  if (kind == CommandKind::order) return read_order(data, envelope, reading, open);
  Command command;
  switch (kind) {
    case CommandKind::release: command = read_release(data); break;
    case CommandKind::cancel: command = read_cancel(data); break;
    case CommandKind::availability: command = read_availability(data); break;
    default: command = read_ack(data); break;
  }
  if (reading.failed()) return reading.take_problem();
  return one_command(std::move(command));
}

// ---- the CloudEvent around it ----

bool is_json_type(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  return type.ends_with("/json") || type.ends_with("+json");
}

/// Checks the attributes; the event's `type` is the cloud's own business.
void read_attributes(const Place& event, Envelope& envelope) {
  if (event.member("specversion").text(attribute_rule) != "1.0") {
    event.member("specversion").refuse("must be 1.0");
  }
  for (const std::string_view name : {"id", "source", "type"}) (void)event.member(name).text(attribute_rule);
  if (const Place type = event.member("datacontenttype"); type.given()) {
    if (!is_json_type(type.text(attribute_rule))) type.refuse("must be application/json");
  }
  if (const Place trace = event.member("traceparent"); trace.given()) {
    const std::string_view text = trace.text(attribute_rule);
    if (is_traceparent(text)) envelope.traceparent = text;
  }
  // One that cannot be read is no reason to refuse an order.
  envelope.time_wall_ms = time_from(event.member("time").text_or_empty());
}

Parsed<Commands> read_cloud_event(CommandKind kind, const Place& event, Envelope& envelope,
                                  json::Reading& reading, const WebhookOpener& open) {
  read_attributes(event, envelope);
  const Place encoded = event.member("data_base64");
  if (!encoded.given()) {
    const Place data = event.member("data");
    if (!reading.failed()) data.must_be_object();
    if (reading.failed()) return reading.take_problem();
    return read_data(kind, data, envelope, reading, open);
  }
  const auto text = base64_decoded(encoded.text(base64_rule));
  if (!text) encoded.refuse("is not base64");
  if (event.member("data").given()) encoded.refuse("stands beside data; one of them must go");
  if (reading.failed()) return reading.take_problem();
  const auto document = json::Document::parse(*text);
  if (!document) return document.problem();
  json::Reading inner(*document);
  return read_data(kind, Place(inner), envelope, inner, open);
}

}  // namespace

std::optional<CommandKind> command_kind_from(std::string_view last_level) noexcept {
  if (last_level == "order") return CommandKind::order;
  if (last_level == "release") return CommandKind::release;
  if (last_level == "cancel") return CommandKind::cancel;
  if (last_level == "availability") return CommandKind::availability;
  if (last_level == "ack") return CommandKind::ack;
  return std::nullopt;
}

Parsed<Commands> decode_command(CommandKind kind, std::string_view payload, const WebhookOpener& open) {
  const auto document = json::Document::parse(payload);
  if (!document) return document.problem();
  json::Reading reading(*document);
  const Place root(reading);
  if (!root.must_be_object()) return reading.take_problem();
  Envelope envelope{payload, {}, {}};
  if (root.member("specversion").present()) return read_cloud_event(kind, root, envelope, reading, open);
  return read_data(kind, root, envelope, reading, open);
}

namespace {
/// What an event calls a webhook's command that came to nothing. Its bytes are not kept: the partner has them.
core::Letter letter_of_webhook(const std::vector<core::OrderRef>& orders) {
  const auto* pair = orders.empty() ? nullptr : std::get_if<2>(&orders.front().by);
  return {pair == nullptr ? "webhook" : "webhook/" + pair->first, {}};
}

core::ReleaseArrived release_arrived(std::vector<core::OrderRef> orders, core::Source source) {
  core::ReleaseArrived release;
  release.source = source;
  release.actor = core::Actor::partner;
  release.letter = letter_of_webhook(orders);
  release.orders = std::move(orders);
  return release;
}

// The release goes first: were the power to go between the two, an order that has been answered for would wait for a
// release that nobody sends again. An order that is not there yet finds it as an early one.
Commands commands_of_order(OrderReceived received, core::Source source) {
  core::OrderArrived arrived = order_arrived(std::move(received.decoded), source);
  if (received.times_may_move) arrived.compared = encode_timeless(arrived.order);
  arrived.sent_at_wall_ms = received.placed_at_wall_ms;
  Commands commands;
  if (received.released) {
    core::OrderRef ref;
    ref.by = std::pair(arrived.order.partner, arrived.order.partner_order_id);
    commands.emplace_back(release_arrived({std::move(ref)}, source));
  }
  commands.emplace_back(std::move(arrived));
  return commands;
}
}  // namespace

Commands commands_of(Webhook webhook, core::Source source) {
  if (auto* order = std::get_if<OrderReceived>(&webhook)) return commands_of_order(std::move(*order), source);
  if (auto* received = std::get_if<ReleaseReceived>(&webhook))
    return one_command(release_arrived(std::move(received->orders), source));
  if (auto* received = std::get_if<CancelReceived>(&webhook)) {
    core::CancelArrived cancel;
    cancel.source = source;
    cancel.actor = received->actor;
    cancel.letter = letter_of_webhook(received->orders);
    cancel.orders = std::move(received->orders);
    cancel.text = std::move(received->text);
    return one_command(std::move(cancel));
  }
  if (auto* called = std::get_if<PersonCalled>(&webhook)) {
    core::PersonCalled input;
    input.source = source;
    input.orders = std::move(called->orders);
    input.untold = called->untold;
    input.why = std::move(called->why);
    return one_command(std::move(input));
  }
  if (auto* received = std::get_if<OrderAnnounced>(&webhook)) {
    core::OrderAnnounced announced;
    announced.source = source;
    announced.partner = std::move(received->partner);
    announced.partner_order_id = std::move(received->partner_order_id);
    announced.href = std::move(received->href);
    announced.is_new = received->is_new;
    return one_command(std::move(announced));
  }
  return {};
}

}  // namespace storegate::codec
