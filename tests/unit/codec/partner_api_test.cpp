// What each partner is told, byte for byte, and what its answers mean.
#include "codec/partners/partner_api.hpp"

#include <doctest/doctest.h>

#include <array>

#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using core::Notice;
using core::Reason;
using core::TellOutcome;

constexpr std::int64_t noon_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
constexpr std::array all_notices{Notice::accepted,      Notice::rejected,      Notice::begun,
                                 Notice::placed,        Notice::ready,         Notice::cancelled,
                                 Notice::cancel_agreed, Notice::cancel_refused};
static_assert(all_notices.size() == core::notice_count);

const PartnerApi& api(std::string_view partner) {
  const PartnerApi* found = partner_codec(partner)->api();
  REQUIRE(found != nullptr);
  return *found;
}

constexpr ApiStore store{"shop 7", "m/42"};

/// Of an order that comes with every datum: its notice at noon, its food ten minutes later.
core::TellPartner notice(Notice what, Reason reason = Reason::none,
                         const std::vector<core::Refusal>& refusals = {}) {
  core::TellPartner tell;
  tell.notice = what;
  tell.id = *core::order_id_from("01935a00-1122-7033-8044-5566778899aa");
  tell.partner_order_id = "gb:1/2";
  tell.reason = reason;
  tell.refusals = core::pack(refusals);
  tell.pos_reference = "T-17";
  tell.at_wall_ms = noon_ms;
  if (what == Notice::accepted) tell.ready_at_wall_ms = noon_ms + 600'000;
  return tell;
}

core::TellPartner two_items_off() {
  return notice(Notice::rejected, Reason::item_unavailable,
                {{Reason::item_unavailable, "taco-01"}, {Reason::item_unavailable, "cola"}});
}

core::TellPartner cancelled(Reason reason) { return notice(Notice::cancelled, reason); }

struct Request {
  core::TellPartner what;
  const char* line;  // method and target
  const char* body;
};

void must_tell(std::string_view partner, const std::vector<Request>& rows) {
  for (const Request& row : rows) {
    CAPTURE(row.line);
    CHECK(api(partner).notices().has(row.what.notice));
    const HttpRequest request = api(partner).tell(store, row.what);
    CHECK(request.method + " " + request.target == row.line);
    CHECK(request.body == row.body);
    REQUIRE_FALSE(request.headers.empty());
    CHECK(request.headers[0] == std::pair<std::string, std::string>{"Content-Type", "application/json"});
  }
}

core::TellPartner without_ready(core::TellPartner what) {
  what.ready_at_wall_ms.reset();
  return what;
}

core::TellPartner ready_for(core::FulfilmentType fulfilment) {
  core::TellPartner what = notice(Notice::ready);
  what.fulfilment = fulfilment;
  return what;
}

TEST_CASE("DoorDash: confirmed, failed with the items in its words, cancelled, ready for pickup") {
  must_tell("doordash",
            {{notice(Notice::accepted), "PATCH /orders/gb%3A1%2F2",
              R"({"merchant_supplied_id":"01935a00-1122-7033-8044-5566778899aa","order_status":"success",)"
              R"("prep_time":"2026-11-23T12:10:00.000Z"})"},
             {without_ready(notice(Notice::accepted)), "PATCH /orders/gb%3A1%2F2",
              R"({"merchant_supplied_id":"01935a00-1122-7033-8044-5566778899aa","order_status":"success"})"},
             {two_items_off(), "PATCH /orders/gb%3A1%2F2",
              R"({"merchant_supplied_id":"01935a00-1122-7033-8044-5566778899aa","order_status":"fail",)"
              R"("failure_reason":"ITEM_OUT_OF_STOCK: Item Unavailable - taco-01 - Out of stock; )"
              R"(Item Unavailable - cola - Out of stock"})"},
             {notice(Notice::rejected, Reason::too_busy), "PATCH /orders/gb%3A1%2F2",
              R"({"merchant_supplied_id":"01935a00-1122-7033-8044-5566778899aa","order_status":"fail",)"
              R"("failure_reason":"CAPACITY_THROTTLING: The kitchen is too busy"})"},
             {cancelled(Reason::too_busy), "PATCH /orders/gb%3A1%2F2/cancellation",
              R"({"cancel_reason":"KITCHEN_BUSY","cancel_details":"The kitchen is too busy"})"},
             {notice(Notice::ready), "PATCH /orders/gb%3A1%2F2/events/order_ready_for_pickup",
              R"({"merchant_supplied_id":"01935a00-1122-7033-8044-5566778899aa"})"}});
}

