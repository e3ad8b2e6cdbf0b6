// The stream between engine and socket: what a count of bytes written means, and how its end is told.
#include "platform/tls_stream.hpp"

#include <doctest/doctest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <future>
#include <thread>

#include "tls_bare_end.hpp"
#include "tls_raw_peer.hpp"

namespace storegate::tests {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using platform::TlsStream;

struct Common {
  TlsFolder folder;
  Context server = folder.server();
  Context client = folder.client();
};
const Common& common() {
  static const Common made;
  return made;
}

/// A client's stream and the bare socket at its other end; small buffers between.
struct Joined {
  Joined() : stream(TlsStream::Socket(context)) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const int small = 4096;
    const int large = 512 * 1024;
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    stream.socket().assign(asio::local::stream_protocol(), ends[0]);
    stream.socket().non_blocking(true);
    other = ends[1];
  }
  void run() {
    context.restart();
    context.run();
  }
  /// As far as it goes without anything new from the other side.
  void poll() {
    context.restart();
    context.poll();
  }
  /// What the kernel holds for the stream to read.
  [[nodiscard]] int unread() {
    int bytes = 0;
    REQUIRE(::ioctl(stream.socket().native_handle(), FIONREAD, &bytes) == 0);
    return bytes;
  }

  asio::io_context context;
  TlsStream stream;
  int other = -1;
};

TlsRawPeer shaken(Joined& joined) {
  auto peer = TlsRawPeer::server(RawSocket(joined.other), common().server);
  std::thread answering([&] { CHECK(peer.shake_hands()); });
  REQUIRE(joined.stream.connect_tls(common().client, "localhost", 443).ok());
  error_code result = asio::error::not_found;
  joined.stream.async_handshake([&](const error_code& error) { result = error; });
  CHECK(result == asio::error::not_found);  // never from within the call
  joined.run();
  answering.join();
  CHECK_FALSE(result);
  return peer;
}

