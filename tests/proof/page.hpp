// The page: a template in Markdown in which `{{name}}` stands for a figure and a line `{{controls}}`, `{{model}}` or
// `{{members of NAME}}` for a table of what the suites listed. It must not compute: every figure is a suite's own.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "proof/figures.hpp"

namespace storegate::proof {

/// An error names every slot for which there is no figure.
[[nodiscard]] core::Result<std::string> page_of(std::string_view form, const Figures& figures);

}  // namespace storegate::proof
