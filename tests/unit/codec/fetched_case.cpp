// Reads as the fetcher does: without a webhook around it.
#include "fetched_case.hpp"

#include "builders.hpp"
#include "codec/json.hpp"

namespace storegate::codec::test {

const PartnerApi& api_of(std::string_view codec) {
  const PartnerCodec* partner = partner_codec(codec);
  REQUIRE(partner != nullptr);
  REQUIRE(partner->api() != nullptr);
  return *partner->api();
}

FetchedOrder fetched(std::string_view codec, const std::string& body) {
  auto order = api_of(codec).read_fetched(body, codec, {});
  if (!order) FAIL(order.problem().text());
  return std::move(*order);
}

void must_be_good(std::string_view codec, const std::string& body) {
  const Decoded decoded = fetched(codec, body).decoded;
  CHECK(broken_rule(decoded.order) == "");
  CHECK(decoded.body.shared.find(canary) == std::string::npos);
  CHECK(decoded.body.raw == body);
  CHECK(fetched(codec, body).decoded.body.canonical == decoded.body.canonical);
}

void must_refuse_fetched(std::string_view codec, const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    CAPTURE(row.pointer);
    CAPTURE(row.text);
    const auto order = api_of(codec).read_fetched(row.text, codec, {});
    REQUIRE_FALSE(order.ok());
    CHECK(order.problem().pointer == row.pointer);
    CHECK_FALSE(order.problem().detail.empty());
  }
}

Tally mutate_fetched(std::string_view codec, const std::string& body, std::uint64_t seed) {
  const PartnerApi& api = api_of(codec);
  return mutate(body, seed, 20'000, [&](std::string_view damaged) {
    const auto order = api.read_fetched(damaged, codec, {});
    if (!order) return must_say_why(order.problem()), false;
    REQUIRE_FALSE(order->decoded.order.partner_order_id.empty());
    const bool is_named_only = order->decoded.body.canonical.empty();
    if (is_named_only) REQUIRE((order->cancelled || order->over));
    if (!is_named_only) must_be_whole(order->decoded);
    return true;
  });
}

core::TellPartner news(core::Notice notice, core::Reason reason) {
  core::TellPartner what;
  what.notice = notice;
  what.partner = "p";
  what.partner_order_id = "a/b 1";
  what.display_code = "K\"7Q";
  what.reason = reason;
  what.refusals = core::pack({{core::Reason::item_unavailable, "taco-01"},
                              {core::Reason::item_unknown, "old\"pie"},
                              {core::Reason::item_unavailable, "cola"},
                              {core::Reason::store_closed, "hours"}});
  what.pos_reference = "pos-1";
  what.at_wall_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
  what.ready_at_wall_ms = what.at_wall_ms + 12 * 60'000 + 1;
  return what;
}

std::string nested(int levels, const std::function<std::string(const std::string&)>& wrap) {
  std::string inner;
  for (int level = 0; level < levels; ++level) inner = wrap(inner);
  return inner;
}

}  // namespace storegate::codec::test
