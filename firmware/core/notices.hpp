// Telling partners what became of their orders: what is known of that beside the rows, whose turn it is, and how many
// requests a partner gets. Soft state: after a restart all that is owed is due.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/backoff.hpp"
#include "core/order.hpp"

namespace storegate::core {

/// Requests to one partner at once.
inline constexpr std::size_t notices_at_once_max = 4;
/// Between two tries while a partner is away, and of one order: doubling, half of it drawn.
inline constexpr Milliseconds notice_backoff_first_ms = second_ms;
inline constexpr Milliseconds notice_backoff_most_ms = minute_ms;
/// A partner that says "not now" is left alone for as long as it says, but no longer than this.
inline constexpr Milliseconds notice_pause_most_ms = 10 * minute_ms;
/// What could not be told by then means nothing any more, and a person has to look: counted from when it was owed, or from
/// the order's arrival for the decision about it, unless PartnerPolicy::decide_within_ms says otherwise.
inline constexpr Milliseconds notice_within_ms = hour_ms;
/// However late it is, it is tried for so long: from when it was owed, or from the start of the process.
inline constexpr Milliseconds notice_tried_for_ms = minute_ms;
/// Of what a partner says to a notice, in an event.
inline constexpr std::size_t partner_words_max = 200;

/// One order's. Only of one that owes its partner something.
struct Telling {
  std::uint64_t attempt = 0;          // of the request under way; 0 = none
  Milliseconds next_ms = 0;           // not before this
  Milliseconds owed_ms = 0;           // when something was owed last
  std::int64_t promised_wall_ms = 0;  // when the food was promised, as its order said; 0 = not known
  Notices doubtful;           // owed, and told perhaps: the answer was lost, or it is of before a restart
  std::int32_t failures = 0;  // in a row
  Notice notice = Notice::accepted;  // what is under way
  bool renewed = false;              // the same is owed once more since the request went out

  /// The partner may know of it by now, or may be about to.
  [[nodiscard]] bool may_be_told(Notice which) const noexcept {
    return doubtful.has(which) || (attempt != 0 && notice == which);
  }
};

/// The orders whose partner is to be told something next: for each partner a line of its own, so that one that is away
/// keeps nobody else waiting. Orders with a request under way are not in it.
class NoticeLine {
 public:
  using Place = std::pair<Milliseconds, OrderNumber>;  // not before this

  void add(const std::string& partner, const Place& place) { lines_[partner].insert(place); }
  void remove(const std::string& partner, const Place& place) {
    const auto line = lines_.find(partner);
    if (line == lines_.end()) return;
    line->second.erase(place);
    if (line->second.empty()) lines_.erase(line);
  }
  /// The first partner behind `partner` in the order of their names for whom somebody waits; nothing: it was the last.
  [[nodiscard]] std::optional<std::string> partner_behind(const std::string& partner) const {
    const auto line = lines_.upper_bound(partner);
    return line == lines_.end() ? std::nullopt : std::optional(line->first);
  }
  /// Whose turn it is at this partner; nothing: nobody waits.
  [[nodiscard]] std::optional<Place> first_of(const std::string& partner) const {
    const auto line = lines_.find(partner);
    return line == lines_.end() ? std::nullopt : std::optional(*line->second.begin());
  }

 private:
  std::map<std::string, std::set<Place>> lines_;
};

/// Whether one partner may be told anything now. While it is away one request at a time tries it.
class NoticePace {
 public:
  [[nodiscard]] bool may_start(Milliseconds steady_ms) const noexcept {
    const auto from_ms = earliest_ms();
    return from_ms && *from_ms <= steady_ms;
  }
  /// Not before this, on the steady clock; nothing: an answer has to come first.
  [[nodiscard]] std::optional<Milliseconds> earliest_ms() const noexcept {
    const std::size_t most = away_ ? 1 : notices_at_once_max;
    if (under_way_.size() >= most) return {};
    return away_ ? try_at_ms_ : Milliseconds{0};
  }
  /// A request is under way until its end is told, whatever becomes of its order meanwhile.
  void started(std::uint64_t attempt) { under_way_.push_back({attempt, away_}); }
  /// Whether it was to find out if the partner is back; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> ended(std::uint64_t attempt) noexcept {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const UnderWay& one) { return one.attempt == attempt; });
    if (found == under_way_.end()) return {};
    const bool probe = found->probe;
    under_way_.erase(found);
    return probe;
  }
  /// It gave a clear answer, whatever it said.
  void on_answer() noexcept {
    away_ = false;
    failures_ = 0;
  }
  /// It did not, or said "not now". What was under way already when it went away is one failure with the first of it.
  void on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, bool probe,
                  Generator& generator) {
    const bool tried_anew = !away_ || probe;
    away_ = true;
    if (tried_anew) ++failures_;
    const Milliseconds wait_ms =
        backoff_ms(tried_anew ? failures_ : 1, notice_backoff_first_ms, notice_backoff_most_ms, generator);
    const Milliseconds at_ms =
        steady_ms + std::max(wait_ms, std::min(retry_after_ms.value_or(0), notice_pause_most_ms));
    try_at_ms_ = tried_anew ? at_ms : std::max(try_at_ms_, at_ms);
  }

 private:
  struct UnderWay {
    std::uint64_t attempt = 0;
    bool probe = false;
  };
  std::vector<UnderWay> under_way_;  // at most notices_at_once_max
  bool away_ = false;
  std::int64_t failures_ = 0;
  Milliseconds try_at_ms_ = 0;
};

}  // namespace storegate::core
