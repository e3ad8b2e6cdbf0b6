// C++ allocations of the gateway's own code, and the fault: the n-th of them fails with std::bad_alloc. Only what is
// allocated within OwnCode counts: the world around the gateway and the disk in memory always have memory. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "support/disk/disk.hpp"

struct sqlite3_vfs;

namespace storegate::crash {

/// Within its scope the process runs the product's code. A failure that does not leave it as an exception was swallowed.
class OwnCode {
 public:
  OwnCode() noexcept;
  ~OwnCode();
  OwnCode(const OwnCode&) = delete;
  OwnCode& operator=(const OwnCode&) = delete;

 private:
  bool was_inside_;
  int exceptions_;
  bool had_failed_;
};

/// Within its scope it does not, though an OwnCode lies around it.
class WorldsCode {
 public:
  WorldsCode() noexcept;
  ~WorldsCode();
  WorldsCode(const WorldsCode&) = delete;
  WorldsCode& operator=(const WorldsCode&) = delete;

 private:
  bool was_inside_;
};

/// What `call` gives, run as the product's code.
template <typename Call>
decltype(auto) own(Call&& call) {
  const OwnCode inside;
  return call();
}

/// The methods of this disk run as the world's code until the object goes. One at a time; no file may be open.
class DiskIsOutside {
 public:
  explicit DiskIsOutside(const disk::Disk& disk);
  ~DiskIsOutside();
  DiskIsOutside(const DiskIsOutside&) = delete;
  DiskIsOutside& operator=(const DiskIsOutside&) = delete;

 private:
  sqlite3_vfs* vfs_;
};

/// The n-th own allocation from now on fails; 0 = none. `dying` is called with `whom` right before: the process is gone
/// from that moment on, what it does while it unwinds is nothing.
void fail_own_allocation(std::uint64_t nth, void (*dying)(void*), void* whom) noexcept;
/// Since fail_own_allocation(): one failed; one failed and the process went on.
[[nodiscard]] bool own_allocation_failed() noexcept;
[[nodiscard]] bool failure_was_swallowed() noexcept;
/// One failed of which its caller is told by a null pointer: that is no end.
[[nodiscard]] bool failure_was_told() noexcept;

/// Counts own allocations, and notes the first at each place (by the calls that led there) among them.
class PlacesOfAllocation {
 public:
  PlacesOfAllocation();
  ~PlacesOfAllocation();
  PlacesOfAllocation(const PlacesOfAllocation&) = delete;
  PlacesOfAllocation& operator=(const PlacesOfAllocation&) = delete;
  [[nodiscard]] static std::uint64_t all() noexcept;
  [[nodiscard]] static std::vector<std::uint64_t> first_of_each();
};

}  // namespace storegate::crash
