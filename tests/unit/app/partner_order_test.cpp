// Orders that are fetched, and partners that are told: each effect becomes one request and one fact.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <variant>

#include "app/fetcher.hpp"
#include "app/teller.hpp"
#include "partner_bench.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/sockets.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

struct OrderBench : PartnerBench {
  std::optional<core::OrderFetched> fetched;
  std::optional<core::PartnerTold> told;
  std::optional<app::Fetcher> fetcher;
  std::optional<app::Teller> teller;

  OrderBench() {
    codec.toy.how = codec::ApiSignIn::static_header;
    restart();
    const auto offer = [this](core::Input input) {
      if (auto* order = std::get_if<core::OrderFetched>(&input)) fetched = std::move(*order);
      if (auto* notice = std::get_if<core::PartnerTold>(&input)) told = std::move(*notice);
    };
    fetcher.emplace(*lines, offer);
    teller.emplace(*lines, offer);
  }
  core::OrderFetched fetch(const std::string& href = {}, const std::string& partner = "toy") {
    fetched.reset();
    core::FetchOrder effect;
    effect.order = core::OrderNumber{7};
    effect.attempt = 3;
    effect.partner = partner;
    effect.partner_order_id = "T-1";
    effect.href = href;
    fetcher->carry_out(std::move(effect));
    REQUIRE_FALSE(fetched.has_value());
    until([&] { return fetched.has_value(); });
    CHECK(fetched->order == core::OrderNumber{7});
    CHECK(fetched->attempt == 3);
    return *fetched;
  }
  core::PartnerTold tell(core::Notice notice = core::Notice::accepted, const std::string& partner = "toy") {
    told.reset();
    core::TellPartner effect;
    effect.order = core::OrderNumber{8};
    effect.attempt = 4;
    effect.notice = notice;
    effect.partner = partner;
    effect.partner_order_id = "T-2";
    teller->carry_out(std::move(effect));
    REQUIRE_FALSE(told.has_value());
    until([&] { return told.has_value(); });
    CHECK(told->order == core::OrderNumber{8});
    CHECK(told->attempt == 4);
    CHECK(teller->in_flight() == 0);
    return *told;
  }
};

using Fetched = core::FetchOutcome;
using Told = core::TellOutcome;

}  // namespace

TEST_CASE("5.2 fetch: an order that came is as one that a webhook brought whole") {
  OrderBench bench;
  const std::string order = support::canonical_order("toy", "T-1");
  bench.answer(200, order);
  const auto fetched = bench.fetch();
  CHECK(bench.heard.at(0).target == "/base/orders/T-1");
  REQUIRE(fetched.outcome == Fetched::fetched);
  CHECK(fetched.released);
  CHECK_FALSE(fetched.cancelled);
  CHECK(fetched.arrived.caller == core::nobody);
  CHECK(fetched.arrived.source == core::Source::webhook);
  CHECK(fetched.arrived.order.partner_order_id == "T-1");
  CHECK(fetched.arrived.body.raw == order);
  CHECK(fetched.arrived.body.content_type == "application/json");
  bench.answer(200, "cancelled" + order);
  const auto gone_sour = bench.fetch();
  CHECK(gone_sour.cancelled);
  CHECK(gone_sour.cancel_text == "their kitchen is closed");
}

TEST_CASE("5.2 fetch: an order that names another store than the configured one is not ours") {
  OrderBench bench;
  bench.answer(200, support::canonical_order("toy", "T-1"));
  CHECK(bench.fetch().outcome == Fetched::fetched);
  bench.api().store_id = "other-store";  // the bench's API says so of every order that is asked for like this
  bench.lines->configure(bench.config, {});
  bench.answer(200, support::canonical_order("toy", "T-1"));
  const auto fetched = bench.fetch();
  CHECK(fetched.outcome == Fetched::not_ours);
  CHECK(fetched.arrived.order.items.empty());
}

