// CloudEvents out, cursors, pages, presence and trace context.
#include "codec/events.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/canonical.hpp"
#include "codec/json.hpp"
#include "codec/partners/partner.hpp"
#include "codec/trace.hpp"

namespace storegate::codec {
namespace {

constexpr std::string_view shared =
    R"("fulfilment":{"type":"pickup","promised_at":null},"items":[],"totals":null)";

TEST_CASE("an order's event is, byte for byte, what the interfaces say") {
  const core::OutgoingEvent event = test::order_event(shared);
  const std::string token = core::text_of(event.release_token);
  CHECK(
      encode_event("store-042", event) ==
      R"({"specversion":"1.0","id":"store-042-e7k2-00000000000000000042","source":"/stores/store-042",)"
      R"("subject":"01935a00-1122-7033-8044-5566778899aa","type":"storegate.order.accepted.v1",)"
      R"("time":"2026-11-23T12:00:00.123Z","datacontenttype":"application/json",)"
      R"("dataschema":"urn:storegate:schema:order.accepted:1","sequence":"00000000000000000042","epoch":"e7k2",)"
      R"("traceparent":"00-01935a0011227033804455667788)"
      R"(99aa-)" +
          [&] {
            std::string trace;
            append_traceparent(trace, "store-042", event);
            return trace.substr(36, 16);
          }() +
          R"(-01","data":{"id":"01935a00-1122-7033-8044-5566778899aa","partner":"kiosk","partner_order_id":"K-\"1001\"",)"
          R"("phase":"held","previous_phase":null,"reason":null,"release_token":")" +
          token + R"(","display_code":")" + core::display_code_of(event.order_id) +
          R"(","pos_reference":null,)" + std::string(shared) + R"(,"at":"2026-11-23T12:00:00.123Z"}})");
}

TEST_CASE("after the release the token is gone; phases, reason, reference and details are told") {
  core::OutgoingEvent event = test::order_event(shared);
  event.record.type = core::EventType::order_cancelled;
  event.record.token_shown = false;
  event.record.phase = core::Phase::cancelled;
  event.record.previous_phase = core::Phase::voiding;
  event.record.reason = core::Reason::too_busy;
  event.record.pos_reference = "T\"7";
  event.record.details = {
      {"count", std::int64_t{3}}, {"sure", true}, {"none", nullptr}, {"word", std::string("a\nb")}};
  const std::string text = encode_event("store-042", event);
  CHECK(text.find("release_token") == std::string::npos);
  CHECK(text.find(core::text_of(event.release_token)) == std::string::npos);
  CHECK(text.find(
            R"("phase":"cancelled","previous_phase":"voiding","reason":"too_busy","pos_reference":"T\"7")") !=
        std::string::npos);
  CHECK(text.find(R"(,"count":3,"sure":true,"none":null,"word":"a\nb"}})") != std::string::npos);
  CHECK(json::Document::parse(text).ok());
}

TEST_CASE(
    "4.2 acceptance: the event of a rejection tells every reason, and a test order says that it is one") {
  core::OutgoingEvent event = test::order_event(shared);
  event.refusals =
      core::pack({{core::Reason::item_unknown, "taco"}, {core::Reason::timed_out, "promised_at"}});
  event.test = true;
  const std::string reasons =
      R"("reasons":[{"reason":"item_unknown","item":"taco"},{"reason":"timed_out","why":"promised_at"}])";
  CHECK(encode_event("store-042", event).find("reasons") == std::string::npos);  // it was accepted
  event.record.type = core::EventType::order_rejected;
  const std::string text = encode_event("store-042", event);
  CHECK(text.find(reasons) != std::string::npos);
  CHECK(text.find(R"("test":true)") != std::string::npos);
  CHECK(json::Document::parse(text).ok());
}

TEST_CASE("an order that is refused, cancelled or expired has its partner's own word for the reason") {
  core::OutgoingEvent event = test::order_event(shared);
  event.partner = "deliveroo";
  event.record.reason = core::Reason::item_unavailable;
  const auto word = [&](core::EventType type) {
    event.record.type = type;
    const std::string text = encode_event("store-042", event);
    REQUIRE(json::Document::parse(text).ok());
    constexpr std::string_view member = R"("reason":"item_unavailable","partner_reason":")";
    const auto at = text.find(member);
    return at == std::string::npos
               ? ""
               : text.substr(at + member.size(), text.find('"', at + member.size()) - at - member.size());
  };
  CHECK(word(core::EventType::order_rejected) == "ingredient_unavailable");
  CHECK(word(core::EventType::order_cancelled) == "items_out_of_stock");
  CHECK(word(core::EventType::order_expired) == "items_out_of_stock");
  CHECK(word(core::EventType::order_accepted).empty());
  CHECK(word(core::EventType::order_parked).empty());
}

