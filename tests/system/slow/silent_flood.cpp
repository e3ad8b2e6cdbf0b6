// Each has its hour: who was late with one is not late with the next, so that the rate is kept.
#include "silent_flood.hpp"

namespace storegate::tests {

SilentFlood::SilentFlood(std::uint16_t port, int connects_per_s)
    : door_{.host = "127.0.0.1", .port = port, .unix_path = {}},
      pause_(std::chrono::microseconds(std::chrono::seconds(1)) / connects_per_s) {
  come(std::chrono::steady_clock::now());
  thread_ = std::thread([this] { run(); });
}

SilentFlood::~SilentFlood() {
  ends_ = true;
  thread_.join();
}

void SilentFlood::run() {
  while (!ends_) loop_.turn(std::chrono::milliseconds(20));
}

void SilentFlood::come(std::chrono::steady_clock::time_point due) {
  loop_.at(due + pause_, [this, due] { come(due + pause_); });
  auto socket = support::begin_connect(door_);
  if (!socket.open()) return;
  ++came_;
  const int number = socket.get();
  loop_.watch(number, false, [this, number](support::Ready) {
    loop_.forget(number);
    silent_.erase(number);
  });
  silent_[number] = std::move(socket);
}

}  // namespace storegate::tests
