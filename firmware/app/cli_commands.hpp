// The commands themselves, one function each, over a CliRequest that has been understood.
#pragma once

#include "app/cli.hpp"
#include "app/cli_request.hpp"

namespace storegate::app {

/// Carries the request out; prints to world.out and world.err.
[[nodiscard]] ExitStatus carry_out(const CliRequest& request, CliWorld& world);

}  // namespace storegate::app
