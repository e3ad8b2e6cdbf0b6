// Messages on in/: CloudEvents, bare data, raw webhooks, references, and what is refused.
#include "codec/commands.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

const WebhookOpener no_partner = [](std::string_view, Headers, std::string_view) -> Parsed<Webhook> {
  return Problem{ProblemKind::unknown_partner, "no such partner is configured", "", std::nullopt};
};

/// The one command of a message that asks for one thing.
Parsed<Command> decode(CommandKind kind, std::string_view text, const WebhookOpener& opener = no_partner) {
  auto commands = decode_command(kind, text, opener);
  if (!commands) return std::move(commands).problem();
  REQUIRE(commands->size() == 1);
  return std::move(commands->front());
}

Command command_of(Webhook webhook) {
  auto commands = commands_of(std::move(webhook), core::Source::webhook);
  REQUIRE(commands.size() == 1);
  return std::move(commands.front());
}

std::string event_of(std::string_view data, std::string_view more = "") {
  return R"({"specversion":"1.0","id":"c-1","source":"/cloud","type":"com.example.sent")" +
         std::string(more) + R"(,"data":)" + std::string(data) + "}";
}

constexpr std::string_view uuid = "01935a00-1122-7033-8044-5566778899aa";

TEST_CASE("an order is read bare or out of a CloudEvent, to the same order") {
  const std::string text = test::canonical_text();
  const auto bare = decode(CommandKind::order, text);
  const auto wrapped = decode(
      CommandKind::order,
      event_of(
          text,
          R"(,"datacontenttype":"application/json; charset=utf-8","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")"));
  REQUIRE(bare.ok());
  REQUIRE(wrapped.ok());
  const auto& one = std::get<core::OrderArrived>(*bare);
  const auto& other = std::get<core::OrderArrived>(*wrapped);
  CHECK(one.order == other.order);
  CHECK(one.source == core::Source::mqtt);
  CHECK(one.body.raw == text);
  CHECK(one.traceparent.empty());
  CHECK(other.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  CHECK(one.caller == core::nobody);
}

TEST_CASE("a CloudEvent's data may be base64") {
  const auto command = decode(
      CommandKind::ack,
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"eyJyZXBsYXlfZnJvbSI6N30="})");
  REQUIRE(command.ok());
  CHECK(std::get<core::EventsAcknowledged>(*command).replay_from == 7);
}

TEST_CASE("releases and cancels name orders by token, id, or partner and id, one or many") {
  core::ReleaseToken token;
  token.order = core::OrderNumber{7};
  token.secret = {1, 2, 3};
  const std::string by_token = R"({"release_token":")" + core::text_of(token) + R"("})";
  const std::string by_id = R"({"id":")" + std::string(uuid) + R"("})";
  const std::string by_partner = R"({"partner":"kiosk","partner_order_id":"K-1"})";
  const auto one = decode(CommandKind::release, by_token);
  REQUIRE(one.ok());
  CHECK(std::get<core::ReleaseToken>(std::get<core::ReleaseArrived>(*one).orders.at(0).by) == token);
  CHECK(std::get<core::ReleaseArrived>(*one).actor == core::Actor::cloud);
  const auto many = decode(CommandKind::release,
                           event_of(R"({"releases":[)" + by_token + "," + by_id + "," + by_partner + "]}"));
  REQUIRE(many.ok());
  const auto& orders = std::get<core::ReleaseArrived>(*many).orders;
  REQUIRE(orders.size() == 3);
  CHECK(core::text_of(std::get<core::OrderId>(orders[1].by)) == uuid);
  CHECK(std::get<std::pair<std::string, std::string>>(orders[2].by).second == "K-1");
  CHECK(decode(CommandKind::cancel, by_id).ok());
}

