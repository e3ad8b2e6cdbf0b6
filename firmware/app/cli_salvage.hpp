// `storegate salvage FILE`: asks no service. Makes a new database of what is undamaged and says what is not.
#pragma once

#include <string>

#include "app/cli.hpp"
#include "app/cli_request.hpp"
#include "storage/salvage.hpp"

namespace storegate::app {

/// 0: every row was undamaged. 1: something was damaged, the rest is salvaged. 2: bad usage, no such file, in use, or the
/// output exists. 3: nothing could be salvaged, or the disk failed or is full. With 2 and 3 no output is left.
[[nodiscard]] ExitStatus salvage(const CliRequest& request, CliWorld& world);

/// What was found, for a technician.
[[nodiscard]] std::string format_salvage(const storage::SalvageReport& report);

}  // namespace storegate::app
