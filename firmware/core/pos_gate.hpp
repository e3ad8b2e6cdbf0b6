// Whether the POS may be asked anything now: how many requests at once, at what rate, and how long to leave a POS
// alone that is away (a circuit breaker: while it is away one request at a time tries it). Soft state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/backoff.hpp"
#include "core/policy.hpp"

namespace storegate::core {

inline constexpr Milliseconds pos_backoff_first_ms = 500;  // half of it at least: 250 ms between tries (I13)
inline constexpr Milliseconds pos_backoff_most_ms = 15'000;  // a POS that is back is found within 30 s (I13)
inline constexpr Milliseconds silence_gap_ms =
    2 * minute_ms;                                    // longer than a barrier and a wait between questions
inline constexpr std::int64_t doubts_that_close = 3;  // lost replies in a row that look like an outage

class PosGate {
 public:
  void set_policy(const PosPolicy& policy) {
    requests_max_ = static_cast<std::size_t>(policy.requests_max < 1 ? 1 : policy.requests_max);
    bucket_ = TokenBucket(policy.rate_per_s, second_ms, policy.rate_per_s);
    reserve_ = policy.rate_per_s / 2;
    rate_per_s_ = policy.rate_per_s;
  }

  /// May one more request for an order start, with `questions` about tickets under way?
  [[nodiscard]] bool may_start(std::size_t questions, Milliseconds steady_ms) const noexcept {
    if (!closed_) return under_way_.size() < requests_max_;
    return under_way_.empty() && questions == 0 && steady_ms >= try_at_ms_;
  }
  /// May a new placement go out? Takes its token.
  [[nodiscard]] bool take_token(Milliseconds steady_ms) noexcept {
    if (bucket_.take(steady_ms)) return true;
    token_at_ms_ = steady_ms + bucket_.wait_ms();
    return false;
  }
  /// Only the half of a second's tokens is left that is kept for partners within their share: a flood does not take the
  /// last one, and so a quiet partner's order need not wait for the next. Never with a rate of 1, or none.
  [[nodiscard]] bool is_scarce(Milliseconds steady_ms) noexcept {
    const std::int64_t tokens = bucket_.tokens(steady_ms);
    return tokens > 0 && tokens <= reserve_;
  }
  [[nodiscard]] bool has_token(Milliseconds steady_ms) noexcept { return bucket_.tokens(steady_ms) > 0; }
  /// Nobody who waits may have what is left, or nothing is: look again when there is more.
  void wait_for_token(Milliseconds steady_ms) noexcept { token_at_ms_ = steady_ms + bucket_.next_token_ms(); }
  /// When to look again at a line that could not move; nothing = an answer will wake it.
  [[nodiscard]] std::optional<Milliseconds> wake_ms(std::size_t questions) const noexcept {
    if (closed_) {
      const auto probe = probe_ms(questions);
      return probe ? std::optional(std::max(*probe, token_at_ms_)) : std::nullopt;
    }
    if (under_way_.size() >= requests_max_) return {};
    return token_at_ms_;
  }

  /// When a POS that is away may be tried; nothing = an answer will tell.
  [[nodiscard]] std::optional<Milliseconds> probe_ms(std::size_t questions) const noexcept {
    return under_way_.empty() && questions == 0 ? std::optional(try_at_ms_) : std::nullopt;
  }