TEST_CASE("a cancel keeps its reason, and differing ones are joined rather than refused") {
  const auto text = [](std::string_view message) {
    const auto command = decode(CommandKind::cancel, message);
    REQUIRE(command.ok());
    return std::get<core::CancelArrived>(*command).text;
  };
  CHECK(text(R"({"partner":"p","partner_order_id":"1","reason":"too_busy"})") == "too_busy");
  CHECK(text(R"({"partner":"p","partner_order_id":"1"})").empty());
  CHECK(text(R"({"reason":"all","cancels":[{"partner":"p","partner_order_id":"1","reason":"x"}]})") == "all");
  CHECK(
      text(
          R"({"cancels":[{"partner":"p","partner_order_id":"1","reason":"x"},{"partner":"p","partner_order_id":"2","reason":"x"}]})") ==
      "x");
  CHECK(
      text(
          R"({"cancels":[{"partner":"p","partner_order_id":"1","reason":"x"},{"partner":"p","partner_order_id":"2","reason":"y"}]})") ==
      "x; y");
}

TEST_CASE("availability and acknowledgements") {
  const auto list = decode(
      CommandKind::availability,
      R"({"items":[{"id":"a","available":false,"until":"2026-11-23T12:00:00Z"},{"id":"b","available":true}],"full":true})");
  REQUIRE(list.ok());
  const auto& availability = std::get<core::AvailabilityArrived>(*list);
  CHECK(availability.full);
  REQUIRE(availability.items.size() == 2);
  CHECK(availability.items[0].until_wall_ms == 1'795'435'200'000);
  CHECK_FALSE(availability.items[0].available);
  CHECK_FALSE(availability.items[1].until_wall_ms);

  const auto through = decode(CommandKind::ack, R"({"epoch":"e1","through":"00000000000000000042"})");
  REQUIRE(through.ok());
  CHECK(std::get<core::EventsAcknowledged>(*through).epoch == "e1");
  CHECK(std::get<core::EventsAcknowledged>(*through).through == 42);
  CHECK(std::get<core::EventsAcknowledged>(*decode(CommandKind::ack, R"({"epoch":"e1","through":42})"))
            .through == 42);
}

TEST_CASE("what cannot be understood is a problem that says where") {
  struct Row {
    CommandKind kind;
    std::string text;
    const char* pointer;
  };
  using enum CommandKind;
  const Row rows[] = {
      {release, "", ""},
      {release, "[]", ""},
      {release, "\"x\"", ""},
      {release, "{}", ""},
      {release, R"({"release_token":"no"})", "/release_token"},
      {release, R"({"release_token":5})", "/release_token"},
      {release, R"({"id":"no"})", "/id"},
      {release, R"({"partner":"p"})", "/partner_order_id"},
      {release, R"({"releases":[]})", "/releases"},
      {release, R"({"releases":{}})", "/releases"},
      {release, R"({"releases":[{"partner":"p","partner_order_id":"1"},{}]})", "/releases/1"},
      {cancel, R"({"partner":"p","partner_order_id":"1","reason":5})", "/reason"},
      {availability, R"({"full":true})", "/items"},
      {availability, R"({"items":[{"id":"a"}]})", "/items/0/available"},
      {availability, R"({"items":[],"full":1})", "/full"},
      {ack, R"({"epoch":"e"})", ""},
      {ack, R"({"epoch":"e","through":1,"replay_from":1})", ""},
      {ack, R"({"through":1})", "/epoch"},
      {ack, R"({"epoch":"e","through":-1})", "/through"},
      {ack, R"({"epoch":"e","through":"12x"})", "/through"},
      {ack, R"({"replay_from":0})", "/replay_from"},
      {order, R"({"partner":"p"})", "/partner_order_id"},
      {order, event_of(R"({"partner":"p"})"), "/data/partner_order_id"},
      {order, event_of("\"text\""), "/data"},
      {order, R"({"specversion":"1.0","id":"1","source":"s","type":"t"})", "/data"},
      {order, R"({"specversion":"0.3","id":"1","source":"s","type":"t","data":{}})", "/specversion"},
      {order, R"({"specversion":"1.0","source":"s","type":"t","data":{}})", "/id"},
      {order, R"({"specversion":"1.0","id":"1","source":"s","type":7,"data":{}})", "/type"},
      {order, event_of("{}", R"(,"datacontenttype":"text/xml")"), "/datacontenttype"},
      {order, event_of("{}", R"(,"data_base64":"e30=")"), "/data_base64"},
      {order, R"({"partner":"p","headers":{"a":1},"body_base64":"e30="})", "/headers/a"},
      {order, R"({"partner":"p","headers":[],"body_base64":"e30="})", "/headers"},
      {order, R"({"partner":"p","headers":{},"body_base64":"***"})", "/body_base64"},
      {order, R"({"headers":{},"body_base64":"e30="})", "/partner"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto command = decode(row.kind, row.text);
    REQUIRE_FALSE(command.ok());
    CHECK(command.problem().pointer == row.pointer);
  }
}

/// Base64 for the test's own bodies.
std::string base64(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i)
      out += at + i > bytes.size() ? '=' : digits[group >> (18 - 6 * i) & 63U];
  }
  return out;
}

