// DoorDash: authentication, the three webhooks, answers and codes.
#include "codec/partners/doordash.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::replaced;

const std::vector<std::string> secrets{"old-secret", "s3cret of two words"};

/// Two categories and nested extras, in both spellings.
std::string order_text() { return test::fixture("doordash/order.json"); }

Parsed<Webhook> open(std::string_view body, std::optional<WebhookKind> fixed = std::nullopt,
                     std::string_view authorization = "Bearer old-secret") {
  const HeaderView headers[] = {{"Content-Type", "application/json"}, {"authorization", authorization}};
  return open_webhook(*partner_codec("doordash"), {headers, body, secrets, nullptr}, fixed);
}

TEST_CASE("the authorization is a secret, whole or after one scheme word") {
  const auto lets_in = [](std::string_view authorization) {
    return open("{", {}, authorization).problem().kind;
  };
  using enum ProblemKind;
  for (const char* good : {"old-secret", "Bearer old-secret", "Basic   old-secret", "s3cret of two words",
                           "Token s3cret of two words", "  old-secret "}) {
    CAPTURE(good);
    CHECK(lets_in(good) == malformed_json);
  }
  for (const char* bad : {"", "Bearer", "Bearer ", "old-secre", "old-secrett", "Bearer x old-secret",
                          "OLD-SECRET", "two words", "old-secretold-secret"}) {
    CAPTURE(bad);
    CHECK(lets_in(bad) == not_authenticated);
  }
}

TEST_CASE("no header, two headers, no secret and an empty secret let nobody in, before anything is parsed") {
  const PartnerCodec& codec = *partner_codec("doordash");
  const HeaderView twice[] = {{"Authorization", "old-secret"}, {"authorization", "old-secret"}};
  const HeaderView empty[] = {{"Authorization", ""}};
  const std::vector<std::string> blank{""};
  CHECK_FALSE(codec.authenticate({{}, "{}", secrets, nullptr}));
  CHECK_FALSE(codec.authenticate({twice, "{}", secrets, nullptr}));
  CHECK_FALSE(codec.authenticate({{twice, 1}, "{}", {}, nullptr}));
  CHECK_FALSE(codec.authenticate({empty, "{}", blank, nullptr}));
  CHECK(codec.authenticate({{twice, 1}, "{}", secrets, nullptr}));
}

TEST_CASE("an order's categories become items, its options modifiers, in both spellings") {
  const auto webhook = open(order_text());
  REQUIRE(webhook.ok());
  const Decoded& decoded = std::get<OrderReceived>(*webhook).decoded;
  const core::CanonicalOrder& order = decoded.order;
  CHECK(order.partner == "doordash");
  CHECK(order.partner_order_id == "dd-7001");
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.promised_at_wall_ms == 1'795'443'322'000);
  CHECK(order.customer.name == "Ana canary-of-a-customer L.");
  CHECK(order.customer.note == "leave at door, canary-of-a-customer");
  CHECK(order.currency.empty());
  REQUIRE(order.items.size() == 2);
  const core::Item& bowl = order.items[0];
  CHECK(bowl.id == "bowl-1");
  CHECK(bowl.quantity == 2);
  CHECK(bowl.unit_price.minor == 1100);
  REQUIRE(bowl.modifiers.size() == 3);
  CHECK(bowl.modifiers[0].id == "ketchup");
  REQUIRE(bowl.modifiers[0].modifiers.size() == 1);
  CHECK(bowl.modifiers[0].modifiers[0].id == "sea-salt");
  CHECK(bowl.modifiers[0].modifiers[0].quantity == 2);
  CHECK(bowl.modifiers[1].id == "mayo");
  CHECK(bowl.modifiers[2].id == "large");
  CHECK(order.items[1].id == "cola");
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 2450);
  CHECK(order.totals->tip.minor == 125);
  CHECK(order.totals->total.minor == 2450 + 202 + 125);
  CHECK(decoded.body.raw == order_text());
  CHECK(decoded.body.shared.find(test::canary) == std::string::npos);
  CHECK(test::broken_rule(order) == "");
}

TEST_CASE("pickup is said by either of two members, and an unknown fulfilment type is a delivery") {
  const auto fulfilment = [](const std::string& text) {
    return std::get<OrderReceived>(*open(text)).decoded.order.fulfilment;
  };
  CHECK(fulfilment(replaced(order_text(), "\"is_pickup\":false", "\"is_pickup\":true")) ==
        core::FulfilmentType::pickup);
  CHECK(fulfilment(replaced(order_text(), "dx_delivery", "pickup")) == core::FulfilmentType::pickup);
  CHECK(fulfilment(replaced(order_text(), "dx_delivery", "mx_fleet_delivery")) ==
        core::FulfilmentType::delivery);
  CHECK(fulfilment(replaced(order_text(), "dx_delivery", "new_thing")) == core::FulfilmentType::delivery);
}

