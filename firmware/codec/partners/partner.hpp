// What a delivery partner's codec is: authentication over the raw bytes, webhooks in, answers and reasons out. One
// implementation a partner, found by name. It must not know how bytes travel or where secrets are kept.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/canonical.hpp"
#include "codec/http.hpp"
#include "codec/problem.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// HMAC-SHA-256 of `bytes` under `secret`; platform implements it, partners with signatures call it.
using SignatureFunction =
    std::function<std::array<std::uint8_t, 32>(std::string_view secret, std::string_view bytes)>;

struct WebhookScheme;

/// A webhook as it was received, and what it is to be checked with. Nothing in it is copied.
struct Delivery {
  Headers headers;
  std::string_view body;
  std::span<const std::string> secrets;          // any of them verifies (rotation); none = nothing does
  const SignatureFunction* signature = nullptr;  // may be null for partners that sign nothing
  std::string_view partner = {};  // as configured, and so the order's; "" = the codec's own name
  std::optional<std::int64_t> now_wall_ms =
      {};                                 // nothing: no clock to be trusted, a signature's age is not judged
  const WebhookScheme* scheme = nullptr;  // generic only
  std::string_view store = {};        // the partner's id of this store; "" = not configured, and not compared
  int local_offset_minutes = 0;       // how far the store's zone is ahead of UTC: of times that name no zone
  std::string_view webhook_url = {};  // where the partner reaches this webhook; "" = not configured
};

enum class WebhookKind : std::uint8_t { order, cancel, release };

/// "order", "cancel", "release", as the URL's last part has it.
[[nodiscard]] std::optional<WebhookKind> webhook_kind_from(std::string_view name) noexcept;

/// The webhook carries the whole order.
struct OrderReceived {
  Decoded decoded;
  /// It releases its order as well, known or new. Never a part of the order: with its release it is the same order.
  bool released = false;
  /// When it was placed, where that may be told in one repeat and not in another, and so is no part of the order.
  std::optional<std::int64_t> placed_at_wall_ms = std::nullopt;
  /// It tells how an order stands that was told before, and brings one that was missed: what differs is no conflict.
  bool told_before = false;
  /// When it comes again its times may have moved, which makes no other order of it.
  bool times_may_move = true;
};
/// The webhook is thin: it names an order that has yet to be fetched, or of which there is news.
struct OrderAnnounced {
  std::string partner;  // as configured
  std::string partner_order_id;
  std::string href;  // where to fetch it, as the partner gave it; "" = by its id; up to core::href_bytes_max
  bool is_new = true;  // false: news of an order that should be known
};
struct ReleaseReceived {
  std::vector<core::OrderRef> orders;
};
struct CancelReceived {
  std::vector<core::OrderRef> orders;
  std::string text;  // the partner's reason, may be empty; a canonical reason's name where one fits
  core::Actor actor = core::Actor::partner;  // or customer, where the partner says so
};
/// The partner has called a person to these orders: the store must not cook what is keyed in by hand.
struct PersonCalled {
  std::vector<core::OrderRef> orders;
  core::Notice untold = core::Notice::accepted;  // what of ours it did not take
  std::string why;                               // its own word, may be empty
};
/// The partner asks where its webhooks go: this body is the answer, with 200.
struct RegistrationAsked {
  std::string answer;
};
/// Nothing to do but to say thank you: a courier's position, a menu refresh.
struct NothingReceived {};

using Webhook = std::variant<OrderReceived, OrderAnnounced, ReleaseReceived, CancelReceived, PersonCalled,
                             RegistrationAsked, NothingReceived>;

/// Which family of answers a webhook gets; what is neither order nor cancel counts as a release.
[[nodiscard]] WebhookKind kind_of(const Webhook& webhook) noexcept;

/// What it says, in a word: "order", "announcement", "release", "cancel", "by_hand", "registration", "nothing".
[[nodiscard]] std::string_view name_of(const Webhook& webhook) noexcept;

/// What an answer is about.
struct WebhookSubject {
  WebhookKind kind = WebhookKind::order;
  std::string partner_order_id = {};  // of a whole order
  bool released = false;              // the order came with its release
  bool told_before = false;           // OrderReceived::told_before
  std::string registration = {};      // RegistrationAsked: the answer's body
};
[[nodiscard]] WebhookSubject subject_of(const Webhook& webhook);

