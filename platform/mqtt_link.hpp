// One TCP connection, with TLS or without, with WebSocket over it or without, that speaks MQTT: packets in, bytes out. Platform-internal (includes Asio). Loop thread only.
// It must not know sessions, windows or receipts.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "platform/loop.hpp"
#include "platform/mqtt_packet.hpp"
#include "platform/mqtt_url.hpp"
#include "platform/resolve.hpp"
#include "platform/tls_stream.hpp"
#include "platform/web_socket.hpp"

namespace storegate::platform {

/// Where to connect: of several addresses of one name each attempt begins with the next, so that one that swallows
/// what is sent to it does not stop them all.
struct MqttDestination {
  MqttAddress address;
  std::uint64_t attempt = 0;
  std::shared_ptr<const TlsContext> tls;  // needed if the address says so
};

/// Told by a link, always from the loop and never from within a call to the link. It may close the link.
class MqttLinkListener {
 public:
  virtual void link_open() = 0;  // TCP is up, and TLS and WebSocket where they are spoken
  virtual void link_packet(MqttPacket packet) = 0;
  virtual void link_lost(core::Error why) = 0;  // the last word
  /// Asked before each packet is read: false = read none until MqttLink::resume().
  [[nodiscard]] virtual bool link_takes_more() = 0;

 protected:
  ~MqttLinkListener() = default;
};

class MqttLink : public std::enable_shared_from_this<MqttLink> {
 public:
  /// Begins to connect. `packet_bytes_max`: see MqttReader. The listener must outlive the link or close it.
  [[nodiscard]] static std::shared_ptr<MqttLink> open(Loop& loop, const MqttDestination& destination,
                                                      MqttVersion version, std::uint32_t packet_bytes_max,
                                                      MqttLinkListener& listener);
  MqttLink(Loop& loop, MqttDestination destination, MqttVersion version, std::uint32_t packet_bytes_max,
           MqttLinkListener& listener);
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Append packets here, then call send().
  [[nodiscard]] std::string& out() noexcept { return out_; }
  /// What was appended in this turn of the loop leaves together, at its end.
  void send();
  /// Goes on reading after link_takes_more() said no.
  void resume();
  /// Cuts the connection: nothing more is sent, nothing is called back.
  void close() noexcept;
  /// Sends what is left, waits for the broker to close (packets are read no more), and calls `then`, unless close()
  /// comes first.
  void finish(std::function<void()> then);

  /// Appended and not taken by the kernel yet.
  [[nodiscard]] std::size_t unsent() const noexcept { return out_.size() - sent_; }
  [[nodiscard]] std::uint64_t bytes_in() const noexcept { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const noexcept { return bytes_out_; }

 private:
  void connect(core::Result<TcpEndpoints> found);
  void connected(const boost::system::error_code& error);
  void shake_hands();
  void upgrade();
  void begin();
  void heard(std::string_view bytes);
  [[nodiscard]] core::Error broken(const char* doing, const boost::system::error_code& error) const;
  void read();
  void pump();
  void part();
  [[nodiscard]] bool is_flushed(boost::system::error_code& error);
  void write();
  void wait_for_room();
  void conclude();
  void lost(core::Error why);

  Loop& loop_;
  MqttDestination destination_;
  TlsStream stream_;
  std::optional<WebSocket> web_socket_;
  MqttReader reader_;
  MqttLinkListener* listener_;  // none once closed
  Lookup lookup_;
  std::vector<boost::asio::generic::stream_protocol::endpoint> endpoints_;
  std::string out_;         // not handed to the kernel yet
  std::size_t sent_ = 0;    // of out_
  std::size_t framed_ = 0;  // of out_: with WebSocket, what stands in frames already
  bool open_ = false;
  bool send_posted_ = false;
  bool writing_ = false;  // the kernel's buffer is full
  bool reading_ = false;
  bool paused_ = false;
  bool resume_posted_ = false;
  bool ending_ = false;  // the last byte is sent
  std::function<void()> finished_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::array<char, 16 * 1024> in_{};
};

}  // namespace storegate::platform
