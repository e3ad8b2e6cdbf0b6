// Chores: each has its turn, and what was erased does not stay in the WAL.
#include <doctest/doctest.h>

#include <string>

#include "storage/chores.hpp"

using storegate::storage::Chore;
using storegate::storage::Chores;

namespace {

std::string name_of(Chore chore) {
  switch (chore) {
    case Chore::erase: return "erase";
    case Chore::prune: return "prune";
    case Chore::shrink: return "shrink";
    case Chore::truncate: return "truncate";
    case Chore::verify: return "verify";
    case Chore::rest: break;
  }
  return "rest";
}

/// The chores of a pass up to its end, where `failing` fails and `removing` removes a row.
std::string pass(Chores& chores, Chore failing = Chore::rest, Chore removing = Chore::rest) {
  std::string order;
  chores.skip();
  for (int steps = 0; chores.current() != Chore::rest && steps < 20; ++steps) {
    const Chore now = chores.current();
    order += name_of(now) + " ";
    if (now == failing)
      chores.skip();
    else
      chores.done(now == removing ? 1 : 0, true);
  }
  return order;
}

}  // namespace

TEST_CASE(
    "4.9 retention: the WAL is emptied in a process's first pass, and after every pass that removed "
    "something") {
  Chores chores;
  CHECK(pass(chores) == "erase prune shrink truncate verify ");
  CHECK(pass(chores) == "erase prune shrink verify ");
  CHECK(pass(chores, Chore::rest, Chore::erase) == "erase prune shrink truncate verify ");
  CHECK(pass(chores, Chore::rest, Chore::prune) == "erase prune shrink truncate verify ");
  CHECK(pass(chores, Chore::rest, Chore::shrink) == "erase prune shrink verify ");
}

TEST_CASE("4.9 retention: a chore that fails keeps nobody from their turn, and the WAL is tried again") {
  Chores chores;
  CHECK(pass(chores, Chore::truncate) == "erase prune shrink truncate verify ");
  CHECK(pass(chores, Chore::erase) == "erase prune shrink truncate verify ");
  CHECK(pass(chores, Chore::verify) == "erase prune shrink verify ");
}

TEST_CASE("a chore goes on until it has nothing left, but for verifying, which has no end") {
  Chores chores;
  chores.skip();
  chores.done(200, false);
  CHECK(chores.current() == Chore::erase);
  chores.done(3, true);
  CHECK(chores.current() == Chore::prune);
  while (chores.current() != Chore::verify) chores.done(0, true);
  chores.done(0, false);
  CHECK(chores.current() == Chore::rest);
}
