// Damaged inputs: one to four random damages a round, from a seed. Each gives a problem that says why, or something whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "codec/canonical.hpp"
#include "codec/problem.hpp"

namespace storegate::codec::test {

/// How many inputs were refused and how many were still something; both must occur, or the test proves nothing.
/// Built for another processor, every eleventh round runs and counts for eleven (support/rounds.hpp).
struct Tally {
  int refused = 0;
  int understood = 0;
};

/// Requires that the order keeps every rule and is the same when its encoding is read again.
void must_be_whole(const Decoded& decoded);
/// Requires that the problem has words, and becomes a JSON document.
void must_say_why(const Problem& problem);

/// `judge` says whether it understood the damaged text.
[[nodiscard]] Tally mutate(const std::string& text, std::uint64_t seed, int rounds,
                           const std::function<bool(std::string_view)>& judge);

/// Twenty thousand rounds of one partner's webhook: a problem that says why, or a whole order.
[[nodiscard]] Tally mutate_webhook(std::string_view partner, const std::string& text, std::uint64_t seed);

}  // namespace storegate::codec::test
