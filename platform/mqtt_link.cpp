// The socket under an MQTT session. Reads as long as the listener takes more; writes by hand, once a turn of the loop.
#include "platform/mqtt_link.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "platform/endpoint.hpp"

namespace storegate::platform {

namespace asio = boost::asio;
using boost::system::error_code;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {
// A buffer that a burst made large is not kept for ever.
constexpr std::size_t out_kept = 64 * 1024;
}  // namespace

MqttLink::MqttLink(Loop& loop, MqttDestination destination, MqttVersion version,
                   std::uint32_t packet_bytes_max, MqttLinkListener& listener)
    : loop_(loop),
      destination_(std::move(destination)),
      stream_(TlsStream::Socket(loop.context())),
      reader_(version, packet_bytes_max),
      listener_(&listener) {
  const auto& address = destination_.address;
  if (address.path.empty()) return;
  const Origin origin{.host = address.host, .port = address.port, .tls = address.tls};
  web_socket_.emplace(origin.host_header(), address.path);
}

Error MqttLink::broken(const char* doing, const error_code& error) const {
  if (error == asio::error::eof) return {ErrorCode::unavailable, "the broker closed the connection"};
  return {ErrorCode::unavailable, std::string(doing) + ": " + stream_.words(error)};
}

std::shared_ptr<MqttLink> MqttLink::open(Loop& loop, const MqttDestination& destination, MqttVersion version,
                                         std::uint32_t packet_bytes_max, MqttLinkListener& listener) {
  auto link = std::make_shared<MqttLink>(loop, destination, version, packet_bytes_max, listener);
  link->lookup_ = resolve(loop, destination.address.host, destination.address.port,
                          [weak = std::weak_ptr(link)](Result<TcpEndpoints> found) {
                            if (const auto self = weak.lock()) self->connect(std::move(found));
                          });
  return link;
}

void MqttLink::connect(Result<TcpEndpoints> found) {
  if (listener_ == nullptr) return;
  if (!found) return lost(std::move(found).error());
  endpoints_.assign(found->begin(), found->end());
  const auto first = static_cast<std::ptrdiff_t>(destination_.attempt % endpoints_.size());
  std::rotate(endpoints_.begin(), endpoints_.begin() + first, endpoints_.end());
  asio::async_connect(
      stream_.socket(), endpoints_,
      [self = shared_from_this()](const error_code& error, const auto&) { self->connected(error); });
}

void MqttLink::connected(const error_code& error) {
  if (listener_ == nullptr) return;
  if (error) return lost(broken("connecting to the broker", error));
  error_code ignored;
  // Without it a small packet behind another waits for the peer's delayed acknowledgement, about 40 ms.
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  stream_.socket().non_blocking(true, ignored);
  destination_.address.tls ? shake_hands() : upgrade();
}

void MqttLink::shake_hands() {
  const auto& address = destination_.address;
  if (auto begun = stream_.connect_tls(destination_.tls, address.host, address.port); !begun)
    return lost(std::move(begun).error());
  stream_.async_handshake([self = shared_from_this()](const error_code& error) {
    if (self->listener_ == nullptr) return;
    error ? self->lost(self->broken("the TLS handshake", error)) : self->upgrade();
  });
}

void MqttLink::upgrade() {
  if (!web_socket_) return begin();
  out_ = web_socket_->request();
  framed_ = out_.size();
  write();
  if (listener_ != nullptr) read();
}

void MqttLink::begin() {
  open_ = true;
  listener_->link_open();
  if (listener_ != nullptr) pump();
}

void MqttLink::read() {
  if (reading_) return;
  reading_ = true;
  stream_.async_read_some(asio::buffer(in_),
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            self->reading_ = false;
                            if (self->listener_ == nullptr) return;
                            if (self->ending_) return error ? self->conclude() : self->read();
                            if (error) return self->lost(self->broken("reading from the broker", error));
                            self->bytes_in_ += count;
                            self->heard({self->in_.data(), count});
                          });
}