std::string forwarded(std::string_view body, std::string_view authorization) {
  return R"({"partner":"doordash","headers":{"Authorization":")" + std::string(authorization) +
         R"("},"body_base64":")" + base64(body) + R"("})";
}

TEST_CASE("a raw webhook that the cloud passes on is verified and read as at the door") {
  const std::vector<std::string> secrets{"s"};
  const WebhookOpener opener = [&](std::string_view partner, Headers headers,
                                   std::string_view body) -> Parsed<Webhook> {
    return open_webhook(*partner_codec(partner), {headers, body, secrets, nullptr});
  };
  const auto order = decode(CommandKind::order, forwarded(test::fixture("doordash/order.json"), "s"), opener);
  REQUIRE(order.ok());
  CHECK(std::get<core::OrderArrived>(*order).order.partner_order_id == "dd-7001");
  CHECK(std::get<core::OrderArrived>(*order).source == core::Source::mqtt);
  CHECK(std::get<core::OrderArrived>(*order).body.raw == test::fixture("doordash/order.json"));
  const auto cancel = decode(CommandKind::order,
                             event_of(forwarded(test::fixture("doordash/cancel.json"), "Bearer s")), opener);
  REQUIRE(cancel.ok());
  CHECK(std::get<core::CancelArrived>(*cancel).actor == core::Actor::partner);
  const auto forged =
      decode(CommandKind::order, forwarded(test::fixture("doordash/order.json"), "wrong"), opener);
  REQUIRE_FALSE(forged.ok());
  CHECK(forged.problem().kind == ProblemKind::not_authenticated);
}

TEST_CASE("the topic's last level names the kind") {
  CHECK(command_kind_from("order") == CommandKind::order);
  CHECK(command_kind_from("ack") == CommandKind::ack);
  CHECK_FALSE(command_kind_from("orders"));
  CHECK_FALSE(command_kind_from(""));
}

TEST_CASE("4.3 cancel: the cloud can say that the customer wants it; whatever else it says means the cloud") {
  const auto actor = [](std::string_view by) {
    const auto command =
        decode(CommandKind::cancel, R"({"partner":"p","partner_order_id":"1")" + std::string(by) + "}");
    REQUIRE(command.ok());
    return std::get<core::CancelArrived>(*command).actor;
  };
  CHECK(actor(R"(,"by":"customer")") == core::Actor::customer);
  CHECK(actor(R"(,"by":"cloud")") == core::Actor::cloud);
  CHECK(actor(R"(,"by":"person")") == core::Actor::cloud);
  CHECK(actor(R"(,"by":7)") == core::Actor::cloud);
  CHECK(actor("") == core::Actor::cloud);
  const auto webhook = command_of(CancelReceived{{}, "", core::Actor::customer});
  CHECK(std::get<core::CancelArrived>(webhook).actor == core::Actor::customer);
}

TEST_CASE("4.3 cancel: a partner's release or cancel says where it came from, should nothing come of it") {
  const auto letter = [](const Webhook& webhook) {
    const Command command = command_of(webhook);
    const auto* cancel = std::get_if<core::CancelArrived>(&command);
    return cancel != nullptr ? cancel->letter : std::get<core::ReleaseArrived>(command).letter;
  };
  const core::OrderRef order{std::pair<std::string, std::string>{"doordash", "dd-1"}};
  CHECK(letter(CancelReceived{{order}, "late"}).topic == "webhook/doordash");
  CHECK(letter(ReleaseReceived{{order}}).topic == "webhook/doordash");
  CHECK(letter(CancelReceived{{order}, "late"}).bytes.empty());
}

