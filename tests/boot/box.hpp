// Box: a store whose storegate runs in a machine of its own, with the broker, the cloud's ear at it and the POS on this side.
// It is set up as a technician does it, switched on, sent orders, and loses its power.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/boot/machine.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::boot {

/// One time that it is switched on.
struct PowerOn {
  std::string data = "data";  // which of the disks for orders
  bool logged = false;        // the writes to that disk are kept
  RootDisk root = RootDisk::forgets;
  std::string clock = "utc";  // as MachineShape has it
  bool reaches_others = true;
};

/// What the technician saw.
struct Installed {
  std::vector<std::string> commands;  // the README's, each typed
  std::string apt;
  std::string doctor;
  bool doctor_is_content = false;  // exit status 0
};

/// What the kernel and systemd of the box say of storegate.
struct Figures {
  std::int64_t boot_us =
      0;  // at this boot: from the fork of its process until it told systemd that it is ready
  std::int64_t restart_us = 0;  // the same when it is restarted now, the least of five
  std::int64_t sandbox_us = 0;  // of that: what systemd needs to put anything into the unit's sandbox
  std::int64_t rss_kib = 0;     // VmRSS
};

/// An order as its sender keeps it: what is sent again is the same to the byte.
struct Order {
  std::string number;
  std::string body;
};

/// What the sender of orders knows after a while of sending.
struct Sent {
  /// By number: how many entries the write log had at the answer, 0 without one.
  std::map<std::string, std::uint64_t> acknowledged;
  /// The one that was out when the power went.
  std::optional<Order> unanswered;
};

class Box {
 public:
  /// `image`: the folder that tests/boot/image made.
  Box(std::string arch, std::string image);

  /// Makes an empty disk for orders, and has it under that name.
  void make_data_disk(const std::string& name);

  /// Switches it on and waits for its shell. Throws std::runtime_error, with what the console said, if there is none.
  void on(const PowerOn& how);
  /// Waits until storegate's /readyz says so; throws likewise.
  void await_ready();
  /// Switches it off by its own hand, and waits until it is off.
  void shut_down();
  void cut_power() { machine_.reset(); }
  [[nodiscard]] Machine& machine() { return *machine_; }

  /// Types the README's lines, with -y for apt's question; in place of its editor it puts in this store's five values, and
  /// for the test no hold and no limit of orders a minute. The box keeps it.
  Installed install();
  /// storegate's, which is restarted for them.
  [[nodiscard]] Figures figures();

  /// Whether something in the box can connect to the broker.
  [[nodiscard]] bool reaches_broker();

  /// Sends orders, one after the other: `again` first, if any, with the key it had, then new ones, until `count` are
  /// acknowledged. Throws if one is answered with anything else than yes.
  Sent send(std::size_t count, const std::optional<Order>& again = {});
  /// The same without an end: at `moment` after the first answer the power goes, wherever the order just then is.
  Sent send_until_cut(std::chrono::milliseconds moment, const std::optional<Order>& again = {});

  /// How many tickets the POS has for each order's number.
  [[nodiscard]] std::map<std::string, std::size_t> tickets();
  /// The orders' numbers that the cloud has heard an event of this kind of, such as `order.accepted`.
  [[nodiscard]] std::set<std::string> heard(const std::string& kind) const;

  /// A disk for orders; as it was when it was last switched on with `logged`; and the log of the writes since.
  [[nodiscard]] std::string disk(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] std::string disk_before() const { return folder_.file("before"); }
  [[nodiscard]] std::string write_log() const { return folder_.file("log"); }

 private:
  [[nodiscard]] bool send_one(support::HttpCaller& caller, const Order& order, Sent& sent);
  Order next_order();

  std::string arch_;
  std::string image_;
  support::TempDir folder_;
  support::Broker broker_;
  support::PosDouble pos_;
  std::optional<support::MqttWatcher> cloud_;
  std::optional<Machine> machine_;
  std::uint64_t numbers_ = 0;
  bool logged_ = false;
};

}  // namespace storegate::boot
