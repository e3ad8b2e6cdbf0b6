// Bodies and statuses of the HTTP API.
#include "codec/answers.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/json.hpp"
#include "core/order.hpp"

namespace storegate::codec {
namespace {

core::Order sample_order() {
  core::Order order;
  order.id = test::order_event("").order_id;
  order.release_token = test::order_event("").release_token;
  order.partner = "kiosk";
  order.partner_order_id = "K-1001";
  order.phase = core::Phase::placed;
  order.pos_reference = "T-17";
  order.updated_wall_ms = 1'795'435'260'000;
  order.arrival_phase = core::Phase::held;
  order.arrived = {5, 1'795'435'200'000, {}};
  order.release_mode = core::ReleaseMode::on_event;
  order.release_due = {9, 1'795'436'400'000, {}};
  order.released = {7, 1'795'435'230'000, {}};
  order.released_by = core::Actor::cloud;
  return order;
}

const std::string id = "01935a00-1122-7033-8044-5566778899aa";

TEST_CASE("the short answer has the members of the interfaces, in their order") {
  const core::Order order = sample_order();
  const std::string token = core::text_of(order.release_token);
  CHECK(encode_short_answer(short_answer_of(order)) ==
        R"({"id":")" + id +
            R"(","partner":"kiosk","partner_order_id":"K-1001","phase":"placed","release_token":")" + token +
            R"(","reason":null,"pos_reference":"T-17","updated_at":"2026-11-23T12:01:00.000Z"})");
  CHECK(encode_short_answer(first_answer_of(order)) ==
        R"({"id":")" + id +
            R"(","partner":"kiosk","partner_order_id":"K-1001","phase":"held","release_token":")" + token +
            R"(","reason":null,"pos_reference":null,"updated_at":"2026-11-23T12:00:00.000Z"})");
}

TEST_CASE("4.2 acceptance: the answer of a rejected order tells every reason, and so does its repeat") {
  core::Order order = sample_order();
  order.phase = order.arrival_phase = core::Phase::rejected;
  order.reason = order.arrival_reason = core::Reason::store_closed;
  order.refusals = core::pack({{core::Reason::store_closed, "hours"},
                               {core::Reason::item_unavailable, "a\"b"},
                               {core::Reason::too_busy, ""}});
  const std::string told = R"(,"reasons":[{"reason":"store_closed","why":"hours"},)"
                           R"({"reason":"item_unavailable","item":"a\"b"},{"reason":"too_busy"}]})";
  CHECK(encode_short_answer(short_answer_of(order)).ends_with(told));
  CHECK(encode_short_answer(first_answer_of(order)).ends_with(told));
  CHECK(json::Document::parse(encode_short_answer(short_answer_of(order))).ok());
}

TEST_CASE("an order's detail goes on from the short answer with order, release and history") {
  core::EventRecord accepted;
  accepted.type = core::EventType::order_accepted;
  accepted.phase = core::Phase::held;
  accepted.at_wall_ms = 1'795'435'200'000;
  core::EventRecord parked = accepted;
  parked.type = core::EventType::order_parked;
  parked.phase = core::Phase::parked;
  parked.reason = core::Reason::in_doubt;
  parked.actor = core::Actor::pos;
  const std::vector<core::EventRecord> events{accepted, parked};
  const std::string text = encode_order_detail(sample_order(), R"({"partner":"kiosk"})", events);
  CHECK(json::Document::parse(text).ok());
  CHECK(text.ends_with(
      R"("updated_at":"2026-11-23T12:01:00.000Z","display_code":")" +
      core::display_code_of(sample_order().id) +
      R"(","since":null,"actions":["cancel"],"pos_status":null,)"
      R"("order":{"partner":"kiosk"},"release":{"mode":"on_event","due":"2026-11-23T12:20:00.000Z",)"
      R"("by":"cloud","at":"2026-11-23T12:00:30.000Z","why":null},)"
      R"("history":[{"phase":"held","at":"2026-11-23T12:00:00.000Z","why":null,"event":"order.accepted","by":null},)"
      R"({"phase":"parked","at":"2026-11-23T12:00:00.000Z","why":"in_doubt","event":"order.parked","by":"pos"}]})"));
}

TEST_CASE("4.4 follow-up: an order's detail says what the POS last said of its ticket") {
  core::Order order = sample_order();
  order.pos_status = core::PosStatus::preparing;
  CHECK(encode_order_detail(order, "{}", {}).find(R"("pos_status":"preparing")") != std::string::npos);
}

