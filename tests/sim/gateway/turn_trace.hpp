// What a turn took in and gave out, as numbers for the trace and lines for a reader. It must not change anything.
#pragma once

#include <cstdint>

#include "core/messages.hpp"
#include "sim/trace.hpp"

namespace storegate::sim {

void note_input(Trace& trace, const core::Input& input, std::int64_t now_ms);
void note_changes(Trace& trace, const core::Changes& changes, std::int64_t now_ms);
void note_effect(Trace& trace, const core::Effect& effect, std::int64_t now_ms);

}  // namespace storegate::sim
