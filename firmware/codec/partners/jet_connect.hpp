// JET Connect (Just Eat Takeaway's API for POS systems, formerly Flyt; also Skip and Menulog): orders that were accepted
// on JET's own tablet are pushed whole, and JET is told whether they got in. Knows their field names and no other
// partner's. Source: JET Connect's OpenAPI document (Receive Order, Cancel Order, Driver Status, Failed Order).
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class JetConnect final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "jet_connect"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "posLocationId"; }

  /// `X-JET-Connect-Hash: HMAC-SHA256 t=…,signature=BASE64`, the HMAC-SHA-256 of the body alone (t is not signed, so an
  /// age would prove nothing); where the header stands, it decides. Without it, the key that JET was given, in
  /// `Authorization` or `X-Flyt-Api-Key`, since cancels and driver notices may come with the key only.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// `items` with an `id` = order; `orderID` with a `reason` = cancel; `orderID` with a `driverStatus` of a driver who
  /// arrives or is there = release; FAILED_TO_SEND_TO_POS and a failed order (`validationError`) call a person. Drivers
  /// further on, a restaurant that went offline and whatever is new are nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// `errorCode` of sent-to-pos-failed: MENU_ERROR, STORE_CLOSED, INACTIVE, MALFORMED_REQUEST, TIMEOUT, UNKNOWN.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
  /// JET Connect has no call by which a store cancels: it is done on the tablet.
  [[nodiscard]] std::string_view cancel_code(core::Reason) const noexcept override { return {}; }

  /// 200 means that the order is in, so an order that we reject must not get it: a 400 sends it to the restaurant's
  /// tablet at once, where a person sees it. They come again on 5xx (up to five times), nothing is said of 429.
  /// An order's answer is `{"OrderId":…}`, also of one that we have in other words: it is in the kitchen already.
  [[nodiscard]] AnswerStyle style() const noexcept override {
    return {.comes_again_on_429 = false,
            .refused = 400,
            .conflict_is_stored = true,
            .order_id_member = "OrderId"};
  }

  /// jet_connect_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
