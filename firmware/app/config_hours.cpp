// store.hours: `{ mon = ["06:00-23:00"], sun = [] }` into minutes of the local day.
#include <array>
#include <optional>
#include <string_view>

#include "app/config_sections.hpp"

namespace storegate::app {
namespace {

constexpr std::array<std::string_view, 7> day_names = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int minutes_of_day = 24 * 60;

std::optional<int> two_digits(std::string_view text) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
    return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

/// "HH:MM" up to 24:00.
std::optional<int> minute_from(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2));
  const auto minute = two_digits(text.substr(3));
  if (!hour || !minute || *minute > 59) return std::nullopt;
  const int total = *hour * 60 + *minute;
  return total <= minutes_of_day ? std::optional(total) : std::nullopt;
}

std::optional<core::OpenSpan> span_from(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto from = minute_from(text.substr(0, 5));
  const auto until = minute_from(text.substr(6));
  if (!from || !until || *from == *until || *from == minutes_of_day) return std::nullopt;
  return core::OpenSpan{*from, *until};
}

void read_day(ConfigTable& hours, std::string_view day, std::vector<core::OpenSpan>& spans) {
  const ConfigNode* list = hours.find(day, ConfigNode::Kind::array);
  if (list == nullptr) return;
  for (const ConfigNode& item : list->items) {
    const auto span = item.kind == ConfigNode::Kind::text ? span_from(item.text) : std::nullopt;
    if (span) {
      spans.push_back(*span);
    } else {
      hours.problem(day,
                    "must be a list of times such as \"06:00-23:00\" (\"22:00-02:00\" crosses midnight, "
                    "\"00:00-24:00\" is the whole day)");
      return;
    }
  }
}

}  // namespace

void read_hours(ConfigTable& table, StoreConfig& store) {
  const ConfigNode* node = table.find("hours", ConfigNode::Kind::table);
  if (node == nullptr) return;
  ConfigTable hours = table.inner(*node, "hours");
  core::OpeningHours open;
  for (std::size_t day = 0; day < day_names.size(); ++day) read_day(hours, day_names[day], open[day]);
  hours.report_unknown();
  store.hours = std::move(open);
}

}  // namespace storegate::app
