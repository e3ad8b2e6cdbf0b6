// What the POS answers. No answer may name another order's ticket, or say "not found" of one that it does not deny.
#include <algorithm>
#include <set>
#include <string>

#include "codec/limits.hpp"
#include "codec/pos_rest.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

using core::PosOutcome;

constexpr std::string_view key = "kiosk:K-1:2026-11-23";

void must_be_clear(const core::PosAnswered& answer, bool names_ticket) {
  expect(names_ticket == !answer.pos_reference.empty(), "a ticket is named exactly where there is one");
  expect(answer.pos_reference.size() <= codec::pos_reference_bytes_max, "a reference is of bounded length");
  expect(answer.code.size() <= codec::pos_code_bytes_max, "a code is of bounded length");
  if (answer.retry_after_ms)
    expect(*answer.retry_after_ms >= 0 && *answer.retry_after_ms <= codec::retry_after_s_max * 1000,
           "a wait is bounded");
}

void place(const codec::PosHttpOutcome& http) {
  core::PlaceOrder effect;
  effect.key = key;
  const auto answer = outcome_of(effect, http);
  must_be_clear(answer, answer.outcome == PosOutcome::took);
  if (answer.outcome == PosOutcome::not_delivered)
    expect(!http.request_bytes_written, "what may have been read was not undelivered");
  if (http.status == 0 && http.request_bytes_written)
    expect(answer.outcome == PosOutcome::in_doubt, "without an answer a placement is in doubt");
}

void ask(const codec::PosHttpOutcome& http) {
  core::AskPos effect;
  effect.key = key;
  const auto answer = outcome_of(effect, http);
  must_be_clear(answer, answer.outcome == PosOutcome::found || answer.outcome == PosOutcome::found_voided);
  // It permits a second send.
  if (answer.outcome == PosOutcome::not_found)
    expect(http.status == 200 && http.body.find("pos_reference") == std::string_view::npos,
           "not found is an empty list");
}

void list(core::PosList which, const codec::PosHttpOutcome& http) {
  core::AskPosList effect;
  effect.list = which;
  const auto answer = outcome_of(effect, http);
  std::set<std::string> named(answer.off.begin(), answer.off.end());
  expect(named.size() == answer.off.size(), "an item is off once");
  for (const auto& price : answer.prices) {
    expect(named.insert(price.item).second, "an item has one price");
    expect(
        price.unit_price.minor >= -core::money_minor_max && price.unit_price.minor <= core::money_minor_max,
        "a price is bounded");
  }
  expect(named.size() <= codec::availability_items_max, "a list is bounded");
  if (answer.outcome != core::PosListed::Outcome::listed)
    expect(named.empty(), "a list counts whole or not at all");
}

}  // namespace

/// A line "place|ask|health|void|watch|availability|menu STATUS WRITTEN RETRY-AFTER", and the answer's body.
void run_pos(std::string_view input) {
  Cut cut(input);
  Cut first(cut.line());
  const auto what = first.until(' ');
  codec::PosHttpOutcome http;
  http.status = static_cast<int>(std::min<std::uint32_t>(first.number(), 999));
  http.request_bytes_written = first.number() != 0;
  http.retry_after = first.rest();
  http.body = cut.rest();
  if (what == "place") place(http);
  if (what == "ask") ask(http);
  if (what == "health") must_be_clear(outcome_of(core::CheckPosHealth{}, http), false);
  core::VoidOrder cancel;
  cancel.pos_reference = "T-17";
  if (what == "void") must_be_clear(outcome_of(cancel, http), false);
  core::WatchOrder watch;
  watch.pos_reference = "T-17";
  if (what == "watch") {
    const auto answer = outcome_of(watch, http);
    if (answer.outcome == PosOutcome::shown)
      expect(answer.pos_status != core::PosStatus::unknown, "what is shown is known");
  }
  if (what == "availability") list(core::PosList::availability, http);
  if (what == "menu") list(core::PosList::menu, http);
}

}  // namespace storegate::fuzz
