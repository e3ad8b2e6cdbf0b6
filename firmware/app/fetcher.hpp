// Fetcher: orders that their partners only announced, asked for at the partner's API. One request for each effect, one fact
// for each request. It must not know when an order is asked for again.
#pragma once

#include <functional>

#include "app/partner_lines.hpp"
#include "core/inputs.hpp"
#include "core/messages.hpp"

namespace storegate::app {

class Fetcher {
 public:
  using Offer = std::function<void(core::Input)>;

  Fetcher(PartnerLines& lines, Offer offer) : lines_(lines), offer_(std::move(offer)) {}

  /// Ends with an OrderFetched, never from within.
  void carry_out(core::FetchOrder effect);

 private:
  PartnerLines& lines_;
  Offer offer_;
};

}  // namespace storegate::app
