// Starting a store, and reading what it used from /metrics and /proc.
#include "bench_store.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// As a store would have it, except that nobody is slowed down on purpose: no rates, and as many requests at the POS
// at once as there are senders.
std::string configuration(const support::TempDir& folder, std::uint16_t port, const std::string& broker_url,
                          const std::string& pos_url, const StoreShape& shape) {
  return "[store]\nid = \"" + std::string(store_id) + "\"\n[storage]\npath = \"" + folder.file("orders.db") +
         "\"\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\nsocket = \"" +
         folder.file("api.sock") + "\"\n[mqtt]\nurl = \"" + broker_url + "\"\n[pos]\nurl = \"" + pos_url +
         "\"\nrate_per_s = " + std::to_string(shape.pos_rate_per_s) +
         "\nrequests_max = " + std::to_string(shape.pos_requests_max) + "\n" + shape.partners;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// The fields of a `stat` file behind the name in parentheses: [11] user, [12] system time in ticks.
std::vector<std::string> stat_fields(const fs::path& path, std::string& name) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return {};
  name = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 2));
  std::vector<std::string> fields;
  for (std::string word; rest >> word;) fields.push_back(word);
  return fields;
}

double ticks_s(const std::vector<std::string>& fields, std::size_t index) {
  return fields.size() > index
             ? std::atof(fields[index].c_str()) / static_cast<double>(::sysconf(_SC_CLK_TCK))
             : 0;
}

void read_threads(pid_t pid, Reading& reading) {
  const fs::path process = "/proc/" + std::to_string(pid);
  std::string name;
  const auto whole = stat_fields(process / "stat", name);
  reading.gateway_user_s = ticks_s(whole, 11);
  reading.gateway_system_s = ticks_s(whole, 12);
  std::error_code error;
  for (const auto& task : fs::directory_iterator(process / "task", error)) {
    const auto fields = stat_fields(task.path() / "stat", name);
    if (task.path().filename() == process.filename()) name = "loop";
    reading.thread_cpu_s[name == "storegate" ? "store" : name] += ticks_s(fields, 11) + ticks_s(fields, 12);
  }
}

}  // namespace

double metric_of(std::string_view metrics, std::string_view name) {
  const std::string line_start = "\n" + std::string(name) + " ";
  const auto at = metrics.find(line_start);
  return at == std::string_view::npos
             ? 0
             : std::atof(std::string(metrics.substr(at + line_start.size(), 32)).c_str());
}

BenchStore::BenchStore(std::string program, std::vector<std::string> wrapper, const StoreShape& shape)
    : program_(std::move(program)),
      wrapper_(std::move(wrapper)),
      broker_(support::BrokerOptions{.more_lines = "max_queued_messages 0\n"}) {
  broker_.start();
  pos_ = std::make_unique<support::PosDouble>(
      std::vector<std::string>{}, shape.pos_keeps_tickets ? folder_.file("tickets.jsonl") : std::string());
  port_ = support::free_port();
  support::write_file(folder_.file("storegate.toml"),
                      configuration(folder_, port_, broker_.url(), pos_->url(), shape));
  launch();
  wait_until_ready(wrapper_.empty() ? 20s : 300s);
}

void BenchStore::launch() {
  std::vector<std::string> line = wrapper_;
  for (const char* word : {program_.c_str(), "run", "--config"}) line.emplace_back(word);
  line.push_back(folder_.file("storegate.toml"));
  const std::string first = line.front();
  line.erase(line.begin());
  // Its log goes nowhere, so that the bytes the kernel counts are those of the journal; writing it is measured.
  const char* log = std::getenv("STOREGATE_BENCH_LOG");
  gateway_.emplace(first, line, support::ProcessOptions{.stderr_path = log == nullptr ? "" : log});
}

void BenchStore::wait_until_ready(std::chrono::milliseconds deadline) {
  support::HttpCaller caller(api(), 10s);
  support::eventually("storegate is ready and connected to the broker", deadline, [&] {
    if (!gateway_->running()) throw std::runtime_error("storegate ended by itself");
    return metric_of(caller.get("/metrics").body, "storegate_uplink_up") == 1;
  });
}

std::string BenchStore::state() {
  if (!gateway_->running()) return "storegate ended by itself";
  const std::string metrics = support::HttpCaller(api(), 10s).get("/metrics").body;
  if (metrics.empty()) return "storegate runs and does not answer";
  std::string text;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    const bool level = line.starts_with("storegate_orders{") || line.starts_with("storegate_events_") ||
                       line.starts_with("storegate_uplink") || line.starts_with("storegate_pos_up") ||
                       line.starts_with("storegate_callers_waiting") || line.starts_with("storegate_mqtt");
    if (level && !line.ends_with(" 0")) text += (text.empty() ? "" : ", ") + line.substr(sizeof "storegate");
  }
  return text;
}

void BenchStore::stop(std::chrono::milliseconds within) {
  gateway_->kill(SIGTERM);
  const auto ended = gateway_->wait(within);
  if (!ended || !ended->clean()) throw std::runtime_error("storegate did not end cleanly on SIGTERM");
}

Reading BenchStore::read() {
  support::HttpCaller caller(api(), 10s);
  const support::HttpAnswer answer = caller.get("/metrics");
  if (!answer.is(200)) throw std::runtime_error("storegate's metrics cannot be read: " + answer.error);
  const auto value = [&](const char* name) { return metric_of(answer.body, name); };
  Reading reading;
  reading.at = std::chrono::steady_clock::now();
  reading.commits = value("storegate_commits_total");
  reading.commit_syncs = value("storegate_syncs_total{why=\"commit\"}");
  reading.checkpoint_syncs = value("storegate_syncs_total{why=\"checkpoint\"}");
  reading.other_syncs = value("storegate_syncs_total{why=\"other\"}");
  for (const char* file : {"wal", "database", "other"})
    reading.written_bytes +=
        metric_of(answer.body, "storegate_written_bytes_total{file=\"" + std::string(file) + "\"}");
  reading.commit_inputs = value("storegate_commit_inputs_sum");
  reading.commit_s = value("storegate_commit_seconds_sum");
  reading.gateway = usage();
  read_threads(gateway_->pid(), reading);
  reading.broker_cpu_s = broker_usage().cpu_s;
  reading.pos_cpu_s = pos_->process().usage().cpu_s;
  reading.senders_cpu_s = own_cpu_s();
  return reading;
}

}  // namespace storegate::bench
