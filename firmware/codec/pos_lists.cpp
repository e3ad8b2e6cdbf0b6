// The POS's lists: what is not to be had, and what things cost. A list that is not clear in every line is none.
#include <algorithm>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/pos_rest.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

namespace {

using core::PosList;
using json::Place;
using Outcome = core::PosListed::Outcome;

/// Reads `{"items":[{"id",…}]}`; `each(id, line)` reads the rest of a line. False: it is not such a list.
template <typename Each>
bool read_items(std::string_view body, Each each) {
  const auto document = json::Document::parse(body);
  if (!document) return false;
  json::Reading reading(*document);
  const Place root(reading);
  if (!root.must_be_object()) return false;
  std::vector<std::string_view> ids;
  root.member("items").elements(0, availability_items_max, [&](const Place& line) {
    if (!line.must_be_object()) return;
    ids.push_back(line.member("id").text({.min = 1, .max = item_id_bytes_max, .printable = true}));
    each(ids.back(), line);
  });
  if (reading.failed()) return false;
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) == ids.end();
}

bool read_availability(std::string_view body, std::vector<std::string>& off) {
  return read_items(body, [&](std::string_view id, const Place& line) {
    if (!line.member("available").boolean()) off.emplace_back(id);
  });
}

bool read_menu(std::string_view body, std::vector<core::MenuPrice>& prices) {
  return read_items(body, [&](std::string_view id, const Place& line) {
    const std::int64_t price =
        line.member("unit_price").integer(-core::money_minor_max, core::money_minor_max);
    prices.push_back({std::string(id), core::Money{price}});
  });
}

}  // namespace

HttpRequest request_of(const core::AskPosList& effect) {
  HttpRequest request;
  request.target = effect.list == PosList::menu ? "/menu" : "/availability";
  request.headers = {{"Accept", "application/json"}};
  return request;
}

core::PosListed outcome_of(const core::AskPosList& effect, const PosHttpOutcome& http) {
  core::PosListed answer;
  answer.list = effect.list;
  answer.attempt = effect.attempt;
  if (http.status == 404 || http.status == 405) answer.outcome = Outcome::no_list;
  if (http.status == 429 || http.status == 503) answer.retry_after_ms = retry_after_ms(http.retry_after);
  if (http.status != 200) return answer;
  const bool read = effect.list == PosList::menu ? read_menu(http.body, answer.prices)
                                                 : read_availability(http.body, answer.off);
  if (read) {
    answer.outcome = Outcome::listed;
  } else {
    answer.off.clear();
    answer.prices.clear();
  }
  return answer;
}

}  // namespace storegate::codec
