// epoll and timers on one thread.
#include "tests/support/loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace storegate::support {

namespace {

std::uint32_t events_for(bool reading, bool writing) {
  return (reading ? static_cast<std::uint32_t>(EPOLLIN | EPOLLRDHUP) : 0U) |
         (writing ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
}

}  // namespace

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
}

Loop::~Loop() { ::close(epoll_); }

int Loop::control(int operation, int descriptor, const Watch& watch) const {
  epoll_event event{};
  event.events = watch.events;
  event.data.u64 = (std::uint64_t{watch.generation} << 32) | static_cast<std::uint32_t>(descriptor);
  return ::epoll_ctl(epoll_, operation, descriptor, &event);
}

void Loop::watch(int descriptor, bool writing, OnReady on_ready) {
  const auto place = static_cast<std::size_t>(descriptor);
  if (watches_.size() <= place) watches_.resize(place + 1);
  watches_[place] =
      std::make_shared<Watch>(Watch{std::move(on_ready), events_for(true, writing), next_generation_++});
  if (control(EPOLL_CTL_ADD, descriptor, *watches_[place]) != 0)
    throw std::runtime_error(std::string("watch: ") + std::strerror(errno));
}

void Loop::want(int descriptor, bool reading, bool writing) {
  auto& watch = watches_[static_cast<std::size_t>(descriptor)];
  const auto events = events_for(reading, writing);
  if (!watch || watch->events == events) return;
  watch->events = events;
  if (control(EPOLL_CTL_MOD, descriptor, *watch) != 0)
    throw std::runtime_error(std::string("watch: ") + std::strerror(errno));
}

void Loop::forget(int descriptor) {
  const auto place = static_cast<std::size_t>(descriptor);
  if (descriptor < 0 || place >= watches_.size() || !watches_[place]) return;
  watches_[place].reset();
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

Loop::TimerId Loop::at(Clock::time_point when, std::function<void()> call) {
  const TimerId id{when, next_timer_++};
  timers_.emplace(id, std::move(call));
  return id;
}

void Loop::cancel(TimerId timer) { timers_.erase(timer); }

int Loop::wait_ms(std::chrono::milliseconds limit) const {
  auto wait = limit;
  if (!timers_.empty())
    wait = std::min(
        wait, std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now()));
  return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
}

bool Loop::fire_timers() {
  bool fired = false;
  const auto now = Clock::now();
  // Timers set by these calls are newer than `last`, so a call that sets one for "now" cannot spin here.
  const auto last = next_timer_;
  auto next = timers_.begin();
  while (next != timers_.end() && next->first.first <= now) {
    if (next->first.second >= last) {
      ++next;
      continue;
    }
    auto call = std::move(next->second);
    timers_.erase(next);
    call();
    fired = true;
    next = timers_.begin();
  }
  return fired;
}

bool Loop::turn(std::chrono::milliseconds limit) {
  std::array<epoll_event, 128> events;
  const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms(limit));
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    // Forgotten by an earlier callback of this turn? The copy keeps the callback alive while it runs.
    const std::shared_ptr<Watch> watch = watches_[static_cast<std::size_t>(event.data.u64 & 0xffffffffU)];
    if (!watch || watch->generation != static_cast<std::uint32_t>(event.data.u64 >> 32)) continue;
    const bool gone = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    watch->on_ready(
        {gone || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0, gone || (event.events & EPOLLOUT) != 0});
  }
  const bool fired = !timers_.empty() && fire_timers();
  return ready > 0 || fired;
}

void Loop::run() {
  stopped_ = false;
  while (!stopped_) turn(std::chrono::seconds(1));
}

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!done()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    turn(std::min<std::chrono::milliseconds>(left, std::chrono::seconds(1)));
  }
  return true;
}

}  // namespace storegate::support
