// Missed orders: asked for page by page, acknowledged only when they are stored.
#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "app/puller.hpp"
#include "partner_bench.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

/// The gateway is the test itself: it sees what is offered and answers when it likes.
struct PullBench : PartnerBench {
  std::vector<core::OrderAnnounced> offered;
  std::vector<core::MessageRefused> refused;
  std::deque<std::function<void(const core::Answer&)>> waiting;
  bool stores_at_once = true;
  std::optional<app::Puller> puller;

  PullBench() {
    codec.toy.how = codec::ApiSignIn::static_header;
    start();
  }
  void start() {
    puller.reset();
    restart();
    puller.emplace(app::PullerParts{loop, *lines,
                                    [this](core::Input input) {
                                      if (auto* letter = std::get_if<core::MessageRefused>(&input))
                                        refused.push_back(std::move(*letter));
                                      else
                                        offered.push_back(std::get<core::OrderAnnounced>(std::move(input)));
                                      if (stores_at_once) say(core::AnswerKind::created);
                                    },
                                    [this](std::function<void(const core::Answer&)> hear) {
                                      waiting.push_back(std::move(hear));
                                      return core::Caller{waiting.size()};
                                    }});
  }
  void say(core::AnswerKind kind, std::int64_t retry_after_s = 0) {
    core::Answer answer;
    answer.kind = kind;
    answer.retry_after_s = retry_after_s;
    const auto hear = std::move(waiting.front());
    waiting.pop_front();
    hear(answer);
  }
  [[nodiscard]] std::string request(std::size_t index) const {
    return heard.at(index).method + " " + heard.at(index).target;
  }
  void until_heard(std::size_t requests) {
    until([&] { return heard.size() >= requests; });
  }
  /// Everything that is on its way has come.
  void settle() {
    for (int i = 0; i < 20; ++i) loop.run_ready();
  }
};

}  // namespace

TEST_CASE(
    "5.4 missed orders: pages are asked for one after the other, and each acknowledged when it is stored") {
  PullBench bench;
  bench.stores_at_once = false;
  bench.answer(200, "order A\norder B\nbad a strange one\nthen /ack/1\nthen /ack/2\nnext two");
  bench.puller->look();
  bench.until([&] { return bench.offered.size() == 1; });
  CHECK(bench.request(0) == "GET /base/missed?store=S1&cursor=");
  CHECK(bench.offered[0].partner_order_id == "A");
  CHECK(bench.offered[0].source == core::Source::webhook);
  CHECK(bench.offered[0].caller != core::nobody);
  bench.settle();
  CHECK(bench.offered.size() == 1);  // B waits until A is stored
  bench.say(core::AnswerKind::created);
  CHECK(bench.offered.size() == 2);
  bench.settle();
  CHECK(bench.heard.size() == 1);  // nothing is acknowledged yet
  bench.answer(204);
  bench.answer(204);
  bench.answer(200, "then /ack/3");
  bench.answer(404);
  bench.say(core::AnswerKind::replayed);
  bench.until_heard(5);
  CHECK(bench.request(1) == "DELETE /base/ack/1");
  CHECK(bench.request(2) == "DELETE /base/ack/2");
  CHECK(bench.request(3) == "GET /base/missed?store=S1&cursor=two");
  CHECK(bench.request(4) == "DELETE /base/ack/3");
  bench.settle();
  CHECK(bench.heard.size() == 5);
}

TEST_CASE(
    "5.4 missed orders: a page of which something could not be stored is not acknowledged, and asked for "
    "again") {
  using core::AnswerKind;
  for (const AnswerKind kind :
       {AnswerKind::not_stored, AnswerKind::too_many, AnswerKind::full, AnswerKind::unknown_partner}) {
    CAPTURE(static_cast<int>(kind));
    PullBench bench;
    bench.stores_at_once = false;
    bench.answer(200, "order A\norder B\nthen /ack");
    bench.puller->look();
    bench.until([&] { return bench.offered.size() == 1; });
    bench.say(AnswerKind::created);
    bench.say(kind);
    bench.settle();
    CHECK(bench.heard.size() == 1);
    bench.stores_at_once = true;
    bench.answer(200, "order A\norder B\nthen /ack");
    bench.answer(204);
    bench.puller->look_again();
    bench.until_heard(3);
    CHECK(bench.request(1) == "GET /base/missed?store=S1&cursor=");
    CHECK(bench.request(2) == "DELETE /base/ack");
    CHECK(bench.offered.size() == 4);
  }
}

