// What goes upstream: events as structured CloudEvents 1.0, pages of them, and the retained presence. Never a
// customer's datum: an order comes in only as its `shared` members. Does not know where events go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/problem.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

class PartnerCodec;

/// Appends the event as structured JSON: `id` is `{store}-{epoch}-{sequence}` with the very 20 digits of the attribute
/// `sequence`, so that it is the three attributes joined. `event.shared` is copied as it is. `partner` is whose codes an
/// order that was rejected, cancelled or expired gets as `partner_reason`; nullptr: it has none.
void append_event(std::string& out, std::string_view store, const core::OutgoingEvent& event,
                  const PartnerCodec* partner);
[[nodiscard]] std::string encode_event(std::string_view store, const core::OutgoingEvent& event,
                                       const PartnerCodec* partner);
/// The same for a partner that has its codec's name.
[[nodiscard]] std::string encode_event(std::string_view store, const core::OutgoingEvent& event);

/// MQTT 5 content type and HTTP Content-Type of an encoded event.
inline constexpr std::string_view event_content_type = "application/cloudevents+json; charset=utf-8";

/// Where a reader of events stands. `epoch` "" = the current one.
struct EventCursor {
  std::string epoch;
  std::int64_t sequence = 0;
  friend bool operator==(const EventCursor&, const EventCursor&) = default;
};
/// EPOCH-SEQ, as `id:` of server-sent events and `next` have it.
[[nodiscard]] std::string cursor_text(std::string_view epoch, std::int64_t sequence);
/// `SEQ` or `EPOCH-SEQ`; the sequence with or without leading zeros.
[[nodiscard]] std::optional<EventCursor> cursor_from(std::string_view text);

/// `{"events":[…],"next":…}` of events that are encoded already; `next` "" = null.
[[nodiscard]] std::string encode_events_page(std::span<const std::string> events, std::string_view next);

/// The retained presence, and the will with `online` false. `sequence`: the newest event written in `epoch`.
struct Presence {
  bool online = false;
  std::int64_t since_wall_ms = 0;
  std::string version;
  std::string epoch;
  std::int64_t sequence = 0;
  friend bool operator==(const Presence&, const Presence&) = default;
};
[[nodiscard]] std::string encode_presence(const Presence& presence);
/// Reads back what an earlier run left retained; unknown members are ignored.
[[nodiscard]] Parsed<Presence> decode_presence(std::string_view text);

}  // namespace storegate::codec
