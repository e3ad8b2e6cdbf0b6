// The POS driver `rest` as bytes: core's effects to requests, and what came of a request to core's outcome, after the
// POS table of interfaces.md. Sends nothing and retries nothing.
#pragma once

#include <optional>
#include <string_view>

#include "codec/http.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// POST /orders: `reference`, `display_code` and, for a reprint, `"reprint":true` in front of the canonical members;
/// `effect.body` is copied as it is. Authorization is the caller's to add.
[[nodiscard]] HttpRequest request_of(const core::PlaceOrder& effect);
/// GET /orders?reference=KEY
[[nodiscard]] HttpRequest request_of(const core::AskPos& effect);
/// GET /health
[[nodiscard]] HttpRequest request_of(const core::CheckPosHealth& effect);
/// POST /orders/{pos_reference}/void
[[nodiscard]] HttpRequest request_of(const core::VoidOrder& effect);
/// GET /orders/{pos_reference}
[[nodiscard]] HttpRequest request_of(const core::WatchOrder& effect);

/// GET /availability or GET /menu
[[nodiscard]] HttpRequest request_of(const core::AskPosList& effect);

/// How a request ended: a whole response, or none and how far the request's bytes went.
struct PosHttpOutcome {
  int status = 0;                // 0 = no response
  std::string_view retry_after;  // that header's value, "" = none
  std::string_view body;
  bool request_bytes_written = false;  // a byte of the request was handed to the kernel
};

/// What it means. A clear answer is one whose status and body both say so; whatever else came after a byte of a
/// placement was written is in doubt, an answer for another reference above all.
[[nodiscard]] core::PosAnswered outcome_of(const core::PlaceOrder& effect, const PosHttpOutcome& http);
[[nodiscard]] core::PosAnswered outcome_of(const core::AskPos& effect, const PosHttpOutcome& http);
[[nodiscard]] core::PosAnswered outcome_of(const core::CheckPosHealth& effect, const PosHttpOutcome& http);
[[nodiscard]] core::PosAnswered outcome_of(const core::VoidOrder& effect, const PosHttpOutcome& http);
/// `shown` only for a status of the five that are known, of this ticket where the answer names one.
[[nodiscard]] core::PosAnswered outcome_of(const core::WatchOrder& effect, const PosHttpOutcome& http);
/// A list counts whole or not at all: one line that cannot be read, an item named twice, or more than
/// availability_items_max lines, and it failed.
[[nodiscard]] core::PosListed outcome_of(const core::AskPosList& effect, const PosHttpOutcome& http);

/// Retry-After in seconds, at most retry_after_s_max; nothing for any other text.
[[nodiscard]] std::optional<core::Milliseconds> retry_after_ms(std::string_view text);

}  // namespace storegate::codec