TEST_CASE("a cancel by the store never closes it at DoorDash") {
  test::must_have_codes(*partner_codec("doordash"),
                        {{Reason::item_unavailable, "ITEM_OUT_OF_STOCK", "ITEM_OUT_OF_STOCK"},
                         {Reason::item_unknown, "INVALID_ORDER", "OTHERS"},
                         {Reason::store_closed, "STORE_CLOSED", "OTHERS"},
                         {Reason::pos_offline, "POS_OFFLINE", "OTHERS"},
                         {Reason::too_busy, "CAPACITY_THROTTLING", "KITCHEN_BUSY"},
                         {Reason::price_mismatch, "OTHER", "OTHERS"},
                         {Reason::invalid_order, "INVALID_ORDER", "OTHERS"},
                         {Reason::timed_out, "TIME_OUT", "OTHERS"},
                         {Reason::other, "OTHER", "OTHERS"}});
}

TEST_CASE("Grubhub: the status is put, with a code and words where it is a rejection") {
  must_tell(
      "grubhub",
      {{notice(Notice::accepted), "PUT /pos/v1/merchant/m%2F42/orders/gb%3A1%2F2/status",
        R"({"status":"CONFIRMED","wait_time_in_minutes":10})"},
       {without_ready(notice(Notice::accepted)), "PUT /pos/v1/merchant/m%2F42/orders/gb%3A1%2F2/status",
        R"({"status":"CONFIRMED"})"},
       {two_items_off(), "PUT /pos/v1/merchant/m%2F42/orders/gb%3A1%2F2/status",
        R"({"status":"REJECTED","reason_code":"MENU_ITEM_NOT_FOUND","message":"Out of stock: taco-01, cola"})"},
       {notice(Notice::ready), "PUT /pos/v1/merchant/m%2F42/orders/gb%3A1%2F2/status",
        R"({"status":"PICKUP_READY"})"}});
}

TEST_CASE("Deliveroo: the decision is patched, the till's word is a sync status, ready food a stage") {
  must_tell(
      "deliveroo",
      {{notice(Notice::accepted), "PATCH /order/v1/orders/gb%3A1%2F2", R"({"status":"accepted"})"},
       {two_items_off(), "PATCH /order/v1/orders/gb%3A1%2F2",
        R"({"status":"rejected","reject_reason":"ingredient_unavailable","notes":"Out of stock: taco-01, cola"})"},
       {notice(Notice::begun), "PATCH /order/v1/orders/gb%3A1%2F2", R"({"status":"confirmed"})"},
       {notice(Notice::placed), "POST /order/v1/orders/gb%3A1%2F2/sync_status",
        R"({"status":"succeeded","occurred_at":"2026-11-23T12:00:00.000Z"})"},
       {notice(Notice::ready), "POST /order/v1/orders/gb%3A1%2F2/prep_stage",
        R"({"stage":"ready_for_collection","occurred_at":"2026-11-23T12:00:00.000Z"})"},
       {cancelled(Reason::item_unavailable), "POST /order/v1/orders/gb%3A1%2F2/sync_status",
        R"({"status":"failed","reason":"items_out_of_stock","notes":"Out of stock",)"
        R"("occurred_at":"2026-11-23T12:00:00.000Z"})"}});
}

TEST_CASE("Just Eat: accepted for its time, rejected and cancelled with a message") {
  must_tell("just_eat", {{notice(Notice::accepted), "PUT /orders/gb%3A1%2F2/accept",
                          R"({"TimeAcceptedFor":"2026-11-23T12:10:00.000Z"})"},
                         {without_ready(notice(Notice::accepted)), "PUT /orders/gb%3A1%2F2/accept", "{}"},
                         {two_items_off(), "PUT /orders/gb%3A1%2F2/reject",
                          R"({"Message":"Out of stock: taco-01, cola"})"},
                         {cancelled(Reason::store_closed), "PUT /orders/gb%3A1%2F2/cancel",
                          R"({"Message":"The store is closed"})"}});
}