TEST_CASE("5.2 fetch: what a status means") {
  OrderBench bench;
  struct Case {
    int status;
    Fetched outcome;
  };
  for (const Case& each : {Case{404, Fetched::gone}, Case{410, Fetched::gone}, Case{429, Fetched::not_now},
                           Case{503, Fetched::not_now}, Case{401, Fetched::failed},
                           Case{403, Fetched::failed}, Case{302, Fetched::failed}, Case{500, Fetched::failed},
                           Case{200, Fetched::unreadable}, Case{204, Fetched::unreadable}}) {
    CAPTURE(each.status);
    bench.answer(each.status, "", "9");
    const auto fetched = bench.fetch();
    CHECK(fetched.outcome == each.outcome);
    CHECK(fetched.retry_after_ms.has_value() == (each.outcome == Fetched::not_now));
    if (each.outcome == Fetched::not_now) CHECK(fetched.retry_after_ms == 9000);
    if (each.outcome == Fetched::unreadable) CHECK_FALSE(fetched.why.empty());
  }
  CHECK(bench.heard.size() == 10);
}

TEST_CASE(
    "5.2 fetch: an address below the API is used, a foreign one never: the order is asked for by its id") {
  OrderBench bench;
  support::TempDir unused;
  bench.answer(404);
  (void)bench.fetch(bench.base() + "/base/v2/order/x?full=1");
  CHECK(bench.heard.at(0).target == "/base/v2/order/x?full=1");
  // The same machine, another port: the credentials must not go there.
  std::vector<platform::HttpRequest> stolen;
  platform::HttpServer thief(bench.loop, {},
                             [&](platform::HttpRequest request, platform::Responder responder) {
                               stolen.push_back(std::move(request));
                               responder.answer({});
                             });
  const auto listener = thief.listen(*platform::Endpoint::parse("127.0.0.1:0"));
  REQUIRE(listener.ok());
  bench.answer(404);
  (void)bench.fetch("http://127.0.0.1:" + std::to_string(thief.bound_port(*listener)) + "/base/v2/order/x");
  CHECK(stolen.empty());
  CHECK(bench.heard.at(1).target == "/base/orders/T-1");
}

TEST_CASE("5.2 fetch: no way there, no such partner, and a closed service end as failed") {
  OrderBench bench;
  CHECK(bench.fetch("", "stranger").outcome == Fetched::failed);
  bench.api().url = "http://127.0.0.1:" + std::to_string(support::free_port());
  bench.lines->configure(bench.config, {});
  CHECK(bench.fetch().outcome == Fetched::failed);
  bench.lines->close();
  CHECK(bench.fetch().outcome == Fetched::failed);
  CHECK(bench.heard.empty());
}

TEST_CASE("5.2 fetch: a partner that a reload takes away is asked no more, and again when it comes back") {
  OrderBench bench;
  auto without = bench.config;
  without.partners.clear();
  bench.lines->configure(without, {});
  CHECK(bench.fetch().outcome == Fetched::failed);
  bench.lines->configure(bench.config, {});
  bench.answer(404);
  CHECK(bench.fetch().outcome == Fetched::gone);
}

TEST_CASE("5.3 answering: what a status means, and the partner's own words where it has decided") {
  OrderBench bench;
  bench.answer(204);
  CHECK(bench.tell(core::Notice::ready).outcome == Told::told);
  CHECK(bench.heard.at(0).target == "/base/orders/T-2/status");
  CHECK(bench.heard.at(0).body == "ready");
  for (const int status : {400, 409, 422}) {
    bench.answer(status, R"({"code":"ORDER_ALREADY_DENIED","message":"too late"})");
    const auto told = bench.tell();
    CHECK(told.outcome == Told::decided);
    CHECK(told.why == "ORDER_ALREADY_DENIED");
  }
  bench.answer(404, "<html>");
  const auto gone = bench.tell();
  CHECK(gone.outcome == Told::gone);
  CHECK(gone.why.empty());
  bench.answer(429, "", "30");
  const auto busy = bench.tell();
  CHECK(busy.outcome == Told::not_now);
  CHECK(busy.retry_after_ms == 30'000);
  for (const int status : {500, 502, 503, 504}) {  // it may have been done
    bench.answer(status, R"({"code":"X"})", "30");
    const auto failed = bench.tell();
    CHECK(failed.outcome == Told::failed);
    CHECK(failed.why.empty());
    CHECK(failed.retry_after_ms == 30'000);
  }
}

TEST_CASE("5.3 answering: of what never left nothing can have come") {
  OrderBench bench;
  CHECK(bench.tell(core::Notice::accepted, "stranger").outcome == Told::not_now);
  bench.lines->close();
  CHECK(bench.tell().outcome == Told::not_now);
  CHECK(bench.heard.empty());
}
