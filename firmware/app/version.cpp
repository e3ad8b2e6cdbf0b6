// The version, which CMake hands in from project().
#include "app/version.hpp"

namespace storegate::app {

std::string_view version() noexcept { return STOREGATE_VERSION; }

}  // namespace storegate::app
