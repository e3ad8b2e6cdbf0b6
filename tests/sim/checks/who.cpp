// who: an event that says that somebody released or cancelled an order tells the truth: that command reached the gateway,
// by that way, or a time came by itself. A token that is not the order's is nobody's word, and is reported.
#include <algorithm>
#include <array>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

bool is_command(std::string_view by) { return by == "partner" || by == "cloud" || by == "person"; }

bool is_release_true(const Story& story, const Seen& seen) {
  if (seen.by == "policy") return story.mode == core::ReleaseMode::immediate && seen.why == "immediate";
  if (seen.by == "clock") {
    const bool at_time = story.mode == core::ReleaseMode::at_time;
    return story.clock_may_release_ms != never && seen.why == (at_time ? "at_time" : "fallback");
  }
  constexpr std::array<std::string_view, 3> whys{"", "early", "late"};
  return is_command(seen.by) && story.released_by.contains(seen.by) &&
         std::find(whys.begin(), whys.end(), seen.why) != whys.end();
}

}  // namespace

void told_by_somebody(const Scene& scene, const Story& story) {
  if (story.reborn) return;  // the events of two orders
  const Seen& seen = story.events.back();
  if (seen.name == "released" && !is_release_true(story, seen))
    scene.blame("who", name_of(story) + " is told to be released by '" + seen.by + "' (" + seen.why +
                           "), who did not");
  if (seen.name == "cancelled" && is_command(seen.by) && !story.cancelled_by.contains(seen.by))
    scene.blame("who", name_of(story) + " is told to be cancelled by '" + seen.by + "', who did not");
}

void wrong_token_reported(const Scene& scene, Story& story) {
  if (story.wrong_tokens == 0)
    scene.blame("who", name_of(story) + ": a wrong token is reported and nobody used one");
}

}  // namespace storegate::sim::check
