// Instructions of an order's life, counted by callgrind: the difference of a longer and a shorter run, so that start
// and end do not count. The same figure on every machine of an architecture, however busy it is.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "callgrind.hpp"
#include "sections.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t few = 200;
constexpr std::uint64_t many = 800;
constexpr std::size_t senders = 16;
constexpr std::size_t functions_shown = 40;

Profile profile_of(const std::string& program, Way way, std::uint64_t lives) {
  const support::TempDir folder;
  const std::string out = folder.file("callgrind.out");
  BenchStore store(program, {"valgrind", "--tool=callgrind", "--callgrind-out-file=" + out});
  LifeLoad load(store, {.way = way, .senders = senders, .lives_max = lives});
  load.begin();
  load.finish(60s);
  store.stop(60s);
  return read_profile(out);
}

using Figures = std::vector<std::pair<double, std::string>>;

Figures per_life(const std::map<std::string, double>& longer, const std::map<std::string, double>& shorter) {
  Figures figures;
  for (const auto& [name, cost] : longer) {
    const auto before = shorter.find(name);
    const double more = cost - (before == shorter.end() ? 0 : before->second);
    figures.emplace_back(more / static_cast<double>(many - few), name);
  }
  std::sort(figures.rbegin(), figures.rend());
  return figures;
}

std::string thousands(double count) { return decimal_text(count / 1000, 0) + " k"; }

}  // namespace

std::vector<Row> measure_instructions(Bench& bench) {
  std::vector<Row> rows;
  for (const Way way : {Way::http, Way::own_message}) {
    std::fprintf(stderr, "instructions by callgrind, %s\n", std::string(name_of(way)).c_str());
    const Profile shorter = profile_of(bench.program(), way, few);
    const Profile longer = profile_of(bench.program(), way, many);
    const double total = (longer.total - shorter.total) / static_cast<double>(many - few);
    std::string rooms;
    for (const auto& [cost, room] : per_life(longer.rooms, shorter.rooms))
      if (cost >= 1000) rooms += (rooms.empty() ? "" : ", ") + room + " " + thousands(cost);
    rows.push_back({"Instructions of an order's life, " + std::string(name_of(way)) + ", " +
                        std::to_string(senders) + " senders",
                    thousands(total),
                    rooms,
                    Verdict::told,
                    {}});
    std::size_t shown = 0;
    for (const auto& [cost, function] : per_life(longer.functions, shorter.functions))
      if (shown++ < functions_shown)
        std::fprintf(stderr, "%10.0f %s\n", cost, function.substr(0, 140).c_str());
  }
  return rows;
}

}  // namespace storegate::bench
