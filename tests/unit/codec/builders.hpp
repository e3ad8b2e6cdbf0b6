// What the tests of codec work with: sample texts of our own, random orders from a seed, and an oracle that says
// whether an order keeps the rules of interfaces.md without asking the decoder.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/messages.hpp"

namespace storegate::codec::test {

/// A canonical order with customer, notes, two items and nested modifiers; about 1.5 KB.
[[nodiscard]] std::string canonical_text();

/// Words that stand in every customer datum and note of the samples and of random orders; nowhere else.
inline constexpr std::string_view canary = "canary-of-a-customer";

/// `text` with its first `what` replaced; aborts if it is not there.
[[nodiscard]] std::string replaced(std::string text, std::string_view what, std::string_view with);

/// A modifier chain `levels` deep, as the canonical member value of `modifiers`.
[[nodiscard]] std::string nested_modifiers(int levels);

[[nodiscard]] core::CanonicalOrder random_order(std::mt19937_64& random);

/// "" if the order keeps every rule, else the rule that it breaks.
[[nodiscard]] std::string broken_rule(const core::CanonicalOrder& order);

/// An event about an order, with everything set.
[[nodiscard]] core::OutgoingEvent order_event(std::string_view shared);

}  // namespace storegate::codec::test