TEST_CASE("JET Connect: sent to the POS once somebody answers for it, or failed with a code") {
  must_tell("jet_connect", {{notice(Notice::accepted), "POST /order/gb%3A1%2F2/sent-to-pos-success",
                             R"({"happenedAt":"2026-11-23T12:00:00.000Z"})"},
                            {two_items_off(), "POST /order/gb%3A1%2F2/sent-to-pos-failed",
                             R"({"happenedAt":"2026-11-23T12:00:00.000Z","errorCode":"MENU_ERROR",)"
                             R"("errorMessage":"Out of stock: taco-01, cola"})"}});
}

TEST_CASE("Deliverect: each status by its number, with the receipt and, where it ends, the reason") {
  must_tell(
      "deliverect",
      {{notice(Notice::accepted), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":20,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17",)"
        R"("reason":"","pickupTime":"2026-11-23T12:10:00.000Z"})"},
       {two_items_off(), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":120,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17",)"
        R"("reason":"product_snoozed: Out of stock: taco-01, cola"})"},
       {notice(Notice::placed), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":40,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17","reason":""})"},
       {notice(Notice::ready), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":70,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17","reason":""})"},
       {cancelled(Reason::too_busy), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":110,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17",)"
        R"("reason":"The kitchen is too busy"})"},
       {notice(Notice::cancel_agreed), "POST /orderStatus/gb%3A1%2F2",
        R"({"orderId":"gb:1/2","status":110,"timeStamp":"2026-11-23T12:00:00.000Z","receiptId":"T-17","reason":""})"}});
}

TEST_CASE("HubRise: the order's status is patched, at the token's location or at the one that is named") {
  must_tell(
      "hubrise",
      {{notice(Notice::accepted), "PATCH /locations/shop%207/orders/gb%3A1%2F2", R"({"status":"accepted"})"},
       {two_items_off(), "PATCH /locations/shop%207/orders/gb%3A1%2F2", R"({"status":"rejected"})"},
       {notice(Notice::placed), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"in_preparation"})"},
       {ready_for(core::FulfilmentType::delivery), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"awaiting_shipment"})"},
       {ready_for(core::FulfilmentType::pickup), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"awaiting_collection"})"},
       {ready_for(core::FulfilmentType::curbside), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"awaiting_collection"})"},
       {ready_for(core::FulfilmentType::dine_in), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"awaiting_collection"})"},
       {cancelled(Reason::other), "PATCH /locations/shop%207/orders/gb%3A1%2F2",
        R"({"status":"cancelled"})"}});
  CHECK(api("hubrise").tell({"", ""}, notice(Notice::accepted)).target == "/location/orders/gb%3A1%2F2");
}

TEST_CASE("Otter: commands upon an order of one marketplace, in the name of the store") {
  must_tell(
      "otter",
      {{notice(Notice::accepted), "POST /manager/order/v1/sources/m%2F42/orders/gb%3A1%2F2/confirm",
        R"({"estimatedPrepTimeMinutes":10})"},
       {without_ready(notice(Notice::accepted)),
        "POST /manager/order/v1/sources/m%2F42/orders/gb%3A1%2F2/confirm", "{}"},
       {two_items_off(), "POST /manager/order/v1/sources/m%2F42/orders/gb%3A1%2F2/cancel",
        R"({"cancellationReason":"UNAVAILABLE_ITEM"})"},
       {cancelled(Reason::pos_offline), "POST /manager/order/v1/sources/m%2F42/orders/gb%3A1%2F2/cancel",
        R"({"cancellationReason":"RESTAURANT_INTERNAL_ISSUE"})"},
       {notice(Notice::ready), "POST /manager/order/v1/sources/m%2F42/orders/gb%3A1%2F2/ready-to-pickup",
        "{}"}});
  const HttpRequest request = api("otter").tell(store, notice(Notice::accepted));
  CHECK(request.headers.at(1) == std::pair<std::string, std::string>{"X-Store-Id", "shop 7"});
}