TEST_CASE("4.4 push: what the POS tells is a ticket and one of five words") {
  const auto told = decode_pos_status_body(R"({"pos_reference":"T-1","status":"voided","at":"now"})");
  REQUIRE(told.ok());
  CHECK(told->pos_reference == "T-1");
  CHECK(told->status == core::PosStatus::voided);
  CHECK_FALSE(decode_pos_status_body(R"({"pos_reference":"T-1","status":"unknown"})").ok());
  CHECK_FALSE(decode_pos_status_body(R"({"pos_reference":7,"status":"ready"})").ok());
  CHECK_FALSE(decode_pos_status_body("").ok());
}

TEST_CASE("4.1 release: the history and the release say who and why") {
  core::EventRecord released;
  released.type = core::EventType::order_released;
  released.phase = core::Phase::queued;
  released.actor = core::Actor::clock;
  released.at_wall_ms = 1'795'435'200'000;
  released.details = {{"why", std::string("fallback")}};
  core::Order order = sample_order();
  order.released_by = core::Actor::clock;
  const std::string text = encode_order_detail(order, "{}", std::vector{released});
  CHECK(text.find(R"("by":"clock","at":"2026-11-23T12:00:30.000Z","why":"fallback"},"history":[)") !=
        std::string::npos);
  CHECK(text.ends_with(R"({"phase":"queued","at":"2026-11-23T12:00:00.000Z","why":"fallback",)"
                       R"("event":"order.released","by":"clock"}]})"));
}

TEST_CASE("4.5 parked list: a parked order comes with its code, since when, and what a person can do") {
  core::Order order = sample_order();
  order.phase = core::Phase::parked;
  order.reason = core::Reason::in_doubt;
  order.in_doubt = true;
  core::EventRecord parked;
  parked.type = core::EventType::order_parked;
  parked.at_wall_ms = 1'795'435'200'000;
  CHECK(parked_since(order, &parked) == 1'795'435'200'000);
  CHECK(parked_since(order, nullptr) == order.updated_wall_ms);  // its event was pruned
  CHECK(encode_order_list(std::vector<ListedOrder>{{order, parked_since(order, &parked)}}, "")
            .ends_with(R"("updated_at":"2026-11-23T12:01:00.000Z","display_code":")" +
                       core::display_code_of(order.id) +
                       R"(","since":"2026-11-23T12:00:00.000Z",)"
                       R"("actions":["placed","not_placed","reprint","cancel"]}],"next":null})"));
  order.phase = core::Phase::held;
  CHECK_FALSE(parked_since(order, &parked).has_value());
}

TEST_CASE("lists, availability and the store are written as the interfaces have them") {
  const std::vector<ListedOrder> one{{sample_order(), {}}};
  CHECK(encode_order_list({}, "") == R"({"orders":[],"next":null})");
  CHECK(encode_order_list(one, "c7") ==
        R"({"orders":[)" + encode_short_answer(short_answer_of(one[0].order)) + R"(],"next":"c7"})");
  const std::vector<core::ListedItem> items{{{"taco", false, 1'795'435'200'000}, false},
                                            {{"a\"b", true, std::nullopt}, false},
                                            {{"soda", false, std::nullopt}, true}};
  CHECK(encode_availability(items) ==
        R"({"items":[{"id":"taco","available":false,"until":"2026-11-23T12:00:00.000Z"},)"
        R"({"id":"a\"b","available":true,"until":null},)"
        R"({"id":"soda","available":false,"until":null,"pos_off":true}]})");
  CHECK(encode_store({true, 1'795'435'200'000}, false) ==
        R"({"status":"paused","until":"2026-11-23T12:00:00.000Z","open_now":false})");
}

