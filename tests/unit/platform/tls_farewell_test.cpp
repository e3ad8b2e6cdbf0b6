// A farewell for which there is no memory. This program's own `new` can be told to fail.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "tls_pair.hpp"

namespace {
bool new_fails = false;
}  // namespace

void* operator new(std::size_t size) {
  void* const block = new_fails ? nullptr : std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace storegate::tests {
namespace {

TEST_CASE("no memory for a farewell: none is said, nothing is thrown, and nothing more is written") {
  const TlsFolder folder;
  TlsPair pair(folder.server(), folder.client());
  pair.run();
  REQUIRE(pair.both_open());
  new_fails = true;
  bool threw = false;
  try {
    pair.client.engine->close();
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  new_fails = false;
  CHECK_FALSE(threw);
  CHECK(pair.client.engine->to_send().empty());
  CHECK_FALSE(pair.client.engine->write("more").ok());
}

}  // namespace
}  // namespace storegate::tests
