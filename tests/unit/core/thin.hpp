// A store with partners that only announce their orders, for the tests of fetching.
#pragma once

#include <string>
#include <vector>

#include "print.hpp"
#include "script.hpp"

namespace storegate::core::testing {

/// "thin" and "slim" announce their orders; thin's wait for their release.
inline Policy thin_policy() {
  Policy policy = default_policy();
  for (const char* name : {"thin", "slim"}) {
    PartnerPolicy partner = policy.partners["kiosk"];
    partner.fetches = true;
    policy.partners[name] = partner;
  }
  policy.partners["slim"].release = ReleaseMode::immediate;
  return policy;
}

/// T-1 of "thin" is announced, and under way.
inline Script announced(Policy policy = thin_policy()) {
  Script store(std::move(policy));
  store.announce("T-1", "thin");
  return store;
}

/// T-1 is announced once more, somewhere; `href` "" = by its id.
inline void announce_at(Script& store, const std::string& href, bool is_new = true) {
  OrderAnnounced input;
  input.caller = store.next_caller();
  input.partner = "thin";
  input.partner_order_id = "T-1";
  input.href = href;
  input.is_new = is_new;
  store.give(std::move(input));
}

/// T-1 was announced and fetched, and is held; there is news of it.
inline Script with_news() {
  Script store = announced();
  store.fetch(FetchOutcome::fetched);
  store.announce("T-1", "thin", false);
  return store;
}

inline std::vector<Refusal> refusals_of(const Script& store, const std::string& id) {
  return unpack_refusals(store.row(id, "thin").refusals).value();
}

inline const OrderBody& body_of(const Script& store, const std::string& id) {
  return store.bodies.at(store.row(id, "thin").number);
}

}  // namespace storegate::core::testing
