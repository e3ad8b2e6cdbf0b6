// Partners' APIs at the whole service: a thin webhook's order is fetched, a missed one is asked for, and what is worth
// keeping lies beside the database.
#include <doctest/doctest.h>

#include <string>

#include "partner_bench.hpp"
#include "running_service.hpp"
#include "tests/support/orders.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

/// The service in its thread; the partner's API on the test's loop, which turns while something is waited for.
struct Store : PartnerBench {
  support::TempDir rows;
  app::Config whole = ordinary_config(rows);

  Store() {
    codec.toy.listed = false;
    config.partners.front().secrets = {"s3cret"};
    config.partners.front().rate_per_minute = 0;
    config.partners.front().release = core::ReleaseMode::on_event;
    whole.partners.push_back(config.partners.front());
  }
  /// The order under this id of the partner's, as the list has it; "" = it is not there.
  static std::string order(RunningService& gate, const std::string& id, std::string_view member) {
    const auto answer = gate.get("/v1/orders?partner=toy");
    for (std::size_t i = 0; i < size_at(answer.body, "/orders"); ++i) {
      const std::string at = "/orders/" + std::to_string(i);
      if (value_at(answer.body, at + "/partner_order_id") == id)
        return value_at(answer.body, at + "/" + std::string(member));
    }
    return {};
  }
  /// It is released, and on its way to a POS that nobody listens for.
  void until_taken(RunningService& gate, const std::string& id) {
    std::string phase;
    until([&] {
      phase = order(gate, id, "phase");
      return !phase.empty() && phase != "fetching";
    });
    const bool is_taken = phase == "queued" || phase == "sending";
    CHECK_MESSAGE(is_taken, phase);
  }
};

}  // namespace

TEST_CASE(
    "5.2 thin webhook: answered when it is stored; its order is fetched with a token, and judged then") {
  Store store;
  store.give_token("t-1");
  store.answer(503, "", "0");
  store.answer(200, support::canonical_order("toy", "T-1"));
  RunningService gate(store.whole);
  CHECK(gate.webhook("/v1/partners/toy/webhook", "T-1").is(200));
  CHECK(Store::order(gate, "T-1", "phase") == "fetching");
  store.until_taken(gate, "T-1");
  REQUIRE(store.heard.size() == 2);
  CHECK(store.heard[1].target == "/base/orders/T-1");
  CHECK(store.authorization(1) == "Bearer t-1");
  CHECK(gate.webhook("/v1/partners/toy/webhook", "T-1").is(200));
  CHECK(gate.orders_stored() == 1);
  gate.stop();
  CHECK(support::read_file(store.rows.file("orders.db.tokens")).find("t-1") != std::string::npos);
}

TEST_CASE("5.2 thin webhook: an order that waits to be fetched is fetched after a restart") {
  Store store;
  store.silent = true;  // no token, so no fetch
  {
    RunningService gate(store.whole);
    CHECK(gate.webhook("/v1/partners/toy/webhook", "T-2").is(200));
    store.until([&] { return !store.unanswered.empty(); });
  }
  store.silent = false;
  store.give_token("t-1");
  store.answer(200, support::canonical_order("toy", "T-2"));
  RunningService gate(store.whole);
  store.until_taken(gate, "T-2");
  CHECK(store.heard.size() == 1);
}

TEST_CASE("5.4 missed orders: asked for at the start, stored, acknowledged, and fetched") {
  Store store;
  store.codec.toy.how = codec::ApiSignIn::static_header;
  store.codec.toy.listed = true;
  bool stored_before_acknowledged = false;
  store.answer(200, "order T-3\nthen /ack");
  RunningService gate(store.whole);
  store.on_heard = [&] {
    const std::string& target = store.heard.back().target;
    if (target.starts_with("/base/missed")) return;
    store.script.assign(1, {});  // 200, whatever it asks
    if (target == "/base/ack") stored_before_acknowledged = gate.orders_stored() == 1;
    if (target == "/base/orders/T-3") store.script.front().body = support::canonical_order("toy", "T-3");
  };
  store.until_taken(gate, "T-3");
  store.until([&] { return stored_before_acknowledged; });
}

TEST_CASE(
    "5.3 answering: a partner with answer = \"direct\" hears from the store that its order is accepted") {
  Store store;
  store.codec.toy.how = codec::ApiSignIn::static_header;
  store.whole.partners.back().answers_directly = true;
  store.answer(200, support::canonical_order("toy", "T-4"));
  store.answer(204);
  RunningService gate(store.whole);
  CHECK(gate.webhook("/v1/partners/toy/webhook", "T-4").is(200));
  store.until([&] { return store.heard.size() == 2; });
  CHECK(store.heard[1].target == "/base/orders/T-4/status");
  CHECK(store.heard[1].body == "accepted");
}
