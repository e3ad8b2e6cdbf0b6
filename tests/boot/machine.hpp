// Machine: a whole ARM box in qemu-system, made of what tests/boot/image left in a folder. It is started, listened to on its
// console, and loses its power. Knows what is on its disks no better than a box does.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/process.hpp"

namespace storegate::boot {

struct MachineShape {
  std::string arch;            // armhf or arm64
  std::string image;           // the folder with kernel, initrd and disk; none of them is written to
  std::string data_disk;       // raw, ext4; /var/lib/storegate of the box
  std::string settings_disk;   // raw, ext4, read-only; /etc/storegate
  std::string write_log = {};  // where the writes to the data disk are logged; "" = nowhere
  std::string clock = "utc";   // qemu's -rtc base=: utc, or a date as 1970-01-01T00:00:00
  bool has_network = true;
};

class Machine {
 public:
  /// Switches it on. Throws std::runtime_error if qemu does not start.
  explicit Machine(const MachineShape& shape);

  /// Waits for a line of the console that holds `words`; false: the deadline passed, or the machine is off.
  [[nodiscard]] bool says(const std::string& words, std::chrono::milliseconds deadline);
  /// False: it switched itself off, or qemu failed.
  [[nodiscard]] bool is_on() { return qemu_.running(); }
  /// Everything it has said so far.
  [[nodiscard]] const std::string& console() const noexcept { return console_; }
  /// The port of 127.0.0.1 that leads to port 8080 of the box.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Off at once: what was not written is not written.
  void cut_power();

 private:
  std::uint16_t port_;
  support::Process qemu_;
  std::string console_;
};

}  // namespace storegate::boot