void MqttLink::heard(std::string_view bytes) {
  if (!web_socket_) {
    reader_.feed(bytes);
    return pump();
  }
  std::string answers;
  auto plain = web_socket_->take(bytes, answers);
  if (!plain) return lost(std::move(plain).error());
  out_.insert(framed_, answers);  // between frames, wherever MQTT's next packets are
  framed_ += answers.size();
  reader_.feed(*plain);
  if (!answers.empty() && !writing_ && !web_socket_->has_ended()) write();
  if (listener_ == nullptr) return;
  if (!open_ && !web_socket_->is_open()) return read();
  open_ ? pump() : begin();
}

void MqttLink::pump() {
  while (listener_ != nullptr && !ending_) {
    paused_ = !listener_->link_takes_more();
    if (paused_) return;
    auto packet = reader_.next();
    if (!packet) return lost(std::move(packet).error());
    if (!*packet) return web_socket_ && web_socket_->has_ended() ? part() : read();
    listener_->link_packet(std::move(**packet));
  }
}

/// The broker has said its end, and what it said before is heard: we answer, and that is all.
void MqttLink::part() {
  if (!writing_) write();
  if (listener_ != nullptr) lost({ErrorCode::unavailable, "the broker closed the connection"});
}

void MqttLink::resume() {
  if (!paused_ || std::exchange(resume_posted_, true)) return;
  asio::post(loop_.context(), [self = shared_from_this()] {
    self->resume_posted_ = false;
    if (self->paused_) self->pump();
  });
}

void MqttLink::send() {
  if (listener_ == nullptr || !open_ || writing_ || std::exchange(send_posted_, true)) return;
  asio::post(loop_.context(), [self = shared_from_this()] {
    self->send_posted_ = false;
    self->write();
  });
}

/// Writes until the kernel takes no more. True: it has taken everything.
bool MqttLink::is_flushed(error_code& error) {
  error.clear();
  while (!error && sent_ < out_.size()) {
    const std::size_t count =
        stream_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), error);
    sent_ += count;
    bytes_out_ += count;
  }
  if (!error) stream_.flush(error);
  return !error;
}

void MqttLink::write() {
  if (listener_ == nullptr) return;
  if (web_socket_) {
    WebSocket::wrap(out_, framed_);
    framed_ = out_.size();
  }
  error_code error;
  if (!is_flushed(error)) {
    if (error == asio::error::would_block) return wait_for_room();
    return ending_ ? conclude() : lost(broken("writing to the broker", error));
  }
  out_.clear();
  sent_ = framed_ = 0;
  if (out_.capacity() > out_kept) out_.shrink_to_fit();
  resume();  // reading may have waited for room
  if (!finished_ || std::exchange(ending_, true)) return;
  // Closing with unread bytes would reset the connection, and the broker might never read the last packet.
  stream_.shutdown_send();
  read();
}

void MqttLink::wait_for_room() {
  if (sent_ >= out_kept) {  // or a line that never catches up would keep every byte it ever sent
    out_.erase(0, sent_);
    framed_ -= std::min(framed_, sent_);
    sent_ = 0;
  }
  if (std::exchange(writing_, true)) return;
  stream_.socket().async_wait(asio::socket_base::wait_write, [self = shared_from_this()](const error_code&) {
    self->writing_ = false;
    self->write();  // an error shows there
  });
}

void MqttLink::conclude() {
  const auto then = std::exchange(finished_, nullptr);
  close();
  then();
}

void MqttLink::finish(std::function<void()> then) {
  finished_ = std::move(then);
  asio::post(loop_.context(), [self = shared_from_this()] {
    if (!self->writing_) self->write();
  });
}

void MqttLink::lost(Error why) {
  auto* const listener = listener_;
  close();
  if (listener != nullptr) listener->link_lost(std::move(why));
}

void MqttLink::close() noexcept {
  listener_ = nullptr;
  finished_ = nullptr;
  lookup_.cancel();
  stream_.close();
}

}  // namespace storegate::platform