TEST_CASE("a count says that the kernel took a byte of it; what is blocked is told when it goes on") {
  Joined joined;
  auto peer = shaken(joined);
  std::string text;
  for (int i = 0; text.size() < 600'000; ++i) text += std::to_string(i) + ",";
  std::size_t counted = 0;
  error_code error;
  const auto write = [&] {
    while (counted < text.size()) {
      counted += joined.stream.write_some(asio::buffer(text.data() + counted, text.size() - counted), error);
      if (error) return;
    }
    joined.stream.flush(error);
  };
  write();
  CHECK(error == asio::error::would_block);
  CHECK(counted > 0);
  CHECK(counted < text.size());
  for (int i = 0; i < 3; ++i) {  // nothing moves: nothing is counted
    CHECK(joined.stream.write_some(asio::buffer(text.data() + counted, text.size() - counted), error) == 0);
    CHECK(error == asio::error::would_block);
  }
  auto heard = std::async(std::launch::async, [&] { return peer.hear_until(text.substr(text.size() - 20)); });
  while (error == asio::error::would_block) {
    joined.stream.socket().wait(TlsStream::Socket::wait_write, error);
    write();
  }
  CHECK_FALSE(error);
  CHECK(heard.get() == text);
}

TEST_CASE("a kernel that takes nothing leaves the count at nothing") {
  Joined joined;
  auto peer = shaken(joined);
  std::array<char, 4096> filling{};
  while (::send(joined.stream.socket().native_handle(), filling.data(), filling.size(), MSG_DONTWAIT) > 0) {
  }
  error_code error;
  CHECK(joined.stream.write_some(asio::buffer("request", 7), error) == 0);
  CHECK(error == asio::error::would_block);
  peer.socket().close();
  CHECK(joined.stream.write_some(asio::buffer("request", 7), error) == 0);
  CHECK(error);
  CHECK(error != asio::error::would_block);
}

TEST_CASE("what was blocked and a read handed over is told by the next write") {
  Joined joined;
  auto peer = shaken(joined);
  std::array<char, 4096> bytes{};
  while (::send(joined.stream.socket().native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  error_code error;
  REQUIRE(joined.stream.write_some(asio::buffer("request", 7), error) == 0);
  REQUIRE(error == asio::error::would_block);
  while (::recv(joined.other, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  std::array<char, 16> into{};
  joined.stream.async_read_some(asio::buffer(into), [](const error_code&, std::size_t) {});
  REQUIRE(::recv(joined.other, bytes.data(), bytes.size(), MSG_DONTWAIT) > 7);  // the read sent it
  CHECK(joined.stream.write_some(asio::buffer("request", 7), error) == 7);
  CHECK_FALSE(error);
  CHECK(::recv(joined.other, bytes.data(), bytes.size(), MSG_DONTWAIT) < 0);  // once
  joined.stream.close();
  joined.poll();
}

TEST_CASE("reading: what was said, then the orderly end; a cut is another error, with its words") {
  for (const bool in_order : {true, false}) {
    CAPTURE(in_order);
    Joined joined;
    auto peer = shaken(joined);
    peer.say("hello");
    if (in_order) peer.say_farewell();
    peer.socket().close();
    std::array<char, 3> part{};
    std::string all;
    error_code ended;
    const std::function<void()> read = [&] {
      joined.stream.async_read_some(asio::buffer(part), [&](const error_code& error, std::size_t count) {
        all.append(part.data(), count);
        ended = error;
        if (!error) read();
      });
    };
    read();
    joined.run();
    CHECK(all == "hello");
    CHECK((ended == asio::error::eof) == in_order);
    if (!in_order) CHECK(joined.stream.words(ended).find("without TLS's farewell") != std::string::npos);
  }
}

TEST_CASE("a read that waits ends when the socket is cancelled, and nothing is lost by it") {
  Joined joined;
  auto peer = shaken(joined);
  std::array<char, 64> bytes{};
  error_code result;
  joined.stream.async_read_some(asio::buffer(bytes),
                                [&](const error_code& error, std::size_t) { result = error; });
  joined.context.restart();
  joined.context.poll();
  joined.stream.socket().cancel();
  joined.run();
  CHECK(result == asio::error::operation_aborted);
  peer.say("later");
  std::size_t got = 0;
  joined.stream.async_read_some(asio::buffer(bytes),
                                [&](const error_code&, std::size_t count) { got = count; });
  joined.run();
  CHECK(std::string(bytes.data(), got) == "later");
}

TEST_CASE("a cancel that finds the wait over, and its end not yet told, ends the read all the same") {
  Joined joined;
  auto peer = shaken(joined);
  std::array<char, 64> bytes{};
  error_code result;
  joined.stream.async_read_some(asio::buffer(bytes),
                                [&](const error_code& error, std::size_t) { result = error; });
  joined.poll();
  peer.socket().send("\x17\x03\x03");  // half a header: no reason to end
  // Both waits end in one turn of the reactor, which tells of writing first.
  joined.stream.socket().async_wait(TlsStream::Socket::wait_write,
                                    [&](const error_code&) { joined.stream.cancel(); });
  joined.poll();
  CHECK(result == asio::error::operation_aborted);
  joined.stream.close();
  joined.poll();
}

// More than is taken in one step, less than the kernel holds between two Unix sockets.
constexpr int flood_bytes = 120'000;

std::string plain_flood() {
  std::string flood;
  while (flood.size() < flood_bytes) flood += plain_warning;
  return flood;
}

TEST_CASE("warnings without end in the handshake: others get their turn, and it can be cancelled") {
  Joined joined;
  REQUIRE(RawSocket(::dup(joined.other)).send(plain_flood()));
  REQUIRE(joined.stream.connect_tls(common().client, "localhost", 443).ok());
  error_code result;
  joined.stream.async_handshake([&](const error_code& error) { result = error; });
  CHECK(joined.unread() > 0);
  SUBCASE("cancelled") {
    joined.stream.cancel();
    joined.poll();
    CHECK(result == asio::error::operation_aborted);
  }
  SUBCASE("read on") {
    joined.poll();
    CHECK(joined.unread() == 0);
    CHECK_FALSE(result);
    joined.stream.close();
    joined.poll();
  }
  ::close(joined.other);
}

TEST_CASE("warnings without end behind the handshake: others get their turn, and what follows is read") {
  Joined joined;
  RawSocket socket(joined.other);
  TlsBareEnd peer(common().server);
  std::thread answering([&] {
    while (!peer.shake_hands()) {
      socket.send(peer.said());
      peer.hear(socket.receive());
    }
    socket.send(peer.said());
  });
  REQUIRE(joined.stream.connect_tls(common().client, "localhost", 443).ok());
  error_code result = asio::error::not_found;
  joined.stream.async_handshake([&](const error_code& error) { result = error; });
  joined.run();
  answering.join();
  REQUIRE_FALSE(result);

  peer.warn(no_renegotiation, flood_bytes / 23);
  peer.say("hello");
  REQUIRE(socket.send(peer.said()));
  std::array<char, 64> bytes{};
  std::size_t got = 0;
  joined.stream.async_read_some(asio::buffer(bytes),
                                [&](const error_code&, std::size_t count) { got = count; });
  CHECK(joined.unread() > 0);
  joined.run();
  CHECK(std::string(bytes.data(), got) == "hello");
}

TEST_CASE("quiet is who has said nothing that was not read") {
  Joined joined;
  auto peer = shaken(joined);
  CHECK(joined.stream.is_quiet());
  peer.say("unasked");
  CHECK_FALSE(joined.stream.is_quiet());
  std::array<char, 2> part{};
  joined.stream.async_read_some(asio::buffer(part), [](const error_code&, std::size_t) {});
  joined.run();
  CHECK_FALSE(joined.stream.is_quiet());  // the rest lies in the engine
}

TEST_CASE("closing says farewell") {
  Joined joined;
  auto peer = shaken(joined);
  joined.stream.close();
  CHECK(peer.sees_farewell());
}

}  // namespace
}  // namespace storegate::tests