TEST_CASE("each answer of core has its status and headers") {
  using core::AnswerKind;
  core::Answer answer;
  answer.order = short_answer_of(sample_order());
  answer.retry_after_s = 7;
  const auto reply = [&](AnswerKind kind) { return answer.kind = kind, order_reply(answer); };
  CHECK(reply(AnswerKind::created).status == 201);
  const HttpReply replayed = reply(AnswerKind::replayed);
  CHECK(replayed.status == 200);
  CHECK(replayed.body == reply(AnswerKind::created).body);
  CHECK(replayed.headers ==
        std::vector<std::pair<std::string, std::string>>{{"Idempotency-Replayed", "true"}});
  answer.why = "the same key came with another body";
  CHECK(reply(AnswerKind::conflict).status == 409);
  CHECK(reply(AnswerKind::conflict).body.find("the same key came with another body") != std::string::npos);
  CHECK(reply(AnswerKind::unknown_partner).status == 400);
  CHECK(reply(AnswerKind::unknown_partner).body.find("urn:storegate:problem:unknown-partner") !=
        std::string::npos);
  for (const AnswerKind kind : {AnswerKind::too_many, AnswerKind::full, AnswerKind::not_stored}) {
    const HttpReply refused = reply(kind);
    CHECK(refused.status == (kind == AnswerKind::too_many ? 429 : 503));
    CHECK(refused.headers == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "7"}});
    CHECK(refused.content_type == "application/problem+json");
  }
  answer.kind = AnswerKind::not_found;
  CHECK(command_reply(answer).status == 404);
  answer.kind = AnswerKind::done;
  CHECK(command_reply(answer).status == 200);
  answer.order.reset();
  CHECK(command_reply(answer).body == "{}");
}

TEST_CASE("a problem document says what and where") {
  const HttpReply reply =
      problem_reply({ProblemKind::invalid_document, "must be \"so\"", "/items/0/quantity", std::nullopt});
  CHECK(reply.status == 400);
  CHECK(reply.content_type == "application/problem+json");
  CHECK(
      reply.body ==
      R"({"type":"urn:storegate:problem:invalid-document","title":"The body is not what this request takes",)"
      R"("status":400,"detail":"must be \"so\"","pointer":"/items/0/quantity"})");
  const HttpReply broken = problem_reply({ProblemKind::malformed_json, "x", "", 17});
  CHECK(broken.body.ends_with(R"("detail":"x","pointer":"","offset":17})"));
  const HttpReply stranger = problem_reply({ProblemKind::not_authenticated, "x", "", std::nullopt});
  CHECK(stranger.status == 401);
  CHECK(stranger.body.find("pointer") == std::string::npos);
  CHECK(stranger.headers.at(0).first == "WWW-Authenticate");
  CHECK(problem_reply({ProblemKind::unknown_partner, "x", "", std::nullopt}, 404).status == 404);
}

TEST_CASE("every kind of problem has the status that its declaration names") {
  const std::pair<ProblemKind, int> statuses[] = {{ProblemKind::malformed_json, 400},
                                                  {ProblemKind::invalid_document, 400},
                                                  {ProblemKind::wrong_kind, 400},
                                                  {ProblemKind::missing_key, 400},
                                                  {ProblemKind::unknown_partner, 400},
                                                  {ProblemKind::not_authenticated, 401},
                                                  {ProblemKind::not_found, 404},
                                                  {ProblemKind::method_not_allowed, 405},
                                                  {ProblemKind::conflict, 409},
                                                  {ProblemKind::too_large, 413},
                                                  {ProblemKind::unsupported_media_type, 415},
                                                  {ProblemKind::too_many_requests, 429},
                                                  {ProblemKind::unavailable, 503}};
  for (const auto& [kind, status] : statuses) CHECK(status_of(kind) == status);
}

TEST_CASE("bodies of commands are read, an empty one where nothing is required") {
  CHECK(*decode_cancel_body("") == "");
  CHECK(*decode_cancel_body("{}") == "");
  CHECK(*decode_cancel_body(R"({"reason":"guest left"})") == "guest left");
  CHECK(decode_cancel_body(R"({"reason":7})").problem().pointer == "/reason");
  CHECK(decode_cancel_body("[]").problem().pointer == "");
  CHECK(*decode_resolve_body(R"({"answer":"not_placed"})") == core::Resolution::not_placed);
  CHECK(*decode_resolve_body(R"({"answer":"reprint"})") == core::Resolution::reprint);
  CHECK(decode_resolve_body("").problem().pointer == "/answer");
  CHECK(decode_resolve_body(R"({"answer":"maybe"})").problem().pointer == "/answer");
  const auto item = decode_availability_body("taco", R"({"available":false,"until":"2026-11-23T12:00:00Z"})");
  REQUIRE(item.ok());
  CHECK(item->item == "taco");
  CHECK_FALSE(item->available);
  CHECK(item->until_wall_ms == 1'795'435'200'000);
  CHECK(decode_availability_body("taco", "{}").problem().pointer == "/available");
  CHECK(decode_store_body(R"({"status":"paused"})")->paused);
  CHECK(decode_store_body(R"({"status":"shut"})").problem().pointer == "/status");
}

}  // namespace
}  // namespace storegate::codec