TEST_CASE(
    "4.5 decision deadline: an order says when the cloud sent it on, and a time nobody can read is none") {
  const auto sent_at = [](const std::string& time) {
    const auto command = decode(CommandKind::order, event_of(test::canonical_text(), time));
    REQUIRE(command.ok());
    return std::get<core::OrderArrived>(*command).sent_at_wall_ms;
  };
  CHECK(sent_at(R"(,"time":"1970-01-01T00:00:07Z")") == 7'000);
  CHECK_FALSE(sent_at(""));
  CHECK_FALSE(sent_at(R"(,"time":"yesterday")"));
  CHECK_FALSE(sent_at(R"(,"time":12)"));
}

TEST_CASE("an order that comes with its release is two inputs, the release first and with nobody waiting") {
  OrderReceived received;
  received.decoded.order.partner = "just_eat";
  received.decoded.order.partner_order_id = "je-1";
  received.placed_at_wall_ms = 7'000;
  const Commands alone = commands_of(received, core::Source::webhook);
  REQUIRE(alone.size() == 1);
  CHECK(std::get<core::OrderArrived>(alone[0]).sent_at_wall_ms == 7'000);
  received.released = true;
  const Commands both = commands_of(received, core::Source::webhook);
  REQUIRE(both.size() == 2);
  const auto& release = std::get<core::ReleaseArrived>(both[0]);
  CHECK(release.caller == core::nobody);
  CHECK(release.source == core::Source::webhook);
  CHECK(release.actor == core::Actor::partner);
  CHECK(release.letter.topic == "webhook/just_eat");
  REQUIRE(release.orders.size() == 1);
  CHECK(std::get<2>(release.orders[0].by) == std::pair<std::string, std::string>("just_eat", "je-1"));
  CHECK(std::get<core::OrderArrived>(both[1]).order == received.decoded.order);
}

TEST_CASE("when an order was placed counts before when the cloud sent it on") {
  const auto sent_at = [](std::optional<std::int64_t> placed_at_wall_ms) {
    const WebhookOpener opener = [&](std::string_view, Headers, std::string_view) -> Parsed<Webhook> {
      OrderReceived received;
      received.placed_at_wall_ms = placed_at_wall_ms;
      return Webhook{std::move(received)};
    };
    const std::string sent = R"(,"time":"1970-01-01T00:00:07Z")";
    const auto command = decode(CommandKind::order, event_of(forwarded("{}", "s"), sent), opener);
    REQUIRE(command.ok());
    return std::get<core::OrderArrived>(*command).sent_at_wall_ms;
  };
  CHECK(sent_at(std::nullopt) == 7'000);
  CHECK(sent_at(3'000) == 3'000);
}

TEST_CASE("an announcement is an input of its own, straight from the partner or through the cloud") {
  const OrderAnnounced thin{
      .partner = "uber_eats", .partner_order_id = "ue-1", .href = "/o/1", .is_new = false};
  const Command straight = command_of(thin);
  const auto& announced = std::get<core::OrderAnnounced>(straight);
  CHECK(announced.source == core::Source::webhook);
  CHECK(announced.partner == "uber_eats");
  CHECK(announced.partner_order_id == "ue-1");
  CHECK(announced.href == "/o/1");
  CHECK_FALSE(announced.is_new);
  CHECK(announced.letter.topic.empty());  // whoever sent it hears of a refusal

  const WebhookOpener opener = [&](std::string_view, Headers, std::string_view) -> Parsed<Webhook> {
    return Webhook{thin};
  };
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto forwarded_one = decode(
      CommandKind::order, event_of(forwarded("{}", "s"), R"(,"traceparent":")" + trace + "\""), opener);
  REQUIRE(forwarded_one.ok());
  const auto& through = std::get<core::OrderAnnounced>(*forwarded_one);
  CHECK(through.source == core::Source::mqtt);
  CHECK(through.partner_order_id == "ue-1");
  CHECK(through.traceparent == trace);
}

TEST_CASE("webhooks without an input have none") {
  CHECK(commands_of(NothingReceived{}, core::Source::webhook).empty());
  const auto release = std::get<core::ReleaseArrived>(command_of(ReleaseReceived{}));
  CHECK(release.source == core::Source::webhook);
  CHECK(release.actor == core::Actor::partner);
}

}  // namespace
}  // namespace storegate::codec
