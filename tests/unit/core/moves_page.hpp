// The page of the state machine in firmware/core/README.md, made of the table of moves: a diagram and a table.
#pragma once

#include <string>
#include <string_view>

namespace storegate::core::testing {

/// What stands between the markers: Markdown, with the diagram as Mermaid.
[[nodiscard]] std::string moves_page();

/// `readme` with what stands between its markers replaced by `page`; nothing but "" if it has not both markers.
[[nodiscard]] std::string with_page(std::string_view readme, std::string_view page);

}  // namespace storegate::core::testing