TEST_CASE("options nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string extras = "[]";
    for (int level = 0; level < levels; ++level) {
      extras = R"([{"options":[{"merchant_supplied_id":"o","extras":)" + extras + "}]}]";
    }
    return R"({"order":{"id":"1","categories":[{"items":[{"merchant_supplied_id":"a","price":1,"quantity":1,"extras":)" +
           extras + "}]}]}}";
  };
  CHECK(open(nested(10)).ok());
  const auto eleven = open(nested(11));
  REQUIRE_FALSE(eleven.ok());
  CHECK(eleven.problem().detail == "more than 10 levels of modifiers");
  CHECK(open(nested(100)).problem().kind == ProblemKind::malformed_json);
}

TEST_CASE("release and cancel name the order by external_order_id; the shape tells them apart") {
  const auto ref = [](const std::vector<core::OrderRef>& orders) {
    return std::get<std::pair<std::string, std::string>>(orders.at(0).by);
  };
  const auto release = open(test::fixture("doordash/dasher_near.json"));
  REQUIRE(release.ok());
  CHECK(ref(std::get<ReleaseReceived>(*release).orders) ==
        std::pair<std::string, std::string>("doordash", "dd-7001"));
  const auto far = open(R"({"external_order_id":"dd-1","distance_from_store":0})");
  REQUIRE(far.ok());
  CHECK(kind_of(*far) == WebhookKind::release);
  const auto cancel = open(test::fixture("doordash/cancel.json"));
  REQUIRE(cancel.ok());
  CHECK(ref(std::get<CancelReceived>(*cancel).orders).second == "dd-7001");
  CHECK(std::get<CancelReceived>(*cancel).text.empty());
}

TEST_CASE("a dasher's status releases when he is near or there, and says nothing before and after") {
  const auto kind = [](const std::string& status) {
    const auto webhook = open(R"({"external_order_id":"dd-1","dasher_status":")" + status +
                              R"(","dasher":{"first_name":"canary"},"distance_from_store":90})");
    REQUIRE(webhook.ok());
    return std::string(name_of(*webhook));
  };
  for (const char* near : {"arriving_at_store", "arrived_at_store", "ARRIVED_AT_STORE", "dasher_at_store"}) {
    CAPTURE(near);
    CHECK(kind(near) == "release");
  }
  for (const char* other : {"dasher_confirmed", "dasher_out_for_delivery", "dropoff", "something_new", ""}) {
    CAPTURE(other);
    CHECK(kind(other) == "nothing");
  }
  const auto bare = open(R"({"external_order_id":"dd-1","dasher_status":"dropoff"})");
  REQUIRE(bare.ok());
  CHECK(std::holds_alternative<NothingReceived>(*bare));  // and no cancel
}

TEST_CASE("news of menus and stores are nothing, and no cancel") {
  for (const char* text :
       {"{}", R"({"event":{"type":"MENU_UPDATED"},"store":{"merchant_supplied_id":"s"}})",
        R"({"event_type":"store_deactivated","store_id":"s"})",
        R"({"event_type":"dasher_at_store","order_id":"D-1"})", R"({"external_order_id":null})"}) {
    CAPTURE(text);
    const auto webhook = open(text);
    REQUIRE(webhook.ok());
    CHECK(std::holds_alternative<NothingReceived>(*webhook));
  }
  const auto fixed = open("{}", WebhookKind::cancel);  // its URL says that it is one
  REQUIRE_FALSE(fixed.ok());
  CHECK(fixed.problem().pointer == "/external_order_id");
}

TEST_CASE("a cancel or release that names the order by our name alone is refused, and not forgotten") {
  for (const char* text :
       {R"({"client_order_id":"321","is_asap":true})", R"({"client_order_id":321})",
        R"({"external_order_id":null,"client_order_id":"321","distance_from_store":240})"}) {
    CAPTURE(text);
    const auto webhook = open(text);
    REQUIRE_FALSE(webhook.ok());
    CHECK(webhook.problem().pointer == "/external_order_id");
    CHECK(partner_codec("doordash")->refusal(webhook.problem()).status == 400);
  }
  const auto nobodys = open(R"({"client_order_id":"","is_asap":true})");
  REQUIRE(nobodys.ok());
  CHECK(std::holds_alternative<NothingReceived>(*nobodys));
}

