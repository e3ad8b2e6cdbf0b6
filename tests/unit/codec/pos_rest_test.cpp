// The POS driver `rest`: requests, and every row of the POS table of interfaces.md.
#include "codec/pos_rest.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/canonical.hpp"

namespace storegate::codec {
namespace {

using core::PosOutcome;

core::PlaceOrder place_effect() {
  core::PlaceOrder effect;
  effect.order = core::OrderNumber{7};
  effect.attempt = 3;
  effect.key = "kiosk:K%3A1%25é:2026-11-23";
  effect.display_code = "4F7K";
  effect.body = decode_canonical(test::canonical_text())->body.canonical;
  return effect;
}

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST_CASE("the order goes out with its key in header and body, customer and notes with it") {
  const core::PlaceOrder effect = place_effect();
  const HttpRequest request = request_of(effect);
  CHECK(request.method == "POST");
  CHECK(request.target == "/orders");
  CHECK(header(request, "Idempotency-Key") == effect.key);
  CHECK(header(request, "Content-Type") == "application/json");
  CHECK(request.body.starts_with(
      R"({"reference":"kiosk:K%3A1%25é:2026-11-23","display_code":"4F7K","partner":"kiosk",)"));
  CHECK(request.body.find(test::canary) != std::string::npos);
  const auto read_back = decode_canonical(request.body);
  REQUIRE(read_back.ok());
  CHECK(read_back->body.canonical == effect.body);
}

TEST_CASE("a reprint says so") {
  core::PlaceOrder effect = place_effect();
  effect.reprint = true;
  effect.key += ":r1";
  CHECK(request_of(effect).body.starts_with(
      R"({"reference":"kiosk:K%3A1%25é:2026-11-23:r1","display_code":"4F7K","reprint":true,"partner":)"));
}

TEST_CASE("keys and references are percent-encoded in targets") {
  core::AskPos ask;
  ask.key = "a%3Ab:c d&e=é/?#:2026-11-23";
  CHECK(request_of(ask).target == "/orders?reference=a%253Ab%3Ac%20d%26e%3D%C3%A9%2F%3F%23%3A2026-11-23");
  CHECK(request_of(ask).method == "GET");
  core::VoidOrder cancel;
  cancel.pos_reference = "T/17?x";
  CHECK(request_of(cancel).target == "/orders/T%2F17%3Fx/void");
  CHECK(request_of(cancel).method == "POST");
  CHECK(request_of(core::CheckPosHealth{}).target == "/health");
}

struct Row {
  int status;
  std::string body;
  PosOutcome outcome;
};

TEST_CASE("every answer to a placement has the outcome of the table") {
  const std::string key = place_effect().key;
  const Row rows[] = {
      {201, R"({"pos_reference":"T-17"})", PosOutcome::took},
      {200, R"({"pos_reference":"T-17","reference":")" + key + R"(","more":1})", PosOutcome::took},
      {201, R"({"pos_reference":"T-17","reference":"another"})", PosOutcome::in_doubt},
      {201, R"({"pos_reference":"T-17","reference":5})", PosOutcome::in_doubt},
      {201, R"({"pos_reference":"T-17","pos_reference":"T-18"})", PosOutcome::in_doubt},
      {201, R"({"pos_reference":""})", PosOutcome::in_doubt},
      {201, R"({"pos_reference":17})", PosOutcome::in_doubt},
      {201, R"({"pos_ref)", PosOutcome::in_doubt},
      {200, "", PosOutcome::in_doubt},
      {200, "[]", PosOutcome::in_doubt},
      {202, R"({"pos_reference":"T-17"})", PosOutcome::in_doubt},
      {204, "", PosOutcome::in_doubt},
      {302, "", PosOutcome::in_doubt},
      {408, "", PosOutcome::in_doubt},
      {500, "", PosOutcome::in_doubt},
      {502, "", PosOutcome::in_doubt},
      {504, "", PosOutcome::in_doubt},
      {100, "", PosOutcome::in_doubt},
      {999, "", PosOutcome::in_doubt},
      {409, R"({"code":"item_unavailable"})", PosOutcome::refused},
      {409, "<html>", PosOutcome::refused},
      {400, "", PosOutcome::cannot},
      {413, "", PosOutcome::cannot},
      {422, "", PosOutcome::cannot},
      {415, "", PosOutcome::cannot},
      {401, "", PosOutcome::not_taken},
      {403, "", PosOutcome::not_taken},
      {404, "", PosOutcome::not_taken},
      {405, "", PosOutcome::not_taken},
      {429, "", PosOutcome::not_now},
      {503, "", PosOutcome::not_now},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    const auto answer = outcome_of(place_effect(), {row.status, "", row.body, true});
    CHECK(answer.outcome == row.outcome);
    CHECK(answer.order == core::OrderNumber{7});
    CHECK(answer.attempt == 3);
    CHECK(answer.request == core::PosRequest::place);
    CHECK(answer.pos_reference == (row.outcome == PosOutcome::took ? "T-17" : ""));
  }
  CHECK(outcome_of(place_effect(), {409, "", R"({"code":"item_unavailable"})", true}).code ==
        "item_unavailable");
}

TEST_CASE("a refusal whose code cannot be shown is a refusal without one") {
  for (const std::string& code : {std::string("\\u0000"), std::string("\\n"), std::string(2000, 'x')}) {
    CAPTURE(code);
    const auto answer = outcome_of(place_effect(), {409, "", R"({"code":")" + code + "\"}", true});
    CHECK(answer.outcome == PosOutcome::refused);
    CHECK(answer.code.empty());
  }
}

TEST_CASE("without an answer it counts whether a byte of the request was written [I2]") {
  CHECK(outcome_of(place_effect(), {0, "", "", false}).outcome == PosOutcome::not_delivered);
  CHECK(outcome_of(place_effect(), {0, "", "", true}).outcome == PosOutcome::in_doubt);
  CHECK(outcome_of(core::AskPos{}, {0, "", "", false}).outcome == PosOutcome::not_delivered);
  CHECK(outcome_of(core::AskPos{}, {0, "", "", true}).outcome == PosOutcome::unanswered);
  CHECK(outcome_of(core::VoidOrder{}, {0, "", "", true}).outcome == PosOutcome::unanswered);
  CHECK(outcome_of(core::CheckPosHealth{}, {0, "", "", true}).outcome == PosOutcome::unanswered);
}

TEST_CASE("Retry-After counts in seconds, within a limit, and not as a date") {
  const auto wait = [](std::string_view header) {
    return outcome_of(place_effect(), {503, header, "", true}).retry_after_ms;
  };
  CHECK(wait("5") == 5000);
  CHECK(wait(" 0 ") == 0);
  CHECK(wait("999999999") == 3'600'000);
  for (const char* other :
       {"", "-1", "5.5", "soon", "Mon, 23 Nov 2026 12:00:00 GMT", "99999999999999999999999"}) {
    CHECK_FALSE(wait(other));
  }
  CHECK_FALSE(outcome_of(place_effect(), {500, "5", "", true}).retry_after_ms);
}

TEST_CASE("asking finds our order, or nothing, or is no answer [I2]") {
  core::AskPos ask;
  ask.order = core::OrderNumber{7};
  ask.attempt = 4;
  ask.key = "k";
  const Row rows[] = {
      {200, R"({"orders":[]})", PosOutcome::not_found},
      {200, R"({"orders":[{"pos_reference":"T-1","status":"open"}]})", PosOutcome::found},
      {200, R"({"orders":[{"pos_reference":"T-1","status":"completed","reference":"k"}]})",
       PosOutcome::found},
      {200, R"({"orders":[{"pos_reference":"T-1","status":"voided"}]})", PosOutcome::found_voided},
      {200,
       R"({"orders":[{"pos_reference":"T-0","status":"voided"},{"pos_reference":"T-1","status":"ready"}]})",
       PosOutcome::found},
      {200,
       R"({"orders":[{"pos_reference":"X","status":"open","reference":"other"},{"pos_reference":"T-1","status":"open","reference":"k"}]})",
       PosOutcome::found},
      {200, R"({"orders":[{"pos_reference":"X","status":"open","reference":"other"}]})",
       PosOutcome::unanswered},
      {200, R"({"orders":[{"pos_reference":"T-1"}]})", PosOutcome::unanswered},
      {200, R"({"orders":[{"status":"open"}]})", PosOutcome::unanswered},
      {200, R"({"orders":null})", PosOutcome::unanswered},
      {200, "{}", PosOutcome::unanswered},
      {200, "", PosOutcome::unanswered},
      {200, R"({"orders":[)", PosOutcome::unanswered},
      {404, "", PosOutcome::not_taken},
      {400, "", PosOutcome::unanswered},
      {204, "", PosOutcome::unanswered},
      {500, "", PosOutcome::unanswered},
      {503, "", PosOutcome::not_now},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto answer = outcome_of(ask, {row.status, "", row.body, true});
    CHECK(answer.outcome == row.outcome);
    CHECK(answer.request == core::PosRequest::ask);
    if (row.outcome == PosOutcome::found || row.outcome == PosOutcome::found_voided)
      CHECK(answer.pos_reference == "T-1");
  }
}

TEST_CASE("voids and health checks") {
  const auto voiding = [](int status) {
    return outcome_of(core::VoidOrder{}, {status, "", "", true}).outcome;
  };
  CHECK(voiding(200) == PosOutcome::voided);
  CHECK(voiding(409) == PosOutcome::too_late);
  CHECK(voiding(404) == PosOutcome::not_taken);
  CHECK(voiding(429) == PosOutcome::not_now);
  CHECK(voiding(500) == PosOutcome::unanswered);
  const auto health = [](int status) {
    return outcome_of(core::CheckPosHealth{}, {status, "", "", true}).outcome;
  };
  CHECK(health(200) == PosOutcome::healthy);
  CHECK(health(401) == PosOutcome::not_taken);
  CHECK(health(503) == PosOutcome::not_now);
  CHECK(health(500) == PosOutcome::unanswered);
}

TEST_CASE("4.4 follow-up: a status is one of five words about the ticket that was asked for") {
  core::WatchOrder watch;
  watch.order = core::OrderNumber{7};
  watch.attempt = 3;
  watch.pos_reference = "T/17?x";
  CHECK(request_of(watch).method == "GET");
  CHECK(request_of(watch).target == "/orders/T%2F17%3Fx");
  struct Shown {
    int status;
    std::string body;
    PosOutcome outcome;
    core::PosStatus pos_status;
  };
  using core::PosStatus;
  const Shown rows[] = {
      {200, R"({"status":"open"})", PosOutcome::shown, PosStatus::open},
      {200, R"({"status":"preparing","more":1})", PosOutcome::shown, PosStatus::preparing},
      {200, R"({"pos_reference":"T/17?x","status":"ready"})", PosOutcome::shown, PosStatus::ready},
      {200, R"({"status":"completed"})", PosOutcome::shown, PosStatus::completed},
      {200, R"({"status":"voided"})", PosOutcome::shown, PosStatus::voided},
      {200, R"({"pos_reference":"T-18","status":"ready"})", PosOutcome::unanswered, PosStatus::unknown},
      {200, R"({"pos_reference":18,"status":"ready"})", PosOutcome::unanswered, PosStatus::unknown},
      {200, R"({"status":"Ready"})", PosOutcome::unanswered, PosStatus::unknown},
      {200, R"({"status":"unknown"})", PosOutcome::unanswered, PosStatus::unknown},
      {200, R"({"status":3})", PosOutcome::unanswered, PosStatus::unknown},
      {200, R"({"status":"rea)", PosOutcome::unanswered, PosStatus::unknown},
      {200, "[]", PosOutcome::unanswered, PosStatus::unknown},
      {204, "", PosOutcome::unanswered, PosStatus::unknown},
      {404, "{}", PosOutcome::not_taken, PosStatus::unknown},
      {405, "{}", PosOutcome::not_taken, PosStatus::unknown},
      {429, "{}", PosOutcome::not_now, PosStatus::unknown},
      {503, "{}", PosOutcome::not_now, PosStatus::unknown},
      {500, "{}", PosOutcome::unanswered, PosStatus::unknown},
      {0, "", PosOutcome::not_delivered, PosStatus::unknown},
  };
  for (const Shown& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    PosHttpOutcome http;
    http.status = row.status;
    http.body = row.body;
    const core::PosAnswered answer = outcome_of(watch, http);
    CHECK(answer.request == core::PosRequest::watch);
    CHECK(answer.attempt == 3);
    CHECK(answer.outcome == row.outcome);
    CHECK(answer.pos_status == row.pos_status);
  }
}

TEST_CASE("4.3 cancel: asked by its key, a ticket is found with what the POS says of it") {
  core::AskPos ask;
  ask.key = "k";
  PosHttpOutcome http;
  http.status = 200;
  http.body = R"({"orders":[{"pos_reference":"T-1","status":"ready"}]})";
  CHECK(outcome_of(ask, http).pos_status == core::PosStatus::ready);
  http.body = R"({"orders":[{"pos_reference":"T-1","status":"on hold"}]})";
  CHECK(outcome_of(ask, http).outcome == PosOutcome::found);
  CHECK(outcome_of(ask, http).pos_status == core::PosStatus::unknown);
}

}  // namespace
}  // namespace storegate::codec
