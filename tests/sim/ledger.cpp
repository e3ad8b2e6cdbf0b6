// Stories by their names; the first violation is the one that counts.
#include "sim/ledger.hpp"

#include <algorithm>
#include <utility>

namespace storegate::sim {

const Seen* Story::first_named(std::string_view name) const noexcept {
  const auto found =
      std::find_if(events.begin(), events.end(), [&](const Seen& seen) { return seen.name == name; });
  return found == events.end() ? nullptr : &*found;
}

int Story::tickets_in_all() const noexcept {
  int sum = 0;
  for (const auto& [key, count] : tickets) sum += count;
  return sum;
}

bool is_end_phase(std::string_view phase) noexcept {
  return phase == "completed" || phase == "rejected" || phase == "cancelled" || phase == "expired";
}

std::size_t Ledger::add(Story story) {
  by_name_[story.partner + ":" + story.id] = stories_.size();
  stories_.push_back(std::move(story));
  return stories_.size() - 1;
}

Story* Ledger::find(std::string_view partner, std::string_view id) {
  std::string name(partner);
  name.append(":").append(id);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &stories_[found->second];
}

Story* Ledger::find_key(std::string_view key) {
  const std::size_t first = key.find(':');
  const std::size_t second = first == std::string_view::npos ? first : key.find(':', first + 1);
  if (second == std::string_view::npos) return nullptr;
  const auto found = by_name_.find(key.substr(0, second));
  return found == by_name_.end() ? nullptr : &stories_[found->second];
}

void Ledger::blame(std::int64_t now_ms, std::string_view invariant, std::string what, bool of_liveness) {
  if (violation_) return;
  violation_ = Violation{std::string(invariant), std::move(what), now_ms, of_liveness};
}

}  // namespace storegate::sim
