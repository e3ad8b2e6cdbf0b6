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

TEST_CASE("4 what may follow is what one happening may lead to, and several of one turn") {
  CHECK(may_lead(Phase::held, Phase::queued));
  CHECK_FALSE(may_lead(Phase::held, Phase::sending));
  CHECK(may_follow_in_one_commit(Phase::held, Phase::sending));  // released and sent in one turn
  CHECK(may_follow_in_one_commit(Phase::held, Phase::placed));   // parked, and a person says that it is there
  CHECK_FALSE(may_follow_in_one_commit(Phase::voiding, Phase::queued));
  CHECK(
      may_follow_in_one_commit(Phase::sending, Phase::voiding));  // it took an order that is to be cancelled
  CHECK_FALSE(may_follow_in_one_commit(Phase::queued, Phase::held));
  CHECK(may_arrive_in_one_commit(Phase::sending));
  CHECK(may_arrive_in_one_commit(Phase::fetching));
  CHECK(may_follow_in_one_commit(Phase::fetching, Phase::sending));  // fetched, released and sent
  CHECK_FALSE(may_follow_in_one_commit(Phase::held, Phase::fetching));
}

TEST_CASE("4 an end leads nowhere, and every other phase leads to one") {
  for (std::size_t from = 0; from < phase_count; ++from) {
    const Phase phase = static_cast<Phase>(from);
    CAPTURE(phase);
    bool leads = false;
    for (std::size_t to = 0; to < phase_count; ++to) leads = leads || may_lead(phase, static_cast<Phase>(to));
    CHECK(leads == !is_end(phase));
  }
}

TEST_CASE("4 every pair that is not our bug's names where it leads") {
  for_each_pair([](Happening happening, Phase phase) {
    const Phases targets = targets_of(outcome_of(happening, phase));
    CAPTURE(name_of(happening));
    CAPTURE(phase);
    for (std::size_t to = 0; to < phase_count; ++to) {
      const Phase target = static_cast<Phase>(to);
      if (!targets.has(target) || target == phase || happening == Happening::event_lost) continue;
      CHECK(may_lead(phase, target));
    }
  });
}
