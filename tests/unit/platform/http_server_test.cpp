// The HTTP server over real loopback sockets, driven by plain sockets that send exactly these bytes.
#include "platform/http_server.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "http_served.hpp"
#include "tests/support/file_dates.hpp"

namespace storegate::platform {
namespace {

using std::chrono::milliseconds;
using tests::get_ok;
using tests::post;
using tests::RawSocket;
using tests::Served;

TEST_CASE("a connection carries one request after another") {
  Served served;
  auto client = served.client();
  for (int i = 0; i < 3; ++i) {
    client.send(post("/echo?n=" + std::to_string(i), "body"));
    const auto response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body == "/echo?n=" + std::to_string(i) + "|body");
    CHECK(response.has("X-Method: POST\r\n"));
    CHECK(response.has("Content-Type: text/plain\r\n"));
    CHECK_FALSE(response.has("Connection"));
  }
  const auto counters = served.counters();
  CHECK(counters.connections_now == 1);
  CHECK(counters.accepted == 1);
  CHECK(counters.requests == 3);
  CHECK(counters.bytes_in == 3 * post("/echo?n=0", "body").size());
  CHECK(counters.bytes_out > 3 * 80);
}

TEST_CASE("a request may be split at every byte") {
  Served served;
  auto client = served.client();
  const auto request = post("/echo", "hi");
  for (std::size_t at = 1; at < request.size(); ++at) {
    client.send(request.substr(0, at));
    served.thread().on_loop([] {});  // a turn of the loop between the halves
    client.send(request.substr(at));
    CHECK(client.read_response().body == "/echo|hi");
  }
  for (const char byte : request) client.send({&byte, 1});
  CHECK(client.read_response().body == "/echo|hi");
}

TEST_CASE("pipelined requests are answered in their order, whenever the handler answers") {
  Served served;
  auto client = served.client();
  std::string requests;
  for (int i = 0; i < 60; ++i) {
    requests += post((i % 3 == 0 ? "/later?" : "/echo?") + std::to_string(i),
                     std::string(static_cast<std::size_t>(i), 'x'));
  }
  client.send(requests);
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    CHECK(client.read_response().body.find("?" + std::to_string(i) + "|") != std::string::npos);
  }
}

