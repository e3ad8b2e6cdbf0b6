// From left to right; what is missing is collected, so that one run tells all.
#include "proof/page.hpp"

#include <algorithm>

namespace storegate::proof {

namespace {

constexpr std::string_view opens = "{{";
constexpr std::string_view closes = "}}";
constexpr std::string_view members_of = "members of ";

void append_row(std::string& text, std::initializer_list<std::string_view> cells) {
  for (const std::string_view cell : cells) text.append("| ").append(cell).append(" ");
  text.append("|\n");
}

std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string controls_table(const Figures& figures) {
  std::string text = "| planted bug | harness | caught as | found at |\n|---|---|---|---|\n";
  for (const Control& control : figures.controls())
    append_row(text, {spoken(control.name), control.harness, control.caught, control.where});
  return text;
}

std::string model_table(const Figures& figures) {
  std::string text = "| model | found | states |\n|---|---|---|\n";
  for (const Search& search : figures.searches())
    append_row(text, {"`" + search.definitions + "`",
                      search.found == "holds" ? "one ticket, and it settles" : "cooks twice, as planted",
                      search.states});
  return text;
}

std::string members_table(const Figures& figures, std::string_view name) {
  const auto members = figures.members(name);
  if (members.empty()) return {};
  std::string text = "| what | times |\n|---|---|\n";
  for (const auto& [member, value] : members) append_row(text, {member, value});
  return text;
}

/// Empty: there is nothing of that name.
std::string value_of(std::string_view name, const Figures& figures) {
  if (name == "controls") return figures.controls().empty() ? std::string() : controls_table(figures);
  if (name == "count of controls")
    return figures.controls().empty() ? std::string() : std::to_string(figures.controls().size());
  if (name == "model") return figures.searches().empty() ? std::string() : model_table(figures);
  if (name.starts_with(members_of)) return members_table(figures, name.substr(members_of.size()));
  const std::string* found = figures.find(name);
  return found == nullptr ? std::string() : *found;
}

}  // namespace

core::Result<std::string> page_of(std::string_view form, const Figures& figures) {
  std::string page;
  std::string missing;
  while (true) {
    const std::size_t open = form.find(opens);
    page.append(form.substr(0, open));
    if (open == std::string_view::npos) break;
    form.remove_prefix(open + opens.size());
    const std::size_t close = form.find(closes);
    if (close == std::string_view::npos) return core::Error{core::ErrorCode::invalid, "a slot has no end"};
    const std::string_view name = form.substr(0, close);
    form.remove_prefix(close + closes.size());
    const std::string value = value_of(name, figures);
    if (value.empty()) missing.append(missing.empty() ? "" : ", ").append(name);
    page.append(value);
    if (value.ends_with('\n') && form.starts_with('\n')) form.remove_prefix(1);
  }
  if (!missing.empty()) return core::Error{core::ErrorCode::invalid, "no suite told: " + missing};
  return page;
}

}  // namespace storegate::proof
