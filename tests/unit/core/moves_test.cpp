// The table of moves: properties that hold for every pair.
#include "core/moves.hpp"

#include "print.hpp"

using namespace storegate::core;

namespace {

template <typename Visit>
void for_each_pair(Visit visit) {
  for (std::size_t h = 0; h < happening_count; ++h) {
    for (std::size_t p = 0; p < phase_count; ++p) visit(static_cast<Happening>(h), static_cast<Phase>(p));
  }
}

}  // namespace

TEST_CASE("an ended order is never moved again, whatever happens [I1]") {
  for_each_pair([](Happening happening, Phase phase) {
    if (!is_end(phase)) return;
    const Outcome outcome = outcome_of(happening, phase);
    const bool still = outcome == Outcome::replay || outcome == Outcome::no_change ||
                       outcome == Outcome::refuse || outcome == Outcome::impossible;
    CAPTURE(name_of(happening));
    CAPTURE(phase);
    CHECK(still);
  });
}

TEST_CASE("only a released order is ever sent, and only one whose intent is written may be in doubt [I5]") {
  for_each_pair([](Happening happening, Phase phase) {
    const Outcome outcome = outcome_of(happening, phase);
    CAPTURE(name_of(happening));
    if (outcome == Outcome::send) CHECK(phase == Phase::queued);
    if (outcome == Outcome::settle_doubt) CHECK(phase == Phase::sending);
    if (outcome == Outcome::place) CHECK(phase == Phase::sending);
  });
}

TEST_CASE("everything that comes from outside has an answer in every phase") {
  for (const Happening happening :
       {Happening::arrived_again, Happening::release, Happening::cancel, Happening::resolved_placed,
        Happening::resolved_not_placed, Happening::resolved_reprint}) {
    for (std::size_t p = 0; p < phase_count; ++p) {
      CAPTURE(name_of(happening));
      CHECK(outcome_of(happening, static_cast<Phase>(p)) != Outcome::impossible);
    }
  }
}

TEST_CASE("a cancel is refused by no phase but the completed one [I4]") {
  for (std::size_t p = 0; p < phase_count; ++p) {
    const Phase phase = static_cast<Phase>(p);
    CAPTURE(phase);
    CHECK((outcome_of(Happening::cancel, phase) == Outcome::refuse) == (phase == Phase::completed));
  }
}
