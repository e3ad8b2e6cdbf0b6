// mosquitto_sub and mosquitto_pub as child processes, and the thread that reads the former.
#include "tests/support/mqtt_tools.hpp"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.hpp"

namespace storegate::support {

MqttWatcher::MqttWatcher(std::uint16_t broker_port, std::string client_id, std::vector<std::string> topics)
    : port_(broker_port), client_id_(std::move(client_id)), topics_(std::move(topics)) {
  subscribe_once();
  start();
}

MqttWatcher::~MqttWatcher() { stop(); }

std::vector<std::string> MqttWatcher::arguments() const {
  std::vector<std::string> words{"-h",       "127.0.0.1", "-p", std::to_string(port_), "-V", "5", "-c", "-i",
                                 client_id_, "-q",        "1"};
  for (const auto& topic : topics_) words.insert(words.end(), {"-t", topic});
  return words;
}

void MqttWatcher::subscribe_once() const {
  // -E ends once the subscriptions are acknowledged; -c leaves the session with them at the broker.
  auto words = arguments();
  words.push_back("-E");
  Process first("mosquitto_sub", words, {.stderr_path = "-"});
  const auto status = first.wait(std::chrono::seconds(10));
  if (!status || !status->clean())
    throw std::runtime_error("mosquitto_sub cannot subscribe at port " + std::to_string(port_));
}

void MqttWatcher::start() {
  if (reader_.joinable()) return;
  stopping_ = false;
  reader_ = std::thread([this] { keep_running(); });
  eventually("mosquitto_sub starts", std::chrono::seconds(10), [this] { return running(); });
}

void MqttWatcher::keep_running() {
  auto words = arguments();
  words.insert(words.end(), {"-F", "%r\\t%t\\t%p"});
  while (true) {
    int output = -1;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      process_ = std::make_unique<Process>("mosquitto_sub", words, ProcessOptions{.stdout_pipe = true});
      output = process_->output_descriptor();
    }
    read_lines(output);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it found no broker: not at once again
  }
}

void MqttWatcher::stop() {
  if (!reader_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    process_->kill(SIGTERM);  // its output ends, and with it the reader
  }
  reader_.join();
  process_.reset();
}

bool MqttWatcher::running() {
  const std::lock_guard lock(mutex_);
  return process_ && process_->running();
}

void MqttWatcher::read_lines(int descriptor) {
  std::string buffered;
  char bytes[16384];
  while (true) {
    const ssize_t got = ::read(descriptor, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    buffered.append(bytes, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = buffered.find('\n'); end != std::string::npos; end = buffered.find('\n', begin)) {
      take(std::string_view(buffered).substr(begin, end - begin));
      begin = end + 1;
    }
    buffered.erase(0, begin);
  }
}

void MqttWatcher::take(std::string_view line) {
  const auto first = line.find('\t');
  const auto second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) return;  // a word of mosquitto_sub's own
  MqttLine made{std::string(line.substr(first + 1, second - first - 1)), std::string(line.substr(second + 1)),
                line.substr(0, first) == "1", std::chrono::steady_clock::now()};
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::move(made));
}

std::size_t MqttWatcher::count() const {
  const std::lock_guard lock(mutex_);
  return lines_.size();
}

std::vector<MqttLine> MqttWatcher::lines(std::size_t from) const {
  const std::lock_guard lock(mutex_);
  if (from >= lines_.size()) return {};
  return {lines_.begin() + static_cast<std::ptrdiff_t>(from), lines_.end()};
}

MqttLine MqttWatcher::wait_for(const std::string& what, std::chrono::milliseconds deadline,
                               const std::function<bool(const MqttLine&)>& wanted, std::size_t from) const {
  std::optional<MqttLine> found;
  eventually(what, deadline, [&] {
    const std::lock_guard lock(mutex_);
    for (; from < lines_.size() && !found; ++from)
      if (wanted(lines_[from])) found = lines_[from];
    return found.has_value();
  });
  return *found;
}

MqttSender::MqttSender(std::uint16_t broker_port, const std::string& topic)
    : process_(
          "mosquitto_pub",
          {"-h", "127.0.0.1", "-p", std::to_string(broker_port), "-V", "5", "-q", "1", "-l", "-t", topic},
          {.stderr_path = "-", .stdin_pipe = true}) {}

bool MqttSender::send(std::string_view payload) {
  return process_.running() && process_.write_input(std::string(payload) + "\n");
}

bool MqttSender::finish(std::chrono::milliseconds deadline) {
  process_.close_input();
  const auto status = process_.wait(deadline);
  return status && status->clean();
}

}  // namespace storegate::support
