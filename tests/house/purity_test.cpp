// The undefined symbols of the rooms' libraries, and of objects that are impure on purpose.
#include <doctest/doctest.h>

#include <algorithm>

#include "house/binary_rules.hpp"

using namespace storegate::house;

namespace {

std::size_t findings_in(const std::vector<Finding>& findings, const std::string& object) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.file == object; }));
}

}  // namespace

TEST_CASE("core wants nothing from outside but memory: no clock, socket, file, thread, environment") {
  const auto findings = impure_symbols(HOUSE_CORE_LIBRARY, Purity::core);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("codec wants nothing from outside but core and Boost.JSON") {
  const auto findings = impure_symbols(HOUSE_CODEC_LIBRARY, Purity::codec);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("storage has never heard of a socket") {
  const auto findings = impure_symbols(HOUSE_STORAGE_LIBRARY, Purity::storage);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("platform has never heard of storage, codec or app") {
  const auto findings = impure_symbols(HOUSE_PLATFORM_LIBRARY, Purity::platform);
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("every planted impure object is found, for core and codec alike, and the pure one is not") {
  for (const Purity purity : {Purity::core, Purity::codec}) {
    const auto findings = impure_symbols(HOUSE_IMPURE_LIBRARY, purity);
    for (const char* object :
         {"clock", "socket", "file", "thread", "environment", "random", "output", "other_room"}) {
      CAPTURE(object);
      CHECK(findings_in(findings, std::string(object) + ".cpp.o") > 0);
    }
    CHECK_MESSAGE(findings_in(findings, "pure.cpp.o") == 0, report(findings));
  }
}

TEST_CASE("each planted clock, file, thread and print is found by its own name, not only by its file") {
  const auto findings = impure_symbols(HOUSE_IMPURE_LIBRARY, Purity::core);
  for (const char* symbol : {"time", "std::chrono::_V2::steady_clock::now()", "socket", "pthread_mutex_lock",
                             "getenv", "std::cout", "storegate::storage::planted_rows()"}) {
    CAPTURE(symbol);
    CHECK(std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.what == symbol; }));
  }
}

TEST_CASE("storage and platform may use the system, but not a socket and not each other") {
  const auto storage = impure_symbols(HOUSE_IMPURE_LIBRARY, Purity::storage);
  CHECK(findings_in(storage, "socket.cpp.o") == 1);
  CHECK(findings_in(storage, "other_room.cpp.o") == 1);
  CHECK(storage.size() == 2);
  const auto platform = impure_symbols(HOUSE_IMPURE_LIBRARY, Purity::platform);
  CHECK(findings_in(platform, "other_room.cpp.o") == 1);
  CHECK(platform.size() == 1);
}

TEST_CASE("a library that is not there is a finding, not a success") {
  CHECK(impure_symbols("/nowhere/libnothing.a", Purity::core).size() == 1);
}