TEST_CASE("an order that its partner has for another store gets no word to be answered with") {
  core::OutgoingEvent event = test::order_event(shared);
  event.record.type = core::EventType::order_rejected;
  event.record.reason = core::Reason::invalid_order;
  event.refusals = core::pack({{core::Reason::invalid_order, core::other_store_subject}});
  const std::string text = encode_event("s", event, partner_codec("uber_eats"));
  CHECK(text.find(R"("reasons":[{"reason":"invalid_order","why":"other_store"}])") != std::string::npos);
  CHECK(text.find("partner_reason") == std::string::npos);
  event.refusals = core::pack({{core::Reason::invalid_order, "gone"}});
  CHECK(encode_event("s", event, partner_codec("uber_eats")).find(R"("partner_reason":"MISSING_INFO")") !=
        std::string::npos);
}

TEST_CASE("an accepted order's event has what its partner is answered with: our code, and the food's time") {
  core::OutgoingEvent event = test::order_event(shared);
  event.record.type = core::EventType::order_accepted;
  event.record.details = {{"ready_at_ms", std::int64_t{1'795'435'920'000}}, {"for_later", true}};
  const std::string text = encode_event("s", event);
  CHECK(text.find("\"display_code\":\"" + core::display_code_of(event.order_id) + "\"") != std::string::npos);
  CHECK(text.ends_with(R"(,"ready_at_ms":1795435920000,"for_later":true}})"));
  event.record.type = core::EventType::order_placed;
  CHECK(encode_event("s", event).find("display_code") == std::string::npos);
}

TEST_CASE("the partner's word is that of the codec it is given; without one, or a reason, there is none") {
  core::OutgoingEvent event = test::order_event(shared);
  event.record.type = core::EventType::order_rejected;
  event.record.reason = core::Reason::too_busy;
  const auto has = [&](const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
  };
  CHECK_FALSE(has(encode_event("s", event), "partner_reason"));  // a kiosk: nobody's codec
  event.partner = "roo-west";
  CHECK_FALSE(has(encode_event("s", event), "partner_reason"));
  CHECK(has(encode_event("s", event, partner_codec("deliveroo")), R"("partner_reason":"busy")"));
  CHECK(
      has(encode_event("s", event, partner_codec("doordash")), R"("partner_reason":"CAPACITY_THROTTLING")"));
  CHECK_FALSE(has(encode_event("s", event, nullptr), "partner_reason"));
  event.record.reason = core::Reason::none;
  CHECK_FALSE(has(encode_event("s", event, partner_codec("deliveroo")), "partner_reason"));
  event.record.type = core::EventType::order_cancelled;
  event.record.reason = core::Reason::too_busy;
  CHECK_FALSE(has(encode_event("s", event, partner_codec("grubhub")), "partner_reason"));  // it has no codes
}

TEST_CASE("4.1 release: an order's event says who caused it, and why where it was nobody's word") {
  core::OutgoingEvent event = test::order_event(shared);
  event.record.type = core::EventType::order_released;
  event.record.actor = core::Actor::clock;
  event.record.details = {{"why", std::string("fallback")}};
  CHECK(encode_event("store-042", event).ends_with(R"(,"by":"clock","why":"fallback"}})"));
  event.record.actor = core::Actor::person;
  event.record.details.clear();
  CHECK(encode_event("store-042", event).ends_with(R"(,"by":"person"}})"));
}

TEST_CASE("an event that is not about an order has no subject, and its details are its data") {
  core::OutgoingEvent event;
  event.record.type = core::EventType::gateway_started;
  event.record.position = {2, 1};
  event.record.details = {
      {"epoch", std::string("e2")}, {"previous_epoch", nullptr}, {"why", std::string("created")}};
  event.epoch = "e2";
  const std::string text = encode_event("demo", event);
  CHECK(text.find("subject") == std::string::npos);
  CHECK(text.find(R"("type":"storegate.gateway.started.v1")") != std::string::npos);
  CHECK(text.ends_with(R"("data":{"epoch":"e2","previous_epoch":null,"why":"created"}})"));
  event.record.details.clear();
  CHECK(encode_event("demo", event).ends_with(R"("data":{}})"));
}

