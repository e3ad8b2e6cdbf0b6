// Bodies: what partners and the cloud write, as JSON text. Written from the interface pages; uses none of the code that
// will read it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/ledger.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

/// 2026-11-23T12:00:00Z plus so many milliseconds of true time.
[[nodiscard]] std::string time_text(std::int64_t true_ms);
/// The order in the canonical form; `body` 0 is the order itself, others differ in a quantity.
[[nodiscard]] std::string canonical_body(const Story& story, std::string_view item, int body);
[[nodiscard]] std::string doordash_body(const Story& story, std::string_view item, int body);
[[nodiscard]] WebAsk doordash_webhook(std::string body);
/// Announces the order, tells of its release or of its cancel.
[[nodiscard]] WebAsk uber_webhook(std::string_view event, const Story& story);
/// The order as its partner's API gives it.
/// `courier_waits`: at the store.
[[nodiscard]] std::string uber_order(const Story& story, std::string_view item, std::string_view state,
                                     bool courier_waits);
/// Announces the order (CREATED), or tells that it is cancelled, or should be.
/// Here a partner's call of a person comes as the store's codecs understand it.
inline constexpr const char* called_target = "/partner/called";
[[nodiscard]] WebAsk open_webhook(std::string_view event, const Story& story);
[[nodiscard]] std::string open_order(const Story& story, std::string_view item, std::string_view last_event);
/// What stands in the simulator for HMAC-SHA-256: keyed, of 32 bytes, and none of the code under test.
[[nodiscard]] std::array<std::uint8_t, 32> plain_signature(std::string_view secret, std::string_view bytes);
/// A partner's raw webhook as the cloud passes it on, with the header that shows whose it is.
[[nodiscard]] std::string forwarded_body(std::string_view partner, std::string_view header,
                                         std::string_view value, std::string_view raw);
[[nodiscard]] std::string forwarded_doordash(std::string_view raw);
/// A webhook that is signed, as the cloud passes it on; `ask`: as its partner sends it.
[[nodiscard]] std::string forwarded_thin(const Story& story, const WebAsk& ask);
/// As the cloud publishes it: bare, or in a CloudEvent where the story says when it was sent on.
[[nodiscard]] std::string sent_on(const Story& story, std::string_view data);
/// What no codec can read; the customer in it has the number of an order `x…` that nobody sends.
[[nodiscard]] std::string unreadable_body(std::uint64_t number);
[[nodiscard]] std::string by_pair(const Story& story);

}  // namespace storegate::sim
