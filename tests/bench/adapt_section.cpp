// Adapting: what a partner's webhook costs before anything is decided, in microseconds and in instructions.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "adapting.hpp"
#include "callgrind.hpp"
#include "sections.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::bench {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr double goal_us = 60;
constexpr int rounds = 200;
constexpr int a_round = 50;
constexpr int few = 20;
constexpr int many = 120;

/// The middle one of many short rounds.
double microseconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto begun = Clock::now();
    for (int i = 0; i < a_round; ++i) work();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count() / a_round);
  }
  return median_of(times);
}

/// This program under callgrind, adapting so many orders.
double instructions(const std::string& partner, int times) {
  const support::TempDir folder;
  const std::string out = folder.file("callgrind.out");
  support::Process run("valgrind",
                       {"--tool=callgrind", "--callgrind-out-file=" + out,
                        std::filesystem::read_symlink("/proc/self/exe").string(), "--adapt", partner,
                        "--times", std::to_string(times)},
                       {.stderr_path = folder.file("words")});
  const auto ended = run.wait(300s);
  if (!ended || !ended->clean())
    throw std::runtime_error("callgrind of " + partner + ": " + support::read_file(folder.file("words")));
  return read_profile(out).total;
}

Row row_of(const std::string& partner) {
  const Adapting order(partner);
  const double whole = microseconds([&] { (void)order.adapt(); });
  const double parse = microseconds([&] { order.parse_alone(); });
  const double hmac = microseconds([&] { order.sign_alone(); });
  const double count = (instructions(partner, many) - instructions(partner, few)) / (many - few);
  return {"An order of " + partner + ", " + std::to_string(order.body().size()) +
              " bytes: authenticated and adapted, under 60 us",
          decimal_text(whole, 1) + " us; " + decimal_text(count / 1000, 0) + " k instructions",
          "the parse alone " + decimal_text(parse, 1) + " us" +
              (order.is_signed()
                   ? ", the HMAC alone " + decimal_text(hmac, 1) + " us, for each secret that is live"
                   : "; its secret is compared, nothing is signed"),
          verdict_of(whole < goal_us), "the rest is reading and writing the canonical order"};
}

}  // namespace

void adapt_only(const std::string& partner, int times) {
  const Adapting order(partner);
  for (int i = 0; i < times; ++i) (void)order.adapt();
}

std::vector<Row> measure_adapt(Bench&) {
  std::vector<Row> rows;
  for (const std::string& partner : adapted_partners()) {
    std::fprintf(stderr, "adapting, %s\n", partner.c_str());
    rows.push_back(row_of(partner));
  }
  return rows;
}

}  // namespace storegate::bench
