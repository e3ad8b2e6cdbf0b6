// Where paho's thread waits for the one message it has handed over to be settled.
// It must not know paho, sockets or messages: a number goes in, a verdict comes out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace storegate::platform {

enum class MqttVerdict : std::uint8_t { pending, accepted, refused, timed_out };

/// One place for one message at a time. A number that is no longer the open one settles nothing, so a receipt may
/// come late or outlive the client.
class MqttReceiptDesk {
 public:
  /// Opens the place for the next message.
  [[nodiscard]] std::uint64_t open();

  /// The first word counts; later ones, and words on other numbers, do nothing.
  void settle(std::uint64_t number, bool accepted);

  /// Blocks until the open message is settled or `wait` is over (steady clock), then closes the place.
  [[nodiscard]] MqttVerdict wait(std::chrono::milliseconds wait);

  /// Refuses the open message and every later one.
  void close_for_good();

 private:
  std::mutex mutex_;
  std::condition_variable settled_;
  std::uint64_t number_ = 0;
  MqttVerdict verdict_ = MqttVerdict::timed_out;
  bool closed_ = false;
};

}  // namespace storegate::platform
