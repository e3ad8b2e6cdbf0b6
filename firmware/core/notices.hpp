// Telling partners what became of their orders: what is known of that beside the rows, whose turn it is, and how many
// requests a partner gets. Soft state: after a restart all that is owed is due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/order.hpp"
#include "core/partner_pace.hpp"

namespace storegate::core {

/// Requests to one partner at once.
inline constexpr std::size_t notices_at_once_max = 4;
/// Between two tries while a partner is away, and of one order: doubling, half of it drawn.
inline constexpr Milliseconds notice_backoff_first_ms = second_ms;
inline constexpr Milliseconds notice_backoff_most_ms = minute_ms;
/// A partner that says "not now" is left alone for as long as it says, but no longer than this.
inline constexpr Milliseconds notice_pause_most_ms = 10 * minute_ms;
inline constexpr PaceLimits notice_limits{notices_at_once_max, notice_backoff_first_ms,
                                          notice_backoff_most_ms, notice_pause_most_ms};
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

}  // namespace storegate::core
