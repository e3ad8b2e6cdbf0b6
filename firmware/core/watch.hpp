// Watching placed orders: when each is asked about next, and how many questions the POS gets. Soft state: after a restart
// every order is due. A POS that says "not now" to a question is left alone by questions, not by orders.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/backoff.hpp"
#include "core/policy.hpp"
#include "core/under_way.hpp"

namespace storegate::core {

/// A ticket that stays as it is is asked about ever more rarely, but so often (unless PosPolicy::watch_ms is longer).
inline constexpr Milliseconds watch_most_ms = minute_ms;
/// A ticket whose question has no answer that can be read, at least so often.
inline constexpr Milliseconds watch_failed_most_ms = 5 * minute_ms;
/// Where the POS tells by itself: only for what was lost on the way.
inline constexpr Milliseconds watch_pushed_ms = 5 * minute_ms;
/// Before an order is taken for completed it is asked about once more, and so long is waited for the answer.
inline constexpr Milliseconds last_look_ms_max = minute_ms;
/// After "not now" nobody is asked about for so long, doubling up to watch_most_ms.
inline constexpr Milliseconds watch_pause_ms = second_ms;

/// One order's, part of its soft state.
struct Watch {
  Milliseconds next_ms = 0;                    // not before this
  std::uint64_t attempt = 0;                   // of the question under way; 0 = none
  std::int64_t unchanged = 0;                  // answers in a row that told nothing new
  std::int64_t failures = 0;                   // questions in a row without an answer that could be read
  bool pushed = false;                         // the POS tells by itself
  std::optional<Milliseconds> last_look_ms{};  // its completion is due; asked once more since then
};

/// All orders': how many questions at once, and at what rate.
class WatchPace {
 public:
  void set_policy(const PosPolicy& policy) {
    max_ = static_cast<std::size_t>(std::max<std::int64_t>(policy.watch_max, 1));
    bucket_ = TokenBucket(policy.watch_rate_per_s, second_ms, policy.watch_rate_per_s);
  }

  [[nodiscard]] std::size_t in_flight() const noexcept { return under_way_.size(); }
  [[nodiscard]] bool has_room() const noexcept { return under_way_.size() < max_; }
  /// Not before this, on the steady clock.
  [[nodiscard]] Milliseconds earliest_ms() const noexcept { return std::max(resumes_ms_, token_at_ms_); }
  /// Takes a question's token if it may be asked now.
  [[nodiscard]] bool take_token(Milliseconds steady_ms) noexcept {
    if (!has_room() || steady_ms < resumes_ms_) return false;
    if (bucket_.take(steady_ms)) return true;
    token_at_ms_ = steady_ms + bucket_.wait_ms();
    return false;
  }

  /// `probe`: it goes out while the POS is away.
  void started(std::uint64_t attempt, bool probe) { under_way_.started(attempt, probe); }
  /// Whether it was a probe; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> ended(std::uint64_t attempt) noexcept {
    return under_way_.ended(attempt);
  }

  void on_answer() noexcept { refusals_ = 0; }
  void on_not_now(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, Generator& generator) {
    const Milliseconds wait = backoff_ms(++refusals_, watch_pause_ms, watch_most_ms, generator);
    resumes_ms_ = steady_ms + std::max(wait, std::min(retry_after_ms.value_or(0), minute_ms));
  }

 private:
  std::size_t max_ = 1;
  TokenBucket bucket_;
  Milliseconds token_at_ms_ = 0;
  Milliseconds resumes_ms_ = 0;
  std::int64_t refusals_ = 0;
  UnderWay under_way_;  // at most max_
};

}  // namespace storegate::core
