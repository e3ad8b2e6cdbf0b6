// HttpCaller and LoadCaller against servers that are scripted byte by byte.
#include "tests/support/http_caller.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_text.hpp"
#include "tests/support/load_caller.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

/// Accepts one connection for each script, reads one request and sends the script's bytes, then closes
/// (or keeps quiet until the client has gone).
class ScriptedServer {
 public:
  struct Script {
    std::string bytes;
    bool stay = false;
  };
  explicit ScriptedServer(std::vector<Script> scripts, Address address = {})
      : listener_(listen_on(address)), scripts_(std::move(scripts)), thread_([this] { run(); }) {}
  ~ScriptedServer() { thread_.join(); }
  [[nodiscard]] Address address() const { return {"127.0.0.1", port_of(listener_), {}}; }
  /// How many connections it is done with: closed on its side.
  [[nodiscard]] int closed() const noexcept { return closed_; }

 private:
  void run() {
    for (const Script& script : scripts_) {
      serve(script);
      ++closed_;
    }
  }
  void serve(const Script& script) const {
    const auto until = std::chrono::steady_clock::now() + 10s;
    if (!wait_for(listener_, POLLIN, until)) return;
    const Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char bytes[65536];
    if (::recv(client.get(), bytes, sizeof bytes, 0) <= 0) return;
    if (::send(client.get(), script.bytes.data(), script.bytes.size(), MSG_NOSIGNAL) < 0) return;
    if (script.stay && wait_for(client, POLLIN, until))
      static_cast<void>(::recv(client.get(), bytes, sizeof bytes, 0));
  }
  Descriptor listener_;
  std::vector<Script> scripts_;
  std::atomic<int> closed_{0};
  std::thread thread_;
};

HttpAnswer answer_to(const std::string& bytes, bool stay = false, std::chrono::milliseconds deadline = 10s) {
  ScriptedServer server({{bytes, stay}});
  HttpCaller caller(server.address(), deadline);
  return caller.get("/");
}

}  // namespace

TEST_CASE("an answer is read by its length, by its chunks, or to the end of the connection") {
  const HttpAnswer by_length =
      answer_to("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word:  a b \r\n\r\nhello", true);
  CHECK(by_length.is(200));
  CHECK(by_length.body == "hello");
  CHECK(by_length.header("x-word") == "a b");
  const HttpAnswer by_chunks = answer_to(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", true);
  CHECK(by_chunks.is(200));
  CHECK(by_chunks.body == "hello world");
  const HttpAnswer by_end = answer_to("HTTP/1.1 200 OK\r\n\r\nhello");
  CHECK(by_end.is(200));
  CHECK(by_end.body == "hello");
  CHECK(by_end.closes);
}

TEST_CASE("an interim answer is skipped and 204 has no body") {
  CHECK(answer_to("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true).is(204));
}

TEST_CASE("how far a request got is told") {
  Address nobody;
  nobody.port = free_port();
  CHECK(HttpCaller(nobody).get("/").reach == Reach::not_connected);
  CHECK(answer_to("").reach == Reach::written);
  CHECK(answer_to("HTTP/1.1 2").reach == Reach::partly_answered);
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel").reach == Reach::partly_answered);
  const HttpAnswer silent = answer_to("", true, 30ms);
  CHECK(silent.reach == Reach::written);
  CHECK(silent.error == "read: deadline");
  CHECK(answer_to("SMTP ready\r\n\r\n").error == "malformed answer");
}

TEST_CASE("a kept connection that the server closed is replaced, not mistaken for a failure") {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ScriptedServer server({{ok}, {ok}});
  HttpCaller caller(server.address());
  CHECK(caller.get("/").is(200));
  eventually("the server has closed", 10s, [&] { return server.closed() == 1; });
  CHECK(caller.get("/").is(200));
}

TEST_CASE("a Unix socket is called like any other") {
  const TempDir folder;
  Address local;
  local.unix_path = folder.file("api.sock");
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}}, local);
  CHECK(HttpCaller("unix:" + local.unix_path).get("/").body == "hi");
}

TEST_CASE(
    "the load caller tells of an answer, a lost connection, a deadline and a refusal exactly once each") {
  Loop loop;
  // The first connection answers one request and is closed upon the second; the next one stays silent.
  ScriptedServer server({{"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi", true}, {"", true}});
  const std::string request = http_request("GET", "/", {}, {});
  LoadCaller caller(loop, server.address(), 1, 1s);
  std::vector<Reach> reached;
  std::string body;
  const auto call = [&](LoadCaller& line) {
    const std::size_t before = reached.size();
    line.call(0, request, [&](const LoadAnswer& answer) {
      reached.push_back(answer.reach);
      body += answer.body;
    });
    CHECK(line.busy(0));
    CHECK(loop.run_until([&] { return reached.size() > before; }, 10s));
    CHECK_FALSE(line.busy(0));
  };
  call(caller);
  CHECK(body == "hi");
  call(caller);
  call(caller);
  Address nobody;
  nobody.port = free_port();
  LoadCaller lonely(loop, nobody, 1);
  call(lonely);
  const std::vector<Reach> expected{Reach::answered, Reach::written, Reach::written, Reach::not_connected};
  CHECK(reached == expected);
}

TEST_CASE("the load caller refuses a second request on a busy connection") {
  Loop loop;
  Address nobody;
  nobody.port = free_port();
  LoadCaller caller(loop, nobody, 1);
  caller.call(0, "x", [](const LoadAnswer&) {});
  CHECK_THROWS_AS(caller.call(0, "x", [](const LoadAnswer&) {}), std::logic_error);
}

TEST_CASE("percent-encoding goes both ways and broken escapes are refused") {
  const std::string text = "uber%3Aeats:A/7 é+";
  CHECK(percent_encode("a:b/c%") == "a%3Ab%2Fc%25");
  CHECK(percent_decode(percent_encode(text)) == text);
  CHECK(percent_decode("a+b") == "a+b");
  CHECK_FALSE(percent_decode("%4"));
  CHECK_FALSE(percent_decode("%zz"));
}
