// How much memory a connection holds that is open and says nothing: most of a store's are so most of the time.
#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/tls_line.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/tls_store.hpp"

using namespace storegate;
using namespace storegate::support;

namespace {

/// Memory that is the process's own, in bytes; 0 if it cannot be read.
double own_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  double kib = 0;
  for (std::string word; file >> word;)
    if (word == "Anonymous:") file >> kib;
  return kib * 1024;
}

}  // namespace

TEST_CASE(
    "5.5 an idle TLS connection that has made a request holds at most 16 KiB, and goes on where it was") {
  TlsStore store(STOREGATE_PROGRAM);
  const auto client = bench::tls_client(store.file("ca.pem"));
  const std::string request = http_request("GET", "/", {}, {});
  std::vector<std::unique_ptr<bench::TlsLine>> lines;
  const auto fill = [&](std::size_t count) {
    while (lines.size() < count) {
      lines.push_back(std::make_unique<bench::TlsLine>(store.address(), client));
      CHECK(lines.back()->ask(request).status == 404);
    }
  };
  constexpr std::size_t first = 20;
  constexpr std::size_t more = 100;
  fill(first);
  const double before = own_bytes(store.process().pid());
  fill(first + more);
  const double each = (own_bytes(store.process().pid()) - before) / more;
  MESSAGE("bytes for each idle connection: ", each);
  CHECK(before > 0);
  CHECK(each <= 16 * 1024);
  for (int round = 0; round < 3; ++round)
    for (const auto& line : lines) CHECK(line->ask(request).status == 404);
}
