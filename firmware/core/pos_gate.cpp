// How long a POS that is away is left alone.
#include "core/pos_gate.hpp"

namespace storegate::core {

void PosGate::on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms,
                         Generator& generator) {
  closed_ = true;
  ++failures_;
  const Milliseconds wait = backoff_ms(failures_, pos_backoff_first_ms, pos_backoff_most_ms, generator);
  try_at_ms_ = steady_ms + std::max(wait, std::min(retry_after_ms.value_or(0), minute_ms));
  if (!failing_since_ms_) failing_since_ms_ = steady_ms;
}

}  // namespace storegate::core
