// pace: how often a partner's API is asked, and told something. While it is away one request at a time tries it, after waits
// that double; it is left alone for as long as it says; nobody waits longer than the ceiling, nor for another partner's
// outage. Seen on the way to the APIs; only what is certain counts.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/messages.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

class ApiPaceWatch {
 public:
  enum class Kind : std::uint8_t { fetch, tell };

  /// A process has loaded the rows: nothing is under way, and what it knew of the APIs is forgotten.
  void begin(const Scene& scene, const core::Loaded& loaded);
  /// A turn begins: it knows of what was heard before, if it is `whole`. `woke_ms`: the machine slept until then.
  void on_turn_begins(const Scene& scene, bool whole, std::int64_t woke_ms);
  void asked(const Scene& scene, Kind kind, std::uint64_t call, const Story& story);
  /// Its end is offered to the gateway. `status`: 0 = no answer; `retry_after_s`: 0 = it does not say.
  void heard(const Scene& scene, std::uint64_t call, int status, std::int64_t retry_after_s);
  void written(const Scene& scene, const core::Changes& changes);
  /// Nothing that was decided on has left.
  void on_commit_failed(const Scene& scene);

 private:
  struct Failing {
    std::int64_t times = 0;     // in a row; 0 = it is there
    std::int64_t at_ms = 0;     // the last of them was heard
    std::int64_t later_ms = 0;  // it said that it must not be asked before
  };
  struct Lane {
    Failing heard, known;
    std::int64_t known_since_ms = 0;
    std::int64_t touched_ms = 0;
    std::int64_t turns = 0;                       // that were written since, or since somebody waits
    std::map<std::uint64_t, std::int64_t> open;   // calls, and when they left
    std::map<std::string, std::int64_t> waiting;  // orders that were never asked for in this life, since when
    std::set<std::string> tried;                  // in this life

    void touch(std::int64_t now_ms) {
      touched_ms = now_ms;
      turns = 0;
    }
  };
  using Name = std::pair<std::string, Kind>;

  void note(const Scene& scene, const core::Order& order);
  void note(const Scene& scene, Kind kind, const core::Order& order, bool waits);
  static void judge_waiting(const Scene& scene, const Name& name, const Lane& lane, std::int64_t woke_ms);

  std::map<Name, Lane> lanes_;
};

}  // namespace storegate::sim::check
