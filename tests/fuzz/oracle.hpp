// What codec owes for any bytes at all: something whole, or a problem that says why. Each ends the process otherwise.
#pragma once

#include <string_view>

#include "codec/canonical.hpp"
#include "codec/problem.hpp"

namespace storegate::fuzz {

/// The order keeps every rule, money's among them; read again its encoding is the same order with the same bytes; nothing
/// of its customer or of a note is in what events share or left once it is erased.
void must_be_whole(const codec::Decoded& decoded);

/// A sentence, a pointer that is one, and a document that is JSON.
void must_say_why(const codec::Problem& problem);

/// For a body of ours.
void must_be_json(std::string_view text);

}  // namespace storegate::fuzz
