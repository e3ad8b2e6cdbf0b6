// Loop and sockets: timers, readiness, and descriptors whose numbers come back.
#include "tests/support/loop.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/support/sockets.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

struct Pair {
  Descriptor ours;
  Descriptor theirs;
  Pair() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0) {
      ours = Descriptor(ends[0]);
      theirs = Descriptor(ends[1]);
    }
  }
  void say(const char* text) const { CHECK(::write(theirs.get(), text, 1) == 1); }
};

}  // namespace

TEST_CASE("timers fire in the order of their times, and in the order they were set when these are equal") {
  Loop loop;
  std::string order;
  const auto now = Loop::Clock::now();
  loop.at(now + 3ms, [&] { order += 'c'; });
  loop.at(now + 1ms, [&] { order += 'a'; });
  loop.at(now + 1ms, [&] { order += 'b'; });
  CHECK(loop.run_until([&] { return order.size() == 3; }, 10s));
  CHECK(order == "abc");
}

TEST_CASE("a cancelled timer does not fire, and cancelling twice is no error") {
  Loop loop;
  bool fired = false;
  const auto timer = loop.after(0ms, [&] { fired = true; });
  loop.cancel(timer);
  loop.cancel(timer);
  loop.turn(5ms);
  CHECK_FALSE(fired);
}

TEST_CASE("a timer that sets itself again does not keep a turn from ending") {
  Loop loop;
  int fired = 0;
  std::function<void()> again = [&] {
    ++fired;
    loop.after(0ms, again);
  };
  loop.after(0ms, again);
  loop.turn(0ms);
  CHECK(fired == 1);
}

TEST_CASE("run_until tells a deadline from success") {
  Loop loop;
  CHECK_FALSE(loop.run_until([] { return false; }, 5ms));
  CHECK(loop.run_until([] { return true; }, 0ms));
}

TEST_CASE("a descriptor forgotten by another callback of the same turn is not called") {
  Loop loop;
  const Pair one;
  const Pair two;
  int calls = 0;
  const auto forget_both = [&](Ready) {
    ++calls;
    loop.forget(one.ours.get());
    loop.forget(two.ours.get());
  };
  loop.watch(one.ours.get(), false, forget_both);
  loop.watch(two.ours.get(), false, forget_both);
  one.say("x");
  two.say("x");
  loop.turn(1s);
  CHECK(calls == 1);
}

TEST_CASE("an event meant for a closed descriptor does not reach the new one of the same number") {
  Loop loop;
  const Pair first;
  Pair second;
  Pair third;
  int of_the_new = 0;
  bool replaced = false;
  const int number = second.ours.get();
  const auto replace = [&](Ready) {
    loop.forget(first.ours.get());
    loop.forget(number);
    second.ours.close();
    const int same = ::dup(third.ours.get());  // the lowest free number: the one just closed
    CHECK(same == number);
    second.ours = Descriptor(same);
    loop.watch(same, false, [&](Ready) { ++of_the_new; });
    replaced = true;
  };
  loop.watch(first.ours.get(), false, replace);
  loop.watch(number, false, [](Ready) {});
  first.say("x");  // the first event of the turn replaces what the second one was meant for
  second.say("x");
  loop.turn(1s);
  CHECK(replaced);
  CHECK(of_the_new == 0);
}

TEST_CASE("addresses are read in their three spellings") {
  CHECK(Address::parse("127.0.0.1:80").port == 80);
  CHECK(Address::parse("http://127.0.0.1:8081/path").text() == "127.0.0.1:8081");
  CHECK(Address::parse("unix:/run/api.sock").unix_path == "/run/api.sock");
  CHECK_THROWS_AS(static_cast<void>(Address::parse("nowhere")), std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(Address::parse("127.0.0.1:70000")), std::invalid_argument);
}

TEST_CASE("a free port can be listened on, and a taken one is named") {
  Address address;
  address.port = free_port();
  const Descriptor listener = listen_on(address);
  CHECK(port_of(listener) == address.port);
  CHECK_THROWS_WITH_AS(static_cast<void>(listen_on(address)), doctest::Contains("in use"),
                       std::runtime_error);
}
