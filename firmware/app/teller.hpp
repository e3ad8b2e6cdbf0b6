// Teller: partners with answer = "direct" hear from the store itself what becomes of their orders. One request for each
// effect, one fact for each request. It must not know when a partner is told again.
#pragma once

#include <cstddef>
#include <functional>

#include "app/partner_lines.hpp"
#include "core/inputs.hpp"
#include "core/messages.hpp"

namespace storegate::app {

class Teller {
 public:
  using Offer = std::function<void(core::Input)>;

  Teller(PartnerLines& lines, Offer offer) : lines_(lines), offer_(std::move(offer)) {}

  /// Ends with a PartnerTold, never from within.
  void carry_out(core::TellPartner effect);

  /// Requests that the end of the service waits for: what came of them is worth writing down.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  PartnerLines& lines_;
  Offer offer_;
  std::size_t in_flight_ = 0;
};

}  // namespace storegate::app
