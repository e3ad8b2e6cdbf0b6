// A time_t of 64 bits, for this file alone.
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#include "tests/support/file_dates.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace storegate::support {

bool date_to_2040(const std::filesystem::path& file) {
  static_assert(sizeof(time_t) == 8);
  const timespec year_2040{.tv_sec = 2'208'988'800, .tv_nsec = 0};
  const timespec times[2] = {year_2040, year_2040};
  struct statx found {};
  return ::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::statx(AT_FDCWD, file.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MTIME, &found) == 0 &&
         found.stx_mtime.tv_sec == year_2040.tv_sec;
}

}  // namespace storegate::support