TEST_CASE("an item or option without an id goes by its name, and a phone may be a number") {
  std::string text =
      replaced(order_text(), "\"merchant_supplied_id\":\"bowl-1\"", "\"merchant_supplied_id\":null");
  text = replaced(text, "\"merchant_supplied_id\":\"sea-salt\"", "\"merchant_supplied_id\":\"\"");
  const auto webhook = open(text);
  REQUIRE(webhook.ok());
  const core::CanonicalOrder order = std::get<OrderReceived>(*webhook).decoded.order;
  CHECK(order.items[0].id == order.items[0].name);
  CHECK(order.items[0].modifiers[0].modifiers[0].id == "Sea salt");
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  const std::string bodies[] = {order_text(), test::fixture("doordash/cancel.json"),
                                test::fixture("doordash/dasher_near.json")};
  const WebhookKind kinds[] = {WebhookKind::order, WebhookKind::cancel, WebhookKind::release};
  for (std::size_t body = 0; body < 3; ++body) {
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const auto webhook = open(bodies[body], kinds[kind]);
      CHECK(webhook.ok() == (body == kind));
      if (!webhook) CHECK(webhook.problem().kind == ProblemKind::wrong_kind);
    }
  }
  CHECK(webhook_kind_from("release") == WebhookKind::release);
  CHECK_FALSE(webhook_kind_from("orders"));
}

TEST_CASE("bad webhooks are refused with the place") {
  struct Row {
    std::string text;
    const char* pointer;
  };
  const std::string good = order_text();
  const Row rows[] = {
      {"[]", ""},
      {R"({"order":[]})", "/order"},
      {R"({"order":{"id":5}})", "/order/id"},
      {R"({"external_order_id":""})", "/external_order_id"},
      {replaced(good, "OrderCreate", "OrderAdjust"), "/event/type"},
      {replaced(good, "\"price\":1100", "\"price\":11.00"), "/order/categories/0/items/0/price"},
      {replaced(good, "\"quantity\":2,\"line_item_id\"", "\"quantity\":0,\"line_item_id\""),
       "/order/categories/0/items/0/quantity"},
      {R"({"order":{"id":"1","categories":[]}})", "/order/categories"},
      {R"({"order":{"id":"1","categories":[{"items":[]}]}})", "/order/categories"},
      {replaced(good, "\"tax\":202", "\"tax\":202,\"tax\":0"), "/order/tax"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pointer);
    const auto webhook = open(row.text);
    REQUIRE_FALSE(webhook.ok());
    CHECK(webhook.problem().pointer == row.pointer);
  }
}

TEST_CASE("answers make DoorDash do the right thing") {
  using core::AnswerKind;
  const PartnerCodec& codec = *partner_codec("doordash");
  core::Answer answer;
  answer.order = core::ShortAnswer{};
  answer.order->partner = "doordash";
  const auto status = [&](WebhookKind kind, AnswerKind what) {
    answer.kind = what;
    return codec.answer(kind, answer).status;
  };
  CHECK(status(WebhookKind::order, AnswerKind::created) == 202);
  CHECK(status(WebhookKind::order, AnswerKind::replayed) == 202);
  CHECK(status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(status(WebhookKind::order, AnswerKind::unknown_partner) == 404);
  CHECK(status(WebhookKind::order, AnswerKind::too_many) == 429);
  CHECK(status(WebhookKind::order, AnswerKind::full) == 503);
  CHECK(status(WebhookKind::order, AnswerKind::not_stored) == 503);
  for (const WebhookKind kind : {WebhookKind::cancel, WebhookKind::release}) {
    CHECK(status(kind, AnswerKind::done) == 200);
    CHECK(status(kind, AnswerKind::not_found) == 200);
    CHECK(status(kind, AnswerKind::conflict) == 200);
    CHECK(status(kind, AnswerKind::not_stored) == 503);
  }
  answer.kind = AnswerKind::done;
  CHECK(codec.answer(WebhookKind::cancel, answer).body.starts_with("{\"id\":"));
  answer.order.reset();
  CHECK(codec.answer(WebhookKind::cancel, answer).body == "{}");
  CHECK(codec.rejection_code(core::Reason::item_unavailable) == "ITEM_OUT_OF_STOCK");
  CHECK(codec.rejection_code(core::Reason::price_mismatch) == "OTHER");
}

TEST_CASE("a partner without a codec has no webhook") {
  CHECK(partner_codec("kiosk") == nullptr);
  for (const PartnerCodec* codec : partner_codecs()) CHECK(partner_codec(codec->name()) == codec);
}

}  // namespace
}  // namespace storegate::codec
