// POST /v1/pos/status: who may tell how a ticket stands, and what a body of it must say.
#include <doctest/doctest.h>

#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

support::HttpAnswer tell(RunningService& gate, std::string_view token, std::string_view body) {
  support::HttpHeaders headers{{"Content-Type", "application/json"}};
  if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + std::string(token));
  return gate.caller().call("POST", "/v1/pos/status", headers, body);
}

constexpr std::string_view report = R"({"pos_reference":"T-1","status":"ready"})";

}  // namespace

TEST_CASE("4.4 push: the POS needs its own token, which opens nothing else [I11]") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.admin_token = "adm1n";
  config.pos.push_token = "p0s";
  RunningService gate(config);
  CHECK(tell(gate, "", report).is(401));
  CHECK(tell(gate, "adm1n", report).is(401));
  CHECK(tell(gate, "p0", report).is(401));
  CHECK(tell(gate, "p0s", report).is(404));  // nobody has that ticket
  CHECK(gate.caller().call("GET", "/v1/orders", {{"Authorization", "Bearer p0s"}}).is(401));
}

TEST_CASE("4.4 push: without a token of the POS there is nothing at its path") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  CHECK(tell(gate, "", report).is(404));
  CHECK(tell(gate, "p0s", report).is(404));
}

TEST_CASE("4.4 push: a body says which ticket and one of five statuses") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.pos.push_token = "p0s";
  RunningService gate(config);
  for (const std::string_view body :
       {R"({"pos_reference":"T-1"})", R"({"status":"ready"})", R"({"pos_reference":"","status":"ready"})",
        R"({"pos_reference":"T-1","status":"cold"})", R"({"pos_reference":"T-1","status":"unknown"})", "{",
        "[]", ""}) {
    CAPTURE(body);
    CHECK(tell(gate, "p0s", body).is(400));
  }
  CHECK(gate.caller()
            .call("POST", "/v1/pos/status", {{"Content-Type", "text/plain"}, {"Authorization", "Bearer p0s"}},
                  report)
            .is(415));
}
