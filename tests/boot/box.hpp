// Box: a store whose storegate runs in a machine of its own; broker and POS are around it, on this side. It is switched on,
// sent orders, and loses its power.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/boot/machine.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::boot {

class Box {
 public:
  /// `image`: what tests/boot/image made. The disk for the orders is new and empty.
  Box(std::string arch, std::string image);

  /// Switches it on and waits until storegate is ready; with `logged`, the writes to the orders' disk are kept. Throws
  /// std::runtime_error, with what the console said, if it does not become ready.
  void on(bool logged = false);
  void cut_power() { machine_.reset(); }

  /// Sends new orders, one after the other, until `count` are acknowledged. Gives, for each, how many entries the write log
  /// had then (0 without one). Throws if one is answered with anything else.
  std::map<std::string, std::uint64_t> send(std::size_t count);

  /// The tickets at the POS for each order's number.
  [[nodiscard]] std::map<std::string, std::size_t> tickets();

  /// The orders' disk as it was when it was last switched on with `logged`, and its writes since.
  [[nodiscard]] std::string data_before() const { return folder_.file("before"); }
  [[nodiscard]] std::string write_log() const { return folder_.file("log"); }

 private:
  void write_settings();

  std::string arch_;
  std::string image_;
  support::TempDir folder_;
  support::Broker broker_;
  support::PosDouble pos_;
  std::optional<Machine> machine_;
  std::uint64_t sent_ = 0;
  bool logged_ = false;
};

/// The orders' numbers in the database on a disk after a power cut: the file system is mended as at a boot, then the rows are
/// read. Throws std::runtime_error if either cannot be done.
[[nodiscard]] std::set<std::string> orders_on(const std::string& disk);

}  // namespace storegate::boot
