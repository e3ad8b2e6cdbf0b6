// Signatures by configuration, and canonical bodies that may speak of their own partner's orders only.
#include "codec/partners/generic.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "codec/partners/reading.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

constexpr std::string_view secret_prefix = "whsec_";

// ---- what is signed, and by what ----

/// Signatures that are looked at: one for each secret that is live while secrets change, with room to spare. Whoever
/// has not proved who it is must not be able to ask for more.
constexpr std::size_t elements_max = 8;

/// The first elements_max elements of a header's value that begin with `prefix`, without it.
std::vector<std::string_view> elements_of(std::string_view value, char separator, std::string_view prefix) {
  std::vector<std::string_view> found;
  for (bool more = true; more && found.size() < elements_max;) {
    const auto end = separator == '\0' ? std::string_view::npos : value.find(separator);
    std::string_view element = trimmed(value.substr(0, end));
    more = end != std::string_view::npos;
    if (more) value.remove_prefix(end + 1);
    if (!element.starts_with(prefix)) continue;
    element.remove_prefix(prefix.size());
    found.push_back(element);
  }
  return found;
}

/// The values that a delivery gives for the braces of `signed_text`.
struct Given {
  std::string_view id, timestamp, body;
};

std::string_view timestamp_of(const WebhookScheme& scheme, const Delivery& delivery) {
  if (!scheme.timestamp_header.empty()) return only_header(delivery.headers, scheme.timestamp_header);
  if (scheme.timestamp_prefix.empty()) return {};
  const auto found =
      elements_of(only_header(delivery.headers, scheme.header), scheme.separator, scheme.timestamp_prefix);
  return found.size() == 1 ? found.front() : std::string_view{};  // two times are none
}

constexpr std::array<std::string_view, 3> braces{"{id}", "{timestamp}", "{body}"};

/// `signed_text` filled in; nothing if a value it asks for is not there.
std::optional<std::string> filled(std::string_view text, const Given& given) {
  const std::array<std::string_view, 3> values{given.id, given.timestamp, given.body};
  std::string out;
  out.reserve(text.size() + given.body.size() + given.id.size() + given.timestamp.size());
  while (!text.empty()) {
    const auto brace = std::find_if(braces.begin(), braces.end(),
                                    [&](std::string_view name) { return text.starts_with(name); });
    if (brace == braces.end()) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto which = static_cast<std::size_t>(brace - braces.begin());
    if (which != 2 && values[which].empty()) return std::nullopt;
    out += values[which];
    text.remove_prefix(brace->size());
  }
  return out;
}

bool is_fresh(const WebhookScheme& scheme, std::string_view timestamp,
              std::optional<std::int64_t> now_wall_ms) {
  if (scheme.tolerance_s == 0 || scheme.signed_text.find("{timestamp}") == std::string::npos) return true;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (error != std::errc{} || end != timestamp.data() + timestamp.size()) return false;
  if (!now_wall_ms) return true;
  const std::int64_t now_s = *now_wall_ms / 1000;
  return seconds >= now_s - scheme.tolerance_s && seconds <= now_s + scheme.tolerance_s;
}

// ---- what is said ----

/// A sender that tries the way.
bool is_ping(const Place& root) {
  return root.member("type").text_or_empty() == "ping" && !root.member("items").present();
}

WebhookKind kind_by_shape(const Place& root, std::optional<WebhookKind> fixed) {
  if (is_ping(root)) return fixed.value_or(WebhookKind::release);
  if (root.member("items").present()) return WebhookKind::order;
  if (root.member("cancels").present()) return WebhookKind::cancel;
  if (root.member("releases").present()) return WebhookKind::release;
  if (fixed && *fixed != WebhookKind::order) return *fixed;
  if (!fixed)
    root.refuse(
        "is neither an order (items) nor a list of releases or cancels; a single one goes to the webhook's "
        "URL with "
        "/release or /cancel behind it",
        ProblemKind::wrong_kind);
  return WebhookKind::order;
}

void must_be_own(const Place& place, std::string_view partner) {
  const Place named = place.member("partner");
  if (named.given() && named.text(word_rule) != partner)
    named.refuse("is another partner than this webhook's");
}

