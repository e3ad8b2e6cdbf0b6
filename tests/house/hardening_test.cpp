// The protections of the release program, read off the program, and of one built without any.
#include <doctest/doctest.h>

#include "house/binary_rules.hpp"

using namespace storegate::house;

TEST_CASE("the program is hardened: PIE, full RELRO, canaries, fortified calls, no executable stack") {
  const auto findings = unhardened(HOUSE_PROGRAM, HOUSE_ROOT);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("a planted program without hardening lacks every protection, by name") {
  const auto findings = unhardened(HOUSE_SOFT_PROGRAM, HOUSE_ROOT);
  const std::string all = report(findings);
  for (const char* what : {"PIE", "RELRO segment", "lazy binding", "stack can be executed", "canary",
                           "fortified", "builder's path"}) {
    CAPTURE(what);
    CHECK_MESSAGE(all.find(what) != std::string::npos, all);
  }
}

#ifdef __aarch64__
TEST_CASE("on AArch64 a program that signs no return address is named") {
  const std::string all = report(unhardened(HOUSE_SOFT_PROGRAM, ""));
  CHECK_MESSAGE(all.find("no return address is signed") != std::string::npos, all);
}
#endif

TEST_CASE("a program that is not there is not a hardened one") {
  CHECK(unhardened("/nowhere/storegate", "").size() >= 5);
}
