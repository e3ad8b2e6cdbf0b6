// I2: the kitchen gets an order once. Counted by the POS's own key, so that a reprint, which a person ordered, is counted
// apart.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

void ticket_cut(const Scene& scene, Story& story, const std::string& key) {
  if (++story.tickets[key] > 1 && !story.reborn) scene.blame("I2", "a second ticket under " + key);
  if (story.must_be_refused) scene.blame("I14", "a ticket for an order that had to be refused: " + key);
}

}  // namespace storegate::sim::check
