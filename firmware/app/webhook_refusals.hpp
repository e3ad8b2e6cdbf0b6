// WebhookRefusals: what a person can find where a partner's webhook was refused: a counter for each partner and status, and
// log lines that no flood can make many. Knows no request and no rule: those who refuse tell it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "app/gauges.hpp"

namespace storegate::app {

/// Loop thread only.
class WebhookRefusals {
 public:
  explicit WebhookRefusals(Gauges& gauges) noexcept : gauges_(gauges) {}

  /// A webhook of a partner who has proved who he is: a line for each, since an order may hang on it. `partner`, here and
  /// below, is a configured one's name; `why` repeats no value of what was sent.
  void of_partner(std::string_view partner, int status, std::string_view why);

  /// One that anybody may have sent: a line for each partner and minute, with how many there were since the last. "" =
  /// of a partner that is not configured. `steady_ms` on the clock that is never set.
  void of_anybody(std::string_view partner, int status, std::string_view why, std::int64_t steady_ms);

 private:
  struct Told {
    std::int64_t at_steady_ms = 0;
    std::size_t untold = 0;
  };

  Gauges& gauges_;
  std::map<std::string, Told, std::less<>> told_;  // as many as there are partners
};

}  // namespace storegate::app
