// Builders for the storage tests: options on a file, and rows with every member set, drawn from a seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/messages.hpp"
#include "storage/journal.hpp"

namespace storegate::storage::test {

[[nodiscard]] JournalOptions options_for(const std::string& path, const std::string& vfs = "");

/// Opens or fails the test.
[[nodiscard]] Journal opened(const JournalOptions& options);

/// Draws rows whose every member is set to something, zero bytes and quotes among them.
class Drawer {
 public:
  explicit Drawer(std::uint64_t seed) : generator_(seed) {}
  [[nodiscard]] core::Order order(std::int64_t number);
  [[nodiscard]] core::OrderBody body(std::int64_t number);
  [[nodiscard]] core::EventRecord event(core::Position position, std::int64_t order);
  [[nodiscard]] core::EarlyMark early();
  [[nodiscard]] core::AvailabilityMark availability();
  [[nodiscard]] core::DeadLetter dead_letter();
  [[nodiscard]] std::string text(std::size_t bytes_max);
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return generator_.below(bound); }
  [[nodiscard]] std::size_t index(std::size_t size) { return static_cast<std::size_t>(below(size)); }

 private:
  [[nodiscard]] core::Stamp stamp();
  template <std::size_t size>
  [[nodiscard]] std::array<std::uint8_t, size> bytes();
  core::Generator generator_;
};

/// Every member of a row as text, for comparing and printing.
[[nodiscard]] std::string told(const core::Order& order);
[[nodiscard]] std::string told(const core::OrderBody& body);
[[nodiscard]] std::string told(const core::EventRecord& event);
[[nodiscard]] std::string told(const core::EarlyMark& mark);
[[nodiscard]] std::string told(const core::AvailabilityMark& mark);
[[nodiscard]] std::string told(const core::Loaded& loaded);

/// A little store of orders that go through their lives: keeps the chain of events and the numbers right.
class Store {
 public:
  explicit Store(std::uint64_t seed) : draw(seed) {}
  /// Adds a new held order with its body and one event.
  void arrive(core::Changes& changes);
  /// Gives an order its next phase and one event.
  void move(core::Changes& changes, std::int64_t number, core::Phase phase);

  Drawer draw;
  std::map<std::int64_t, core::Order> orders;
  std::map<std::int64_t, core::OrderBody> bodies;
  std::vector<core::EventRecord> events;
  std::int64_t wall_ms = 1'780'000'000'000;

 private:
  void add_event(core::Changes& changes, core::Order& order, core::Phase before);
};

}  // namespace storegate::storage::test
