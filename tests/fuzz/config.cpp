// storegate.toml: a configuration, or everything that is wrong with it.
#include "app/config.hpp"

#include "target.hpp"

namespace storegate::fuzz {

/// The file. One that names a file of the machine would make the outcome depend on it: it is left aside.
void run_config(std::string_view input) {
  if (input.find("file") != std::string_view::npos) return;
  const auto reading = app::parse_config(input, {});
  expect(reading.config.has_value() == reading.problems.empty(), "there is a configuration, or a problem");
  for (const auto* findings : {&reading.problems, &reading.warnings}) {
    std::uint32_t line = 0;
    for (const auto& finding : *findings) {
      expect(!finding.text.empty() && !app::describe(finding, "f").empty(), "a finding has words");
      expect((finding.line == 0) == (finding.column == 0), "a finding has its place");
      expect(finding.line >= line, "findings are in order");
      line = finding.line;
    }
  }
  if (!reading.config) return;
  const auto policy = app::policy_of(*reading.config);
  expect(policy.pos.timeout_ms > 0, "a policy has a timeout");
  expect(reading.config->http.body_bytes_max() > 0, "a body may have bytes");
}

}  // namespace storegate::fuzz
