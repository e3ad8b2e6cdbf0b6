// The bench's answer: a Markdown table of goals, figures and floors, headed by the date and the machine's shape.
// Knows nothing of how a figure was made.
#pragma once

#include <string>
#include <vector>

namespace storegate::bench {

enum class Verdict { met, missed, told };  // told: a figure without a goal of its own

struct Row {
  std::string what;  // the figure and, where there is one, its goal
  std::string measured;
  std::string floor;  // what the same run says is possible, or what the figure is made of
  Verdict verdict = Verdict::told;
  std::string cause;  // shown when missed
};

/// `value` as a decimal with so many digits after the point.
[[nodiscard]] std::string decimal_text(double value, int digits = 2);
[[nodiscard]] inline Verdict verdict_of(bool met) { return met ? Verdict::met : Verdict::missed; }

/// The whole table with its head. `folder` is where the databases lie: its file system belongs to the shape.
[[nodiscard]] std::string head_text(const std::string& folder);
[[nodiscard]] std::string rows_text(const std::vector<Row>& rows);
/// The table's two first lines.
[[nodiscard]] std::string columns_text();

/// The middle of the values (the mean of the two middle ones); 0 of none.
[[nodiscard]] double median_of(std::vector<double> values);

}  // namespace storegate::bench