TEST_CASE("what a partner did not take names the order in its data, and has no subject") {
  core::OutgoingEvent event;
  event.record.type = core::EventType::gateway_partner_untold;
  event.record.position = {2, 1};
  event.record.details = {{"order_id", std::string("01935a00-1122-7033-8044-5566778899aa")},
                          {"partner", std::string("ubereats")},
                          {"partner_order_id", std::string("U-1")},
                          {"notice", std::string("accepted")},
                          {"why", std::string("decided")},
                          {"partner_said", std::string("ORDER_CANCELED")}};
  event.epoch = "e2";
  const std::string text = encode_event("demo", event);
  CHECK(text.find("subject") == std::string::npos);
  CHECK(text.find(R"("type":"storegate.gateway.partner_untold.v1")") != std::string::npos);
  CHECK(text.find(R"("dataschema":"urn:storegate:schema:gateway.partner_untold:1")") != std::string::npos);
  CHECK(text.ends_with(
      R"("data":{"order_id":"01935a00-1122-7033-8044-5566778899aa","partner":"ubereats","partner_order_id":"U-1",)"
      R"("notice":"accepted","why":"decided","partner_said":"ORDER_CANCELED"}})"));
}

TEST_CASE(
    "the trace is the order's own or its id, the span differs by event and store, and both stay the same") {
  core::OutgoingEvent event = test::order_event(shared);
  const auto trace = [&](std::string_view store) {
    std::string text;
    append_traceparent(text, store, event);
    REQUIRE(is_traceparent(text));
    return text;
  };
  const std::string plain = trace("a");
  CHECK(plain == trace("a"));
  CHECK(plain.substr(3, 32) == "01935a001122703380445566778899aa");
  CHECK(plain.substr(36, 16) != trace("b").substr(36, 16));
  event.record.position.sequence = 43;
  CHECK(plain.substr(36, 16) != trace("a").substr(36, 16));
  event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  CHECK(trace("a").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  CHECK(trace("a").ends_with("-00"));
  event.traceparent = "nonsense";
  CHECK(trace("a").substr(3, 32) == "01935a001122703380445566778899aa");
  event.record.order = core::no_order;
  CHECK(trace("a").substr(3, 32) != "01935a001122703380445566778899aa");
}

TEST_CASE("what is a traceparent, after W3C's rules") {
  CHECK(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  CHECK(is_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later"));
  for (const char* bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_traceparent(bad));
  }
}

TEST_CASE("cursors are read with and without an epoch and leading zeros") {
  CHECK(cursor_from("42") == EventCursor{"", 42});
  CHECK(cursor_from("00000000000000000042") == EventCursor{"", 42});
  CHECK(cursor_from("e7-k2-42") == EventCursor{"e7-k2", 42});
  CHECK(cursor_from(cursor_text("e7k2", 5)) == EventCursor{"e7k2", 5});
  for (const char* bad : {"", "-", "-5", "e-", "x", "e-5x", "4.5", "99999999999999999999999", "e- 5"}) {
    CAPTURE(bad);
    CHECK_FALSE(cursor_from(bad));
  }
}

TEST_CASE("a page keeps the events as they are") {
  const std::vector<std::string> events{R"({"a":1})", R"({"b":2})"};
  CHECK(encode_events_page(events, "e1-2") == R"({"events":[{"a":1},{"b":2}],"next":"e1-2"})");
  CHECK(encode_events_page({}, "") == R"({"events":[],"next":null})");
}

TEST_CASE("presence comes back as it was, also with members of a later version") {
  const Presence presence{true, 1'795'435'200'000, "0.1.0", "e7k2", 42};
  const std::string text = encode_presence(presence);
  CHECK(
      text ==
      R"({"status":"online","since":"2026-11-23T12:00:00.000Z","version":"0.1.0","epoch":"e7k2","sequence":42})");
  const auto decoded = decode_presence(test::replaced(text, "{", R"({"new":[],)"));
  REQUIRE(decoded.ok());
  CHECK(*decoded == presence);
  CHECK(decode_presence(R"({"status":"away"})").problem().pointer == "/status");
}

}  // namespace
}  // namespace storegate::codec
