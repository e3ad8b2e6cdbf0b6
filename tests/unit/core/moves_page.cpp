// Every word of the page comes from core/moves.hpp: names, outcomes, where they lead.
#include "moves_page.hpp"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "core/moves.hpp"

namespace storegate::core::testing {

namespace {

constexpr std::string_view begin_marker = "<!-- made of moves.cpp by moves-page: begin -->\n";
constexpr std::string_view end_marker = "<!-- made of moves.cpp by moves-page: end -->\n";

template <typename Visit>
void for_each_phase(Visit visit) {
  for (std::size_t phase = 0; phase < phase_count; ++phase) visit(static_cast<Phase>(phase));
}

template <typename Visit>
void for_each_happening(Visit visit) {
  for (std::size_t happening = 0; happening < happening_count; ++happening)
    visit(static_cast<Happening>(happening));
}

/// "held, queued"
std::string names_of(Phases phases) {
  std::string names;
  for_each_phase([&](Phase phase) {
    if (phases.has(phase)) names.append(names.empty() ? "" : ", ").append(name_of(phase));
  });
  return names;
}

bool is_drawn(Happening happening) { return happening != Happening::event_lost; }

/// For each pair of phases the happenings that may bring an order from the one to the other.
std::map<std::pair<Phase, Phase>, std::string> arrows() {
  std::map<std::pair<Phase, Phase>, std::string> labels;
  for_each_happening([&](Happening happening) {
    if (!is_drawn(happening)) return;
    for_each_phase([&](Phase from) {
      for_each_phase([&](Phase to) {
        if (from == to || !targets_of(outcome_of(happening, from)).has(to)) return;
        std::string& label = labels[{from, to}];
        label.append(label.empty() ? "" : "<br/>").append(name_of(happening));
      });
    });
  });
  return labels;
}

std::string diagram() {
  std::string text = "```mermaid\nstateDiagram-v2\n";
  for_each_phase([&](Phase phase) {
    if (arrival_phases.has(phase)) text.append("  [*] --> ").append(name_of(phase)).append(": arrives\n");
  });
  for (const auto& [between, label] : arrows()) {
    text.append("  ").append(name_of(between.first)).append(" --> ").append(name_of(between.second));
    text.append(": ").append(label).append("\n");
  }
  for_each_phase([&](Phase phase) {
    if (is_end(phase)) text.append("  ").append(name_of(phase)).append(" --> [*]\n");
  });
  return text + "```\n";
}

/// The rows of one happening: phases in which the same is done share a row. What our own bug alone could bring is left
/// out.
std::string rows_of(Happening happening) {
  std::vector<std::pair<Outcome, Phases>> rows;
  for_each_phase([&](Phase phase) {
    const Outcome outcome = outcome_of(happening, phase);
    if (outcome == Outcome::impossible) return;
    for (auto& [known, phases] : rows)
      if (known == outcome) return void(phases += phase);
    rows.emplace_back(outcome, Phases{phase});
  });
  std::string text;
  for (const auto& [outcome, phases] : rows) {
    const Phases targets = targets_of(outcome);
    text.append("| ").append(&outcome == &rows.front().first ? std::string(name_of(happening))
                                                             : std::string());
    text.append(" | ").append(names_of(phases)).append(" | ").append(name_of(outcome)).append(" | ");
    text.append(targets.empty() ? "stays" : names_of(targets)).append(" |\n");
  }
  return text;
}

}  // namespace

std::string moves_page() {
  std::string page =
      diagram() + "\n| what happened | in phase | is answered by | then |\n|---|---|---|---|\n";
  page.append("| (arrives) | | | ").append(names_of(arrival_phases)).append(" |\n");
  for_each_happening([&](Happening happening) { page += rows_of(happening); });
  return page;
}

std::string with_page(std::string_view readme, std::string_view page) {
  const std::size_t begin = readme.find(begin_marker);
  const std::size_t end = readme.find(end_marker);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  std::string text(readme.substr(0, begin + begin_marker.size()));
  return text.append("\n").append(page).append("\n").append(readme.substr(end));
}

}  // namespace storegate::core::testing
