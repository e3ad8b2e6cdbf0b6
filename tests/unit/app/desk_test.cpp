// The desk: what a caller hears of an order that has ended and whose row cannot be read.
#include "app/desk.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "app/stock.hpp"
#include "codec/answers.hpp"
#include "platform/loop.hpp"
#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;

namespace {

/// Keeps the answer instead of sending it.
struct Kept final : platform::Responder::Sink {
  void answer(std::uint64_t, platform::HttpResponse&& response) override { status = response.status; }
  void vouch(std::uint64_t) override {}
  std::optional<int> status;
};

/// What a caller hears of an order whose row is not there.
int told_without_row(core::AnswerKind kind) {
  const support::TempDir folder;
  const app::Config config = app_test::ordinary_config(folder);
  storage::CountingVfs vfs = std::move(storage::CountingVfs::over("desk-test")).value();
  auto found = app::open_stock(config, vfs, {});
  REQUIRE(found.ok());
  platform::Loop loop;
  app::Gauges gauges{[] { return app::Levels{}; }};
  app::StoreThread store(std::move(found->journal), loop);
  app::Desk desk(store, gauges);
  const auto sink = std::make_shared<Kept>();
  core::Answer answer;
  answer.caller = desk.seat(platform::Responder(sink, 1), codec::order_reply, true);
  answer.kind = kind;
  answer.row = core::OrderNumber{99};
  answer.first = true;
  desk.answer(std::move(answer));
  support::eventually("the caller is told", std::chrono::seconds(10), [&] {
    loop.run_ready();
    return sink->status.has_value();
  });
  return *sink->status;
}

}  // namespace

TEST_CASE("a conflict is one whatever the order's row says, and all else is to come again") {
  CHECK(told_without_row(core::AnswerKind::conflict) == 409);
  CHECK(told_without_row(core::AnswerKind::replayed) == 503);
}