/// What a partner's answers must be like for it to retry or stop as it should.
struct AnswerStyle {
  int order = 200;                  // status: the order is stored, accepted or rejected
  int command = 200;                // status: a release or a cancel, whatever became of it
  bool comes_again_on_429 = true;   // false: it takes 429 as delivered, or gives up, and is told 503
  bool has_body = true;             // false: an order's and a command's answers are empty
  int refused = 0;                  // status: the order is stored, and will not be made; 0 = as `order`
  bool conflict_is_stored = false;  // true: another body of a stored order is answered like the order itself
  bool below_500_is_delivered =
      false;  // true: it forgets what is answered so; a refusal of its own webhook is 503
  /// An order's answer is `{"THIS":"its partner_order_id"}`; "" = the short answer.
  std::string_view order_id_member = {};
};

class PartnerApi;

/// One partner. Implementations are stateless and live as long as the program; every call may come from any thread.
class PartnerCodec {
 public:
  virtual ~PartnerCodec() = default;

  /// As in the configuration, in URLs and in orders.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Whether the partner sent it: judged over the raw bytes before anything is parsed, every secret compared in
  /// constant time.
  [[nodiscard]] virtual bool authenticate(const Delivery& delivery) const = 0;

  /// What the webhook says. `fixed`: the kind the URL names; another shape is a wrong_kind problem. What names another
  /// store than `delivery.store` is an other_store problem.
  [[nodiscard]] virtual Parsed<Webhook> read(const Delivery& delivery,
                                             std::optional<WebhookKind> fixed) const = 0;

  /// Status and body that make this partner do the right thing, in its style. `answer.order` is filled where there is
  /// an order (the caller has read the row of one that has ended).
  [[nodiscard]] HttpReply answer(const WebhookSubject& subject, const core::Answer& answer) const;
  [[nodiscard]] HttpReply answer(WebhookKind kind, const core::Answer& about) const {
    return answer(WebhookSubject{.kind = kind}, about);
  }
  /// The same for a webhook that was not let in or could not be read.
  [[nodiscard]] HttpReply refusal(const Problem& problem) const;

  [[nodiscard]] virtual AnswerStyle style() const noexcept { return {}; }

  /// A canonical reason in the partner's own code, for its rejections; "" if it has no codes.
  [[nodiscard]] virtual std::string_view rejection_code(core::Reason reason) const noexcept = 0;
  /// The same for a cancel by the store after it had accepted.
  [[nodiscard]] virtual std::string_view cancel_code(core::Reason reason) const noexcept {
    return rejection_code(reason);
  }

  /// The member by which its webhooks or orders name the store, for people; "": they do not.
  [[nodiscard]] virtual std::string_view store_member() const noexcept = 0;

  /// How the partner's API is spoken to; nullptr: it has none that storegate knows, or none is needed.
  [[nodiscard]] virtual const PartnerApi* api() const noexcept { return nullptr; }

 protected:
  PartnerCodec() = default;
  PartnerCodec(const PartnerCodec&) = default;
  PartnerCodec& operator=(const PartnerCodec&) = default;

  /// Whose orders they are: the configured name.
  [[nodiscard]] std::string_view partner_of(const Delivery& delivery) const noexcept {
    return delivery.partner.empty() ? name() : delivery.partner;
  }
};

/// The codec of that name, or nullptr: then the partner has no webhook, only canonical orders.
[[nodiscard]] const PartnerCodec* partner_codec(std::string_view name) noexcept;
[[nodiscard]] std::span<const PartnerCodec* const> partner_codecs() noexcept;

/// A partner in a line: for lists that people read.
struct PartnerSummary {
  std::string_view authentication;
  std::string_view orders;
};
/// Empty for a name that no codec has.
[[nodiscard]] PartnerSummary summary_of(std::string_view partner) noexcept;

/// How long the partner waits for a decision after an order was placed, in seconds, as it documents it; 0 = it says
/// nothing, or no partner of ours has this name. Uber Eats 690 (11.5 min, then it cancels by itself), DoorDash 480 (3 to
/// 8 min after the 202), Deliveroo 600 (tablet-less accept), JET Connect 180. An owner may configure another.
[[nodiscard]] std::int64_t decision_deadline_s(std::string_view partner) noexcept;

/// Authenticates, then reads: the only way in for a partner's bytes, over HTTP and MQTT alike.
/// Problems: not_authenticated, and those of read().
[[nodiscard]] Parsed<Webhook> open_webhook(const PartnerCodec& partner, const Delivery& delivery,
                                           std::optional<WebhookKind> fixed = std::nullopt);

/// Whether `presented` equals one of the secrets; takes the same time wherever they differ. Empty secrets never match.
[[nodiscard]] bool matches_any(std::string_view presented, std::span<const std::string> secrets) noexcept;

}  // namespace storegate::codec
