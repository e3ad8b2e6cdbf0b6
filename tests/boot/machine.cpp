// qemu's words for it.
#include "tests/boot/machine.hpp"

#include <stdexcept>
#include <vector>

#include "tests/support/sockets.hpp"

namespace storegate::boot {
namespace {

using Words = std::vector<std::string>;

void add(Words& to, const Words& more) { to.insert(to.end(), more.begin(), more.end()); }

std::string program_for(const std::string& arch) {
  return arch == "armhf" ? "qemu-system-arm" : "qemu-system-aarch64";
}

/// The root disk forgets at the end what was written to it, so that one image serves many boots.
Words disks(const MachineShape& shape) {
  Words words{"-drive", "if=none,id=root,format=raw,snapshot=on,file=" + shape.image + "/disk", "-device",
              "virtio-blk-device,drive=root,serial=root"};
  const std::string data = "driver=raw,node-name=data,file.driver=file,file.filename=" + shape.data_disk;
  add(words, {"-blockdev", data});
  if (!shape.write_log.empty()) {
    add(words, {"-blockdev", "driver=file,node-name=log,filename=" + shape.write_log, "-blockdev",
                "driver=blklogwrites,node-name=logged,file=data,log=log,log-sector-size=512"});
  }
  add(words,
      {"-device",
       "virtio-blk-device,serial=data,drive=" + std::string(shape.write_log.empty() ? "data" : "logged"),
       "-drive", "if=none,id=settings,format=raw,readonly=on,file=" + shape.settings_disk, "-device",
       "virtio-blk-device,serial=settings,drive=settings"});
  return words;
}

Words words_for(const MachineShape& shape, std::uint16_t port) {
  Words words{"-M",      "virt",
              "-cpu",    shape.arch == "armhf" ? "cortex-a15" : "cortex-a53",
              "-smp",    "2",
              "-m",      "512",
              "-accel",  "tcg,thread=multi",
              "-serial", "stdio",
              "-kernel", shape.image + "/kernel",
              "-initrd", shape.image + "/initrd",
              "-append", "console=ttyAMA0 quiet loglevel=4 systemd.show_status=0",
              "-rtc",    "base=" + shape.clock};
  add(words, {"-nographic", "-nodefaults", "-monitor", "none", "-no-reboot"});
  add(words, disks(shape));
  if (shape.has_network) {
    add(words, {"-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:" + std::to_string(port) + "-:8080", "-device",
                "virtio-net-device,netdev=net"});
  }
  return words;
}

}  // namespace

Machine::Machine(const MachineShape& shape)
    : port_(support::free_port()),
      qemu_(program_for(shape.arch), words_for(shape, port_), {.stderr_path = "-", .stdout_pipe = true}) {}

bool Machine::says(const std::string& words, std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const auto line = qemu_.read_line(left);
    if (!line) return false;
    console_ += *line + "\n";
    if (line->find(words) != std::string::npos) return true;
  }
}

void Machine::cut_power() {
  qemu_.kill(SIGKILL);
  if (!qemu_.wait(std::chrono::seconds(10))) throw std::runtime_error("qemu survived SIGKILL");
}

}  // namespace storegate::boot
