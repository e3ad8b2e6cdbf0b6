// How doctest shows core's values when a check fails.
#pragma once

#include <doctest/doctest.h>

#include "core/messages.hpp"
#include "core/moves.hpp"

namespace storegate::core {

inline doctest::String toString(Phase phase) {
  return {name_of(phase).data(), unsigned(name_of(phase).size())};
}
inline doctest::String toString(Reason reason) {
  return {name_of(reason).data(), unsigned(name_of(reason).size())};
}
inline doctest::String toString(Outcome outcome) {
  return {name_of(outcome).data(), unsigned(name_of(outcome).size())};
}
inline doctest::String toString(AnswerKind kind) { return doctest::toString(static_cast<int>(kind)); }
inline doctest::String toString(PosRequest request) { return doctest::toString(static_cast<int>(request)); }
inline doctest::String toString(PosStatus status) {
  return {name_of(status).data(), unsigned(name_of(status).size())};
}
inline doctest::String toString(Notice notice) {
  return {name_of(notice).data(), unsigned(name_of(notice).size())};
}
inline doctest::String toString(Actor actor) {
  return {name_of(actor).data(), unsigned(name_of(actor).size())};
}

}  // namespace storegate::core
