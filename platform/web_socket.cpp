// Frames, their masks, and the request before them. What a client may not be sent is an error, never guessed at.
#include "platform/web_socket.hpp"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>

#include <algorithm>
#include <array>
#include <utility>

#include "platform/http_types.hpp"
#include "platform/random.hpp"

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t head_bytes_max = 8 * 1024;
constexpr unsigned continuation = 0x0, binary = 0x2, farewell = 0x8, ping = 0x9, pong = 0xa;
constexpr unsigned last_frame = 0x80, masked = 0x80;

std::string base64_of(const unsigned char* bytes, std::size_t size) {
  std::array<unsigned char, 64> text{};  // of 20 bytes at most
  std::size_t length = 0;
  mbedtls_base64_encode(text.data(), text.size(), &length, bytes, size);
  return {reinterpret_cast<const char*>(text.data()), length};
}

std::string new_key() {
  const auto random = random_bytes<16>();
  return base64_of(random.data(), random.size());
}

/// The value of a field, without blanks around it; "" if there is none.
std::string_view field(std::string_view head, std::string_view name) {
  while (true) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        same_ignoring_case(line.substr(0, name.size()), name)) {
      auto value = line.substr(name.size() + 1);
      while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
      while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
      return value;
    }
    if (end == std::string_view::npos) return {};
    head.remove_prefix(end + 2);
  }
}

Error not_agreed(std::string why) {
  return {ErrorCode::unavailable, "the broker does not speak WebSocket there: " + std::move(why)};
}

Error broken(std::string_view what) {
  return {ErrorCode::invalid, "not WebSocket from the broker: " + std::string(what)};
}

void append_frame(std::string& out, unsigned opcode, std::string_view payload) {
  out += static_cast<char>(last_frame | opcode);
  const auto size = payload.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  out += static_cast<char>(masked | (length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint64_t>(size) >> static_cast<unsigned>(shift));
  const auto mask = random_bytes<4>();
  for (const auto byte : mask) out += static_cast<char>(byte);
  std::size_t at = 0;
  for (const char byte : payload) out += static_cast<char>(byte ^ static_cast<char>(mask[at++ % 4]));
}

}  // namespace

WebSocket::WebSocket(std::string_view host_header, std::string_view path) : key_(new_key()) {
  request_.append("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(host_header);
  request_.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ").append(key_);
  request_.append("\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n");
}

std::string WebSocket::answer_to(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), digest.data());
  return base64_of(digest.data(), digest.size());
}

Result<void> WebSocket::agree(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("HTTP/1.1 101"))
    return not_agreed("it answers \"" + std::string(line.substr(0, 64)) + "\"");
  if (!same_ignoring_case(field(head, "Upgrade"), "websocket") ||
      field(head, "Sec-WebSocket-Accept") != answer_to(key_))
    return not_agreed("its answer is to another request");
  if (field(head, "Sec-WebSocket-Protocol") != "mqtt") return not_agreed("MQTT is not what it offers");
  if (!field(head, "Sec-WebSocket-Extensions").empty()) return not_agreed("it wants an extension");
  is_open_ = true;
  return {};
}

/// Reads a frame's head from what waits, if it is whole.
Result<void> WebSocket::begin_frame() {
  const auto byte = [this](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(waiting_[at]));
  };
  if (waiting_.size() < 2) return {};
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  const std::size_t length_bytes = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
  opcode_ = first & 0x0f;
  const bool is_control = opcode_ >= farewell;
  const bool is_last = (first & last_frame) != 0;
  if ((first & 0x70) != 0) return broken("reserved bits");
  if ((second & masked) != 0) return broken("a mask");
  if (is_control && (opcode_ > pong || !is_last || length_bytes > 0)) return broken("a control frame");
  if (!is_control && opcode_ != (in_message_ ? continuation : binary))
    return broken("a frame that is not binary");
  if (waiting_.size() < 2 + length_bytes) return {};
  left_ = length_bytes == 0 ? second & 0x7f : 0;
  for (std::size_t at = 0; at < length_bytes; ++at) left_ = left_ << 8U | byte(2 + at);
  if (left_ >> 63U != 0) return broken("a length");
  waiting_.erase(0, 2 + length_bytes);
  in_frame_ = true;
  if (!is_control) in_message_ = !is_last;
  return {};
}

void WebSocket::end_control(std::string& out) {
  const std::string payload = std::exchange(waiting_, {});
  if (opcode_ == ping) append_frame(out, pong, payload);
  if (opcode_ != farewell) return;
  append_frame(out, farewell, payload.substr(0, 2));
  has_ended_ = true;
}

Result<std::string> WebSocket::take(std::string_view bytes, std::string& out) {
  std::string plain;
  if (!is_open_) {
    waiting_ += bytes;
    const auto end = waiting_.find("\r\n\r\n");
    if (end == std::string::npos && waiting_.size() > head_bytes_max)
      return not_agreed("its answer has no end");
    if (end == std::string::npos) return plain;
    if (auto agreed = agree(std::string_view(waiting_).substr(0, end)); !agreed)
      return std::move(agreed).error();
    waiting_.erase(0, end + 4);
    const std::string rest = std::exchange(waiting_, {});
    return rest.empty() ? plain : take(rest, out);
  }
  while (!has_ended_) {
    if (in_frame_) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      (opcode_ >= farewell ? waiting_ : plain).append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ > 0) break;
      in_frame_ = false;
      if (opcode_ >= farewell) end_control(out);
      continue;
    }
    if (bytes.empty()) break;
    waiting_ += bytes.front();  // at most ten of them are a frame's head
    bytes.remove_prefix(1);
    if (auto begun = begin_frame(); !begun) return std::move(begun).error();
  }
  return plain;
}

void WebSocket::wrap(std::string& out, std::size_t at) {
  if (at >= out.size()) return;
  const std::string payload = out.substr(at);
  out.resize(at);
  append_frame(out, binary, payload);
}

}  // namespace storegate::platform
