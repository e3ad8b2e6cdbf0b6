// fork and exec with care for descriptors, signals and the death of the parent; usage from /proc.
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern "C" char** environ;

namespace storegate::support {

namespace {

using Clock = std::chrono::steady_clock;

/// Everything the child needs, made before the fork: after it only async-signal-safe calls are allowed.
struct Launch {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  int input = -1;
  int output = -1;
  int error = -1;
  int failure = -1;  // exec's errno goes here; closed by a successful exec
  const char* directory = nullptr;
  pid_t parent = -1;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : added) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

int open_output(const std::string& path) {
  if (path == "-") return ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (path.empty()) return ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void close_if_open(int& descriptor) noexcept {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

[[noreturn]] void become(const Launch& launch) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // the parent died before the prctl
  ::dup2(launch.input, STDIN_FILENO);
  ::dup2(launch.output, STDOUT_FILENO);
  ::dup2(launch.error, STDERR_FILENO);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // whatever a library opened without O_CLOEXEC
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (launch.directory == nullptr || ::chdir(launch.directory) == 0)
    ::execvpe(launch.argument_pointers[0], launch.argument_pointers.data(),
              launch.environment_pointers.data());
  const int reason = errno;
  if (::write(launch.failure, &reason, sizeof reason) < 0) ::_exit(126);
  ::_exit(127);
}

/// A pipe whose ends are closed when they are not handed on.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  }
  ~Pipe() {
    close_if_open(ends[0]);
    close_if_open(ends[1]);
  }
  int take(int end) { return std::exchange(ends[end], -1); }
};

/// `program` as one starts it. The kernel cannot run another machine's, unless somebody has told it how.
std::vector<std::string> words_for(const std::string& program) {
  std::vector<std::string> words;
  if (program.starts_with(STOREGATE_OWN_PROGRAMS "/")) {
    std::istringstream emulator(STOREGATE_EMULATOR);  // empty, or a program and its options
    for (std::string word; std::getline(emulator, word, '|');) words.push_back(word);
  }
  words.push_back(program);
  return words;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const ProcessOptions& options) {
  Launch launch;
  launch.words = words_for(program);
  launch.words.insert(launch.words.end(), arguments.begin(), arguments.end());
  launch.environment = environment_with(options.environment);
  launch.argument_pointers = pointers_to(launch.words);
  launch.environment_pointers = pointers_to(launch.environment);
  if (!options.working_directory.empty()) launch.directory = options.working_directory.c_str();
  launch.parent = ::getpid();

  Pipe failure;
  std::optional<Pipe> input;
  std::optional<Pipe> output;
  if (options.stdin_pipe) input.emplace();
  if (options.stdout_pipe) output.emplace();
  launch.failure = failure.ends[1];
  launch.input = input ? input->take(0) : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  launch.output = output ? output->take(1) : open_output(options.stdout_path);
  launch.error = open_output(options.stderr_path);
  const bool opened = launch.input >= 0 && launch.output >= 0 && launch.error >= 0;
  pid_ = opened ? ::fork() : -1;
  if (pid_ == 0) become(launch);
  const int fork_error = errno;
  close_if_open(launch.input);
  close_if_open(launch.output);
  close_if_open(launch.error);
  if (pid_ < 0) throw std::runtime_error("start " + program + ": " + std::strerror(fork_error));

  close_if_open(failure.ends[1]);
  int reason = 0;
  ssize_t got = 0;
  do got = ::read(failure.ends[0], &reason, sizeof reason);
  while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof reason)) {
    ::waitpid(pid_, nullptr, 0);
    throw std::runtime_error("start " + program + ": " + std::strerror(reason));
  }
  if (input) input_ = input->take(1);
  if (output) output_ = output->take(0);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      buffered_(std::move(other.buffered_)),
      ended_(other.ended_),
      last_usage_(other.last_usage_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  Process old(std::move(*this));  // killed and reaped at the end of this function
  pid_ = std::exchange(other.pid_, -1);
  input_ = std::exchange(other.input_, -1);
  output_ = std::exchange(other.output_, -1);
  buffered_ = std::move(other.buffered_);
  ended_ = other.ended_;
  last_usage_ = other.last_usage_;
  return *this;
}

Process::~Process() {
  close_descriptors();
  if (pid_ < 0 || ended_) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Process::close_descriptors() noexcept {
  close_if_open(input_);
  close_if_open(output_);
}

void Process::reap(int status, double cpu_s, std::int64_t peak_rss_bytes) {
  ended_ = WIFSIGNALED(status) ? ExitStatus{-1, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
  last_usage_ = {};
  last_usage_.cpu_s = cpu_s;
  last_usage_.peak_rss_bytes = peak_rss_bytes;
}

bool Process::running() {
  if (pid_ < 0 || ended_) return false;
  int status = 0;
  rusage used{};
  const pid_t got = ::wait4(pid_, &status, WNOHANG, &used);
  if (got == pid_) reap(status, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss * 1024);
  return !ended_;
}

void Process::kill(int signal_number) {
  if (running()) ::kill(pid_, signal_number);
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (running()) {
    if (Clock::now() >= end) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return ended_;
}

ExitStatus Process::stop(std::chrono::milliseconds grace) {
  kill(SIGTERM);
  if (auto status = wait(grace)) return *status;
  kill(SIGKILL);
  return wait(std::chrono::seconds(30)).value_or(ExitStatus{-1, SIGKILL});
}

bool Process::write_input(std::string_view bytes) {
  // A closed reading end must be an answer, not a SIGPIPE that ends the test.
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  while (!bytes.empty() && input_ >= 0) {
    const ssize_t put = ::write(input_, bytes.data(), bytes.size());
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
    if (put < 0 && errno != EINTR) break;
  }
  const timespec at_once{};
  if (!bytes.empty()) ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return bytes.empty();
}

void Process::close_input() { close_if_open(input_); }

std::optional<std::string> Process::read_line(std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (true) {
    if (const auto line_end = buffered_.find('\n'); line_end != std::string::npos) {
      std::string line = buffered_.substr(0, line_end);
      buffered_.erase(0, line_end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (output_ < 0 || left <= 0) return std::nullopt;
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    char bytes[4096];
    const ssize_t got = ::read(output_, bytes, sizeof bytes);
    if (got == 0) return std::nullopt;
    if (got > 0) buffered_.append(bytes, static_cast<std::size_t>(got));
  }
}

ProcessUsage Process::usage() const { return ended_ || pid_ < 0 ? last_usage_ : usage_of(pid_); }

namespace {

int entries_of(const std::string& folder) {
  std::error_code failed;
  int count = 0;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    ++count;
  return count;
}

/// The number after `name` in a /proc file of "name: number" lines; 0 if absent.
std::int64_t number_in(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  std::int64_t number = 0;
  while (file >> word)
    if (word == name && file >> number) return number;
  return 0;
}

}  // namespace

ProcessUsage usage_of(pid_t pid) {
  ProcessUsage usage;
  const std::string folder = "/proc/" + std::to_string(pid);
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &used) == 0)
    usage.cpu_s = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  usage.rss_bytes = number_in(folder + "/status", "VmRSS:") * 1024;
  usage.peak_rss_bytes = number_in(folder + "/status", "VmHWM:") * 1024;
  usage.threads = static_cast<int>(number_in(folder + "/status", "Threads:"));
  usage.write_bytes = number_in(folder + "/io", "write_bytes:");
  usage.written_chars = number_in(folder + "/io", "wchar:");
  usage.descriptors = entries_of(folder + "/fd");
  return usage;
}

}  // namespace storegate::support
