// The page of proof: figures come from the suites' lines and from nowhere else; what nobody told is an error.
#include <doctest/doctest.h>

#include "proof/page.hpp"

using storegate::proof::Figures;
using storegate::proof::page_of;

namespace {

constexpr std::string_view lines =
    "seeds 1..3: all well\n"
    R"({"suite":"sim","order_lives":2034567,"failed":0,"us_per_life":640.5,"faults":{"disk full":12,"cancel":3456}})"
    "\n"
    R"({"suite":"crash","part":"cuts","images":5000000})"
    "\n"
    R"({"suite":"control","harness":"sim","name":"blind_retry","caught":"I2","where":"seed 7"})"
    "\n"
    R"({"suite":"control","harness":"crash","name":"powersafe","caught":"I1","where":"image 2:99"})"
    "\n"
    R"({"suite":"model","definitions":"-DCLASS=1","found":"holds","states":5346})"
    "\n";

std::string page_or_error(std::string_view form, std::string_view told = lines) {
  Figures figures;
  if (const auto read = figures.read(told); !read) return "error: " + read.error().context;
  const auto page = page_of(form, figures);
  return page ? *page : "error: " + page.error().context;
}

}  // namespace

TEST_CASE("A figure stands for its slot, with commas between the thousands") {
  CHECK(page_or_error("{{sim.order_lives}} lives, {{sim.failed}} failed; {{cuts.images}} images\n") ==
        "2,034,567 lives, 0 failed; 5,000,000 images\n");
  CHECK(page_or_error("{{sim.faults.cancel}} cancels, {{sim.faults.disk full}} full disks") ==
        "3,456 cancels, 12 full disks");
  CHECK(page_or_error("{{count of controls}} controls") == "2 controls");
}

TEST_CASE("A fraction has one digit after the point") {
  CHECK(page_or_error("{{sim.us_per_life}}") == "640.5");
}

TEST_CASE("Lists become tables, controls by harness and name") {
  CHECK(page_or_error("{{controls}}\nend") ==
        "| planted bug | harness | caught as | found at |\n|---|---|---|---|\n"
        "| powersafe | crash | I1 | image 2:99 |\n| blind retry | sim | I2 | seed 7 |\nend");
  CHECK(page_or_error("{{members of sim.faults}}\n") ==
        "| what | times |\n|---|---|\n| cancel | 3,456 |\n| disk full | 12 |\n");
  CHECK(page_or_error("{{model}}\n").find("| `-DCLASS=1` | one ticket, and it settles | 5,346 |") !=
        std::string::npos);
}

TEST_CASE("Every figure that nobody told is named at once") {
  CHECK(page_or_error("{{cuts.torn}} {{sim.order_lives}} {{rot.images}}") ==
        "error: no suite told: cuts.torn, rot.images");
  CHECK(page_or_error("{{controls}} {{model}} {{members of sim.faults}}", "{\"suite\":\"sim\",\"a\":1}") ==
        "error: no suite told: controls, model, members of sim.faults");
}

TEST_CASE("What cannot be a line of figures, or comes twice, is refused") {
  CHECK(page_or_error("x", "{\"suite\":\"sim\"\n") == "error: not a line of figures: {\"suite\":\"sim\"");
  CHECK(page_or_error("x", "{\"seeds\":1}\n") == "error: it names no suite: {\"seeds\":1}");
  CHECK(page_or_error("x", "{\"suite\":\"sim\",\"a\":1}\n{\"suite\":\"sim\",\"a\":2}\n") ==
        "error: two lines of figures of sim");
  CHECK(page_or_error("{{sim.a") == "error: a slot has no end");
}