// ---- every API ----

TEST_CASE(
    "whoever can be told has a notice for both answers to a new order, and a request for every notice") {
  std::size_t apis = 0;
  for (const PartnerCodec* codec : partner_codecs()) {
    if (codec->api() == nullptr) continue;
    CAPTURE(codec->name());
    const core::Notices notices = codec->api()->notices();
    if (notices.empty()) continue;
    ++apis;
    CHECK(notices.has(Notice::accepted));
    CHECK(notices.has(Notice::rejected));
    for (const Notice what : all_notices) {
      if (!notices.has(what)) continue;
      const HttpRequest request = codec->api()->tell(store, notice(what, Reason::other));
      CHECK(request.method != "GET");
      CHECK(request.target.starts_with('/'));
      CHECK(request.target.find_first_of(" :\"") == std::string::npos);
      CHECK(request.target.find("gb%3A1%2F2") != std::string::npos);
    }
  }
  CHECK(apis >= 8);
}

TEST_CASE("an answer means the same at every partner, but for what it documents otherwise") {
  struct Row {
    int status;
    TellOutcome outcome;
  };
  constexpr std::array<Row, 17> rows{{{200, TellOutcome::told},
                                      {202, TellOutcome::told},
                                      {204, TellOutcome::told},
                                      {302, TellOutcome::failed},
                                      {400, TellOutcome::decided},
                                      {401, TellOutcome::failed},
                                      {403, TellOutcome::failed},
                                      {404, TellOutcome::gone},
                                      {409, TellOutcome::decided},
                                      {410, TellOutcome::gone},
                                      {422, TellOutcome::decided},
                                      {429, TellOutcome::not_now},
                                      {500, TellOutcome::failed},
                                      {501, TellOutcome::failed},
                                      {502, TellOutcome::failed},
                                      {503, TellOutcome::failed},
                                      {504, TellOutcome::failed}}};
  for (const char* partner :
       {"doordash", "grubhub", "deliveroo", "just_eat", "jet_connect", "deliverect", "hubrise", "otter"}) {
    CAPTURE(partner);
    for (const Row& row : rows) {
      CAPTURE(row.status);
      CHECK(api(partner).told(Notice::accepted, row.status, "") == row.outcome);
    }
  }
}

TEST_CASE("Just Eat's conflict upon a cancel says that the order is cancelled, which was wanted") {
  CHECK(api("just_eat").told(Notice::cancelled, 409, "") == TellOutcome::told);
  CHECK(api("just_eat").told(Notice::cancelled, 404, "") == TellOutcome::gone);
  CHECK(api("just_eat").told(Notice::rejected, 409, "") == TellOutcome::decided);
}

TEST_CASE("each signs in its own way, and what stands before a secret is the partner's") {
  using Pair = std::pair<std::string_view, std::string_view>;
  CHECK(api("doordash").sign_in() == ApiSignIn::signed_token);
  CHECK(api("deliveroo").sign_in() == ApiSignIn::client_credentials);
  CHECK(api("deliveroo").default_token_url() == "https://auth.developers.deliveroo.com/oauth2/token");
  CHECK(api("deliverect").sign_in() == ApiSignIn::client_credentials);
  CHECK(api("deliverect").default_token_url() == "https://api.deliverect.com/oauth/token");
  CHECK(api("otter").sign_in() == ApiSignIn::client_credentials);
  CHECK(api("otter").default_url().empty());
  CHECK(api("otter").default_scope() == "manager.orders");
  CHECK(api("grubhub").secret_header() == Pair{"Authorization", "Basic "});
  CHECK(api("just_eat").secret_header() == Pair{"Authorization", "JE-API-KEY "});
  CHECK(api("jet_connect").secret_header() == Pair{"X-Flyt-Api-Key", ""});
  CHECK(api("hubrise").secret_header() == Pair{"X-Access-Token", ""});
  for (const char* partner : {"doordash", "deliveroo", "just_eat", "deliverect", "hubrise"}) {
    CAPTURE(partner);
    CHECK(api(partner).default_url().starts_with("https://"));
    CHECK_FALSE(api(partner).default_url().ends_with('/'));
  }
}

}  // namespace
}  // namespace storegate::codec
