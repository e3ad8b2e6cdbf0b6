// When a list of the POS is asked for next: at its interval, with jitter; later and later while that fails; once an hour
// of a POS that has no such list; soon when an order shows that the list has changed. Soft state, copied with a turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/backoff.hpp"

namespace storegate::core {

inline constexpr Milliseconds list_poll_most_ms =
    10 * minute_ms;                                            // between two tries, however often they failed
inline constexpr Milliseconds list_poll_without_ms = hour_ms;  // of a POS that has no such list
inline constexpr Milliseconds list_poll_again_ms = 5 * second_ms;  // between two that orders gave rise to
/// "No such list" is believed when it was said so often in a row: once may be a proxy's word for a POS that starts.
inline constexpr std::int64_t list_poll_denials = 2;

class ListPoll {
 public:
  /// 0 = never. The first time is at once.
  void set_interval(Milliseconds interval_ms, Milliseconds steady_ms) noexcept {
    if (interval_ms == interval_ms_) return;
    interval_ms_ = interval_ms;
    next_ms_ = steady_ms;
  }
  [[nodiscard]] bool is_on() const noexcept { return interval_ms_ > 0; }
  /// When it is due; nothing: never, or an answer is awaited.
  [[nodiscard]] std::optional<Milliseconds> due_ms() const noexcept {
    if (!is_on() || attempt_ != 0) return {};
    return next_ms_;
  }
  void start(std::uint64_t attempt, Milliseconds steady_ms) noexcept {
    attempt_ = attempt;
    started_ms_ = steady_ms;
  }
  [[nodiscard]] bool awaits(std::uint64_t attempt) const noexcept { return attempt_ == attempt; }

  void on_list(Milliseconds steady_ms, Generator& generator) {
    failures_ = denials_ = 0;
    end(steady_ms + jittered_ms(interval_ms_, generator));
  }
  void on_failure(Milliseconds steady_ms, Milliseconds retry_after_ms, Generator& generator) {
    denials_ = 0;
    const Milliseconds most_ms = std::max(interval_ms_, list_poll_most_ms);
    const Milliseconds wait_ms =
        backoff_ms(++failures_, std::max<Milliseconds>(interval_ms_, 1), most_ms, generator);
    end(steady_ms + std::max(wait_ms, std::min(retry_after_ms, list_poll_without_ms)));
  }
  /// The POS has no such list. True: it is to be believed.
  bool on_denial(Milliseconds steady_ms, Generator& generator) {
    failures_ = 0;
    const bool believed = ++denials_ >= list_poll_denials;
    const Milliseconds wait_ms = believed ? std::max(interval_ms_, list_poll_without_ms) : interval_ms_;
    end(steady_ms + jittered_ms(wait_ms, generator));
    return believed;
  }
  /// What the list said last has been refuted.
  void hurry(Milliseconds steady_ms) noexcept {
    if (denials_ > 0) return;
    if (attempt_ != 0)
      again_ = true;  // what is awaited may be of before
    else
      next_ms_ = std::min(next_ms_, std::max(steady_ms, started_ms_ + list_poll_again_ms));
  }

 private:
  static Milliseconds jittered_ms(Milliseconds span_ms, Generator& generator) {
    return span_ms - span_ms / 4 +
           static_cast<Milliseconds>(generator.below(static_cast<std::uint64_t>(span_ms / 2) + 1));
  }
  void end(Milliseconds next_ms) noexcept {
    attempt_ = 0;
    next_ms_ = again_ ? started_ms_ + list_poll_again_ms : next_ms;
    again_ = false;
  }

  Milliseconds interval_ms_ = 0;
  Milliseconds next_ms_ = 0;
  Milliseconds started_ms_ = INT64_MIN / 2;
  std::uint64_t attempt_ = 0;  // 0: no answer is awaited
  std::int64_t failures_ = 0;
  std::int64_t denials_ = 0;
  bool again_ = false;
};

}  // namespace storegate::core
