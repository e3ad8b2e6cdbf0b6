// Who gives up his place when there is none left: over real sockets, one newcomer after the other.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http_served.hpp"

namespace storegate::platform {
namespace {

using tests::get_ok;
using tests::RawSocket;
using tests::Served;

constexpr std::string_view get_keep = "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_known = "GET /known HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_page = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";

HttpServerOptions places(std::size_t count) {
  HttpServerOptions options;
  options.connections_max = count;
  return options;
}

/// A server of few places, and those who come to it one after the other.
struct Room {
  explicit Room(const HttpServerOptions& options) : served(options) {}

  RawSocket enter() {
    auto client = served.client();
    served.await_accepted(++entered);
    return client;
  }
  RawSocket enter_known() {
    auto client = enter();
    ask(client, get_known);
    return client;
  }
  /// Asks for a page and reads none of it.
  RawSocket enter_deaf() {
    const auto requests = served.counters().requests;
    auto client = RawSocket::to_port(served.port(), 4096);
    served.await_accepted(++entered);
    client.send(get_page);
    served.await_requests(requests + 1);
    return client;
  }
  static void ask(RawSocket& client, std::string_view request = get_ok) {
    client.send(request);
    CHECK(client.read_response().status == 200);
  }

  Served served;
  std::uint64_t entered = 0;
};

TEST_CASE("the oldest stranger gives way, whatever it has been served") {
  Room room(places(2));
  auto first = room.enter();
  Room::ask(first);
  auto second = room.enter();
  auto third = room.enter();
  CHECK(first.sees_end());
  Room::ask(third);
  Room::ask(second);
  CHECK(room.served.counters().connections_now == 2);
  CHECK(room.served.counters().refused == 1);
}

TEST_CASE("a stranger in the middle of its request gives way to a newcomer") {
  Room room(places(1));
  auto slow = room.enter();
  slow.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nslow");
  while (room.served.counters().bytes_in == 0) std::this_thread::yield();
  auto newcomer = room.enter();
  CHECK(slow.sees_end());
  Room::ask(newcomer);
}

TEST_CASE("who has shown who he is stays, and a younger stranger goes") {
  Room room(places(2));
  auto known = room.enter_known();
  auto stranger = room.enter();
  auto newcomer = room.enter();
  CHECK(stranger.sees_end());
  Room::ask(known);
  Room::ask(newcomer);
}

TEST_CASE("where all are known, who has been idle for longest goes") {
  Room room(places(2));
  auto first = room.enter_known();
  auto second = room.enter_known();
  Room::ask(first);
  auto newcomer = room.enter();
  CHECK(second.sees_end());
  Room::ask(first);
  Room::ask(newcomer);
}

TEST_CASE("while few are strangers the idle go first, so that a newcomer has time to become known") {
  Room room(places(8));
  std::vector<RawSocket> known;
  for (int i = 0; i < 8; ++i) known.push_back(room.enter_known());
  auto first = room.enter();
  CHECK(known[0].sees_end());
  auto second = room.enter();
  CHECK(known[1].sees_end());
  auto third = room.enter();  // a quarter are strangers now
  CHECK(first.sees_end());
  Room::ask(second);
  Room::ask(third);
  for (std::size_t i = 2; i < known.size(); ++i) Room::ask(known[i]);
}

TEST_CASE("strangers that do not take their answers lock nobody out, and throw out nobody who is known") {
  auto options = places(8);
  options.send_buffer_bytes = 4096;  // the kernel takes less than the page
  Room room(options);
  std::vector<RawSocket> deaf;
  for (int i = 0; i < 7; ++i) deaf.push_back(room.enter_deaf());
  std::vector<RawSocket> known;
  for (int i = 0; i < 4; ++i)
    known.push_back(room.enter_known());  // the first has a place, three are newcomers
  for (auto& client : known) Room::ask(client);
  for (std::size_t i = 0; i < 3; ++i) CHECK(deaf[i].read_response().status == 0);
  for (std::size_t i = 3; i < 7; ++i) CHECK_FALSE(deaf[i].has_ended());
  CHECK(room.served.counters().connections_now == 8);
  CHECK(room.served.counters().refused == 3);
}

TEST_CASE("the stranger with the most of a body gives way before who is known hears 503") {
  HttpServerOptions options;
  options.bodies_bytes_max = 10'000;
  Room room(options);
  std::uint64_t sent = 0;
  const auto send = [&](RawSocket& client, const std::string& bytes) {
    client.send(bytes);
    sent += bytes.size();
    while (room.served.counters().bytes_in < sent && !client.has_ended()) std::this_thread::yield();
  };
  const auto begin_of = [](std::size_t there, std::size_t announced) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(announced) + "\r\n\r\n" +
           std::string(there, 'x');
  };
  auto known = room.enter_known();
  auto neighbour = room.enter_known();
  sent = room.served.counters().bytes_in;
  auto small = room.enter();
  send(small, begin_of(50, 100));
  auto large = room.enter();
  send(large, begin_of(8'000, 9'000));
  send(known, begin_of(8'000, 9'000));
  CHECK(large.sees_end());
  CHECK(room.served.counters().refused == 1);
  CHECK(room.served.counters().connections_now == 3);
  small.send(std::string(50, 'x'));
  CHECK(small.read_response().status == 200);
  neighbour.send(begin_of(8'000, 9'000));  // there is no stranger's left to take
  CHECK(neighbour.read_response().status == 503);
  known.send(std::string(1'000, 'x'));
  CHECK(known.read_response().status == 200);
}

TEST_CASE("a request that is being decided is never given up: the newcomer hears 503") {
  Room room(places(2));
  auto first = room.enter();
  auto second = room.enter_known();
  first.send(get_keep);
  second.send(get_keep);
  room.served.await_requests(3);
  auto third = room.enter();
  third.send(get_ok);
  const auto refused = third.read_response();
  CHECK(refused.status == 503);
  CHECK(refused.has("Retry-After: "));
  CHECK(refused.has("Connection: close\r\n"));
  CHECK(third.sees_end());
  third.close();
  CHECK(room.served.answer_kept("decided"));
  CHECK(room.served.answer_kept("decided"));
  CHECK(first.read_response().body == "decided");
  CHECK(second.read_response().body == "decided");
  room.served.await_connections(2);
  auto fourth = room.enter();
  Room::ask(fourth);
  CHECK(room.served.counters().refused == 2);
}

TEST_CASE("a request that is being decided keeps its place while the answers before it are not read") {
  auto options = places(1);
  options.send_buffer_bytes = 4096;  // the kernel takes less than the page
  Room room(options);
  auto lazy = RawSocket::to_port(room.served.port(), 4096);
  room.served.await_accepted(++room.entered);
  lazy.send(std::string(get_page) + std::string(get_keep));
  room.served.await_requests(2);
  CHECK(room.served.counters().bytes_out < 15 * 1024);
  auto newcomer = room.enter();
  CHECK(newcomer.read_response().status == 503);
  CHECK(room.served.answer_kept("decided"));
  CHECK(lazy.read_response().body == std::string(15 * 1024, 'p'));
  CHECK(lazy.read_response().body == "decided");
}

TEST_CASE("a stranger that does not take its answer gives way, one that is known does not") {
  auto options = places(1);
  options.send_buffer_bytes = 4096;
  Room room(options);
  auto lazy = RawSocket::to_port(room.served.port(), 4096);
  room.served.await_accepted(++room.entered);
  bool is_known = false;
  SUBCASE("a stranger") {}
  SUBCASE("known") { is_known = true; }
  if (is_known) Room::ask(lazy, get_known);
  lazy.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  room.served.await_requests(is_known ? 2 : 1);
  auto newcomer = room.enter();
  newcomer.send(get_ok);
  CHECK(newcomer.read_response().status == (is_known ? 503 : 200));
  if (is_known)
    CHECK_FALSE(lazy.has_ended());
  else
    CHECK(lazy.read_response().status == 0);
}

}  // namespace
}  // namespace storegate::platform
