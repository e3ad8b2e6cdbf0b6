// storegate-kill: kills storegate at random moments under load and holds what senders, disk, broker and POS say
// against each other. Exit status: 0 no invariant broken, 1 one was, 2 bad usage, 3 the run itself failed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <random>
#include <string>

#include "evidence.hpp"
#include "kill_store.hpp"
#include "senders.hpp"

namespace storegate::killing {

using namespace std::chrono_literals;

namespace {

struct Arguments {
  std::string program;
  PosClass pos_class = PosClass::deduplicates;
  int kills = 100;
  int hits_wanted = 0;            // kills that must have met an order in `sending` or a commit
  bool violation_wanted = false;  // a control: the run must break an invariant
  std::uint64_t seed = 1;
};

struct Totals {
  int sending = 0;
  int commit = 0;
  int either = 0;
};

void pump(support::Loop& loop, Senders& senders, std::chrono::microseconds span) {
  const auto end = std::chrono::steady_clock::now() + span;
  while (std::chrono::steady_clock::now() < end) {
    senders.keep_busy();
    loop.turn(1ms);
  }
}

// Every second kill comes in the moment after an acknowledgement: what was promised just now is the likeliest to be
// only in memory.
void wait_for_acknowledgement(support::Loop& loop, Senders& senders) {
  const std::size_t before = senders.acknowledgements();
  const auto end = std::chrono::steady_clock::now() + 500ms;
  while (senders.acknowledgements() == before && std::chrono::steady_clock::now() < end) {
    senders.keep_busy();
    loop.turn(1ms);
  }
}

void count(const Hit& hit, int number, Totals& totals) {
  totals.sending += hit.sending > 0 ? 1 : 0;
  totals.commit += hit.commit_in_progress ? 1 : 0;
  totals.either += hit.sending > 0 || hit.commit_in_progress ? 1 : 0;
  std::printf("kill %3d: %zu rows, %zu in sending, %s\n", number, hit.rows.size(), hit.sending,
              hit.commit_in_progress ? "commit in progress" : "no commit in progress");
}

bool follow_to_the_end(support::Loop& loop, Senders& senders, KillStore& store, Evidence& evidence) {
  senders.drain();
  const auto end = std::chrono::steady_clock::now() + 120s;
  bool rest_released = false;
  while (std::chrono::steady_clock::now() < end) {
    pump(loop, senders, 50ms);
    if (!senders.idle()) continue;
    if (!rest_released) {
      senders.release_the_rest();
      rest_released = true;
      continue;
    }
    evidence.take_events(store.cloud());
    if (evidence.all_ended(senders.orders())) return true;
  }
  return false;
}

int run(const Arguments& arguments) {
  KillStore store(arguments.program, arguments.pos_class);
  store.start();
  // What is published before the first subscription belongs to no session: the cloud waits for the snapshot request.
  store.cloud().wait_for("storegate has subscribed", 20s, [](const support::MqttLine& line) {
    return line.topic.ends_with("gateway.snapshot_requested");
  });
  support::Loop loop;
  Senders senders(loop, store.api(), support::Address{"127.0.0.1", store.broker().port(), {}},
                  arguments.seed);
  Evidence evidence;
  Totals totals;
  std::mt19937_64 random(arguments.seed * 7919);
  for (int number = 1; number <= arguments.kills && evidence.complaints().empty(); ++number) {
    // Long enough for the uplink to be back, at least half the time: MQTT is hit too.
    pump(loop, senders, std::chrono::microseconds(100'000 + random() % 900'000));
    if (number % 2 == 0) wait_for_acknowledgement(loop, senders);
    const Hit hit = store.kill();
    pump(loop, senders, 5ms);  // answers that were on their way count as given
    count(hit, number, totals);
    evidence.check_rows(hit, senders.orders());
    store.start();
    evidence.take_events(store.cloud());
    evidence.check_tickets(store.pos());
  }
  const bool ended = !evidence.complaints().empty() || follow_to_the_end(loop, senders, store, evidence);
  if (evidence.complaints().empty()) {
    if (!ended) std::printf("I1: some orders never came to an end\n");
    evidence.check_tickets(store.pos());
    evidence.check_ends(senders.orders(), store.pos());
  }
  for (const std::string& complaint : evidence.complaints()) std::printf("%s\n", complaint.c_str());
  const bool broken = !evidence.complaints().empty() || !ended;
  std::printf(
      "%d kills: %d with an order in sending, %d within a commit, %d with either; %zu orders, %zu events "
      "(%zu repeats), %zu tickets; %s\n",
      arguments.kills, totals.sending, totals.commit, totals.either, senders.orders().size(),
      evidence.events(), evidence.repeats(), store.pos().tickets().size(),
      broken ? "AN INVARIANT IS BROKEN" : "no invariant broken");
  if (!broken && totals.either < arguments.hits_wanted) {
    std::printf("only %d kills met work in progress, %d wanted\n", totals.either, arguments.hits_wanted);
    return 1;
  }
  if (arguments.violation_wanted) return broken ? 0 : 1;
  return broken ? 1 : 0;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--control") {
      arguments.violation_wanted = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::string value = argv[++i];
    if (name == "--program")
      arguments.program = value;
    else if (name == "--kills")
      arguments.kills = std::atoi(value.c_str());
    else if (name == "--hits")
      arguments.hits_wanted = std::atoi(value.c_str());
    else if (name == "--seed")
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--pos" && value == "deduplicates")
      arguments.pos_class = PosClass::deduplicates;
    else if (name == "--pos" && value == "asked")
      arguments.pos_class = PosClass::can_be_asked;
    else
      return false;
  }
  return !arguments.program.empty() && arguments.kills > 0;
}

}  // namespace

}  // namespace storegate::killing

int main(int argc, char** argv) {
  using namespace storegate::killing;
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: storegate-kill --program FILE [--pos deduplicates|asked] [--kills N] [--hits N] "
                 "[--seed N] [--control]\n");
    return 2;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::printf("the run failed: %s\n", error.what());
    return 3;
  }
}