TEST_CASE("5.4 missed orders: what cannot be read is a dead letter before its partner forgets it") {
  PullBench bench;
  bench.stores_at_once = false;
  const std::string page = "bad no items\nbad no id\nforget\norder A\nthen /ack";
  bench.answer(200, page);
  bench.puller->look();
  bench.until([&] { return bench.refused.size() == 1; });
  CHECK(bench.refused[0].letter.topic == "webhook/toy");
  CHECK(bench.refused[0].letter.bytes == page);
  CHECK(bench.refused[0].why == "no items");
  CHECK(bench.refused[0].caller != core::nobody);
  bench.say(core::AnswerKind::done);
  REQUIRE(bench.refused.size() == 2);
  CHECK(bench.refused[1].why == "no id");
  bench.say(core::AnswerKind::not_stored);
  bench.settle();
  CHECK(bench.heard.size() == 1);  // it comes again
  CHECK(bench.offered.empty());
  bench.stores_at_once = true;
  bench.answer(200, page);
  bench.answer(204);
  bench.puller->look_again();
  bench.until_heard(3);
  CHECK(bench.request(2) == "DELETE /base/ack");
  CHECK(bench.refused.size() == 4);
  CHECK(bench.offered.size() == 1);
}

TEST_CASE(
    "5.4 missed orders: a page whose acknowledgement failed is acknowledged, and not stored once more") {
  PullBench bench;
  const std::string page = "order A\nbad no items\nforget\nthen /ack/1";
  for (std::size_t failed = 1; failed < 3; ++failed) {
    bench.answer(200, page);
    bench.answer(500);
    bench.puller->look();
    bench.puller->look_again();
    bench.until_heard(2 * failed);
    bench.settle();
    CHECK(bench.offered.size() == 1);
    CHECK(bench.refused.size() == 1);
  }
  bench.answer(200, "order A\norder B\nthen /ack/2");  // it has grown
  bench.answer(500);
  bench.puller->look_again();
  bench.until_heard(6);
  bench.settle();
  CHECK(bench.offered.size() == 3);
  bench.answer(200, page);
  bench.answer(204);
  bench.puller->look_again();
  bench.until_heard(8);
  CHECK(bench.request(7) == "DELETE /base/ack/1");
  bench.settle();
  CHECK(bench.offered.size() == 3);
  bench.answer(200, page);  // acknowledged, and here again
  bench.answer(204);
  bench.puller->look_again();
  bench.until_heard(10);
  CHECK(bench.offered.size() == 4);
  CHECK(bench.refused.size() == 2);
}

TEST_CASE("5.4 missed orders: what would end the same the next time is settled") {
  using core::AnswerKind;
  for (const AnswerKind kind : {AnswerKind::done, AnswerKind::conflict, AnswerKind::not_found}) {
    CAPTURE(static_cast<int>(kind));
    PullBench bench;
    bench.stores_at_once = false;
    bench.answer(200, "order A\nthen /ack");
    bench.answer(204);
    bench.puller->look();
    bench.until([&] { return bench.offered.size() == 1; });
    bench.say(kind);
    bench.until_heard(2);
    CHECK(bench.request(1) == "DELETE /base/ack");
  }
}

TEST_CASE("5.4 missed orders: one pull at a time; an outage while it runs means one more") {
  PullBench bench;
  bench.stores_at_once = false;
  bench.answer(200, "order A");
  bench.puller->look();
  bench.puller->look_again();  // its first page is not here yet: it will see everything
  bench.until([&] { return bench.offered.size() == 1; });
  bench.puller->look_again();
  bench.puller->look();
  bench.settle();
  CHECK(bench.heard.size() == 1);
  bench.answer(200);
  bench.say(core::AnswerKind::created);
  bench.until_heard(2);
  bench.settle();
  CHECK(bench.heard.size() == 2);
}

TEST_CASE("5.4 missed orders: asked again by itself as often as the API wants it, and after a failure") {
  PullBench bench;
  bench.api().pull_interval_s = 1;
  bench.start();
  bench.answer(200);
  bench.puller->look();
  bench.until_heard(1);
  bench.answer(200);
  bench.until_heard(2);
  PullBench failing;
  failing.answer(200, "no such line");
  failing.puller->look();
  failing.answer(200);
  failing.until_heard(2);
}

TEST_CASE("5.4 missed orders: a partner that is disabled, cannot be asked, or whose page repeats itself") {
  PullBench bench;
  bench.config.partners.front().enabled = false;
  bench.start();
  bench.puller->look();
  bench.settle();
  CHECK(bench.heard.empty());
  bench.config.partners.front().enabled = true;
  bench.codec.toy.listed = false;
  bench.start();
  bench.puller->look();
  bench.settle();
  CHECK(bench.heard.empty());
  bench.codec.toy.listed = true;
  bench.start();
  bench.answer(200, "next here");
  bench.answer(200, "next here");
  bench.puller->look();
  bench.until_heard(2);
  bench.settle();
  CHECK(bench.heard.size() == 2);
}

TEST_CASE("5.4 missed orders: behind a page that is left with its partner comes the one after it") {
  PullBench bench;
  bench.answer(200, "next a,b");
  bench.answer(200, "bad another store's\nleft");
  bench.answer(200, "order A\nleft");
  bench.puller->look();
  bench.until([&] { return bench.offered.size() == 1; });
  bench.settle();
  REQUIRE(bench.heard.size() == 3);
  CHECK(bench.request(1) == "GET /base/missed?store=S1&cursor=a,b");
  CHECK(bench.request(2) == "GET /base/missed?store=S1&cursor=b");
  CHECK(bench.offered.size() == 1);
  CHECK(bench.refused.empty());  // nothing of the one that was left is a dead letter
}

