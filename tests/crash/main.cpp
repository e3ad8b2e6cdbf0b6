// storegate-crash: cuts the power of a gateway at every write and sync, breaks its disk and rots it, and looks whether
// the promise holds. `--help` says how. Exit 0: it holds. 1: a rule is broken; the last line reproduces it. 2: usage.
// 3: the program itself, or the code under test, came to a bad end.
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>

#include "crash/campaign.hpp"
#include "crash/cuts_part.hpp"
#include "crash/memory.hpp"
#include "crash/memory_part.hpp"
#include "crash/rot_part.hpp"
#include "crash/small_part.hpp"
#include "crash/sweep_part.hpp"

namespace {

using namespace storegate::crash;

constexpr const char* usage =
    "storegate-crash [cuts | sweep | memory | rot | small] [options]\n"
    "  --seed S          of everything that is drawn (1)\n"
    "  --images N        go on until so many images were checked (300000)\n"
    "  --minutes M       begin nothing after so long (no limit)\n"
    "  --workers W       processes (as many as processors); the figures do not hang on it\n"
    "  --garble P        of 1000 torn images, so many with a garbled neighbour sector (600)\n"
    "  --run-on P        of 1000 images, so many on which the whole engine runs to each order's end (60)\n"
    "  --image U:I       only this one, as a failure names it\n"
    "  --inputs N        small: sequences of up to so many inputs (3)\n"
    "  --every           memory: each allocation, none left out\n"
    "  --one-in N        sweep, memory: of the moments at which something fails every N-th (1)\n"
    "  --trace           sweep: print every operation on the disk\n"
    "controls:\n"
    "  --ignore-syncs    cuts: the disk promises and does nothing\n"
    "  --control NAME    what the line of figures calls it\n"
    "  --must-break R,R  exit 0 if one of these rules (I1, memory, ...) was found broken, 1 if none was, or "
    "another\n";

struct Arguments {
  CampaignOptions campaign;
  CutsOptions cuts;
  SweepOptions sweep;
  MemoryOptions memory;
  RotOptions rot;
  SmallOptions small;
  std::string part = "cuts";
  std::string must_break, control;
  std::string shape;  // options without which an image has another number
};

bool read(int count, char** words, Arguments& into) {
  for (int at = 1; at < count; ++at) {
    const std::string word = words[at];
    const bool has_value = at + 1 < count;
    const auto number = [&] { return std::strtoull(words[++at], nullptr, 10); };
    if (word == "cuts" || word == "sweep" || word == "memory" || word == "rot" || word == "small") {
      into.part = word;
    } else if (word == "--ignore-syncs") {
      into.cuts.ignore_syncs = true;
      into.shape += " --ignore-syncs";
    } else if (word == "--every") {
      into.memory.every = true;
    } else if (word == "--trace") {
      into.sweep.trace = true;
    } else if (!has_value) {
      return false;
    } else if (word == "--images") {
      into.campaign.goal = number();
    } else if (word == "--seed") {
      into.campaign.seed = number();
      into.cuts.seed = into.sweep.seed = into.memory.seed = into.rot.seed = into.small.seed =
          into.campaign.seed;
    } else if (word == "--inputs") {
      into.small.inputs_max = number();
      into.shape += " --inputs " + std::string(words[at]);
    } else if (word == "--one-in") {
      into.sweep.one_in = into.memory.one_in = number();
      if (into.sweep.one_in == 0) return false;
      into.shape += " --one-in " + std::string(words[at]);
    } else if (word == "--minutes") {
      into.campaign.minutes = number();
    } else if (word == "--garble") {
      into.cuts.cut.garbled_of_1000 = number();
      into.shape += " --garble " + std::string(words[at]);
    } else if (word == "--run-on") {
      into.cuts.run_on_of_1000 = number();
      into.shape += " --run-on " + std::string(words[at]);
    } else if (word == "--workers") {
      into.campaign.workers = number();
    } else if (word == "--must-break") {
      into.must_break = words[++at];
    } else if (word == "--control") {
      into.control = words[++at];
    } else if (word == "--image") {
      into.campaign.only = words[++at];
    } else {
      return false;
    }
  }
  return true;
}

template <std::size_t size>
void print_figures(const Arguments& arguments, const Outcome& outcome, const char* const (&names)[size]) {
  std::string json = "{\"suite\":\"crash\",\"part\":\"" + arguments.part + "\"";
  json += ",\"seed\":" + std::to_string(arguments.campaign.seed);
  for (std::size_t figure = 0; figure < size; ++figure) {
    const std::string value = std::to_string(outcome.figures[figure]);
    std::printf("  %-12s %12s\n", names[figure], value.c_str());
    json += ",\"" + std::string(names[figure]) + "\":" + value;
  }
  char tail[200];
  std::snprintf(tail, sizeof tail, ",\"units\":%llu,\"repeated\":%llu,\"seconds\":%.1f,\"violations\":%d}",
                static_cast<unsigned long long>(outcome.units),
                static_cast<unsigned long long>(outcome.repeated), outcome.seconds,
                outcome.broken.empty() ? 0 : 1);
  std::printf("  %-12s %12.0f\n", "per second", static_cast<double>(outcome.figures[0]) / outcome.seconds);
  if (arguments.must_break.empty()) std::printf("%s%s\n", json.c_str(), tail);
}

int judge_control(const Arguments& arguments, const Outcome& outcome) {
  const std::string rule = outcome.broken.substr(0, outcome.broken.find(':'));
  const bool caught =
      !rule.empty() && ("," + arguments.must_break + ",").find("," + rule + ",") != std::string::npos;
  const char* how = outcome.broken.empty() ? "SURVIVED" : caught ? "caught, " : "ANOTHER RULE, ";
  std::printf("control: %s%s\n", how, outcome.broken.c_str());
  if (!caught) return 1;
  std::printf(R"({"suite":"control","harness":"crash","name":"%s","caught":"%s","where":"%s %s"})"
              "\n",
              arguments.control.c_str(), rule.c_str(), arguments.part.c_str(), outcome.where.c_str());
  return 0;
}

int verdict(const Arguments& arguments, const Outcome& outcome) {
  const std::string again = "storegate-crash " + arguments.part + " --seed " +
                            std::to_string(arguments.campaign.seed) + arguments.shape + " --image " +
                            outcome.where;
  if (!outcome.died.empty()) {
    std::printf("%s\n%s\n", outcome.died.c_str(), again.c_str());
    return 3;
  }
  if (!arguments.must_break.empty()) return judge_control(arguments, outcome);
  if (outcome.broken.empty()) return 0;
  std::printf("BROKEN %s\n%s\n", outcome.broken.c_str(), again.c_str());
  return 1;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  arguments.campaign.goal = 300'000;
  arguments.campaign.units = 20'000;
  if (!read(count, words, arguments)) {
    std::fputs(usage, stderr);
    return 2;
  }
  if (!own_sqlite_memory()) return 3;
  Outcome outcome;
  if (arguments.part == "sweep") {
    arguments.campaign.goal = 0;
    arguments.campaign.units = sweep_units();
    outcome = run_campaign(arguments.campaign, [&](std::uint64_t number, Unit& unit) {
      run_sweep(arguments.sweep, number, unit);
    });
    print_figures(arguments, outcome, sweep_figures);
  } else if (arguments.part == "memory") {
    arguments.campaign.goal = 0;
    arguments.campaign.units = memory_units();
    outcome = run_campaign(arguments.campaign, [&](std::uint64_t number, Unit& unit) {
      run_memory(arguments.memory, number, unit);
    });
    print_figures(arguments, outcome, memory_figures);
  } else if (arguments.part == "small") {
    arguments.campaign.goal = 0;
    arguments.campaign.units = small_units(arguments.small);
    outcome = run_campaign(arguments.campaign, [&](std::uint64_t number, Unit& unit) {
      run_small(arguments.small, number, unit);
    });
    print_figures(arguments, outcome, small_figures);
  } else if (arguments.part == "rot") {
    outcome = run_campaign(arguments.campaign,
                           [&](std::uint64_t number, Unit& unit) { run_rot(arguments.rot, number, unit); });
    print_figures(arguments, outcome, rot_figures);
  } else {
    outcome = run_campaign(arguments.campaign,
                           [&](std::uint64_t number, Unit& unit) { run_cuts(arguments.cuts, number, unit); });
    print_figures(arguments, outcome, cuts_figures);
  }
  return verdict(arguments, outcome);
}