  /// It gave a clear answer. True if it had been away long enough for an alarm.
  bool on_answer() noexcept {
    failures_ = doubts_ = 0;
    closed_ = false;
    silent_since_ms_.reset();
    failing_since_ms_.reset();
    return std::exchange(alarmed_, false);
  }
  /// It was not reached, or told us to come later (`retry_after_ms`). `probe`: the request was to find out whether it is
  /// back. What was under way already when the POS went away is one failure with the first of it, or a second's outage in
  /// a rush would cost the longest wait.
  void on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, bool probe,
                  Generator& generator);
  /// A placement went out and no clear answer came. A probe has found that it is not back.
  void on_doubt(Milliseconds steady_ms, bool probe, Generator& generator) {
    note_silence(steady_ms);
    if (closed_ || ++doubts_ >= doubts_that_close) on_failure(steady_ms, {}, probe, generator);
  }
  /// Neither did one to a question or a void. That closes nothing, but a POS that is away is not asked again at once,
  /// and is tried by a placement next. `silent`: not even a refusal came.
  void on_question_unanswered(Milliseconds steady_ms, bool silent, Generator& generator) {
    if (silent) note_silence(steady_ms);
    if (!closed_) return;
    try_at_ms_ =
        std::max(try_at_ms_, steady_ms + backoff_ms(1, pos_backoff_first_ms, pos_backoff_most_ms, generator));
    wants_placement_ = true;
  }
  /// A request goes out, and is on the wire until its end is told, whatever becomes of its order meanwhile.
  void started(std::uint64_t attempt, bool places, Milliseconds steady_ms) {
    if (closed_) ++probes_;
    wants_placement_ = false;
    last_places_ = places;
    under_way_.push_back({attempt, places, closed_, steady_ms});
  }
  /// A request that has ended.
  struct Ended {
    Milliseconds took_ms = 0;
    bool places = false;
    bool probe = false;
  };
  /// Nothing: it was none of these.
  std::optional<Ended> ended(std::uint64_t attempt, Milliseconds steady_ms) noexcept {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const UnderWay& one) { return one.attempt == attempt; });
    if (found == under_way_.end()) return {};
    const Ended ended{steady_ms - found->since_ms, found->places, found->probe};
    under_way_.erase(found);
    return ended;
  }
  /// A POS that is slow with questions and voids must not have all its requests taken by them: while new orders wait, they
  /// have half of them at most, and every other where there is but one at a time.
  [[nodiscard]] bool questions_may_start() const noexcept {
    const auto questions = static_cast<std::size_t>(
        std::count_if(under_way_.begin(), under_way_.end(), [](const UnderWay& one) { return !one.places; }));
    return closed_ || (requests_max_ == 1 ? last_places_ : questions < requests_max_ / 2);
  }

  /// A placement took so long until it was answered, or until nobody waited for an answer any more. `died`: the
  /// connection did before, and it would have taken no less.
  void note_placement(Milliseconds took_ms, bool died) noexcept {
    if (died && (placement_ms_ == 0 || took_ms <= placement_ms_)) return;
    placement_ms_ +=
        (std::max<Milliseconds>(took_ms, 1) - placement_ms_) / (placement_ms_ == 0 ? 1 : placements_averaged);
  }
  /// How long a placement takes, as an average of the last ones; 0 = none was answered yet.
  [[nodiscard]] Milliseconds placement_ms() const noexcept { return placement_ms_; }
  /// How many placements a POS takes in 1,000 s: what its rate allows, or what it manages where that is less.
  [[nodiscard]] std::int64_t placements_per_1000_s() const noexcept {
    constexpr std::int64_t no_bound = 1'000'000'000;
    const std::int64_t by_rate = rate_per_s_ > 0 ? rate_per_s_ * 1000 : no_bound;
    const std::int64_t by_speed =
        placement_ms_ > 0 ? static_cast<std::int64_t>(requests_max_) * 1000 * second_ms / placement_ms_
                          : no_bound;
    return std::max<std::int64_t>(1, std::min(by_rate, by_speed));
  }
  /// The next request should be a placement, if one waits.
  [[nodiscard]] bool wants_placement() const noexcept { return closed_ && wants_placement_; }

  /// True once when it has been away for `after_ms`.
  [[nodiscard]] bool alarm_due(Milliseconds steady_ms, Milliseconds after_ms) noexcept {
    const bool silent = silent_since_ms_ && *silent_until_ms_ >= *silent_since_ms_ + after_ms;
    const bool failing = failing_since_ms_ && steady_ms >= *failing_since_ms_ + after_ms;
    if (alarmed_ || (!silent && !failing)) return false;
    alarmed_ = true;
    return true;
  }
  [[nodiscard]] std::optional<Milliseconds> alarm_ms(Milliseconds after_ms) const noexcept {
    if (alarmed_ || !failing_since_ms_) return {};
    return *failing_since_ms_ + after_ms;
  }
  [[nodiscard]] bool reachable() const noexcept { return !closed_; }
  /// Requests that went out while it was away, each alone, since the process began.
  [[nodiscard]] std::uint64_t probes() const noexcept { return probes_; }

 private:
  // One that takes connections and answers nothing clear closes no gate while it has little to do: what comes of it twice,
  // as far apart as an alarm wants, is an alarm all the same. What lies long apart are two losses, not one silence.
  void note_silence(Milliseconds steady_ms) noexcept {
    const bool goes_on = silent_since_ms_ && steady_ms < *silent_until_ms_ + silence_gap_ms;
    if (!goes_on) silent_since_ms_ = steady_ms;
    silent_until_ms_ = steady_ms;
  }

  std::size_t requests_max_ = 1;
  struct UnderWay {
    std::uint64_t attempt = 0;
    bool places = false;  // or asks, or voids
    bool probe = false;   // it went out while the POS was away
    Milliseconds since_ms = 0;
  };
  static constexpr Milliseconds placements_averaged = 8;
  std::vector<UnderWay> under_way_;  // at most requests_max_
  Milliseconds placement_ms_ = 0;
  std::int64_t rate_per_s_ = 0;
  TokenBucket bucket_;
  std::int64_t reserve_ = 0;  // tokens
  Milliseconds token_at_ms_ = 0;
  bool closed_ = false;
  bool wants_placement_ = false;
  bool last_places_ = true;
  std::uint64_t probes_ = 0;
  std::int64_t failures_ = 0;
  std::int64_t doubts_ = 0;
  Milliseconds try_at_ms_ = 0;
  std::optional<Milliseconds> failing_since_ms_;
  std::optional<Milliseconds> silent_since_ms_, silent_until_ms_;
  bool alarmed_ = false;
};

}  // namespace storegate::core
