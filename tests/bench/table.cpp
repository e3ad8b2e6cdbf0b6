// Markdown, and what Linux says of the machine.
#include "table.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/support/json_text.hpp"

namespace storegate::bench {

namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos && (line.starts_with("model name") || line.starts_with("Model")))
      return line.substr(colon + 2);
  }
  return "unknown processor";
}

/// The type of the mount with the longest path that `folder` lies under.
std::string file_system_of(const std::string& folder) {
  std::ifstream file("/proc/mounts");
  std::string type = "unknown file system";
  std::size_t longest = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string device, path, kind;
    words >> device >> path >> kind;
    const bool under = path == "/" || folder == path || folder.starts_with(path + "/");
    if (!under || path.size() < longest) continue;
    longest = path.size();
    type = kind;
  }
  return type;
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::met: return "met";
    case Verdict::missed: return "**missed**";
    case Verdict::told: return "";
  }
  return "";
}

}  // namespace

std::string decimal_text(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string head_text(const std::string& folder) {
  utsname system{};
  ::uname(&system);
  double load = 0;
  ::getloadavg(&load, 1);
  struct sysinfo memory {};
  ::sysinfo(&memory);
  const double gib = static_cast<double>(memory.totalram) * memory.mem_unit / (1024.0 * 1024 * 1024);
  return "Measured " + support::utc_text() + " on " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) +
         " cores (" + cpu_model() + "), " + decimal_text(gib, 1) + " GiB, " + system.sysname + " " +
         system.release + " " + system.machine + ", " + file_system_of(folder) +
         "; load average of the minute before: " + decimal_text(load, 1) + ".\n\n";
}

std::string columns_text() {
  return "| figure and goal | measured | floor of the same run | verdict |\n|---|---|---|---|\n";
}

std::string rows_text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    text += "| " + row.what + " | " + row.measured + " | " + row.floor + " | " + word_of(row.verdict);
    if (row.verdict == Verdict::missed && !row.cause.empty()) text += ": " + row.cause;
    text += " |\n";
  }
  return text;
}

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace storegate::bench
