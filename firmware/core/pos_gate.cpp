// How long a POS that is away is left alone.
#include "core/pos_gate.hpp"

namespace storegate::core {

void PosGate::on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, bool probe,
                         Generator& generator) {
  const bool tried_anew = !closed_ || probe;
  closed_ = true;
  if (tried_anew) ++failures_;
  const Milliseconds wait =
      backoff_ms(tried_anew ? failures_ : 1, pos_backoff_first_ms, pos_backoff_most_ms, generator);
  const Milliseconds at_ms = steady_ms + std::max(wait, std::min(retry_after_ms.value_or(0), minute_ms));
  try_at_ms_ = tried_anew ? at_ms : std::max(try_at_ms_, at_ms);
  if (!failing_since_ms_) failing_since_ms_ = steady_ms;
}

}  // namespace storegate::core
