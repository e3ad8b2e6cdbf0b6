// What storegate asks of a partner's API: an order that was announced, orders that may have been missed, and what the
// partner is told where the store itself is its integrator. Requests and answers as values; who carries them, signs in
// and keeps tokens is elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/canonical.hpp"
#include "codec/http.hpp"
#include "codec/partners/partner.hpp"
#include "codec/problem.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// How a request to the API shows who asks.
enum class ApiSignIn : std::uint8_t {
  client_credentials,  // OAuth 2.0 (RFC 6749 section 4.4): a bearer token of the token endpoint
  static_header,       // a header with a configured secret, see PartnerApi::secret_header
  signed_token,        // a token that the store signs itself (DoorDash's JWT)
};

/// What the configuration knows of the store at this partner.
struct ApiStore {
  std::string_view store_id;     // [partner.api] store_id: the partner's id of this store; may be empty
  std::string_view merchant_id;  // [partner.api] merchant_id; may be empty
};

/// Which of those ids the API cannot do without; the others may stay empty.
struct ApiNeeds {
  bool store_id = false;
  bool merchant_id = false;
};

/// An order as the API is asked for it.
struct ApiOrder {
  std::string_view partner_order_id;
  std::string_view
      href;  // path and query only, if it lay under the configured API (the caller has seen to that); or ""
};

/// An order as the API gave it.
struct FetchedOrder {
  /// Of one that is cancelled or over perhaps nothing but partner and partner_order_id, and an empty body.
  Decoded decoded;
  bool early = false;      // it is no order yet: priced, and not bought. Nothing else of it counts
  bool released = false;   // the partner wants it cooked now
  bool cancelled = false;  // it was cancelled or denied: not to be cooked
  /// It has come to its end without that: made, collected, delivered; or somebody has taken it already. New here, it is not to
  /// be cooked; of an order that is known it is no news, and least of all a cancel.
  bool over = false;
  bool other_store = false;  // it is of another store. Nothing but partner and partner_order_id counts
  std::string cancel_text;
  core::Actor cancelled_by = core::Actor::partner;
  std::optional<std::int64_t> placed_at_wall_ms;  // where it is no part of the order (OrderReceived)
};

/// What asking for missed orders gave.
struct PulledPage {
  std::vector<Webhook> webhooks;  // as if they had come by webhook, oldest first
  std::vector<std::string>
      unreadable;  // ids, or a sentence, of what could not be understood; never the rest's hindrance
  /// `then` has the partner forget what is unreadable as well: it is kept as a dead letter first.
  bool forgets_unreadable = false;
  /// To be sent once all of it is stored: acknowledgements, deletions. They name the page's events: a page with the same ones
  /// is the same page.
  std::vector<HttpRequest> then;
  std::string next;  // cursor of the next page; "" = this was the last
  bool left =
      false;  // it stays with the partner: the next page is PartnerApi::next_behind, whatever `next` says
};

/// A partner's API. Stateless, as its codec; calls may come from any thread.
class PartnerApi {
 public:
  virtual ~PartnerApi() = default;

  [[nodiscard]] virtual ApiSignIn sign_in() const noexcept = 0;
  /// Where the API is, unless the configuration says otherwise; "" = it must say so.
  [[nodiscard]] virtual std::string_view default_url() const noexcept { return {}; }
  [[nodiscard]] virtual std::string_view default_token_url() const noexcept { return {}; }
  /// client_credentials: the scope to ask for, unless configured; "" = none.
  [[nodiscard]] virtual std::string_view default_scope() const noexcept { return {}; }
  /// client_credentials: the token is asked for by a JSON object that names an audience, the API's address unless
  /// configured; otherwise by a form (RFC 6749).
  [[nodiscard]] virtual bool asks_token_by_json() const noexcept { return false; }
  /// static_header: name and what stands before the secret, as {"Authorization", "Bearer "}.
  [[nodiscard]] virtual std::pair<std::string_view, std::string_view> secret_header() const noexcept {
    return {"Authorization", "Bearer "};
  }

  /// Without them it would be asked for nobody's orders, or for everybody's.
  [[nodiscard]] virtual ApiNeeds needs() const noexcept { return {}; }
  /// Which of the two ids an order of this store names; "" = it is not configured.
  [[nodiscard]] virtual std::string_view own_id(const ApiStore& store) const noexcept {
    return store.store_id;
  }
  /// What is wrong with this address of the API, in words for its owner: "" = nothing.
  [[nodiscard]] virtual std::string_view flaw_of_host(std::string_view) const noexcept { return {}; }

  /// Whether webhooks are thin, so that an order has to be fetched.
  [[nodiscard]] virtual bool fetches() const noexcept { return false; }
  /// Whether it can be asked how one order stands: fetch() and read_fetched() are of use.
  [[nodiscard]] virtual bool can_ask() const noexcept { return fetches(); }
  [[nodiscard]] virtual HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const;
  [[nodiscard]] virtual Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                          const ApiStore& store) const;

  /// Whether it can be asked for orders whose webhooks may have been missed.
  [[nodiscard]] virtual bool pulls() const noexcept { return false; }
  /// How often it is asked where that is the only way or asked for by the partner, in seconds; 0 = at start and after an
  /// outage only.
  [[nodiscard]] virtual std::int64_t pull_interval_s() const noexcept { return 0; }
  /// `cursor`: "" for the first page.
  [[nodiscard]] virtual HttpRequest pull(const ApiStore& store, std::string_view cursor) const;
  [[nodiscard]] virtual Parsed<PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                                       const ApiStore& store) const;
  /// The cursor of the page behind one that was `left`, or that cannot be had; "" = that was the last. Nothing: what is behind
  /// this page is known from it alone.
  [[nodiscard]] virtual std::optional<std::string> next_behind(std::string_view cursor) const;

  /// What the partner can be told of an order (answer = "direct").
  [[nodiscard]] virtual core::Notices notices() const noexcept { return {}; }
  /// The request that tells it; `what.notice` is one of notices().
  [[nodiscard]] virtual HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const;
  /// What the partner's answer means. By itself: 2xx told; 400, 409, 422 decided; 404, 410 gone; 429 not_now; all else
  /// failed. That is every 5xx: a 503 may be a gateway's that lost the answer, as a 502 or 504 is, and what may have been
  /// done is never taken for undone.
  [[nodiscard]] virtual core::TellOutcome told(core::Notice notice, int status, std::string_view body) const;
};

}  // namespace storegate::codec