/// By the partner's own id alone: a token or an id of ours may be those of another partner's order, and core finds an
/// order by them without asking whose it is.
core::OrderRef read_ref(const Place& place, std::string_view partner) {
  if (!place.must_be_object()) return {};
  must_be_own(place, partner);
  return order_ref(partner, place.member("partner_order_id").text(order_id_rule));
}

std::vector<core::OrderRef> read_refs(const Place& root, std::string_view list, std::string_view partner) {
  std::vector<core::OrderRef> refs;
  if (const Place many = root.member(list); many.present())
    many.elements(1, refs_per_message_max,
                  [&](const Place& place) { refs.push_back(read_ref(place, partner)); });
  else
    refs.push_back(read_ref(root, partner));
  return refs;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  if (is_ping(root)) return NothingReceived{};
  if (kind == WebhookKind::release) return ReleaseReceived{read_refs(root, "releases", partner)};
  if (kind == WebhookKind::cancel) {
    CancelReceived cancel{read_refs(root, "cancels", partner),
                          text_if_given(root.member("reason"), note_rule)};
    if (root.member("by").text_or_empty() == "customer") cancel.actor = core::Actor::customer;
    return cancel;
  }
  core::CanonicalOrder order = read_canonical(root);
  must_be_own(root, partner);
  OrderReceived received{with_bytes(std::move(order), delivery.body)};
  received.times_may_move = false;  // one canonical order, whichever way it comes
  return received;
}

}  // namespace

WebhookScheme standard_webhooks() {
  WebhookScheme scheme;
  scheme.header = "webhook-signature";
  scheme.encoding = SignatureEncoding::base64;
  scheme.prefix = "v1,";
  scheme.separator = ' ';
  scheme.signed_text = "{id}.{timestamp}.{body}";
  scheme.id_header = "webhook-id";
  scheme.timestamp_header = "webhook-timestamp";
  return scheme;
}

WebhookScheme stripe_webhooks() {
  WebhookScheme scheme;
  scheme.header = "Stripe-Signature";
  scheme.prefix = "v1=";
  scheme.separator = ',';
  scheme.signed_text = "{timestamp}.{body}";
  scheme.timestamp_prefix = "t=";
  return scheme;
}

std::optional<std::string> standard_webhooks_secret(std::string_view secret) {
  if (secret.starts_with(secret_prefix)) secret.remove_prefix(secret_prefix.size());
  auto key = base64_decoded(secret);
  if (key && key->empty()) key.reset();
  return key;
}

std::string flaw_of(const WebhookScheme& scheme) {
  const auto asks_for = [&](std::string_view brace) {
    return scheme.signed_text.find(brace) != std::string::npos;
  };
  if (scheme.header.empty()) return "names no header for the signature";
  if (!asks_for("{body}")) return "signs no {body}: anyone could change it";
  if (asks_for("{id}") && scheme.id_header.empty()) return "signs {id} and names no id_header";
  if (asks_for("{timestamp}") && scheme.timestamp_header.empty() && scheme.timestamp_prefix.empty())
    return "signs {timestamp} and names neither timestamp_header nor timestamp_prefix";
  return {};
}

bool Generic::authenticate(const Delivery& delivery) const {
  if (delivery.scheme == nullptr || !flaw_of(*delivery.scheme).empty()) return false;
  const WebhookScheme& scheme = *delivery.scheme;
  const Given given{
      scheme.id_header.empty() ? std::string_view{} : only_header(delivery.headers, scheme.id_header),
      timestamp_of(scheme, delivery), delivery.body};
  const auto bytes = filled(scheme.signed_text, given);
  if (!bytes) return false;
  const auto presented =
      elements_of(only_header(delivery.headers, scheme.header), scheme.separator, scheme.prefix);
  const bool matched = is_signed_by_any(delivery, presented, *bytes, scheme.encoding);
  return matched && is_fresh(scheme, given.timestamp, delivery.now_wall_ms);
}

Parsed<Webhook> Generic::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_webhook(
      delivery, fixed, [&](const Place& root) { return kind_by_shape(root, fixed); },
      [&](const Place& root, WebhookKind kind) { return read_any(root, kind, delivery, partner); });
}

std::string_view Generic::rejection_code(core::Reason reason) const noexcept { return name_of(reason); }

}  // namespace storegate::codec
