// Blocks are cut from slabs, by size class of a power of two or one and a half of it, and go back to their class.
#include "support/disk/memory.hpp"

#include <sqlite3.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace storegate::disk {

namespace {

struct alignas(16) Head {
  std::uint32_t size_class = 0;
  std::uint32_t bytes = 0;  // usable
};

struct Free {
  Free* next;
};

constexpr std::size_t classes = 64;
constexpr std::size_t slab_bytes = std::size_t{1} << 20U;
constexpr std::uint32_t big = classes;  // beyond the classes: malloc's own

struct Memory {
  std::array<Free*, classes> free{};
  char* slab = nullptr;
  std::size_t left = 0;
  std::uint64_t fail_in = 0;
  bool persistent = false;
  std::uint64_t failed = 0;
};

Memory memory;

/// 32, 48, 64, 96, 128, …: the class of a block and its size.
std::size_t bytes_of(std::size_t size_class) {
  return (size_class % 2 == 0 ? std::size_t{32} : std::size_t{48}) << (size_class / 2);
}

std::size_t class_of(std::size_t bytes) {
  const auto doublings = static_cast<std::size_t>(std::bit_width((bytes - 1) / 32));
  const bool half_is_enough = doublings > 0 && bytes <= bytes_of(2 * doublings - 1);
  return 2 * doublings - (half_is_enough ? 1 : 0);
}

bool must_fail() {
  if (memory.fail_in == 0 || --memory.fail_in != 0) return false;
  if (memory.persistent) memory.fail_in = 1;
  ++memory.failed;
  return true;
}

Head* head_of(void* block) { return reinterpret_cast<Head*>(static_cast<char*>(block) - sizeof(Head)); }

void* take_big(std::size_t bytes) {
  void* raw = std::malloc(bytes + sizeof(Head));
  if (raw == nullptr) return nullptr;
  Head* head = static_cast<Head*>(raw);
  *head = {big, static_cast<std::uint32_t>(bytes)};
  return head + 1;
}

void* take(int wanted) {
  if (wanted <= 0 || must_fail()) return nullptr;
  const auto bytes = static_cast<std::size_t>(wanted);
  if (bytes + sizeof(Head) > slab_bytes / 8) return take_big(bytes);
  const std::size_t size_class = class_of(bytes + sizeof(Head));
  if (Free* block = memory.free[size_class]; block != nullptr) {
    memory.free[size_class] = block->next;
    return block;
  }
  const std::size_t whole = bytes_of(size_class);
  if (memory.left < whole) {
    memory.slab = static_cast<char*>(std::malloc(slab_bytes));
    if (memory.slab == nullptr) return nullptr;
    memory.left = slab_bytes;
  }
  Head* head = reinterpret_cast<Head*>(memory.slab);
  memory.slab += whole;
  memory.left -= whole;
  *head = {static_cast<std::uint32_t>(size_class), static_cast<std::uint32_t>(whole - sizeof(Head))};
  return head + 1;
}

void give_back(void* block) {
  if (block == nullptr) return;
  Head* head = head_of(block);
  if (head->size_class == big) return std::free(head);
  Free* freed = static_cast<Free*>(block);
  freed->next = memory.free[head->size_class];
  memory.free[head->size_class] = freed;
}

int size_of(void* block) { return block == nullptr ? 0 : static_cast<int>(head_of(block)->bytes); }

void* resize(void* block, int wanted) {
  if (block == nullptr) return take(wanted);
  if (wanted <= size_of(block)) return block;
  void* moved = take(wanted);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, static_cast<std::size_t>(size_of(block)));
  give_back(block);
  return moved;
}

int rounded(int wanted) {
  const auto bytes = static_cast<std::size_t>(wanted) + sizeof(Head);
  if (bytes > slab_bytes / 8) return (wanted + 7) & ~7;
  return static_cast<int>(bytes_of(class_of(bytes)) - sizeof(Head));
}

int begin(void*) { return SQLITE_OK; }
void end(void*) {}

}  // namespace

bool own_sqlite_memory() {
  sqlite3_mem_methods methods{take, give_back, resize, size_of, rounded, begin, end, nullptr};
  return sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
         sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
         sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK;
}

void fail_allocation(std::uint64_t nth, bool persistent) noexcept {
  memory.fail_in = nth;
  memory.persistent = persistent;
  memory.failed = 0;
}

std::uint64_t failed_allocations() noexcept { return memory.failed; }

}  // namespace storegate::disk
