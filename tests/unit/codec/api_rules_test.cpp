// What a partner's API is by itself, and what every one of them owes.
#include "codec/partners/partner_api.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "codec/json.hpp"
#include "fetched_case.hpp"

namespace storegate::codec {
namespace {

/// A partner that says nothing of itself.
class Bare final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
};

/// Path and query that may stand in a request's first line.
void must_be_target(const std::string& target) {
  CAPTURE(target);
  CHECK(target.starts_with('/'));
  CHECK(std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~'; }));
}

template <typename Each>
void for_every_api(Each each) {
  for (const PartnerCodec* codec : partner_codecs()) {
    if (codec->api() == nullptr) continue;
    CAPTURE(codec->name());
    each(*codec, *codec->api());
  }
}

TEST_CASE("a partner that says nothing fetches nothing, is asked for nothing and told nothing") {
  const Bare bare;
  CHECK_FALSE(bare.fetches());
  CHECK_FALSE(bare.can_ask());
  CHECK_FALSE(bare.pulls());
  CHECK(bare.notices().empty());
  CHECK(bare.default_url().empty());
  CHECK(bare.pull_interval_s() == 0);
  CHECK_FALSE(bare.needs().store_id);
  CHECK_FALSE(bare.needs().merchant_id);
  CHECK_FALSE(bare.read_fetched("{}", "p", {}).ok());
  CHECK_FALSE(bare.read_pulled("{}", "p", {}).ok());
  CHECK(bare.fetch({}, {}).target.empty());
  CHECK(bare.pull({}, "").target.empty());
  CHECK(bare.tell({}, {}).target.empty());
}

TEST_CASE("a status says whether they were told, have decided, know the order no more, or cannot now") {
  using enum core::TellOutcome;
  const std::pair<int, core::TellOutcome> rows[] = {
      {200, told},    {202, told},   {204, told},   {299, told},    {400, decided}, {409, decided},
      {422, decided}, {404, gone},   {410, gone},   {429, not_now}, {503, failed},  {199, failed},
      {301, failed},  {401, failed}, {403, failed}, {500, failed},  {502, failed},  {0, failed}};
  for (const auto& [status, outcome] : rows) {
    CAPTURE(status);
    CHECK(Bare().told(core::Notice::accepted, status, "") == outcome);
  }
}

TEST_CASE("no id of an order or a store can leave the path that it stands in") {
  const std::string hostile = "a/../b?c=d&e #f%\"\\{}";
  for_every_api([&](const PartnerCodec&, const PartnerApi& api) {
    const ApiStore store{.store_id = hostile, .merchant_id = "m-1"};
    if (api.can_ask()) {
      const HttpRequest request = api.fetch(store, {hostile, ""});
      must_be_target(request.target);
      CHECK(request.target.find("..%2F") != std::string::npos);
    }
    if (api.pulls()) must_be_target(api.pull(store, "").target);
  });
}

TEST_CASE("whatever a partner can be told is a request with a path, and a body that is JSON and says so") {
  for_every_api([&](const PartnerCodec&, const PartnerApi& api) {
    for (std::size_t at = 0; at < core::notice_count; ++at) {
      const auto notice = static_cast<core::Notice>(at);
      if (!api.notices().has(notice)) continue;
      for (const core::Reason reason : {core::Reason::none, core::Reason::other, core::Reason::too_late}) {
        const HttpRequest request = api.tell({"store-1", "m-1"}, test::news(notice, reason));
        CAPTURE(request.body);
        must_be_target(request.target);
        CHECK(request.method != "GET");
        const bool has_type =
            std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
              return header.first == "Content-Type" && header.second.starts_with("application/json");
            });
        CHECK(has_type == !request.body.empty());
        if (!request.body.empty()) CHECK(json::Document::parse(request.body).ok());
      }
    }
  });
}

TEST_CASE(
    "thin partners fetch; who can be asked for an order says where and how, and reads none out of nothing") {
  std::set<std::string_view> asked;
  for_every_api([&](const PartnerCodec& codec, const PartnerApi& api) {
    CHECK((summary_of(codec.name()).orders == "announced, then fetched") == api.fetches());
    CHECK((api.can_ask() || !api.fetches()));
    if (!api.can_ask()) return;
    asked.insert(codec.name());
    CHECK(api.fetch({"s", "m"}, {"o-1", ""}).target.find("o-1") != std::string::npos);
    for (const char* nothing : {"", "null", "[]", "{}", "7", R"({"data":null})"}) {
      const auto order = api.read_fetched(nothing, codec.name(), {});
      REQUIRE_FALSE(order.ok());
      test::must_say_why(order.problem());
    }
  });
  CHECK(asked ==
        std::set<std::string_view>{"grubhub", "hubrise", "open_delivery", "otter", "rbi", "uber_eats"});
}

}  // namespace
}  // namespace storegate::codec
