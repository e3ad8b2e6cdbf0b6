// What came of a request to a partner's API, as core hears it: one place for the product and the simulator.
#pragma once

#include <string_view>

#include "codec/partners/partner_api.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// What the other side said; nothing is copied.
struct ApiReply {
  int status = 0;  // 0 = nothing: no connection, no token, no whole answer in time
  std::string_view retry_after = {};
  std::string_view body = {};
  bool sent = true;  // a byte of the request may have left
};

/// `partner`: as configured. Of an order that was fetched the digest of its body is left to the caller, who has the key.
/// An order under another id than the one that was asked for is unreadable, whatever else it says. One of another store
/// than `store` is not_ours, and only one of this store that is none yet is not_yet.
[[nodiscard]] core::OrderFetched fetched_from(const PartnerApi& api, const core::FetchOrder& effect,
                                              const ApiReply& reply, const ApiStore& store);
[[nodiscard]] core::PartnerTold told_from(const PartnerApi& api, const core::TellPartner& effect,
                                          const ApiReply& reply);

}  // namespace storegate::codec
