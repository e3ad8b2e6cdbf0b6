// The page of the state machine in firmware/core/README.md is what the table of moves makes.
#include "moves_page.hpp"

#include <fstream>
#include <iterator>

#include "core/moves.hpp"
#include "print.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("4 the state machine's page in core/README.md is current") {
  std::ifstream file(STOREGATE_CORE_README);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  INFO("build/dev/tests/unit/core/moves-page firmware/core/README.md writes it anew");
  CHECK(with_page(readme, moves_page()) == readme);
}

TEST_CASE("4 the page names every happening, every outcome that can be, and every phase") {
  const std::string page = moves_page();
  for (std::size_t happening = 0; happening < happening_count; ++happening)
    CHECK(page.find("| " + std::string(name_of(static_cast<Happening>(happening))) + " |") !=
          std::string::npos);
  for (std::size_t outcome = 1; outcome < outcome_count; ++outcome)
    CHECK(page.find("| " + std::string(name_of(static_cast<Outcome>(outcome))) + " |") != std::string::npos);
  for (std::size_t phase = 0; phase < phase_count; ++phase)
    CHECK(page.find(std::string(name_of(static_cast<Phase>(phase)))) != std::string::npos);
}

TEST_CASE("4 a page without its markers is not touched") { CHECK(with_page("# core\n", "page").empty()); }
