// Which of our functions are entered, by whatever thread: codec and storage are compiled with -finstrument-functions
// where the tests are (build_settings.cmake), and this is what they call.
#pragma once

#include <set>
#include <string>

namespace storegate::door_test {

/// From now on what is entered is kept.
void begin_watching() noexcept;
/// The names of all functions that were entered since, demangled; and no more is kept. Reads them out of this program by
/// `nm`; throws std::runtime_error if that does not work.
[[nodiscard]] std::set<std::string> end_watching();

}  // namespace storegate::door_test
