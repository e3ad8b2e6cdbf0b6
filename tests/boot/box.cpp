// The store around the machine.
#include "tests/boot/box.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/boot/disks.hpp"
#include "tests/boot/write_log.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"

namespace storegate::boot {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// A quiet machine takes 12 s to the first order; a busy one many times that.
constexpr auto boot_deadline = 600s;
constexpr auto answer_deadline = 120s;
constexpr const char* store = "box";
constexpr const char* partner = "kiosk";

std::string port_of(const std::string& url) { return url.substr(url.rfind(':')); }

/// The number behind a name in what systemctl show or /proc/PID/status prints.
std::int64_t number_behind(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) throw std::runtime_error("no " + name + " in:\n" + text);
  return std::stoll(text.substr(at + name.size()));
}

/// What the README has a technician type on the box: the indented lines of its section, but for the one of the machine that
/// builds.
std::vector<std::string> readme_commands() {
  std::istringstream readme(support::read_file(STOREGATE_README));
  std::vector<std::string> commands;
  bool is_there = false;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("## ")) is_there = line == "## On the store's box";
    if (!is_there || !line.starts_with("    ") || line.starts_with("    toolchains/")) continue;
    const std::string command = line.substr(4, line.find("  #") - 4);
    commands.push_back(command.substr(0, command.find_last_not_of(' ') + 1));
  }
  return commands;
}

}  // namespace

Box::Box(std::string arch, std::string image)
    : arch_(std::move(arch)), image_(std::move(image)), broker_({.more_lines = "max_queued_messages 0\n"}) {
  broker_.start();
  cloud_.emplace(broker_.port(), "cloud",
                 std::vector<std::string>{"stores/" + std::string(store) + "/out/#"});
  copy_disk(image_ + "/disk", folder_.file("root"));
}

void Box::make_data_disk(const std::string& name) { make_disk(disk(name), 384); }

void Box::on(const PowerOn& how) {
  logged_ = how.logged;
  MachineShape shape{.arch = arch_,
                     .image = image_,
                     .root_disk = folder_.file("root"),
                     .data_disk = disk(how.data),
                     .console = folder_.file("console"),
                     .root = how.root,
                     .clock = how.clock,
                     .reaches_others = how.reaches_others};
  if (logged_) {
    copy_disk(disk(how.data), disk_before());
    support::write_file(write_log(), "");
    fs::resize_file(write_log(),
                    1024U * 1024 * 1024);  // a hole: qemu wants to know the most that it may take
    shape.write_log = write_log();
  }
  machine_.emplace(shape);
  try {
    support::eventually(
        "a shell of the box", boot_deadline, [&] { return !machine_->is_on() || machine_->is_up(); }, 50ms);
  } catch (const std::runtime_error&) {
    throw std::runtime_error("no shell answers; the console:\n" + machine_->console());
  }
  if (!machine_->is_on()) throw std::runtime_error("the box went off; the console:\n" + machine_->console());
}

void Box::await_ready() {
  support::HttpCaller caller(support::Address{"127.0.0.1", machine_->port(), {}}, 5s);
  const auto is_ready = [&] {
    const bool ready = caller.get("/readyz").is(200);
    caller.close();
    return ready;
  };
  try {
    support::eventually("storegate ready", boot_deadline, is_ready, 50ms);
  } catch (const std::runtime_error&) {
    throw std::runtime_error(
        "storegate does not become ready:\n" +
        machine_->type("systemctl status storegate || true; journalctl --no-pager -u storegate", 60s));
  }
}

void Box::shut_down() {
  try {
    machine_->type("systemctl --no-block --job-mode=replace-irreversibly start poweroff.target",
                   answer_deadline);
  } catch (const std::runtime_error&) {
    // The shell may go before it answers.
  }
  if (!machine_->went_off(boot_deadline))
    throw std::runtime_error("it does not go off:\n" + machine_->console());
  machine_.reset();
}

Installed Box::install() {
  const auto value = [](const std::string& name, const std::string& text) {
    return "s|^" + name + " = \"[^\"]*\"|" + name + " = \"" + text + "\"|;";
  };
  // Without the limit of 120 orders a minute: a cut shall come before it.
  const std::string unlimited = "s|^release = .*|&\\nrate_per_minute = 0|";
  const std::string five_values = value("store.id", store) + value("store.timezone", "America/Chicago") +
                                  value("mqtt.url", "mqtt://10.0.2.2" + port_of(broker_.url())) +
                                  value("pos.url", "http://10.0.2.2" + port_of(pos_.url())) +
                                  value("name", partner) + value("release", "immediate") + unlimited;
  Installed installed;
  installed.commands = readme_commands();
  for (const std::string& command : installed.commands) {
    if (command.starts_with("apt install ")) {  // nobody is asked whether to go on
      installed.apt = machine_->type("apt install -y " + command.substr(12), boot_deadline);
    } else if (command.starts_with("nano ")) {
      machine_->type("sed -i '" + five_values + "' " + command.substr(5), answer_deadline);
    } else if (command == "storegate doctor") {
      installed.doctor = machine_->type(command + " && echo content || true", answer_deadline);
      installed.doctor_is_content = installed.doctor.ends_with("content\n");
    } else {
      machine_->type(command, answer_deadline);
    }
  }
  return installed;
}

