// `storegate partners`: which partners there are, and what this version makes of one saved webhook. Asks no service,
// opens no database, stores nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/cli.hpp"
#include "app/cli_request.hpp"

namespace storegate::app {

/// Every partner with a codec, one a line: its name, how its webhooks are signed, how its orders come.
[[nodiscard]] ExitStatus list_partners(CliWorld& world);

/// Runs a saved webhook through authentication and adaptation as the door would, and prints both, the canonical order and
/// the answer's status. The file is a body, or a whole HTTP request with its header lines. Secrets and scheme come from
/// `--config`'s section of that name, or `--secret-file`.
/// done: authenticated (or --unsigned) and understood. refused: one of them not. bad_usage: no such partner or file.
[[nodiscard]] ExitStatus try_webhook(const CliRequest& request, CliWorld& world);

/// A saved webhook: header lines above an empty line if the first line is one of HTTP's, else only a body.
struct SavedWebhook {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
};
[[nodiscard]] SavedWebhook read_saved(std::string_view file);

/// JSON with one member or element a line, two blanks a level. `json` is what our encoders write: no blanks in it.
[[nodiscard]] std::string indented(std::string_view json);

}  // namespace storegate::app
