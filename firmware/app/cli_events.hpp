// `storegate events`: the list, a pattern of what is wanted, and following what comes.
#pragma once

#include "app/cli_call.hpp"
#include "app/cli_request.hpp"

namespace storegate::app {

[[nodiscard]] ExitStatus show_events(const CliRequest& request, CliWorld& world, ServiceCaller& service);

}  // namespace storegate::app
