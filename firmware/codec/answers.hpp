// Bodies of the HTTP API under /v1: answers about orders, lists, problem documents (RFC 9457), availability, and the
// small bodies of commands. Knows statuses, but no routes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http.hpp"
#include "codec/problem.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

// ---- orders ----

[[nodiscard]] core::ShortAnswer short_answer_of(const core::Order& order);
/// The answer it got when it came, for repeats: arrival_phase and arrival_reason, updated when it arrived, and no
/// POS reference yet.
[[nodiscard]] core::ShortAnswer first_answer_of(const core::Order& order);

[[nodiscard]] std::string encode_short_answer(const core::ShortAnswer& answer);

/// The short answer's members, `display_code`, `since` (a parked one: since when it waits for a person), `actions` (what
/// a person can do now), then `pos_status`, `order` (the canonical bytes as they are), `release` {mode, due, by, at, why},
/// and `history` [{phase, at, why, event, by}] from the order's events, oldest first.
[[nodiscard]] std::string encode_order_detail(const core::Order& order, std::string_view canonical,
                                              std::span<const core::EventRecord> events);

/// Since when a parked order waits: its last event says so; its row if that one has been pruned. Nothing for others.
[[nodiscard]] std::optional<std::int64_t> parked_since(const core::Order& order,
                                                       const core::EventRecord* last_event);

struct ListedOrder {
  core::Order order;
  std::optional<std::int64_t> since_wall_ms;  // parked_since
};
/// `{"orders":[…],"next":…}`: short answers, parked ones with `display_code`, `since` and `actions`. `next` "" = null.
[[nodiscard]] std::string encode_order_list(std::span<const ListedOrder> orders, std::string_view next);

// ---- whole replies ----

/// To POST /v1/orders: 201, 200 with Idempotency-Replayed, 409, 400 unknown-partner, 429, 503. `answer.order` must be
/// filled for created, replayed and done (the caller has read the row of an order that has ended).
[[nodiscard]] HttpReply order_reply(const core::Answer& answer);

/// To release, cancel, resolve, availability: 200 with the short answer (`{}` if there is no order), 404, 409, 503.
[[nodiscard]] HttpReply command_reply(const core::Answer& answer);

/// An RFC 9457 document with its status: type `urn:storegate:problem:malformed-json` and so on.
/// Adds WWW-Authenticate to a 401.
[[nodiscard]] HttpReply problem_reply(const Problem& problem);
/// The same with another status than the kind's own (a webhook's unknown partner is a 404).
[[nodiscard]] HttpReply problem_reply(const Problem& problem, int status);
/// 429 or 503 with Retry-After; 0 seconds = no such header.
[[nodiscard]] HttpReply retry_reply(ProblemKind kind, std::string_view detail, std::int64_t retry_after_s);
[[nodiscard]] int status_of(ProblemKind kind) noexcept;

// ---- bodies of commands; an empty body is an empty object where every member is optional ----

/// `{"reason":…}`: the free text, "" if there is none.
[[nodiscard]] Parsed<std::string> decode_cancel_body(std::string_view text);
/// `{"answer":"placed"|"not_placed"|"reprint"}`
[[nodiscard]] Parsed<core::Resolution> decode_resolve_body(std::string_view text);

// ---- the POS tells ----

struct PosStatusReport {
  std::string pos_reference;
  core::PosStatus status = core::PosStatus::unknown;
};
/// `{"pos_reference","status"}` of POST /v1/pos/status.
[[nodiscard]] Parsed<PosStatusReport> decode_pos_status_body(std::string_view text);

// ---- availability and the store ----

/// `{"available":false,"until":…}` of PUT /v1/availability/{item}.
[[nodiscard]] Parsed<core::ItemAvailability> decode_availability_body(std::string_view item,
                                                                      std::string_view text);
/// `{"items":[{"id","available","until"}]}`, and `"pos_off":true` where the POS itself lists the item as off.
[[nodiscard]] std::string encode_availability(std::span<const core::ListedItem> items);

struct StoreStatus {
  bool paused = false;
  std::optional<std::int64_t> until_wall_ms;
};
/// `{"status":"open"|"paused","until":…}`
[[nodiscard]] Parsed<StoreStatus> decode_store_body(std::string_view text);
/// `{"status","until","open_now"}`; `open_now` also counts the store's hours.
[[nodiscard]] std::string encode_store(const StoreStatus& status, bool open_now);

}  // namespace storegate::codec
