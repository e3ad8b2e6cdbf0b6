// Sizes that a reader can hold in view: lines of a file, lines of a function. Functions are found by their
// braces, not by a compiler, so the measure is simple and never needs a header.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "house/source_tree.hpp"

namespace storegate::house {

inline constexpr std::size_t file_lines_max = 500;      // style: "300 lines is a good room, 500 a full one"
inline constexpr std::size_t function_lines_max = 100;  // one page; the median aimed at is under 10

/// A function's place and its lines from the head to the closing brace.
struct Function {
  std::string file;
  std::size_t line = 0;
  std::size_t lines = 0;
};

/// The functions of one file: everything with a body that is not inside another function.
[[nodiscard]] std::vector<Function> functions_of(const SourceFile& file);

/// Files over `file_lines_max` and functions over `function_lines_max`, in all C++ of the tree.
[[nodiscard]] std::vector<Finding> oversized(const std::vector<SourceFile>& tree);

/// The value below which `share` (0..1) of the functions' lengths lie; 0 without functions.
[[nodiscard]] std::size_t percentile(const std::vector<Function>& functions, double share);

}  // namespace storegate::house
