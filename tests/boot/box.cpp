// The disks are made, mended and read by e2fsprogs: nothing is mounted.
#include "tests/boot/box.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"

namespace storegate::boot {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// A quiet machine takes 12 s to the first order; a busy one several times that.
constexpr auto boot_deadline = 300s;

/// Runs a program to its end; gives its exit status.
int run(const std::string& program, const std::vector<std::string>& arguments) {
  support::Process process(program, arguments);
  const auto status = process.wait(120s);
  if (!status || status->signal != 0) throw std::runtime_error(program + " did not end");
  return status->code;
}

void make_disk(const std::string& path, const std::string& size, const std::string& from) {
  if (run("mke2fs", {"-q", "-F", "-t", "ext4", "-d", from, path, size}) != 0)
    throw std::runtime_error("mke2fs cannot make " + path);
}

}  // namespace

Box::Box(std::string arch, std::string image)
    : arch_(std::move(arch)), image_(std::move(image)), pos_({"--deduplicates", "600", "--no-query"}) {
  broker_.start();
  fs::create_directory(folder_.file("empty"));
  make_disk(folder_.file("data"), "64M", folder_.file("empty"));
  write_settings();
}

void Box::write_settings() {
  fs::create_directory(folder_.file("settings"));
  const auto port_of = [](const std::string& url) { return url.substr(url.rfind(':')); };
  support::write_file(folder_.file("settings/storegate.toml"),
                      "[store]\nid = \"box\"\n"
                      "[storage]\npath = \"/var/lib/storegate/orders.db\"\n"
                      "[http]\nlisten = \"127.0.0.1:8443\"\n"
                      "[mqtt]\nurl = \"mqtt://10.0.2.2" +
                          port_of(broker_.url()) + "\"\n[pos]\nurl = \"http://10.0.2.2" +
                          port_of(pos_.url()) +
                          "\"\nrate_per_s = 0\ndeduplicates_s = 600\ncan_query = false\n"
                          "[[partner]]\nname = \"counter\"\nrelease = \"immediate\"\nrate_per_minute = 0\n");
  make_disk(folder_.file("settings.disk"), "4M", folder_.file("settings"));
}

void Box::on(bool logged) {
  logged_ = logged;
  MachineShape shape{arch_, image_, folder_.file("data"), folder_.file("settings.disk")};
  if (logged) {
    fs::copy_file(folder_.file("data"), data_before(), fs::copy_options::overwrite_existing);
    support::write_file(write_log(), "");
    fs::resize_file(write_log(), 512U * 1024 * 1024);
    shape.write_log = write_log();
  }
  machine_.emplace(shape);
  support::HttpCaller caller(support::Address{"127.0.0.1", machine_->port(), {}}, 5s);
  const auto until = std::chrono::steady_clock::now() + boot_deadline;
  while (!caller.get("/readyz").is(200)) {
    caller.close();
    static_cast<void>(machine_->says("\x01", 200ms));  // nobody says that: the console is read meanwhile
    if (!machine_->is_on() || std::chrono::steady_clock::now() > until)
      throw std::runtime_error("the box does not become ready:\n" + machine_->console());
  }
}

std::map<std::string, std::uint64_t> Box::send(std::size_t count) {
  std::map<std::string, std::uint64_t> acknowledged;
  support::HttpCaller caller(support::Address{"127.0.0.1", machine_->port(), {}}, 30s);
  while (acknowledged.size() < count) {
    const std::string id = "B-" + std::to_string(++sent_);
    const auto answer =
        caller.post("/v1/orders", support::canonical_order("counter", id), {{"Idempotency-Key", id}});
    if (!answer.is(201) && !answer.is(200))
      throw std::runtime_error("order " + id + " was answered " + std::to_string(answer.status) + " " +
                               answer.body);
    acknowledged[id] = logged_ ? entries_logged(write_log()) : 0;
  }
  return acknowledged;
}

std::map<std::string, std::size_t> Box::tickets() {
  std::map<std::string, std::size_t> count;
  for (const auto& ticket : pos_.tickets()) ++count[ticket.partner_order_id];
  return count;
}

std::set<std::string> orders_on(const std::string& disk) {
  const support::TempDir out;
  if (run("e2fsck", {"-fy", disk}) > 1) throw std::runtime_error("the file system cannot be mended");
  if (run("debugfs", {"-R", "rdump / " + out.path().string(), disk}) != 0)
    throw std::runtime_error("the file system cannot be read");
  fs::remove(out.file("orders.db-shm"));
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::set<std::string> orders;
  int step = SQLITE_ERROR;
  if (sqlite3_open_v2(out.file("orders.db").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) ==
          SQLITE_OK &&
      sqlite3_prepare_v2(database, "SELECT partner_order_id FROM orders", -1, &statement, nullptr) ==
          SQLITE_OK) {
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
      orders.insert(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
  }
  const std::string why = sqlite3_errmsg(database);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  if (step != SQLITE_DONE) throw std::runtime_error("the orders cannot be read: " + why);
  return orders;
}

}  // namespace storegate::boot
