// Paths and secret files that a configuration names. Gives contents or words for a person; a content never gets
// into those words.
#pragma once

#include <string>
#include <string_view>

#include "app/config.hpp"
#include "core/result.hpp"

namespace storegate::app {

/// The path with ${CREDENTIALS_DIRECTORY} filled in. Errors: invalid, if it is asked for and not set, or another
/// ${...} stands there.
[[nodiscard]] core::Result<std::string> expanded_path(std::string_view path,
                                                      const ConfigSurroundings& around);

/// A secret file's content without trailing line ends; at most 64 KiB, never empty, no NUL byte.
/// Errors: not_found, invalid, failed; the text names the path.
[[nodiscard]] core::Result<std::string> read_secret(const std::string& path);

/// Whether users without a right of their own can read what is there: the file's mode and its folders' let them.
[[nodiscard]] bool everybody_reads(const std::string& path);
/// What a person is to do then.
[[nodiscard]] std::string open_to_everybody(const std::string& path);

/// A whole file of at most `bytes_max`. Errors: not_found, invalid (too large, a folder), failed (no permission, …).
[[nodiscard]] core::Result<std::string> read_whole(const std::string& path, std::size_t bytes_max);

}  // namespace storegate::app
