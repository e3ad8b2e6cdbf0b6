// Programs of e2fsprogs, SQLite, and a storegate of this machine.
#include "tests/boot/disks.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <regex>
#include <stdexcept>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::boot {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// Runs a program to its end; throws std::runtime_error if its exit status is above `worst`.
void run(const std::string& program, const std::vector<std::string>& arguments, int worst = 0) {
  support::Process process(program, arguments);
  const auto status = process.wait(120s);
  if (!status || status->signal != 0 || status->code > worst) {
    std::string words = program;
    for (const std::string& argument : arguments) words += " " + argument;
    throw std::runtime_error("it failed: " + words);
  }
}

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

/// The first column of each row.
std::set<std::string> column(sqlite3* database, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  int step = sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
  const Statement statement(raw, &sqlite3_finalize);
  std::set<std::string> found;
  if (step == SQLITE_OK) {
    while ((step = sqlite3_step(raw)) == SQLITE_ROW)
      found.insert(reinterpret_cast<const char*>(sqlite3_column_text(raw, 0)));
  }
  if (step != SQLITE_DONE) throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(database));
  return found;
}

}  // namespace

void make_disk(const std::string& path, std::size_t mib) {
  support::write_file(path, "");
  fs::resize_file(path, mib * 1024 * 1024);
  // Its tables are written at once, so that the box does not do it meanwhile.
  run("mke2fs", {"-q", "-F", "-t", "ext4", "-N", "1024", "-E", "lazy_itable_init=0", path});
}

void copy_disk(const std::string& from, const std::string& to) {
  run("cp", {"--sparse=always", "--reflink=auto", from, to});
}

void recover(const std::string& disk, const support::TempDir& folder) {
  run("e2fsck", {"-fy", disk}, 1);  // 1: errors were found and mended
  run("debugfs", {"-R", "rdump / " + folder.path().string(), disk});
  if (!fs::exists(folder.file("orders.db"))) throw std::runtime_error("there is no orders.db on the disk");
  fs::remove(folder.file("orders.db-shm"));  // of memory: the box makes it anew
}

std::set<std::string> orders_in(const support::TempDir& folder) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(folder.file("orders.db").c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const Database database(raw, &sqlite3_close);
  if (opened != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(raw));
  if (column(raw, "PRAGMA integrity_check") != std::set<std::string>{"ok"})
    throw std::runtime_error("the database is damaged");
  return column(raw, "SELECT partner_order_id FROM orders");
}

std::set<std::string> orders_served(const std::string& program, const support::TempDir& folder) {
  const std::string listen = "127.0.0.1:" + std::to_string(support::free_port());
  support::write_file(folder.file("storegate.toml"),
                      "[store]\nid = \"box\"\n[storage]\npath = \"" + folder.file("orders.db") +
                          "\"\n[http]\nsocket = \"\"\nlisten = \"" + listen +
                          "\"\n[pos]\nurl = \"http://127.0.0.1:9\"\n"
                          "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n");
  support::Process process(program, {"run", "--config", folder.file("storegate.toml")},
                           {.stderr_path = folder.file("storegate.err")});
  support::HttpCaller caller(listen);
  bool is_ready = false;
  support::eventually("a storegate on what the cut left", 60s, [&] {
    is_ready = caller.get("/readyz").is(200);
    return is_ready || !process.running();
  });
  if (!is_ready)
    throw std::runtime_error("no storegate runs on it: " + support::read_file(folder.file("storegate.err")));
  const std::string body = caller.get("/v1/orders?limit=1000").body;
  const std::regex member("\"partner_order_id\":\"([^\"]*)\"");
  std::set<std::string> orders;
  for (std::sregex_iterator at(body.begin(), body.end(), member), end; at != end; ++at)
    orders.insert((*at)[1]);
  return orders;
}

}  // namespace storegate::boot
