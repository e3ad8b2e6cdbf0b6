// Process: a program of its own beside the test: started, fed, watched, measured, killed.
// Knows nothing of what the program does. POSIX and Linux's /proc only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storegate::support {

/// How a child is started. Paths that are empty mean /dev/null for output and input.
struct ProcessOptions {
  std::vector<std::pair<std::string, std::string>> environment = {};  // added to ours; the same name replaces
  std::string stdout_path = {};                                       // appended to
  std::string stderr_path = {};        // appended to; "-" = shared with the test's own
  bool stdin_pipe = false;             // then write_input()
  bool stdout_pipe = false;            // then read_line(); wins over stdout_path
  std::string working_directory = {};  // "" = ours
};

/// How a child ended.
struct ExitStatus {
  int code = 0;    // exit status; -1 when a signal ended it
  int signal = 0;  // 0 = it exited by itself
  [[nodiscard]] bool clean() const noexcept { return signal == 0 && code == 0; }
};

/// What a running process has used so far; all zero when it is gone.
struct ProcessUsage {
  double cpu_s = 0;  // user and system, all threads, nanosecond clock of the kernel
  std::int64_t rss_bytes = 0;
  std::int64_t peak_rss_bytes = 0;
  std::int64_t write_bytes = 0;    // what reached (or will reach) the disk, /proc/PID/io; 0 if not readable
  std::int64_t written_chars = 0;  // wchar: bytes given to write calls, sockets included
  int descriptors = 0;
  int threads = 0;
};

/// A child process. It is killed (SIGKILL) and reaped when this object goes; and by the kernel when the
/// THREAD that started it ends (PR_SET_PDEATHSIG), so start children from a thread that outlives them.
class Process {
 public:
  /// Starts `program` (looked up in PATH when it has no slash). Throws std::runtime_error if it cannot. Where we are built
  /// for another machine and run in an emulator, programs of our own build are started in it too.
  Process(const std::string& program, const std::vector<std::string>& arguments,
          const ProcessOptions& options = {});
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// False once it has ended; reaps it then.
  [[nodiscard]] bool running();
  /// Sends a signal; nothing happens when it has ended.
  void kill(int signal_number = SIGKILL);
  /// Waits for its end; empty when the deadline passes first (it goes on running).
  std::optional<ExitStatus> wait(std::chrono::milliseconds deadline);
  /// SIGTERM, then SIGKILL after `grace`. The exit status tells which it was.
  ExitStatus stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

  /// Writes all to its standard input (blocking). False when it has closed it.
  bool write_input(std::string_view bytes);
  void close_input();
  /// The next line of its standard output without '\n'; empty at the deadline or the end of output.
  std::optional<std::string> read_line(std::chrono::milliseconds deadline);
  /// The pipe's reading end, for a reader with its own loop; -1 without stdout_pipe.
  [[nodiscard]] int output_descriptor() const noexcept { return output_; }

  /// What it has used so far; what it had used at its end once it was reaped (cpu and peak RSS only).
  [[nodiscard]] ProcessUsage usage() const;

 private:
  void close_descriptors() noexcept;
  void reap(int status, double cpu_s, std::int64_t peak_rss_bytes);

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffered_;
  std::optional<ExitStatus> ended_;
  ProcessUsage last_usage_;
};

/// Usage of any process by its id (the gateway, mosquitto, …).
[[nodiscard]] ProcessUsage usage_of(pid_t pid);

}  // namespace storegate::support
