// What callgrind wrote, summed by room: who executes how many instructions. A room is told by the function's name;
// knows no more of storegate than its namespaces.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace storegate::bench {

/// Instructions by room, and by function the same sum again.
struct Profile {
  double total = 0;
  std::map<std::string, double> rooms;
  std::map<std::string, double> functions;  // own instructions, by name
};

/// Reads a callgrind.out file. What a function of the C and C++ libraries executes is shared out among the rooms that
/// call it, in proportion to the cost of their calls. Throws std::runtime_error when it cannot be read.
[[nodiscard]] Profile read_profile(const std::string& path);

/// The room of a function in an object file; "" for the C and C++ libraries, which work for their callers.
[[nodiscard]] std::string room_of(std::string_view function, std::string_view object, std::string_view file);

}  // namespace storegate::bench
