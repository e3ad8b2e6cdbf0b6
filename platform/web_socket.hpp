// WebSocket: the client's end of one WebSocket (RFC 6455) under MQTT, without a socket: bytes from the wire in, bytes of
// MQTT out, and MQTT's bytes into frames. A stream in frames is a stream: their borders mean nothing to MQTT. It must not
// know a packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace storegate::platform {

class WebSocket {
 public:
  /// `host_header`: as it stands in Host; `path`: where the broker offers it, beginning with "/".
  WebSocket(std::string_view host_header, std::string_view path);

  /// What goes out first: the request that the broker is to answer with 101.
  [[nodiscard]] std::string_view request() const noexcept { return request_; }
  /// The broker has agreed: frames may be sent.
  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  /// The broker has said its end.
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

  /// What came over the wire, in any pieces; the value is what of it is MQTT's. Answers to pings and to a farewell are
  /// appended to `out` as frames. Errors: `unavailable`, the broker did not agree (with its status); `invalid`, it
  /// breaks the protocol.
  [[nodiscard]] core::Result<std::string> take(std::string_view bytes, std::string& out);
  /// The Sec-WebSocket-Accept that belongs to a key (RFC 6455 4.2.2): it proves that the request was read, and nothing else.
  [[nodiscard]] static std::string answer_to(const std::string& key);
  /// Makes what stands in `out` from `at` on one frame.
  static void wrap(std::string& out, std::size_t at);

 private:
  [[nodiscard]] core::Result<void> agree(std::string_view head);
  [[nodiscard]] core::Result<void> begin_frame();
  void end_control(std::string& out);

  std::string key_;
  std::string request_;
  std::string waiting_;     // half a head, half a frame's head, or a control frame that is not whole
  std::uint64_t left_ = 0;  // of the frame's payload
  unsigned opcode_ = 0;
  bool in_frame_ = false;
  bool in_message_ = false;  // its last frame is still to come
  bool is_open_ = false;
  bool has_ended_ = false;
};

}  // namespace storegate::platform
