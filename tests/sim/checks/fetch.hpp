// fetch: an announced order is fetched, at a pace its partner can bear, for as long as it may take and no longer; what its
// partner cancelled is not cooked. Seen on the way to the partner's API and in the rows.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/messages.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

class FetchWatch {
 public:
  /// A process has loaded the rows: nothing is under way, and what it was told before is forgotten. A commit of the last one
  /// may be done that it did not see succeed.
  void begin(const Scene& scene, const core::Loaded& loaded);
  /// What was offered before a turn that is `whole` is decided in it: what it asks for is of after that.
  void on_turn_begins(std::int64_t now_ms, bool whole) noexcept {
    if (whole) decided_to_ms_ = now_ms;
  }
  /// `story` SIZE_MAX: an order that nobody announced.
  void asked(const Scene& scene, std::uint64_t call, std::size_t story);
  void ended(std::uint64_t call);
  /// What came of it is offered to the gateway.
  void heard(const Scene& scene, std::size_t story, const core::OrderFetched& fetched);
  void written(const Scene& scene, const core::Changes& changes);
  /// At the end: what was announced has been looked at, and what was told by an announcement alone has come to something.
  static void judge_end(const Scene& scene, std::int64_t healed_ms);

 private:
  /// A start has found it so.
  static void found(const Scene& scene, const std::string& partner, const std::string& id, core::Phase phase,
                    const core::Digest& body);
  void judge_given_up(const Scene& scene, const Story& story, const core::Order& order) const;

  std::map<std::uint64_t, std::size_t> open_;
  /// Looks at one that is decided, in this life, since it was announced last.
  struct Looks {
    std::int64_t announced_ms = 0;
    int count = 0;
  };
  std::map<std::size_t, Looks> looks_;
  std::set<std::size_t> released_;  // fetched, in this life, as one whose courier waits
  std::int64_t loaded_ms_ = 0;
  std::int64_t decided_to_ms_ = -1;               // all that came before then is
  std::map<std::size_t, int> gone_, unreadable_;  // in this life
};

}  // namespace storegate::sim::check
