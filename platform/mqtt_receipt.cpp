// The receipt desk and the receipt that refers to it.
#include "platform/mqtt_receipt.hpp"

#include <utility>

#include "platform/mqtt_client.hpp"

namespace storegate::platform {

std::uint64_t MqttReceiptDesk::open() {
  const std::lock_guard lock(mutex_);
  verdict_ = closed_ ? MqttVerdict::refused : MqttVerdict::pending;
  return ++number_;
}

void MqttReceiptDesk::settle(std::uint64_t number, bool accepted) {
  const std::lock_guard lock(mutex_);
  if (number != number_ || verdict_ != MqttVerdict::pending) return;
  verdict_ = accepted ? MqttVerdict::accepted : MqttVerdict::refused;
  settled_.notify_one();
}

MqttVerdict MqttReceiptDesk::wait(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  settled_.wait_until(lock, deadline, [this] { return verdict_ != MqttVerdict::pending; });
  if (verdict_ == MqttVerdict::pending) verdict_ = MqttVerdict::timed_out;
  return verdict_;
}

void MqttReceiptDesk::close_for_good() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (verdict_ != MqttVerdict::pending) return;
  verdict_ = MqttVerdict::refused;
  settled_.notify_one();
}

MqttReceipt::MqttReceipt(std::shared_ptr<MqttReceiptDesk> desk, std::uint64_t number) noexcept
    : desk_(std::move(desk)), number_(number) {}

MqttReceipt& MqttReceipt::operator=(MqttReceipt&& other) noexcept {
  if (this != &other) {
    refuse();
    desk_ = std::move(other.desk_);
    number_ = other.number_;
  }
  return *this;
}

MqttReceipt::~MqttReceipt() { refuse(); }

void MqttReceipt::accept() noexcept {
  if (const auto desk = std::exchange(desk_, nullptr)) desk->settle(number_, true);
}

void MqttReceipt::refuse() noexcept {
  if (const auto desk = std::exchange(desk_, nullptr)) desk->settle(number_, false);
}

}  // namespace storegate::platform
