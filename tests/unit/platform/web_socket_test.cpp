// The client's end of a WebSocket: what the broker may say, in any pieces, what it may not, and what goes out masked.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "platform/web_socket.hpp"

using storegate::core::ErrorCode;
using storegate::platform::WebSocket;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string key_of(const WebSocket& socket) {
  const std::string_view request = socket.request();
  constexpr auto name = "Sec-WebSocket-Key: "sv;
  const auto at = request.find(name) + name.size();
  return std::string(request.substr(at, request.find('\r', at) - at));
}

std::string agreement(const WebSocket& socket, const std::string& status = "101 Switching Protocols",
                      const std::string& protocol = "mqtt", const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept:  " +
         WebSocket::answer_to(key_of(socket)) + " \r\nSec-WebSocket-Protocol: " + protocol + "\r\n" + more +
         "\r\n";
}

/// A frame as a broker sends it: no mask.
std::string frame(unsigned first, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first));
  const auto size = payload.size();
  const int length_bytes = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  bytes += static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127);
  for (int at = length_bytes - 1; at >= 0; --at)
    bytes += static_cast<char>(size >> (8U * static_cast<unsigned>(at)));
  return bytes.append(payload);
}

/// What a frame of ours says; "" if it is not one whole masked frame of that kind.
std::string unmasked(unsigned first, std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); };
  if (byte(0) != first || (byte(1) & 0x80U) == 0) return {};
  std::size_t size = byte(1) & 0x7fU;
  std::size_t at = 2;
  const std::size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (length_bytes > 0) size = 0;
  for (; at < 2 + length_bytes; ++at) size = size << 8U | byte(at);
  if (bytes.size() != at + 4 + size) return {};
  std::string plain;
  for (std::size_t i = 0; i < size; ++i) plain += static_cast<char>(byte(at + 4 + i) ^ byte(at + i % 4));
  return plain;
}

/// A socket whose broker has agreed, and what it is told in portions of that size.
struct Open {
  WebSocket socket{"broker", "/mqtt"};
  std::string out;
  Open() {
    REQUIRE(socket.take(agreement(socket), out).ok());
    REQUIRE(socket.is_open());
  }
  std::string take(std::string_view bytes, std::size_t portion) {
    std::string plain;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(portion, bytes.size()))) {
      const auto part = socket.take(bytes.substr(0, portion), out);
      REQUIRE(part.ok());
      plain += *part;
    }
    return plain;
  }
};

}  // namespace

TEST_CASE("the request asks for MQTT with a key of its own, and the key's answer is the standard's") {
  CHECK(WebSocket::answer_to("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 1.3
  const WebSocket socket("broker:8080", "/ws?x");
  const std::string request(socket.request());
  CHECK(request.starts_with("GET /ws?x HTTP/1.1\r\nHost: broker:8080\r\n"));
  CHECK(request.find("\r\nSec-WebSocket-Protocol: mqtt\r\n") != std::string::npos);
  CHECK(request.ends_with("\r\n\r\n"));
  CHECK(key_of(socket).size() == 24);
  CHECK(key_of(socket) != key_of(WebSocket("broker", "/")));
}

TEST_CASE("the broker's agreement may come in any two pieces, with frames behind it") {
  const std::size_t size = agreement(WebSocket("broker", "/mqtt")).size();
  for (std::size_t cut = 0; cut <= size; ++cut) {
    WebSocket socket("broker", "/mqtt");
    std::string out;
    const std::string all = agreement(socket) + frame(0x82, "one");
    CHECK(socket.take(std::string_view(all).substr(0, cut), out)->empty());
    CHECK(socket.is_open() == (cut == size));
    CHECK(*socket.take(std::string_view(all).substr(cut), out) == "one");
    CHECK(out.empty());
  }
}

TEST_CASE("a broker that does not agree is told from one that is away, with its own words") {
  const auto refusal = [](const auto& answer_of) {
    WebSocket socket("broker", "/mqtt");
    std::string out;
    const auto taken = socket.take(answer_of(socket), out);
    REQUIRE_FALSE(taken.ok());
    CHECK(taken.error().code == ErrorCode::unavailable);
    CHECK_FALSE(socket.is_open());
    return taken.error().context;
  };
  CHECK(refusal([](const WebSocket& s) { return agreement(s, "404 Not Found"); }).find("404 Not Found") !=
        std::string::npos);
  CHECK(refusal([](const WebSocket& s) { return agreement(s, "101 Yes", "chat"); }).find("MQTT") !=
        std::string::npos);
  CHECK(refusal([](const WebSocket&) {
          return agreement(WebSocket("broker", "/mqtt"));
        }).find("another request") != std::string::npos);
  CHECK(refusal([](const WebSocket& s) {
          return agreement(s, "101 Yes", "mqtt", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        }).find("extension") != std::string::npos);
  CHECK(refusal([](const WebSocket&) { return std::string(9'000, 'x'); }).find("no end") !=
        std::string::npos);
}

TEST_CASE("frames of every length, in pieces of every size, are one stream") {
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 127UL, 65'535UL, 65'536UL, 200'000UL})
    for (const std::size_t portion : {1UL, 7UL, 4'096UL, 1'000'000UL}) {
      if (size > 127 && portion < 4'096) continue;
      CAPTURE(size);
      Open open;
      const std::string payload(size, 'p');
      CHECK(open.take(frame(0x82, payload) + frame(0x82, "end"), portion) == payload + "end");
      CHECK(open.out.empty());
    }
}

TEST_CASE("a message in parts with a ping in between: the parts are joined and the ping is answered") {
  for (const std::size_t portion : {1UL, 3UL, 100UL}) {
    Open open;
    CHECK(open.take(frame(0x02, "a") + frame(0x89, "here?") + frame(0x00, "b") + frame(0x80, "c") +
                        frame(0x8a, "") + frame(0x82, "d"),
                    portion) == "abcd");
    CHECK(unmasked(0x8a, open.out) == "here?");
  }
}

TEST_CASE("a farewell is answered with its code, and nothing behind it is heard") {
  Open open;
  CHECK(open.take(frame(0x82, "x") + frame(0x88, "\x03\xe8why"sv) + frame(0x82, "y"), 1'000) == "x");
  CHECK(open.socket.has_ended());
  CHECK(unmasked(0x88, open.out) == "\x03\xe8"sv);
}

TEST_CASE("what a broker may not send is the end") {
  for (const std::string& bytes :
       {"\x82\x81\1\2\3\4x"s, frame(0xc2, "x"), frame(0x81, "text"), frame(0x80, "no beginning"),
        frame(0x83, "x"), frame(0x09, "a ping in parts"), frame(0x89, std::string(126, 'x')), frame(0x8b, ""),
        frame(0x02, "a") + frame(0x82, "another before its end"), "\x82\x7f\x80\0\0\0\0\0\0\0"s}) {
    Open open;
    const auto taken = open.socket.take(bytes, open.out);
    REQUIRE_FALSE(taken.ok());
    CHECK(taken.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("what goes out is one masked frame, behind what is there already") {
  for (const std::size_t size : {1UL, 125UL, 126UL, 65'535UL, 65'536UL}) {
    const std::string payload(size, 'p');
    std::string out = "before" + payload;
    WebSocket::wrap(out, 6);
    CHECK(out.starts_with("before"));
    CHECK(unmasked(0x82, std::string_view(out).substr(6)) == payload);
  }
  std::string nothing = "before";
  WebSocket::wrap(nothing, 6);
  CHECK(nothing == "before");
}
