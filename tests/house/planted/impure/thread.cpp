// Planted: starts a thread and takes a lock.
#include <mutex>
#include <thread>

std::mutex planted_mutex;

void planted_thread() {
  std::lock_guard lock(planted_mutex);
  std::thread([] {}).join();
}
