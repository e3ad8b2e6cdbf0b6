// Starts, freezes, kills; reads what is left on disk through a copy, so that nothing but storegate opens its file.
#include "kill_store.hpp"

#include <sqlite3.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::killing {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// System calls that mean a commit is under way (x86-64 and arm64 number them differently).
#if defined(__x86_64__)
constexpr long pwrite_call = 18, fsync_call = 74, fdatasync_call = 75;
#else
constexpr long pwrite_call = 68, fsync_call = 82, fdatasync_call = 83;
#endif

std::string configuration(const support::TempDir& folder, std::uint16_t port, const std::string& broker_url,
                          const std::string& pos_url, PosClass pos_class) {
  const bool deduplicates = pos_class == PosClass::deduplicates;
  return "[store]\nid = \"kill\"\n"
         "[storage]\npath = \"" +
         folder.file("orders.db") +
         "\"\n"
         "[http]\nlisten = \"127.0.0.1:" +
         std::to_string(port) + "\"\nsocket = \"" + folder.file("api.sock") +
         "\"\n"
         "[mqtt]\nurl = \"" +
         broker_url +
         "\"\n"
         "[pos]\nurl = \"" +
         pos_url +
         "\"\nrate_per_s = 0\ntimeout_ms = 2000\nmax_processing_ms = 400\n"
         "ask_interval_ms = 200\ndeduplicates_s = " +
         (deduplicates ? "600" : "0") + "\ncan_query = " + (deduplicates ? "false" : "true") +
         "\n"
         "[[partner]]\nname = \"kiosk\"\nrelease = \"on_event\"\nrate_per_minute = 0\n"
         "[[partner]]\nname = \"counter\"\nrelease = \"immediate\"\nrate_per_minute = 0\n";
}

}  // namespace

KillStore::KillStore(std::string program, PosClass pos_class)
    : program_(std::move(program)), broker_(support::BrokerOptions{.more_lines = "max_queued_messages 0\n"}) {
  broker_.start();
  const bool deduplicates = pos_class == PosClass::deduplicates;
  pos_ = std::make_unique<support::PosDouble>(
      deduplicates ? std::vector<std::string>{"--deduplicates", "600", "--no-query", "--delay-ms", "15"}
                   : std::vector<std::string>{"--delay-ms", "15"});
  cloud_ = std::make_unique<support::MqttWatcher>(broker_.port(), "kill-cloud",
                                                  std::vector<std::string>{"stores/kill/out/#"});
  port_ = support::free_port();
  support::write_file(folder_.file("storegate.toml"),
                      configuration(folder_, port_, broker_.url(), pos_->url(), pos_class));
}

KillStore::~KillStore() = default;

void KillStore::start() {
  gateway_.emplace(program_, std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                   support::ProcessOptions{.stderr_path = log_file()});
  support::HttpCaller caller(api(), 2s);
  support::eventually("storegate is ready after a kill", 20s, [&] {
    if (!gateway_->running())
      throw std::runtime_error("storegate ended by itself:\n" + support::read_file(log_file()));
    return caller.get("/readyz").is(200);
  });
}

Hit KillStore::kill() {
  Hit hit;
  gateway_->kill(SIGSTOP);
  hit.commit_in_progress = store_thread_writes();
  gateway_->kill(SIGKILL);
  gateway_->wait(5s);
  hit.rows = read_rows();
  for (const auto& [id, row] : hit.rows) hit.sending += row.phase == 3 ? 1 : 0;
  return hit;
}

bool KillStore::stop() { return gateway_->stop(5s).clean(); }

bool KillStore::store_thread_writes() const {
  std::error_code error;
  for (const auto& task :
       fs::directory_iterator("/proc/" + std::to_string(gateway_->pid()) + "/task", error)) {
    std::ifstream file(task.path() / "syscall");
    long call = -1;
    if (file >> call && (call == pwrite_call || call == fsync_call || call == fdatasync_call)) return true;
  }
  return false;
}

std::map<std::string, RowOnDisk> KillStore::read_rows() const {
  const support::TempDir copy;
  for (const char* suffix : {"", "-wal"}) {
    const std::string from = folder_.file("orders.db") + suffix;
    if (fs::exists(from)) fs::copy_file(from, copy.file(std::string("copy.db") + suffix));
  }
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::map<std::string, RowOnDisk> rows;
  const bool opened =
      sqlite3_open(copy.file("copy.db").c_str(), &database) == SQLITE_OK &&
      sqlite3_prepare_v2(database, "SELECT partner_order_id, phase, cancel_wanted FROM orders", -1,
                         &statement, nullptr) == SQLITE_OK;
  int step = SQLITE_ERROR;
  while (opened && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    const auto* id = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    rows[id] = {sqlite3_column_int(statement, 1), sqlite3_column_int(statement, 2) != 0};
  }
  const std::string why = sqlite3_errmsg(database);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  if (step != SQLITE_DONE) throw std::runtime_error("the rows left by the kill cannot be read: " + why);
  return rows;
}

}  // namespace storegate::killing
