// A partner's webhook as the tests send it: real signatures, the project's own fixtures (tests/fixtures/partners).
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/partners/partner.hpp"

namespace storegate::codec::test {

/// The bytes of tests/fixtures/partners/NAME; a case that asks for one that is not there fails.
[[nodiscard]] std::string fixture(std::string_view name);

/// HMAC-SHA-256 by the platform's own digest.
[[nodiscard]] const SignatureFunction& signature();
[[nodiscard]] std::string hmac_hex(std::string_view secret, std::string_view bytes);
[[nodiscard]] std::string hmac_base64(std::string_view secret, std::string_view bytes);

/// One partner with two live secrets, and the headers of its next webhook.
class PartnerCase {
 public:
  static constexpr std::string_view old_secret = "old-secret";
  static constexpr std::string_view new_secret = "new-secret";

  /// `configured`: the name in the configuration, if it is not the codec's.
  explicit PartnerCase(std::string_view codec, std::string_view configured = {});

  PartnerCase& with(std::string name, std::string value);
  PartnerCase& without_headers();
  PartnerCase& at(std::optional<std::int64_t> now_wall_ms);
  PartnerCase& by(const WebhookScheme& scheme);
  /// The partner's id of the store, as configured.
  PartnerCase& in(std::string_view store);

  [[nodiscard]] const PartnerCodec& codec() const { return *codec_; }
  [[nodiscard]] bool lets_in(std::string_view body) const;
  /// Authenticates and reads.
  [[nodiscard]] Parsed<Webhook> open(std::string_view body, std::optional<WebhookKind> fixed = {}) const;
  /// Reads without a look at the headers.
  [[nodiscard]] Parsed<Webhook> read(std::string_view body, std::optional<WebhookKind> fixed = {}) const;
  /// What a webhook says that must be understood, and as this kind.
  template <typename Said>
  [[nodiscard]] Said said(std::string_view body, std::optional<WebhookKind> fixed = {}) const;
  /// The order of a webhook that must carry one.
  [[nodiscard]] Decoded order(std::string_view body) const;
  /// Status of the codec's answer.
  [[nodiscard]] int status(WebhookKind kind, core::AnswerKind answer) const;

 private:
  [[nodiscard]] Delivery delivery(std::string_view body, const std::vector<HeaderView>& headers) const;
  [[nodiscard]] std::vector<HeaderView> views() const;

  const PartnerCodec* codec_;
  std::string configured_;
  std::vector<std::string> secrets_{std::string(old_secret), std::string(new_secret)};
  std::vector<std::pair<std::string, std::string>> headers_;
  std::optional<std::int64_t> now_wall_ms_;
  const WebhookScheme* scheme_ = nullptr;
  std::string store_;
};

template <typename Said>
Said PartnerCase::said(std::string_view body, std::optional<WebhookKind> fixed) const {
  auto webhook = read(body, fixed);
  if (!webhook) FAIL(webhook.problem().text());
  auto* found = std::get_if<Said>(&*webhook);
  REQUIRE(found != nullptr);
  return std::move(*found);
}

/// The partner and partner_order_id that a reference names.
[[nodiscard]] std::pair<std::string, std::string> named(const core::OrderRef& ref);

/// What every partner that signs owes: the right signature under either secret lets in; none, an empty one, a wrong one,
/// one of another body, two headers and one under an empty secret do not. `sign` makes the header's value; `others` are
/// headers that stand beside it.
void must_authenticate(std::string_view codec, const std::string& header,
                       const std::function<std::string(std::string_view secret, std::string_view body)>& sign,
                       const std::vector<std::pair<std::string, std::string>>& others = {});

/// What every order owes: these canonical bytes, no rule broken, nothing of the customer in what events share, the bytes
/// kept as they came, and the same canonical bytes when it comes again.
void must_read_as(const PartnerCase& partner, const std::string& text, const std::string& canonical);

/// A text that is refused, and the place its problem points at.
struct Refused {
  std::string text;
  std::string pointer;
};
void must_refuse(const PartnerCase& partner, const std::vector<Refused>& rows);

/// Each body is read under the URL that names its kind, and is another webhook under the two others.
void must_keep_kinds(const PartnerCase& partner,
                     const std::vector<std::pair<std::string, WebhookKind>>& bodies);

/// The partner's codes for one reason: of a rejection, and of a cancel after it had been accepted.
struct Codes {
  core::Reason reason;
  const char* rejection;
  const char* cancel;
};
/// `rows` must have every canonical reason.
void must_have_codes(const PartnerCodec& codec, const std::vector<Codes>& rows);

/// What a cancel says: of which order, why, and by whom.
void must_cancel(const PartnerCase& partner, const std::string& text, const std::string& order_id,
                 const std::string& why, core::Actor actor = core::Actor::partner);
void must_release(const PartnerCase& partner, const std::string& text, const std::string& order_id,
                  std::optional<WebhookKind> fixed = {});
/// Understood, and nothing to do.
void must_be_nothing(const PartnerCase& partner, const std::vector<std::string>& texts);

}  // namespace storegate::codec::test
