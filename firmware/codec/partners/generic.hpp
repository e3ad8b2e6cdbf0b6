// Generic: a partner without a format of its own. The body is a canonical order, a list of releases or of cancels; how it
// is signed is configured. Standard Webhooks and Stripe's scheme are two such configurations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/partners/partner.hpp"
#include "codec/partners/signature.hpp"

namespace storegate::codec {

/// How a generic partner signs. The signature header holds one signature or several, parted by `separator`; each
/// of the first eight that begin with `prefix` is tried against every secret.
struct WebhookScheme {
  std::string header = "X-Signature";
  SignatureEncoding encoding = SignatureEncoding::hex;
  std::string prefix;                  // "sha256=", "v1,", "v1=": cut off
  char separator = '\0';               // between several; 0 = there is one
  std::string signed_text = "{body}";  // what is signed: text with {id}, {timestamp} and {body}
  std::string id_header;               // where {id} is
  std::string timestamp_header;        // where {timestamp} is, in Unix seconds; "" = in the signature header
  std::string timestamp_prefix;        // in the signature header: "t="
  std::int64_t tolerance_s =
      300;  // how far {timestamp} may be from now, before or after; 0 = it is not judged

  friend bool operator==(const WebhookScheme&, const WebhookScheme&) = default;
};

/// https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,BASE64 v1,BASE64`, over
/// "{id}.{timestamp}.{body}". Their secrets are base64 behind "whsec_" (standard_webhooks_secret).
[[nodiscard]] WebhookScheme standard_webhooks();
/// Stripe's: `Stripe-Signature: t=SECONDS,v1=HEX,v0=…`, over "{timestamp}.{body}".
[[nodiscard]] WebhookScheme stripe_webhooks();

/// The key's bytes of a Standard Webhooks secret, with or without "whsec_"; nothing if it is no base64.
[[nodiscard]] std::optional<std::string> standard_webhooks_secret(std::string_view secret);

/// What is wrong with a scheme, in words for its configuration; "" if nothing is.
[[nodiscard]] std::string flaw_of(const WebhookScheme& scheme);

class Generic final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "generic"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return {}; }

  /// By `delivery.scheme`; without one nobody is let in. A timestamp is judged only while a clock can be trusted, and
  /// never instead of the signature.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by shape: `items` = order, `cancels` = cancels, `releases` = releases; under a URL that names cancel or release
  /// a single reference will do. An order is named by `partner_order_id` and belongs to this partner; another partner's
  /// name in it is refused, and a `release_token` is not read: it might be that of another partner's order.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// The canonical names themselves.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
};

}  // namespace storegate::codec
