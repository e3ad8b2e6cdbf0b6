// Machine: a whole ARM box in qemu-system, made of what tests/boot/image left in a folder: switched on, typed at, and
// without power again. Knows nothing of storegate.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/process.hpp"

namespace storegate::boot {

/// What the box does with its root disk: writes are forgotten when it is switched off, or stay, or are refused by the disk.
enum class RootDisk { forgets, keeps, cannot_be_written };

struct MachineShape {
  std::string arch;       // armhf or arm64
  std::string image;      // the folder with kernel and initrd
  std::string root_disk;  // raw, ext4
  std::string data_disk;  // raw, ext4; /var/lib/storegate of the box
  std::string console;    // the file that gets what the box says
  RootDisk root = RootDisk::forgets;
  std::string write_log = {};  // where the writes to the data disk are logged; "" = nowhere
  std::string clock = "utc";   // qemu's -rtc base=: utc, or a date as 1970-01-01T00:00:00
  bool reaches_others = true;  // false: it is reached, and reaches nobody itself
};

class Machine {
 public:
  /// Switches it on. Throws std::runtime_error if qemu does not start.
  explicit Machine(const MachineShape& shape);

  /// Types commands at root's shell. What they print, errors too; throws std::runtime_error with that if the last one fails
  /// or there is no end of them within `deadline`.
  std::string type(const std::string& commands, std::chrono::milliseconds deadline);
  /// Whether a shell answers.
  [[nodiscard]] bool is_up();
  /// False: it switched itself off, or qemu failed.
  [[nodiscard]] bool is_on() { return qemu_.running(); }
  /// Waits until it has switched itself off; false at the deadline.
  [[nodiscard]] bool went_off(std::chrono::milliseconds deadline) { return qemu_.wait(deadline).has_value(); }
  /// Everything it has said so far.
  [[nodiscard]] std::string console() const;
  /// The port of 127.0.0.1 that leads to storegate's in the box.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Off at once: what was not written is not written. May be called while another thread waits for the box to answer.
  void cut_power();

 private:
  std::string console_;
  std::uint16_t port_;
  std::uint16_t shell_port_;
  support::Process qemu_;
};

}  // namespace storegate::boot
