// What every file must have or must not have in its text: an opening comment, no words that tell of unfinished
// work or of one machine, no backend chosen by the preprocessor; and the rules for SQL files.
#pragma once

#include <vector>

#include "house/source_tree.hpp"

namespace storegate::house {

/// C++ files that do not open with a comment (2-3 lines: what it is for, what it must not know).
[[nodiscard]] std::vector<Finding> without_opening_comment(const std::vector<SourceFile>& tree);

/// Words that no file may carry: paths of a builder's machine, package hosts, marks of unfinished work.
[[nodiscard]] std::vector<Finding> forbidden_words(const std::vector<SourceFile>& tree);

/// time_t and what has it in it, in the rooms: it has 32 bits on Debian 12's armhf and ends in January 2038. The clocks are
/// read in platform/clock.cpp, which asks for one of 64 bits, and files are looked at with statx (storage/long_times.cpp lets
/// SQLite do so).
[[nodiscard]] std::vector<Finding> short_time(const std::vector<SourceFile>& tree);

/// Preprocessor conditions in the rooms: a backend is chosen by which `main` links it.
[[nodiscard]] std::vector<Finding> conditional_code(const std::vector<SourceFile>& tree);

/// SQL files with more or less than one statement, tables that are not STRICT, and files whose name no
/// C++ source of storage mentions.
[[nodiscard]] std::vector<Finding> sql_findings(const std::vector<SourceFile>& tree);

}  // namespace storegate::house
