// The loop, its timers and signals; endpoints and URLs.
#include "platform/loop.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "platform/endpoint.hpp"
#include "platform/signals.hpp"

namespace storegate::platform {
namespace {

using std::chrono::milliseconds;

TEST_CASE("posted functions run in order, from any thread, and are counted as turns") {
  Loop loop;
  std::vector<int> order;
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.post([&] {
      CHECK(loop.on_loop_thread());
      loop.stop();
    });
  });
  loop.run();
  poster.join();
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(loop.turns() == 101);
  CHECK_FALSE(loop.on_loop_thread());
}

TEST_CASE("a stop before the run ends it, and the loop can run again") {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  CHECK(ran);
}

TEST_CASE("timers fire in the order of their time, unless cancelled, dropped or replaced") {
  Loop loop;
  std::string fired;
  auto late = loop.after(milliseconds(20), [&] {
    fired += "c";
    loop.stop();
  });
  auto early = loop.after(milliseconds(1), [&] { fired += "a"; });
  auto cancelled = loop.after(milliseconds(2), [&] { fired += "x"; });
  auto replaced = loop.after(milliseconds(2), [&] { fired += "y"; });
  {
    const auto dropped = loop.after(milliseconds(2), [&] { fired += "z"; });
  }
  cancelled.cancel();
  replaced = loop.after(milliseconds(5), [&] { fired += "b"; });
  CHECK(late.pending());
  CHECK_FALSE(cancelled.pending());
  loop.run();
  CHECK(fired == "abc");
  CHECK_FALSE(early.pending());
}

TEST_CASE("a timer that is cancelled after its time has come does not fire") {
  Loop loop;
  bool fired = false;
  auto second = Timer{};
  auto first = loop.after(milliseconds(1), [&] { second.cancel(); });
  second = loop.after(milliseconds(1), [&] { fired = true; });
  const auto last = loop.after(milliseconds(10), [&] { loop.stop(); });
  std::this_thread::sleep_until(std::chrono::steady_clock::now() +
                                milliseconds(2));  // both are due in one turn
  loop.run();
  CHECK_FALSE(fired);
}

TEST_CASE("a timer may replace itself while it fires") {
  Loop loop;
  int count = 0;
  Timer timer;
  std::function<void()> again = [&] {
    if (++count == 3) return loop.stop();
    timer = loop.after(milliseconds(1), again);
  };
  timer = loop.after(milliseconds(1), again);
  loop.run();
  CHECK(count == 3);
}

TEST_CASE("signals arrive as calls on the loop, each time") {
  Loop loop;
  std::vector<int> seen;
  auto watch = on_signal(loop, {SIGHUP, SIGUSR1}, [&](int signal) {
    CHECK(loop.on_loop_thread());
    seen.push_back(signal);
    if (seen.size() == 1) std::raise(SIGUSR1);
    if (seen.size() == 2) loop.stop();
  });
  REQUIRE(watch.ok());
  std::raise(SIGHUP);
  loop.run();
  CHECK(seen == std::vector<int>{SIGHUP, SIGUSR1});
  CHECK_FALSE(on_signal(loop, {SIGKILL}, [](int) {}).ok());
}

TEST_CASE("endpoints are read, written and judged") {
  struct Row {
    std::string text;
    bool is_loopback;
  };
  for (const auto& row : {Row{"127.0.0.1:8080", true}, Row{"127.8.9.1:0", true}, Row{"0.0.0.0:8443", false},
                          Row{"10.0.0.1:65535", false}, Row{"[::1]:80", true}, Row{"[::]:80", false},
                          Row{"[::ffff:127.0.0.1]:80", true}, Row{"unix:/run/storegate/api.sock", true}}) {
    CAPTURE(row.text);
    const auto parsed = Endpoint::parse(row.text);
    REQUIRE(parsed.ok());
    CHECK(parsed.value().text() == row.text);
    CHECK(parsed.value().is_loopback() == row.is_loopback);
  }
  for (const std::string text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "localhost:80", "::1:80", "[::1]",
        "[::1:80", "[127.0.0.1]:80", ":80", "256.0.0.1:80", "unix:", "1.2.3.4:80 "}) {
    CAPTURE(text);
    const auto parsed = Endpoint::parse(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == core::ErrorCode::invalid);
    CHECK(parsed.error().context.find(text) != std::string::npos);
  }
  CHECK_FALSE(Endpoint::parse("unix:/" + std::string(107, 'a')).ok());
  CHECK(Endpoint::parse("unix:/" + std::string(106, 'a')).ok());
}

TEST_CASE("base URLs are read, and refused with the reason") {
  const auto url = Url::parse("http://pos.local:8081/api/");
  REQUIRE(url.ok());
  CHECK(url.value().origin == Origin{"pos.local", 8081});
  CHECK(url.value().path == "/api");
  CHECK(url.value().origin.host_header() == "pos.local:8081");
  CHECK(Url::parse("http://pos").value().origin.host_header() == "pos");
  CHECK(Url::parse("http://[::1]:81").value().origin.text() == "[::1]:81");
  CHECK(Url::parse("unix:/run/x.sock").value().origin.text() == "unix:/run/x.sock");
  const auto secure = Url::parse("https://pos.local/api");
  REQUIRE(secure.ok());
  CHECK(secure.value().origin == Origin{"pos.local", 443, "", true});
  CHECK(secure.value().origin.host_header() == "pos.local");
  CHECK(secure.value().origin.text() == "https://pos.local:443");
  CHECK(Url::parse("https://[::1]:8443").value().origin.host_header() == "[::1]:8443");
  CHECK(Url::parse("https://pos:80").value().origin.host_header() == "pos:80");
  CHECK(Url::parse("http://pos:443").value().origin.host_header() == "pos:443");
  CHECK_FALSE(Url::parse("http://pos:443").value().origin == Url::parse("https://pos").value().origin);
  for (const std::string text :
       {"https://", "https:/pos", "https://u:p@a", "pos:80", "http://", "http://:80", "http://a:0",
        "http://a:99999", "http://u:p@a/", "http://a/?q", "http://a/#f", "http://a b/", "http://a/\n",
        "ftp://a", "http://[::1", "http://[pos]/"}) {
    CAPTURE(text);
    REQUIRE_FALSE(Url::parse(text).ok());
    CHECK(Url::parse(text).error().code == core::ErrorCode::invalid);
  }
}

}  // namespace
}  // namespace storegate::platform
