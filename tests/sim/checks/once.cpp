// I2: the kitchen gets an order once: under each of the POS's keys, and under all of them together once more only for each
// reprint that a person ordered.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

void ticket_cut(const Scene& scene, Story& story, const std::string& key) {
  if (++story.tickets[key] > 1 && !story.reborn) scene.blame("I2", "a second ticket under " + key);
  const int most = (story.keyed_in ? 0 : 1) + story.reprints_asked;
  if (story.tickets_in_all() > most && !story.reborn)
    scene.blame("I2", name_of(story) + " has " + std::to_string(story.tickets_in_all()) + " tickets, " +
                          (story.keyed_in ? "and one that was keyed in, " : "") +
                          std::to_string(story.reprints_asked) + " reprints were ordered");
  if (story.must_be_refused) scene.blame("I14", "a ticket for an order that had to be refused: " + key);
}

}  // namespace storegate::sim::check
