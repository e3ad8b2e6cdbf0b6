// storegate-bench: measures the sections that were asked for and prints one Markdown table.
// Exit status: 0 all was measured (a missed goal stands in the table), 1 a run failed, 2 bad usage.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "sections.hpp"

namespace storegate::bench {

namespace {

struct Section {
  std::string_view name;
  std::vector<Row> (*measure)(Bench&);
};

constexpr Section sections[] = {
    {"syncs", measure_syncs},       {"throughput", measure_throughput},
    {"cpu", measure_cpu},           {"latency", measure_latency},
    {"fairness", measure_fairness}, {"bytes", measure_bytes},
    {"memory", measure_memory},     {"instructions", measure_instructions},
    {"backlog", measure_backlog},   {"retention", measure_retention},
    {"adapt", measure_adapt},       {"tls", measure_tls},
    {"slow", measure_slow},
};

struct Arguments {
  std::string program;
  std::string output;           // the table goes there too; "" = only to standard output
  std::string folder = "/tmp";  // databases lie below it: its disk is measured
  double seconds = 10;          // of each load run
  std::vector<std::string> only;
  std::string adapt;  // this partner's order alone, `times` over: what callgrind is put around
  int times = 0;
};

bool is_section(std::string_view name) {
  return std::any_of(std::begin(sections), std::end(sections),
                     [&](const Section& s) { return s.name == name; });
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--program")
      arguments.program = value;
    else if (name == "--output")
      arguments.output = value;
    else if (name == "--folder")
      arguments.folder = value;
    else if (name == "--seconds")
      arguments.seconds = std::atof(value.c_str());
    else if (name == "--only" && is_section(value))
      arguments.only.push_back(value);
    else if (name == "--adapt")
      arguments.adapt = value;
    else if (name == "--times")
      arguments.times = std::atoi(value.c_str());
    else
      return false;
  }
  if (argc % 2 != 1) return false;
  if (!arguments.adapt.empty()) return arguments.times > 0;
  return !arguments.program.empty() && arguments.seconds > 0;
}

int run(const Arguments& arguments) {
  std::filesystem::create_directories(arguments.folder);
  ::setenv("TMPDIR", arguments.folder.c_str(), 1);
  Bench bench(arguments.program, arguments.seconds);
  std::string text = head_text(arguments.folder) + columns_text();
  bool failed = false;
  for (const Section& section : sections) {
    const bool wanted = arguments.only.empty() || std::find(arguments.only.begin(), arguments.only.end(),
                                                            section.name) != arguments.only.end();
    if (!wanted) continue;
    try {
      text += rows_text(section.measure(bench));
    } catch (const std::exception& error) {
      failed = true;
      text += "| " + std::string(section.name) + " | the run failed: " + error.what() + " | | |\n";
    }
  }
  std::printf("%s", text.c_str());
  if (!arguments.output.empty()) std::ofstream(arguments.output) << text;
  return failed ? 1 : 0;
}

}  // namespace

}  // namespace storegate::bench

int main(int argc, char** argv) {
  using namespace storegate::bench;
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: storegate-bench --program FILE [--folder DIR] [--output FILE] [--seconds N] "
                 "[--only "
                 "syncs|throughput|cpu|latency|fairness|bytes|memory|instructions|backlog|retention|adapt|"
                 "tls|slow]...\n"
                 "       storegate-bench --adapt PARTNER --times N: adapts that partner's order so often, "
                 "for callgrind\n");
    return 2;
  }
  try {
    if (!arguments.adapt.empty()) return adapt_only(arguments.adapt, arguments.times), 0;
    return run(arguments);
  } catch (const std::exception& error) {
    std::printf("the bench failed: %s\n", error.what());
    return 1;
  }
}
