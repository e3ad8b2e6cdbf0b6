// Damaged inputs of every kind: each gives a problem, or an order that is whole by the oracle and stable when encoded
// again. Never a crash, never half an order.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/answers.hpp"
#include "codec/canonical.hpp"
#include "codec/commands.hpp"
#include "codec/events.hpp"
#include "codec/json.hpp"
#include "codec/partners/partner.hpp"
#include "codec/pos_rest.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::must_be_whole;
using test::must_say_why;
using test::mutate;
using test::Tally;

TEST_CASE("twenty thousand damaged canonical orders give a problem or a whole order") {
  const Tally tally = mutate(test::canonical_text(), 1, 20'000, [](std::string_view text) {
    const auto decoded = decode_canonical(text);
    decoded ? must_be_whole(*decoded) : must_say_why(decoded.problem());
    return decoded.ok();
  });
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

TEST_CASE("twenty thousand damaged DoorDash orders give a problem or a whole webhook") {
  const Tally tally = test::mutate_webhook("doordash", test::fixture("doordash/order.json"), 2);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

TEST_CASE("twenty thousand damaged commands give a problem or a whole input") {
  const std::string data = test::canonical_text();
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"/cloud","type":"order.sent","data":)" + data + "}";
  const std::string raw =
      R"({"partner":"doordash","headers":{"Authorization":"x"},"body_base64":"eyJhIjoxfQ=="})";
  const std::string refs =
      R"({"cancels":[{"id":"01935a00-1122-7033-8044-5566778899aa","reason":"a"},{"partner":"p","partner_order_id":"2"}]})";
  const std::string list =
      R"({"items":[{"id":"a","available":false,"until":"2026-11-23T12:00:00Z"}],"full":true})";
  const std::string ack = R"({"epoch":"e1","through":"00000000000000000042"})";
  const WebhookOpener opener = [](std::string_view, Headers, std::string_view body) -> Parsed<Webhook> {
    return partner_codec("doordash")->read({{}, body, {}, nullptr}, std::nullopt);
  };
  const std::pair<CommandKind, const std::string*> inputs[] = {
      {CommandKind::order, &event}, {CommandKind::order, &raw},         {CommandKind::release, &refs},
      {CommandKind::cancel, &refs}, {CommandKind::availability, &list}, {CommandKind::ack, &ack}};
  Tally sum;
  for (const auto& [kind, text] : inputs) {
    const Tally tally =
        mutate(*text, 3 + static_cast<std::uint64_t>(kind), 3'400, [&](std::string_view damaged) {
          REQUIRE_FALSE((letter_bytes_of(damaged).empty() && !damaged.empty()));
          const auto commands = decode_command(kind, damaged, opener);
          if (!commands) return must_say_why(commands.problem()), false;
          REQUIRE_FALSE(commands->empty());
          const Command& command = commands->back();
          if (const auto* order = std::get_if<core::OrderArrived>(&command))
            must_be_whole({order->order, order->body});
          if (const auto* cancel = std::get_if<core::CancelArrived>(&command))
            REQUIRE_FALSE(cancel->orders.empty());
          return true;
        });
    sum.refused += tally.refused;
    sum.understood += tally.understood;
  }
  CHECK(sum.refused > 5000);
  CHECK(sum.understood > 300);
}

TEST_CASE("twenty thousand damaged POS replies never name another order's ticket") {
  core::PlaceOrder place;
  place.key = "kiosk:K-1:2026-11-23";
  core::AskPos ask;
  ask.key = place.key;
  const Tally placed = mutate(
      R"({"pos_reference":"T-17","reference":"kiosk:K-1:2026-11-23"})", 20, 10'000,
      [&](std::string_view body) {
        const auto answer = outcome_of(place, {201, "", body, true});
        REQUIRE((answer.outcome == core::PosOutcome::took) == !answer.pos_reference.empty());
        REQUIRE((answer.outcome == core::PosOutcome::took || answer.outcome == core::PosOutcome::in_doubt));
        return answer.outcome == core::PosOutcome::took;
      });
  const std::string list =
      R"({"orders":[{"pos_reference":"T-17","status":"open","reference":"kiosk:K-1:2026-11-23"}]})";
  const Tally found = mutate(list, 21, 10'000, [&](std::string_view body) {
    const auto answer = outcome_of(ask, {200, "", body, true});
    const bool names =
        answer.outcome == core::PosOutcome::found || answer.outcome == core::PosOutcome::found_voided;
    REQUIRE(names == !answer.pos_reference.empty());
    // "Not found" permits a second send, so no damage may produce it unless the list itself has become empty.
    if (answer.outcome == core::PosOutcome::not_found) REQUIRE(body.find("status") == std::string_view::npos);
    return names;
  });
  CHECK(placed.refused > 1000);
  CHECK(placed.understood > 100);
  CHECK(found.refused > 1000);
  CHECK(found.understood > 100);
}

TEST_CASE("damaged bodies of the API and a damaged presence are refused or understood") {
  const Tally presence =
      mutate(encode_presence({true, 5, "0.1.0", "e1", 7}), 30, 4000, [](std::string_view text) {
        const auto decoded = decode_presence(text);
        if (!decoded) must_say_why(decoded.problem());
        return decoded.ok();
      });
  const Tally item = mutate(R"({"available":false,"until":null})", 31, 2000, [](std::string_view text) {
    const auto decoded = decode_availability_body("taco-01", text);
    if (!decoded) must_say_why(decoded.problem());
    return decoded.ok();
  });
  const Tally answer = mutate(R"({"answer":"not_placed"})", 32, 2000, [](std::string_view text) {
    const auto decoded = decode_resolve_body(text);
    if (!decoded) must_say_why(decoded.problem());
    return decoded.ok();
  });
  for (const Tally& tally : {presence, item, answer}) {
    CHECK(tally.refused > 100);
    CHECK(tally.understood > 3);
  }
}

}  // namespace
}  // namespace storegate::codec
