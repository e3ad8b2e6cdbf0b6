// The version this binary was built as. Knows nothing else.
#pragma once

#include <string_view>

namespace storegate::app {

/// "MAJOR.MINOR.PATCH", from the project's CMakeLists.txt.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace storegate::app
