// What partners share whose webhooks only name an order: the announcement, the frame of a fetched order, amounts that are
// objects, and how their API is asked. Knows no partner's field names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "codec/canonical.hpp"
#include "codec/json.hpp"
#include "codec/partners/partner_api.hpp"
#include "codec/partners/reading.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

/// An order that has yet to be fetched. An address that could not stand in a request (no text, too long, blanks or control
/// characters in it) is left out: the order is then fetched by its id.
[[nodiscard]] OrderAnnounced announced(std::string_view partner, std::string partner_order_id,
                                       const json::Place& href, bool is_new);
/// The id at `place`, and no problem if there is none: "" then. For lists of which one element must not hinder the rest.
[[nodiscard]] std::string order_id_if_fit(const json::Place& place);

/// Amounts that are objects with their currency, as `{"amount":350,"currency":"USD"}`: all of an order's must be in the
/// first one's, since it says what every other means.
class MoneyObjects {
 public:
  enum class Written : std::uint8_t {
    minor_units,  // 350
    decimals,     // 3.50
  };
  MoneyObjects(std::string_view amount, std::string_view currency, Written written)
      : amount_(amount), currency_name_(currency), written_(written) {}

  /// Minor units, `min` to money_minor_max. What is written in minor units must be whole.
  [[nodiscard]] std::int64_t required(const json::Place& money, std::int64_t min);
  [[nodiscard]] std::int64_t if_given(const json::Place& money, std::int64_t min) {
    return money.given() ? required(money, min) : 0;
  }
  /// "" while no amount has told one.
  [[nodiscard]] const std::string& currency() const noexcept { return currency_; }

 private:
  std::string_view amount_;
  std::string_view currency_name_;
  Written written_;
  std::string currency_;
};

/// The frame of every fetched order: `read_state(root, fetched)` says how it stands and what it is called
/// (`fetched.decoded.order.partner_order_id`), `read_order(root)` gives the order itself. Of one that is not to be cooked
/// nothing but its name is owed: if the rest cannot be read, it is left empty. Of another store's nothing else is read.
template <typename ReadState, typename ReadOrder>
[[nodiscard]] Parsed<FetchedOrder> read_fetched_order(std::string_view body, std::string_view partner,
                                                      ReadState read_state, ReadOrder read_order) {
  const auto document = json::Document::parse(body);
  if (!document) return document.problem();
  FetchedOrder fetched;
  fetched.decoded.order.partner = partner;
  json::Reading head(*document);
  const json::Place head_root(head);
  if (head_root.must_be_object()) read_state(head_root, fetched);
  if (head.failed()) return head.take_problem();
  if (fetched.other_store) return fetched;
  json::Reading whole(*document);
  const json::Place root(whole);
  core::CanonicalOrder order = read_order(root);
  if (!whole.failed())
    fetched.decoded = with_bytes(std::move(order), body);
  else if (!fetched.cancelled && !fetched.over && !fetched.early)
    return whole.take_problem();
  return fetched;
}

/// Orders or events in one page of missed ones; the largest documented is 1000.
inline constexpr std::size_t pulled_orders_max = 10'000;

/// "PREFIX" + the id, percent-encoded + "SUFFIX".
[[nodiscard]] std::string order_path(std::string_view prefix, std::string_view id,
                                     std::string_view suffix = {});
[[nodiscard]] HttpRequest get_of(std::string target);
/// A POST of this JSON; "" = without a body.
[[nodiscard]] HttpRequest post_of(std::string target, std::string json = {});
/// Appends `,"NAME":["id",…]` of the items that were refused for this reason (core::Order::refusals); nothing if there are
/// none.
void append_refused_items(std::string& out, std::string_view name, std::string_view refusals,
                          core::Reason reason);

}  // namespace storegate::codec
