// What the partners' APIs share: requests with a JSON body, an order's refusal in words, and lists of which each element
// is read for itself. Knows no partner's field names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// A JSON object, written member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& integer(std::string_view name, std::int64_t value);
  /// RFC 3339 in UTC.
  JsonObject& time(std::string_view name, std::int64_t wall_ms);
  [[nodiscard]] std::string take();

 private:
  std::string& member(std::string_view name);
  std::string out_;
};

/// A request with this body, as application/json.
[[nodiscard]] HttpRequest json_request(std::string method, std::string target, JsonObject& body);

/// The ids of the items that the order was rejected for as not to be had (item_unavailable), in their order.
[[nodiscard]] std::vector<std::string> out_of_stock(const core::TellPartner& what);

inline constexpr std::size_t refusal_words_bytes_max = 500;
/// Why the order is refused or cancelled, for a person at the partner: "Out of stock: taco-01, cola; The kitchen is too
/// busy". Every reason of a rejection up to refusal_words_bytes_max, whole ids only; nothing of the customer.
[[nodiscard]] std::string refusal_words(const core::TellPartner& what);

/// Minutes from when it was told to when the food will be ready, begun ones whole; nothing if that is not known or past.
[[nodiscard]] std::optional<std::int64_t> minutes_to_ready(const core::TellPartner& what);

/// The elements of a JSON array, each as it stands in the text; `member`: of an object, this member's. Only brackets and
/// strings are judged, so that one element that is no JSON does not take the others with it. Nothing where there is no
/// such array.
[[nodiscard]] std::optional<std::vector<std::string_view>> array_elements(std::string_view text,
                                                                          std::string_view member = {});

}  // namespace storegate::codec
