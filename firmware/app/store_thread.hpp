// StoreThread: the one thread that owns the journal, and with it the only SQLite connection. Takes jobs from the
// loop and posts what came of them back to it. It must not know what a job reads or writes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "platform/loop.hpp"
#include "storage/journal.hpp"

namespace storegate::app {

/// What a job waits behind. A commit goes before every read, housekeeping only when nothing else is there.
enum class Urgency : std::uint8_t { commit = 0, read = 1, spare = 2 };

/// Runs on the loop after the job; may be empty.
using Completion = std::function<void()>;
/// Runs on the store thread.
using Job = std::function<Completion(storage::Journal&)>;

class StoreThread {
 public:
  /// The thread starts at once. `loop` must outlive this object.
  StoreThread(storage::Journal journal, platform::Loop& loop);
  /// stop(), without a deadline.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  /// Queues a job; after stop() it is dropped, and so is its completion. Who submits bounds the queue: there is one
  /// commit at a time, and one read for each HTTP connection.
  void submit(Urgency urgency, Job job);

  /// Lets the job under way and the waiting commits end, drops the rest, ends the thread and closes the journal.
  /// False if that did not happen within the time: a card that hangs cannot be waited for, and the thread is then
  /// still in the journal.
  [[nodiscard]] bool stop(std::chrono::milliseconds within);

  /// True while a job runs or waits.
  [[nodiscard]] bool busy() const;
  /// Jobs that have ended; a watchdog sees from it that a busy thread gets on. Any thread.
  [[nodiscard]] std::uint64_t jobs_done() const noexcept { return done_.load(std::memory_order_relaxed); }

 private:
  void run();
  [[nodiscard]] bool next_job(Job& job);

  platform::Loop& loop_;
  std::optional<storage::Journal> journal_;  // the thread's own once it runs
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<Job> waiting_[3];
  bool running_ = false;
  bool stopping_ = false;
  bool over_ = false;
  std::atomic<std::uint64_t> done_{0};
  std::thread thread_;
};

}  // namespace storegate::app
