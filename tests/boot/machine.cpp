// qemu's words for it, and the shell behind a forwarded port.
#include "tests/boot/machine.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <vector>

#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::boot {

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

/// Ends the answer of a shell whose last command succeeded; nothing else prints it.
constexpr const char* well_done = "\x04well done\n";

void add(Words& to, const Words& more) { to.insert(to.end(), more.begin(), more.end()); }

std::string program_for(const std::string& arch) {
  return arch == "armhf" ? "qemu-system-arm" : "qemu-system-aarch64";
}

Words disks(const MachineShape& shape) {
  std::string root = "if=none,id=root,format=raw,file=" + shape.root_disk;
  if (shape.root == RootDisk::forgets) root += ",snapshot=on";
  if (shape.root == RootDisk::cannot_be_written) root += ",readonly=on";
  Words words{"-drive",    root,
              "-device",   "virtio-blk-device,drive=root,serial=root",
              "-blockdev", "driver=raw,node-name=data,file.driver=file,file.filename=" + shape.data_disk};
  if (!shape.write_log.empty()) {
    add(words, {"-blockdev", "driver=file,node-name=log,filename=" + shape.write_log, "-blockdev",
                "driver=blklogwrites,node-name=logged,file=data,log=log,log-sector-size=512"});
  }
  add(words, {"-device", "virtio-blk-device,serial=data,drive=" +
                             std::string(shape.write_log.empty() ? "data" : "logged")});
  return words;
}

std::string network(const MachineShape& shape, std::uint16_t port, std::uint16_t shell_port) {
  const auto led = [](std::uint16_t from, const char* to) {
    return ",hostfwd=tcp:127.0.0.1:" + std::to_string(from) + "-:" + to;
  };
  return std::string("user,id=net,restrict=") + (shape.reaches_others ? "off" : "on") + led(port, "8443") +
         led(shell_port, "23");
}

Words words_for(const MachineShape& shape, std::uint16_t port, std::uint16_t shell_port) {
  const std::string root = shape.root == RootDisk::cannot_be_written ? "ro" : "rw";
  Words words{"-M",       "virt",
              "-cpu",     shape.arch == "armhf" ? "cortex-a15" : "cortex-a53",
              "-smp",     "2",
              "-m",       "512",
              "-accel",   "tcg,thread=multi",
              "-serial",  "file:" + shape.console,
              "-kernel",  shape.image + "/kernel",
              "-initrd",  shape.image + "/initrd",
              "-append",  "console=ttyAMA0 loglevel=4 systemd.show_status=1 " + root + " quiet",
              "-rtc",     "base=" + shape.clock,
              "-display", "none",
              "-monitor", "none"};
  add(words, {"-nodefaults", "-no-reboot"});
  add(words, disks(shape));
  add(words, {"-netdev", network(shape, port, shell_port), "-device", "virtio-net-device,netdev=net"});
  return words;
}

/// Everything that comes until the other side closes; empty-handed at the deadline.
bool read_to_the_end(const support::Descriptor& socket, std::chrono::steady_clock::time_point deadline,
                     std::string& all) {
  std::array<char, 4096> some{};
  for (;;) {
    if (!support::wait_for(socket, POLLIN, deadline)) return false;
    const auto got = ::recv(socket.get(), some.data(), some.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    all.append(some.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Machine::Machine(const MachineShape& shape)
    : console_(shape.console),
      port_(support::free_port()),
      shell_port_(support::free_port()),
      qemu_(program_for(shape.arch), words_for(shape, port_, shell_port_), {.stderr_path = "-"}) {}

std::string Machine::type(const std::string& commands, std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  const support::Descriptor socket = support::begin_connect({"127.0.0.1", shell_port_, {}});
  std::string said;
  // The group is read as a whole before it runs, so that no command of it can read the rest.
  const std::string typed = "{ set -e\n" + commands + "\nprintf '\\004well done\\n'; exit\n}\n";
  const bool ends =
      socket.open() && support::wait_for(socket, POLLOUT, until) &&
      ::send(socket.get(), typed.data(), typed.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(typed.size()) &&
      read_to_the_end(socket, until, said);
  if (!ends || !said.ends_with(well_done))
    throw std::runtime_error("at the box's shell: " + commands + "\n" + said);
  said.resize(said.size() - std::string(well_done).size());
  return said;
}

bool Machine::is_up() {
  try {
    type("true", 4s);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::string Machine::console() const { return support::read_file(console_); }

void Machine::cut_power() { qemu_.kill(SIGKILL); }

}  // namespace storegate::boot
