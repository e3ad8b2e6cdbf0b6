// Statuses out; events in by turns of list and event, since their list leaves the states out.
#include "codec/partners/hubrise_api.hpp"

#include <map>
#include <utility>

#include "codec/partners/hubrise.hpp"
#include "codec/partners/reading.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"
#include "codec/times.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const HubRise hubrise;
const HubRiseApi hubrise_api;

constexpr std::string_view list_cursor = "list";
/// Of a cursor; events' ids follow, encoded, a blank between.
constexpr std::string_view event_prefix = "event ";

std::string order_target(const ApiStore& store, std::string_view order_id) {
  const std::string location =
      store.store_id.empty() ? "/location" : "/locations/" + percent_encoded(store.store_id);
  return location + "/orders/" + percent_encoded(order_id);
}

constexpr std::string_view events_target = "/callback/events";

HttpRequest deletion(std::string_view id) {
  return {"DELETE", std::string(events_target).append("/").append(percent_encoded(id)), {}, ""};
}

std::string_view status_word(const core::TellPartner& what) {
  switch (what.notice) {
    case Notice::accepted: return "accepted";
    case Notice::rejected: return "rejected";
    case Notice::placed: return "in_preparation";
    case Notice::ready:
      return what.fulfilment == core::FulfilmentType::delivery ? "awaiting_shipment" : "awaiting_collection";
    default: return "cancelled";
  }
}

/// Events of orders and deliveries are read, the others deleted unread; another location's are left to whoever asks for
/// it. The next pages are the others, oldest first.
PulledPage read_list(const json::Place& list, std::string_view ours) {
  PulledPage page;
  std::multimap<std::int64_t, std::string> ids;  // by when the event was; of one time as listed
  each_of(list, [&](const json::Place& event) {
    const std::string_view id = event.member("id").text_or_empty();
    const std::string_view resource = event.member("resource_type").text_or_empty();
    if (id.empty()) return page.unreadable.emplace_back("an event without an id"), void();
    if (is_other_store(event.member("location_id"), ours)) return;
    if (resource != "order" && resource != "delivery") return page.then.push_back(deletion(id));
    const std::int64_t at = time_from(event.member("created_at").text_or_empty()).value_or(0);
    ids.emplace(at, percent_encoded(id));
  });
  for (const auto& [at, id] : ids) page.next.append(page.next.empty() ? event_prefix : " ").append(id);
  return page;
}

/// An event that cannot be read is deleted as well, or it would stand before all that come later. One of another location,
/// which the list did not say, is not ours to delete.
PulledPage read_one(std::string_view id, std::string_view body, std::string_view partner,
                    std::string_view ours) {
  PulledPage page;
  page.forgets_unreadable = true;
  auto webhook = hubrise.read({.headers = {}, .body = body, .secrets = {}, .partner = partner, .store = ours},
                              std::nullopt);
  if (!webhook && webhook.problem().kind == ProblemKind::other_store) {
    page.forgets_unreadable = false;
    page.left = true;
    page.unreadable.push_back("event " + std::string(id) + ": " + webhook.problem().text());
    return page;
  }
  if (!webhook)
    page.unreadable.push_back("event " + std::string(id) + ": " + webhook.problem().text());
  else if (!std::holds_alternative<NothingReceived>(*webhook))
    page.webhooks.push_back(std::move(*webhook));
  page.then.push_back(deletion(id));
  page.next = list_cursor;
  return page;
}

}  // namespace

HttpRequest HubRiseApi::fetch(const ApiStore& store, const ApiOrder& order) const {
  return {"GET", order_target(store, order.partner_order_id), {}, ""};
}

Parsed<FetchedOrder> HubRiseApi::read_fetched(std::string_view body, std::string_view partner,
                                              const ApiStore& store) const {
  return HubRise::read_fetched(body, partner, own_id(store));
}

HttpRequest HubRiseApi::pull(const ApiStore&, std::string_view cursor) const {
  std::string target(events_target);
  if (cursor.starts_with(event_prefix)) {
    const std::string_view ids = cursor.substr(event_prefix.size());
    target.append("/").append(ids.substr(0, ids.find(' ')));
  }
  return {"GET", std::move(target), {}, ""};
}

std::optional<std::string> HubRiseApi::next_behind(std::string_view cursor) const {
  if (!cursor.starts_with(event_prefix)) return std::nullopt;
  const auto blank = cursor.find(' ', event_prefix.size());
  if (blank == std::string_view::npos) return "";
  return std::string(event_prefix).append(cursor.substr(blank + 1));
}

Parsed<PulledPage> HubRiseApi::read_pulled(std::string_view body, std::string_view partner,
                                           const ApiStore& store) const {
  const auto document = json::Document::parse(body);
  if (!document) return document.problem();
  json::Reading reading(*document);
  const json::Place root(reading);
  if (root.is(json::Kind::array)) {
    PulledPage page = read_list(root, own_id(store));
    if (reading.failed()) return reading.take_problem();
    return page;
  }
  const std::string_view id = root.member("id").text(order_id_rule);
  if (reading.failed()) return reading.take_problem();
  return read_one(id, body, partner, own_id(store));
}

HttpRequest HubRiseApi::tell(const ApiStore& store, const core::TellPartner& what) const {
  return json_request("PATCH", order_target(store, what.partner_order_id),
                      JsonObject().text("status", status_word(what)));
}

const PartnerApi* HubRise::api() const noexcept { return &hubrise_api; }

}  // namespace storegate::codec
