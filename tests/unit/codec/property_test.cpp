// Properties over random orders: encoding loses nothing, equal orders have equal bytes, different ones different.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/canonical.hpp"
#include "codec/events.hpp"
#include "codec/json.hpp"
#include "tests/support/rounds.hpp"

namespace storegate::codec {
namespace {

TEST_CASE("decode(encode(x)) == x for two thousand random orders") {
  std::mt19937_64 random(20261123);
  for (int round = 0; round < support::rounds(2000); ++round) {
    const core::CanonicalOrder order = test::random_order(random);
    REQUIRE(test::broken_rule(order) == "");
    const std::string bytes = encode_canonical(order);
    CAPTURE(bytes);
    const auto decoded = decode_canonical(bytes);
    if (!decoded) FAIL(decoded.problem().text());
    REQUIRE(decoded->order == order);
    REQUIRE(decoded->body.canonical == bytes);
  }
}

TEST_CASE("no customer datum or note of a random order is in its event, and the event is JSON [I12]") {
  std::mt19937_64 random(7);
  for (int round = 0; round < support::rounds(500); ++round) {
    const core::CanonicalOrder order = test::random_order(random);
    const std::string event = encode_event("store-042", test::order_event(encode_shared(order)));
    REQUIRE(event.find(test::canary) == std::string::npos);
    REQUIRE(json::Document::parse(event).ok());
    const auto erased = erase_customer(encode_canonical(order));
    REQUIRE(erased.ok());
    REQUIRE(erased->find(test::canary) == std::string::npos);
  }
}

TEST_CASE("two random orders have equal bytes only if they are equal") {
  std::mt19937_64 random(99);
  core::CanonicalOrder last = test::random_order(random);
  for (int round = 0; round < support::rounds(1000); ++round) {
    core::CanonicalOrder next = test::random_order(random);
    REQUIRE((encode_canonical(next) == encode_canonical(last)) == (next == last));
    next.items.front().quantity = next.items.front().quantity == 1 ? 2 : next.items.front().quantity - 1;
    const core::CanonicalOrder changed = next;
    next.items.front().quantity += 1;
    REQUIRE(encode_canonical(next) != encode_canonical(changed));
    last = std::move(next);
  }
}

}  // namespace
}  // namespace storegate::codec
