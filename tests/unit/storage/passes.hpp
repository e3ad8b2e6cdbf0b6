// Housekeeping goes in small steps; a test wants a whole pass of them.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>

#include "core/result.hpp"
#include "storage/journal.hpp"

namespace storegate::storage::test {

/// Runs one pass of steps to its end; gives the rows it changed.
template <typename Step>
std::size_t whole_pass(Step step) {
  std::size_t rows = 0;
  for (int calls = 0; calls < 1000; ++calls) {
    core::Result<Housekept> done = step();
    if (!done) FAIL(done.error().context);
    rows += done->rows;
    if (done->finished) return rows;
  }
  FAIL("the pass never ends");
  return rows;
}

}  // namespace storegate::storage::test
