// Announcements, amounts as objects, and requests as their partners want them.
#include "codec/partners/thin.hpp"

#include <algorithm>

#include "codec/decimal.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

bool is_graphic(char c) { return c > ' ' && c <= '~'; }

bool may_stand_in_a_request(std::string_view href) {
  return href.size() <= core::href_bytes_max && std::all_of(href.begin(), href.end(), is_graphic);
}

}  // namespace

OrderAnnounced announced(std::string_view partner, std::string partner_order_id, const Place& href,
                         bool is_new) {
  OrderAnnounced order{std::string(partner), std::move(partner_order_id), "", is_new};
  if (const std::string_view text = href.text_or_empty(); may_stand_in_a_request(text)) order.href = text;
  return order;
}

std::string order_id_if_fit(const Place& place) {
  const std::string_view id = place.text_or_empty();
  const bool is_printable =
      std::none_of(id.begin(), id.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return is_printable && id.size() <= core::partner_order_id_bytes_max ? std::string(id) : std::string();
}

std::int64_t MoneyObjects::required(const Place& money, std::int64_t min) {
  if (!money.must_be_object()) return 0;
  const Place code = money.member(currency_name_);
  const std::string theirs = currency_if_given(code);
  if (currency_.empty()) currency_ = theirs;
  if (!theirs.empty() && theirs != currency_) code.refuse("is another currency than the order's");
  const Place amount = money.member(amount_);
  if (written_ == Written::minor_units) return minor_units(amount, min);
  return amount.decimal(minor_digits(currency_), min, core::money_minor_max);
}

std::string order_path(std::string_view prefix, std::string_view id, std::string_view suffix) {
  return std::string(prefix).append(percent_encoded(id)).append(suffix);
}

HttpRequest get_of(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  return request;
}

HttpRequest post_of(std::string target, std::string json) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  if (!json.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(json);
  return request;
}

void append_refused_items(std::string& out, std::string_view name, std::string_view refusals,
                          core::Reason reason) {
  const auto unpacked = core::unpack_refusals(refusals);
  if (!unpacked) return;
  bool is_first = true;
  for (const core::Refusal& refusal : *unpacked) {
    if (refusal.reason != reason || refusal.subject.empty()) continue;
    if (is_first)
      out.append(",\"").append(name).append("\":[");
    else
      out += ',';
    json::append_string(out, refusal.subject);
    is_first = false;
  }
  if (!is_first) out += ']';
}

}  // namespace storegate::codec