TEST_CASE("answers given before a slow one do not wait for it") {
  Served served;
  auto client = served.client();
  client.send(std::string(get_ok) + "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(get_ok));
  CHECK(client.read_response().status == 200);
  served.await_requests(2);
  CHECK(served.counters().requests == 2);  // the third waits for the second's answer (RFC 9112 9.3.2)
  CHECK(served.answer_kept("slow"));
  CHECK(client.read_response().body == "slow");
  CHECK(client.read_response().body == "/echo|");
}

TEST_CASE("a malformed request gets a problem document and the connection ends") {
  Served served;
  for (const std::string bytes :
       {"GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "nonsense\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n"}) {
    CAPTURE(bytes);
    auto client = served.client();
    client.send(std::string(get_ok) + bytes + std::string(get_ok));
    CHECK(client.read_response().status == 200);
    const auto response = client.read_response();
    CHECK(response.status == 400);
    CHECK(response.has("Content-Type: application/problem+json\r\n"));
    CHECK(response.has("Connection: close\r\n"));
    CHECK(response.body.find("\"status\":400,\"detail\":\"") != std::string::npos);
    CHECK(client.sees_end());
  }
  CHECK(served.counters().bad_requests == 6);
  CHECK(served.counters().requests == 6);
}

TEST_CASE("a request whose responder is dropped gets 503, which everyone repeats") {
  Served served;
  auto client = served.client();
  client.send("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto response = client.read_response();
  CHECK(response.status == 503);
  CHECK(response.has("Retry-After: "));
  client.send(get_ok);
  CHECK(client.read_response().status == 200);
}

TEST_CASE("an answer after the peer or the server has gone does nothing") {
  auto served = std::make_unique<Served>();
  auto client = served->client();
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  served->await_requests(1);
  client.reset();
  CHECK(served->answer_kept("for nobody"));
  served->await_connections(0);

  auto second = served->client();
  second.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  served->await_requests(2);
  served.reset();  // its responders are dropped after the server
  CHECK(second.sees_end());
}

TEST_CASE("a client that has finished sending still gets its answers") {
  Served served;
  auto client = served.client();
  client.send(std::string(get_ok) + post("/later", "x"));
  client.finish_sending();
  CHECK(client.read_response().status == 200);
  CHECK(client.read_response().body == "/later|x");
  CHECK(client.sees_end());
}

TEST_CASE("HEAD and 204 have no body") {
  Served served;
  auto client = served.client();
  client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n" +
              std::string(get_ok));
  const auto head = client.read_response(true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 6\r\n"));
  const auto empty = client.read_response();
  CHECK(empty.status == 204);
  CHECK_FALSE(empty.has("Content-Length"));
  CHECK(client.read_response().body == "/echo|");
}

TEST_CASE("the connection ends when the client's version or header says so") {
  Served served;
  for (const std::string request :
       {"GET /echo HTTP/1.0\r\n\r\n", "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
    auto client = served.client();
    client.send(request);
    CHECK(client.read_response().has("Connection: close\r\n"));
    CHECK(client.sees_end());
  }
  auto old = served.client();
  old.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(old.read_response().has("Connection: keep-alive\r\n"));
  old.send(get_ok);
  CHECK(old.read_response().status == 200);
}

TEST_CASE("a stop lets requests in flight finish and closes the rest") {
  Served served;
  auto idle = served.client();
  auto busy = served.client();
  idle.send(get_ok);
  CHECK(idle.read_response().status == 200);
  busy.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  served.await_requests(2);
  std::promise<void> stopped;
  const auto stop = [&](milliseconds deadline) {
    served.thread().on_loop([&] { served.server().stop(deadline, [&] { stopped.set_value(); }); });
  };

  SUBCASE("answered within the deadline") {
    stop(milliseconds(60'000));
    CHECK(idle.sees_end());
    CHECK_FALSE(served.client().connected());
    CHECK(served.answer_kept("the last"));
    const auto response = busy.read_response();
    CHECK(response.body == "the last");
    CHECK(response.has("Connection: close\r\n"));
    CHECK(busy.sees_end());
  }
  SUBCASE("not answered within the deadline") {
    stop(milliseconds(30));
    CHECK(busy.sees_end());
  }
  stopped.get_future().get();
  CHECK(served.counters().connections_now == 0);
}

TEST_CASE("a stop without connections is done at once") {
  Served served;
  std::promise<void> stopped;
  served.thread().on_loop([&] { served.server().stop(milliseconds(60'000), [&] { stopped.set_value(); }); });
  stopped.get_future().get();
  CHECK_FALSE(served.client().connected());
}

TEST_CASE("a loop may end with a connection that has not wound down") {
  Loop loop;
  {
    HttpServer server(loop, {}, [](HttpRequest, Responder) {});
    const auto listener = server.listen(Endpoint::parse("127.0.0.1:0").value());
    const auto client = RawSocket::to_port(server.bound_port(listener.value()));
    while (server.counters().connections_now == 0) loop.run_ready();
  }
  CHECK_FALSE(loop.on_loop_thread());  // the proof is that the sanitizers find nothing after this line
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "storegate-http-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string socket() const { return (path_ / "api.sock").string(); }

 private:
  std::filesystem::path path_;
};

TEST_CASE("a Unix socket has mode 0660, is known to the handler's side, and goes with its server") {
  const Folder folder;
  {
    Served served({}, "unix:" + folder.socket());
    struct stat file {};
    REQUIRE(stat(folder.socket().c_str(), &file) == 0);
    CHECK((file.st_mode & 0777U) == 0660U);
    CHECK(served.port() == 0);
    auto client = RawSocket::to_path(folder.socket());
    client.send(get_ok);
    CHECK(client.read_response().status == 200);
  }
  CHECK_FALSE(std::filesystem::exists(folder.socket()));
}

TEST_CASE("a socket file is replaced when its server is dead, and left alone otherwise") {
  const Folder folder;
  Loop loop;
  const auto listen = [&](HttpServer& server) {
    return server.listen(Endpoint::parse("unix:" + folder.socket()).value());
  };
  HttpServer server(loop, {}, [](HttpRequest, Responder) {});

  SUBCASE("a file that is no socket") {
    std::ofstream(folder.socket()) << "precious";
    CHECK(listen(server).error().code == core::ErrorCode::conflict);
    CHECK(std::filesystem::file_size(folder.socket()) == 8);
  }
  SUBCASE("a dead server's socket") {
    {
      tests::RawSocket dead(socket(AF_UNIX, SOCK_STREAM, 0));
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::memcpy(address.sun_path, folder.socket().c_str(), folder.socket().size());
      const int bound = socket(AF_UNIX, SOCK_STREAM, 0);
      REQUIRE(bind(bound, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
      close(bound);
    }
    REQUIRE(std::filesystem::exists(folder.socket()));
    SUBCASE("of today") {}
    SUBCASE("of the year 2040") { REQUIRE(support::date_to_2040(folder.socket())); }
    CHECK(listen(server).ok());
    CHECK(RawSocket::to_path(folder.socket()).connected());
  }
  SUBCASE("a live server's socket") {
    REQUIRE(listen(server).ok());
    HttpServer second(loop, {}, [](HttpRequest, Responder) {});
    CHECK(listen(second).error().code == core::ErrorCode::conflict);
    CHECK(RawSocket::to_path(folder.socket()).connected());
  }
}

TEST_CASE("a TCP port in use is a conflict; several listeners are told apart") {
  Loop loop;
  std::vector<std::size_t> seen;
  HttpServer server(loop, {}, [&](HttpRequest request, Responder responder) {
    seen.push_back(request.listener);
    responder.answer({});
    if (seen.size() == 2) loop.stop();
  });
  const auto any = Endpoint::parse("127.0.0.1:0").value();
  REQUIRE(server.listen(any).value() == 0);
  REQUIRE(server.listen(any).value() == 1);
  auto taken = any;
  taken.port = server.bound_port(0);
  const auto refused = server.listen(taken);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == core::ErrorCode::conflict);
  CHECK(refused.error().context.find(taken.text()) != std::string::npos);
  std::thread clients([&] {
    for (const std::size_t listener : {1U, 0U}) {
      auto client = RawSocket::to_port(server.bound_port(listener));
      client.send(get_ok);
      client.read_response();
    }
  });
  loop.run();
  loop.run_ready();
  clients.join();
  CHECK(seen == std::vector<std::size_t>{1, 0});
}

}  // namespace
}  // namespace storegate::platform
