// operator new of this process, and a disk whose methods are told from the product's code.
#include "crash/allocations.hpp"

#include <execinfo.h>
#include <sqlite3.h>

#include <cstdlib>
#include <exception>
#include <map>
#include <new>
#include <utility>

#include "crash/fingerprint.hpp"

namespace storegate::crash {

namespace {

struct Fault {
  std::uint64_t in = 0;  // 0 = none
  void (*dying)(void*) = nullptr;
  void* whom = nullptr;
  bool failed = false, told = false, swallowed = false;
};

struct Places {
  std::uint64_t count = 0;
  std::map<Print, std::uint64_t> first;
};

bool inside = false;
Fault fault;
Places* places = nullptr;

void note_place() {
  const WorldsCode outside;
  constexpr int calls = 16;
  void* stack[calls];
  const int depth = backtrace(stack, calls);
  Fingerprint print;
  for (int call = 0; call < depth; ++call) print.add(reinterpret_cast<std::uintptr_t>(stack[call]));
  ++places->count;
  places->first.emplace(print.print(), places->count);
}

/// Whether this one is the one that fails.
bool is_the_one() {
  if (!inside) return false;
  if (places != nullptr) note_place();
  return fault.in != 0 && --fault.in == 0;
}

void* take(std::size_t bytes) { return std::malloc(bytes == 0 ? 1 : bytes); }

}  // namespace

OwnCode::OwnCode() noexcept
    : was_inside_(inside), exceptions_(std::uncaught_exceptions()), had_failed_(fault.failed) {
  inside = true;
}

OwnCode::~OwnCode() {
  inside = was_inside_;
  if (fault.failed && !had_failed_ && std::uncaught_exceptions() == exceptions_) fault.swallowed = true;
}

WorldsCode::WorldsCode() noexcept : was_inside_(inside) { inside = false; }
WorldsCode::~WorldsCode() { inside = was_inside_; }

void fail_own_allocation(std::uint64_t nth, void (*dying)(void*), void* whom) noexcept {
  fault = {nth, dying, whom, false, false, false};
}

bool own_allocation_failed() noexcept { return fault.failed; }
bool failure_was_swallowed() noexcept { return fault.swallowed; }
bool failure_was_told() noexcept { return fault.told; }

PlacesOfAllocation::PlacesOfAllocation() { places = new Places; }
PlacesOfAllocation::~PlacesOfAllocation() { delete std::exchange(places, nullptr); }

std::uint64_t PlacesOfAllocation::all() noexcept { return places->count; }

std::vector<std::uint64_t> PlacesOfAllocation::first_of_each() {
  std::vector<std::uint64_t> first;
  for (const auto& [print, nth] : places->first) first.push_back(nth);
  return first;
}

// ---------------------------------------------------------------- the disk

namespace {

sqlite3_vfs real_vfs;
const sqlite3_io_methods* real_io = nullptr;

template <auto method>
struct Outside;
template <typename... Arguments, int (*sqlite3_io_methods::*method)(sqlite3_file*, Arguments...)>
struct Outside<method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    const WorldsCode outside;
    return (real_io->*method)(file, arguments...);
  }
};
template <typename... Arguments, int (*sqlite3_vfs::*method)(sqlite3_vfs*, Arguments...)>
struct Outside<method> {
  static int call(sqlite3_vfs* vfs, Arguments... arguments) {
    const WorldsCode outside;
    return (real_vfs.*method)(vfs, arguments...);
  }
};

using Io = sqlite3_io_methods;
constexpr Io outside_io{1,
                        Outside<&Io::xClose>::call,
                        Outside<&Io::xRead>::call,
                        Outside<&Io::xWrite>::call,
                        Outside<&Io::xTruncate>::call,
                        Outside<&Io::xSync>::call,
                        Outside<&Io::xFileSize>::call,
                        Outside<&Io::xLock>::call,
                        Outside<&Io::xUnlock>::call,
                        Outside<&Io::xCheckReservedLock>::call,
                        Outside<&Io::xFileControl>::call,
                        Outside<&Io::xSectorSize>::call,
                        Outside<&Io::xDeviceCharacteristics>::call,
                        nullptr,
                        nullptr,
                        nullptr,
                        nullptr,
                        nullptr,
                        nullptr};

int open_outside(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* flags_out) {
  const WorldsCode outside;
  const int result = real_vfs.xOpen(vfs, path, file, flags, flags_out);
  if (file->pMethods == nullptr) return result;
  real_io = file->pMethods;
  file->pMethods = &outside_io;
  return result;
}

}  // namespace

DiskIsOutside::DiskIsOutside(const disk::Disk& disk) : vfs_(sqlite3_vfs_find(disk.name().c_str())) {
  if (vfs_ == nullptr) std::abort();
  real_vfs = *vfs_;
  vfs_->xOpen = open_outside;
  vfs_->xDelete = Outside<&sqlite3_vfs::xDelete>::call;
  vfs_->xAccess = Outside<&sqlite3_vfs::xAccess>::call;
}

DiskIsOutside::~DiskIsOutside() {
  vfs_->xOpen = real_vfs.xOpen;
  vfs_->xDelete = real_vfs.xDelete;
  vfs_->xAccess = real_vfs.xAccess;
}

}  // namespace storegate::crash

// ---------------------------------------------------------------- of the whole process

void* operator new(std::size_t bytes) {
  using namespace storegate::crash;
  if (is_the_one()) {
    fault.failed = true;
    if (fault.dying != nullptr) fault.dying(fault.whom);
    throw std::bad_alloc();
  }
  if (void* block = take(bytes); block != nullptr) return block;
  throw std::bad_alloc();
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  using namespace storegate::crash;
  if (!is_the_one()) return take(bytes);
  fault.told = true;
  return nullptr;
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
