// PahoConnection: one attempt to reach the broker and, if it succeeds, one connection, over one handle of paho's
// C library. All knowledge of paho is in here. It must not know when to try again or what waits to be sent.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "platform/mqtt_client.hpp"
#include "platform/mqtt_url.hpp"

namespace storegate::platform {

/// Whose a publication is.
struct MqttTicket {
  std::uint64_t id = 0;
  bool presence = false;  // the client's own; not reported to the application
};

/// What is to be published.
struct MqttPublication {
  MqttTicket ticket;
  std::string topic;
  std::string payload;
  bool retained = false;
};

/// Told by paho's threads, under paho's process-wide lock: hand over and return. `connection` is the number the
/// connection was begun with.
class PahoListener {
 public:
  virtual void mqtt_connected(std::uint64_t connection, const MqttConnected& connected) = 0;
  virtual void mqtt_subscribed(std::uint64_t connection, core::Result<void> result) = 0;
  virtual void mqtt_delivered(std::uint64_t connection, MqttTicket ticket, core::Result<void> result) = 0;
  /// The attempt failed or the connection is gone.
  virtual void mqtt_lost(std::uint64_t connection, core::Error why) = 0;
  /// false = not stored: the socket is cut before paho can acknowledge. May block.
  [[nodiscard]] virtual bool mqtt_arrived(MqttMessage message) = 0;

 protected:
  ~PahoListener() = default;
};

/// Every function is called by the outgoing thread alone, and any of them may block while paho's lock is held
/// elsewhere (a name being resolved, a receipt being waited for).
class PahoConnection {
 public:
  /// Starts connecting. One of mqtt_connected and mqtt_lost follows, if paho keeps its word (have a deadline).
  [[nodiscard]] static core::Result<std::unique_ptr<PahoConnection>> begin(const MqttOptions& options,
                                                                           const MqttAddress& address,
                                                                           PahoListener& listener,
                                                                           std::uint64_t number);

  /// Sends DISCONNECT if connected, closes, frees. After it the listener hears nothing of this connection.
  ~PahoConnection();
  PahoConnection(const PahoConnection&) = delete;
  PahoConnection& operator=(const PahoConnection&) = delete;

  /// mqtt_subscribed follows.
  [[nodiscard]] core::Result<void> subscribe(const std::string& filter);

  /// The broker has closed the TCP connection, whether paho has noticed or not. To be asked before publishing: a
  /// write that fails costs a handle (must_be_abandoned).
  [[nodiscard]] bool hung_up() const noexcept;

  /// mqtt_delivered follows, or take_unfinished() names it. An error: neither, and nothing was sent.
  [[nodiscard]] core::Result<void> publish(const MqttPublication& publication);

  /// Those given to publish() that mqtt_delivered has not named, in that order; it will not name them from now on.
  [[nodiscard]] std::vector<MqttTicket> take_unfinished();

  /// A write error has left dangling pointers in this handle (README); it will be left behind instead of freed.
  [[nodiscard]] bool must_be_abandoned() const noexcept;

 private:
  struct Hook;
  explicit PahoConnection(std::unique_ptr<Hook> hook);
  std::unique_ptr<Hook> hook_;
};

}  // namespace storegate::platform