Figures Box::figures() {
  const auto since_start = [this](const std::string& unit, const std::string& end) {
    const std::string start = "ExecMainStartTimestampMonotonic";
    const std::string said =
        machine_->type("systemctl show -p " + start + " -p " + end + " " + unit, answer_deadline);
    return number_behind(said, end + "=") - number_behind(said, start + "=");
  };
  Figures figures{.boot_us = since_start("storegate", "ActiveEnterTimestampMonotonic")};
  // The same unit around a program that does nothing.
  machine_->type(
      "sed -E 's/^Type=.*/Type=oneshot\\nRemainAfterExit=yes/; s|^ExecStart=.*|ExecStart=/bin/true|\n"
      "  /^(ExecReload|Restart|Watchdog|StateDir|RuntimeDir)/d' /usr/lib/systemd/system/storegate.service"
      " >/run/systemd/system/sandbox.service\n"
      "systemctl daemon-reload",
      answer_deadline);
  // What else this machine does only adds: the least of some is the least disturbed one.
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  figures.sandbox_us = figures.restart_us = never;
  for (int round = 0; round < 5; ++round) {
    machine_->type("systemctl restart sandbox\nsystemctl restart storegate", answer_deadline);
    const std::int64_t sandbox_us = since_start("sandbox", "ExecMainExitTimestampMonotonic");
    const std::int64_t restart_us = since_start("storegate", "ActiveEnterTimestampMonotonic");
    figures.sandbox_us = std::min(figures.sandbox_us, sandbox_us);
    figures.restart_us = std::min(figures.restart_us, restart_us);
  }
  await_ready();
  figures.rss_kib =
      number_behind(machine_->type("grep VmRSS: /proc/$(systemctl show -p MainPID --value storegate)/status",
                                   answer_deadline),
                    "VmRSS:");
  return figures;
}

bool Box::reaches_broker() {
  const std::string connect = "</dev/tcp/10.0.2.2/" + std::to_string(broker_.port());
  return machine_->type("timeout 20 bash -c '" + connect + "' && echo yes || true", answer_deadline)
      .ends_with("yes\n");
}

Order Box::next_order() {
  const std::string number = "B-" + std::to_string(++numbers_);
  return {number, support::canonical_order(partner, number)};
}

/// False: there was no answer.
bool Box::send_one(support::HttpCaller& caller, const Order& order, Sent& sent) {
  const auto answer = caller.post("/v1/orders", order.body, {{"Idempotency-Key", order.number}});
  if (!answer.answered()) {
    sent.unanswered = order;
    return false;
  }
  if (answer.status != 201 && answer.status != 200)
    throw std::runtime_error("order " + order.number + " was answered " + std::to_string(answer.status) +
                             " " + answer.body);
  sent.acknowledged[order.number] = logged_ ? entries_logged(write_log()) : 0;
  return true;
}

Sent Box::send(std::size_t count, const std::optional<Order>& again) {
  Sent sent;
  support::HttpCaller caller(support::Address{"127.0.0.1", machine_->port(), {}}, answer_deadline);
  while (sent.acknowledged.size() < count) {
    const Order order = sent.acknowledged.empty() && again ? *again : next_order();
    if (!send_one(caller, order, sent))
      throw std::runtime_error("order " + order.number + " was not answered");
  }
  return sent;
}

Sent Box::send_until_cut(std::chrono::milliseconds moment, const std::optional<Order>& again) {
  Sent sent = send(1, again);
  support::HttpCaller caller(support::Address{"127.0.0.1", machine_->port(), {}}, answer_deadline);
  {
    // Only this thread touches the machine until it is joined.
    const std::jthread cutter([&] {
      if (!machine_->went_off(moment)) machine_->cut_power();
    });
    while (send_one(caller, next_order(), sent)) {
    }
  }
  machine_.reset();
  return sent;
}

std::map<std::string, std::size_t> Box::tickets() {
  std::map<std::string, std::size_t> count;
  for (const auto& ticket : pos_.tickets()) ++count[ticket.partner_order_id];
  return count;
}

std::set<std::string> Box::heard(const std::string& kind) const {
  const std::string member = "\"partner_order_id\":\"";
  std::set<std::string> orders;
  for (const auto& line : cloud_->lines()) {
    const auto at = line.payload.find(member);
    if (!line.topic.ends_with("/" + kind) || at == std::string::npos) continue;
    const auto from = at + member.size();
    orders.insert(line.payload.substr(from, line.payload.find('"', from) - from));
  }
  return orders;
}

}  // namespace storegate::boot
