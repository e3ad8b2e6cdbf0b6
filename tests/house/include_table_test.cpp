// The include table of the design, held against the tree and against a planted tree.
#include <doctest/doctest.h>

#include <set>

#include "house/include_rules.hpp"

using namespace storegate::house;

namespace {

/// The places that the planted files themselves mark as forbidden.
std::set<std::string> marked(const std::vector<SourceFile>& tree) {
  std::set<std::string> places;
  for (const SourceFile& file : tree) {
    const auto lines = SourceFile::lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!lines[i].starts_with("#include")) continue;
      if (lines[i].ends_with("// forbidden")) places.insert(file.path + ":" + std::to_string(i + 1));
    }
  }
  return places;
}

std::set<std::string> places_of(const std::vector<Finding>& findings) {
  std::set<std::string> places;
  for (const Finding& finding : findings) places.insert(finding.file + ":" + std::to_string(finding.line));
  return places;
}

std::string joined(const std::set<std::string>& places) {
  std::string out;
  for (const std::string& place : places) out += "\n" + place;
  return out;
}

}  // namespace

TEST_CASE("no room includes what its row of the table does not permit") {
  const auto tree = read_tree(HOUSE_ROOT);
  REQUIRE(tree.size() > 10);
  const auto findings = forbidden_includes(tree);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("every planted include is found, at its line, and no permitted one") {
  const auto tree = read_tree(HOUSE_PLANTED "/includes");
  const auto expected = marked(tree);
  REQUIRE(expected.size() >= 20);
  const auto findings = forbidden_includes(tree);
  CHECK_MESSAGE(places_of(findings) == expected, "found:", report(findings), "\nmarked:", joined(expected));
}

TEST_CASE("every room has a planted include that is found") {
  const auto findings = forbidden_includes(read_tree(HOUSE_PLANTED "/includes"));
  for (const char* room : {"firmware/core/", "firmware/codec/", "firmware/app/", "storage/", "platform/"}) {
    CAPTURE(room);
    bool found = false;
    for (const Finding& finding : findings) found = found || finding.file.starts_with(room);
    CHECK(found);
  }
}
