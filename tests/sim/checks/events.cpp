// I3: once repeats are left out, no order's events are reordered and by sequence there is no gap in the end (while a
// backlog is drained there is, see backlog.cpp); a repeat is the same to the byte, and an order's events tell phases that
// can follow each other.
#include <algorithm>
#include <array>
#include <cstring>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

/// Held against others of this run only, so the machine's byte order does not matter.
std::uint64_t print_of(std::string_view text) {
  std::uint64_t lane = 0xcbf29ce484222325ULL ^ text.size();
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(8, text.size()))) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), std::min<std::size_t>(8, text.size()));
    lane = (lane ^ word) * 0x9fb21c651e98df25ULL;
    lane ^= lane >> 29U;
  }
  return lane;
}

struct Follows {
  std::string_view before;  // the last event's phase; "" = there was none
  std::string_view name;
  std::string_view previous;  // what the event says the phase was, internal ones included
};

// Every event that may follow an event of this phase.
constexpr std::array follows = std::to_array<Follows>({
    {"", "accepted", ""},
    {"", "rejected", ""},
    {"", "cancelled", ""},
    {"held", "released", "held"},
    {"held", "cancelled", "held"},
    {"held", "parked", "held"},
    {"queued", "placed", "sending"},
    {"queued", "placed", "queued"},  // a test order, without the POS
    {"queued", "cancelled", "queued"},
    {"queued", "cancelled", "sending"},
    {"queued", "expired", "queued"},
    {"queued", "parked", "sending"},
    {"queued", "parked", "queued"},  // a person keys it in
    {"placed", "ready", "placed"},
    {"placed", "completed", "placed"},
    {"placed", "cancelled", "placed"},
    {"ready", "completed", "ready"},
    {"ready", "cancelled", "ready"},
    {"ready", "cancelled", "voiding"},
    {"ready", "cancel_refused", "voiding"},
    {"placed", "cancelled", "voiding"},
    {"placed", "cancel_refused", "voiding"},
    {"placed", "cancel_refused", "placed"},
    {"parked", "resolved", "parked"},
    {"parked", "released", "parked"},
    {"parked", "cancelled", "parked"},
    {"parked", "parked", "parked"},  // it waited for its release, and now a person keys it in
});

}  // namespace

void EventStream::on_event(const Scene& scene, const Publication& event, std::uint64_t forgotten) {
  const std::string_view text = event.payload;
  const std::string number(member_text(text, "sequence"));
  const std::string_view epoch = member_text(text, "epoch");
  if (number.size() != 20) return scene.blame("I3", "an event without a sequence of 20 digits");
  const std::int64_t sequence = std::stoll(number);
  if (epoch_.empty()) epoch_ = epoch;
  if (epoch != epoch_) return scene.blame("I3", "a new epoch though no database was replaced");
  if (member_text(text, "id") != "store-042-" + epoch_ + "-" + number)
    return scene.blame("I3", "event " + number + " has another id");
  const std::uint64_t print = print_of(text);
  const auto [known, is_new] = prints_.emplace(sequence, print);
  if (!is_new && known->second != print)
    return scene.blame("I3", "event " + std::to_string(sequence) + " came again with another content");
  if (!is_new) return;
  while (prints_.contains(through_ + 1)) ++through_;
  // The store's own events have no subject, and are in order among themselves.
  std::int64_t& newest = newest_[std::string(member_text(text, "subject"))];
  if (sequence < newest && forgotten == 0)
    return scene.blame("I3", "event " + std::to_string(sequence) + " of an order came after its event " +
                                 std::to_string(newest));
  newest = std::max(newest, sequence);
}

void EventStream::complete(const Scene& scene, std::int64_t last) const {
  std::int64_t next = 1;
  for (const auto& [sequence, print] : prints_) {
    if (sequence != next) break;
    ++next;
  }
  if (next <= last)
    scene.blame_liveness("I3",
                         "event " + std::to_string(next) + " of " + std::to_string(last) + " never came");
}

void event_follows(const Scene& scene, const Story& story) {
  if (story.reborn) return;  // the events of two orders
  const Seen& seen = story.events.back();
  const std::string_view before =
      story.events.size() > 1 ? std::string_view(story.events.end()[-2].phase) : "";
  for (const Follows& one : follows)
    if (one.before == before && one.name == seen.name && one.previous == seen.previous_phase) {
      if (seen.name == "placed" && seen.previous_phase == "queued" && !story.test) break;
      return;
    }
  scene.blame("I3", name_of(story) + ": " + seen.name + " from " + seen.previous_phase +
                        " after the phase '" + std::string(before) + "'");
}

}  // namespace storegate::sim::check
