// The queue between loop and journal: three lanes, the urgent one first.
#include "app/store_thread.hpp"

#include <utility>

namespace storegate::app {

StoreThread::StoreThread(storage::Journal journal, platform::Loop& loop)
    : loop_(loop), journal_(std::move(journal)), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
  while (!stop(std::chrono::hours(1))) {
  }
}

void StoreThread::submit(Urgency urgency, Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_[static_cast<std::size_t>(urgency)].push_back(std::move(job));
  }
  wake_.notify_one();
}

bool StoreThread::busy() const {
  const std::lock_guard lock(mutex_);
  return running_ || !waiting_[0].empty() || !waiting_[1].empty() || !waiting_[2].empty();
}

bool StoreThread::next_job(Job& job) {
  std::unique_lock lock(mutex_);
  running_ = false;
  for (;;) {
    if (stopping_) {
      waiting_[1].clear();
      waiting_[2].clear();
    }
    for (auto& lane : waiting_) {
      if (lane.empty()) continue;
      job = std::move(lane.front());
      lane.pop_front();
      running_ = true;
      return true;
    }
    if (stopping_) return false;
    wake_.wait(lock);
  }
}

void StoreThread::run() {
  Job job;
  while (next_job(job)) {
    Completion completion = job(*journal_);
    job = nullptr;  // what it holds ends here, not while the next job is waited for
    done_.fetch_add(1, std::memory_order_relaxed);
    if (completion) loop_.post(std::move(completion));
  }
  journal_.reset();
  const std::lock_guard lock(mutex_);
  over_ = true;
  ended_.notify_all();
}

bool StoreThread::stop(std::chrono::milliseconds within) {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
    if (!ended_.wait_for(lock, within, [this] { return over_; })) return false;
  }
  if (thread_.joinable()) thread_.join();
  return true;
}

}  // namespace storegate::app