TEST_CASE("5.4 missed orders: one that is gone does not stand before those that came later") {
  for (const int status : {404, 410}) {
    PullBench bench;
    bench.answer(200, "next a,b");
    bench.answer(status);
    bench.answer(200, "order B\nthen /ack");
    bench.answer(204);
    bench.puller->look();
    bench.until_heard(4);
    CHECK(bench.request(1) == "GET /base/missed?store=S1&cursor=a,b");
    CHECK(bench.request(2) == "GET /base/missed?store=S1&cursor=b");
    CHECK(bench.request(3) == "DELETE /base/ack");
    CHECK(bench.offered.size() == 1);
  }
}

TEST_CASE(
    "5.4 missed orders: one that cannot be had is passed, told of once, and not asked for at once again") {
  std::string bad;
  SUBCASE("no good answer") {}
  SUBCASE("one that cannot be read") { bad = "no such line"; }
  PullBench bench;
  LogCapture log;
  const std::string_view told = "cannot be had";
  bench.answer(200, "next a,b");
  bench.answer(bad.empty() ? 500 : 200, bad);
  bench.answer(200, "order B");
  bench.puller->look();
  bench.until([&] { return bench.offered.size() == 1; });
  bench.settle();
  CHECK(bench.heard.size() == 3);
  CHECK(log.take().find(told) != std::string::npos);
  bench.answer(200, "next a,b");
  bench.answer(200, "order C");
  bench.puller->look_again();
  bench.until([&] { return bench.offered.size() == 2; });
  bench.settle();
  CHECK(bench.heard.size() == 5);
  CHECK(bench.request(4) == "GET /base/missed?store=S1&cursor=b");
  CHECK(log.take().find(told) == std::string::npos);
  CHECK(bench.refused.empty());  // it is still there
}

TEST_CASE(
    "5.4 missed orders: one that could not be had is asked for again, in a pull that comes in its time") {
  PullBench bench;
  bench.api().pull_interval_s = 1;
  bench.start();
  const std::string asked = "GET /base/missed?store=S1&cursor=a";
  bench.answer(200, "next a");
  bench.answer(500);
  for (int lists = 0; lists < 15; ++lists) bench.answer(200, "next a");
  bench.puller->look();
  bench.until_heard(2);
  CHECK(bench.request(1) == asked);
  bench.until([&] { return bench.heard.size() > 2 && bench.request(bench.heard.size() - 1) == asked; });
  CHECK(bench.heard.size() >= 5);  // the list alone meanwhile
}

TEST_CASE("5.4 missed orders: a partner that is too busy is left alone, and what it lists is not passed") {
  PullBench bench;
  bench.puller->look();
  bench.until_heard(1);
  bench.settle();
  for (std::size_t pulls = 1; pulls <= 5; ++pulls) {
    bench.answer(200, "next a,b");
    bench.answer(429);
    bench.puller->look_again();
    bench.until_heard(1 + 2 * pulls);
    bench.settle();
    CHECK(bench.heard.size() == 1 + 2 * pulls);
  }
}

TEST_CASE(
    "5.4 missed orders: one that cannot be acknowledged is stored once, and nothing behind it is taken") {
  PullBench bench;
  bench.puller->look();
  bench.until_heard(1);
  bench.settle();
  for (std::size_t pulls = 1; pulls <= 4; ++pulls) {
    bench.answer(200, "next a,b");
    bench.answer(200, "order A\nbad no items\nforget\nthen /ack/1\nthen /ack/2");
    bench.answer(500);
    const std::size_t before = bench.heard.size();
    bench.puller->look_again();
    bench.until_heard(before + 3);
    bench.settle();
    CHECK(bench.heard.size() == before + 3);
    CHECK(bench.request(before + 2) == "DELETE /base/ack/1");
    CHECK(bench.refused.size() == 1);
    CHECK(bench.offered.size() == 1);
  }
}

TEST_CASE("5.4 missed orders: a reload that brings a partner back has it asked, any other does not") {
  PullBench bench;
  bench.config.partners.front().enabled = false;
  bench.start();
  bench.puller->look();
  const auto reload = [&] {
    bench.lines->configure(bench.config, {});
    bench.puller->look();
    bench.settle();
  };
  reload();
  CHECK(bench.heard.empty());
  bench.config.partners.front().enabled = true;
  bench.answer(200);
  reload();
  bench.until_heard(1);
  bench.settle();
  reload();
  CHECK(bench.heard.size() == 1);
  bench.config.partners.front().enabled = false;
  reload();
  bench.config.partners.front().enabled = true;
  bench.answer(200);
  reload();
  bench.until_heard(2);
}

TEST_CASE("5.4 missed orders: at the end of the service nothing that is under way is acknowledged") {
  PullBench bench;
  bench.stores_at_once = false;
  bench.answer(200, "order A\nthen /ack");
  bench.puller->look();
  bench.until([&] { return bench.offered.size() == 1; });
  bench.puller->close();
  bench.say(core::AnswerKind::created);
  bench.puller->look_again();
  bench.settle();
  CHECK(bench.heard.size() == 1);
}
