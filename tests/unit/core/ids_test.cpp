// Ids, tokens, keys, back-off, buckets and packed details.
#include "core/ids.hpp"

#include <set>

#include "core/backoff.hpp"
#include "core/order.hpp"
#include "print.hpp"

using namespace storegate::core;

TEST_CASE("an order's id carries its time and number, and its text reads back") {
  Generator generator(3);
  for (const std::int64_t number : {std::int64_t{1}, std::int64_t{255}, (std::int64_t{1} << 40) - 1}) {
    const OrderId id = make_order_id(1'790'000'000'123, OrderNumber{number}, generator);
    const std::string text = text_of(id);
    CHECK(text[14] == '7');
    CHECK(std::string("89ab").find(text[19]) != std::string::npos);
    CHECK(value_of(number_of(id)) == number);
    REQUIRE(order_id_from(text).has_value());
    CHECK(*order_id_from(text) == id);
  }
  CHECK(make_order_id(1000, OrderNumber{2}, generator) < make_order_id(1001, OrderNumber{1}, generator));
}

TEST_CASE("ids go on in the order of time past the second in which 32 bits end") {
  Generator generator(3);
  OrderId before = make_order_id(2'147'483'647'999, OrderNumber{9}, generator);
  for (const std::int64_t wall_ms : {2'147'483'648'000, 4'294'967'295'999, 4'294'967'296'000}) {
    const OrderId after = make_order_id(wall_ms, OrderNumber{1}, generator);
    CHECK(before < after);
    CHECK(order_id_from(text_of(after)) == after);
    before = after;
  }
}

TEST_CASE("texts that are no ids and no tokens are refused") {
  Generator generator(3);
  const std::string id = text_of(make_order_id(1, OrderNumber{1}, generator));
  const std::string token = text_of(make_release_token(OrderNumber{77}, generator));
  for (std::size_t cut = 0; cut < id.size(); ++cut) CHECK_FALSE(order_id_from(id.substr(0, cut)));
  for (std::size_t cut = 0; cut < token.size(); ++cut) CHECK_FALSE(release_token_from(token.substr(0, cut)));
  std::string wrong = id;
  wrong[0] = 'g';
  CHECK_FALSE(order_id_from(wrong));
  wrong = id;
  wrong[8] = '0';
  CHECK_FALSE(order_id_from(wrong));
  REQUIRE(release_token_from(token));
  CHECK(value_of(release_token_from(token)->order) == 77);
  CHECK(text_of(*release_token_from(token)) == token);
}

TEST_CASE("display codes of neighbouring orders differ and use letters a person can read out") {
  Generator generator(5);
  std::set<std::string> codes;
  for (std::int64_t number = 1; number <= 1000; ++number) {
    const std::string code = display_code_of(make_order_id(1, OrderNumber{number}, generator));
    CHECK(code.size() == 4);
    CHECK(code.find_first_of("01IO") == std::string::npos);
    codes.insert(code);
  }
  CHECK(codes.size() > 990);
}

TEST_CASE("the POS key escapes what separates its parts, so two orders never share one [I2]") {
  Order order;
  order.partner = "kiosk";
  order.partner_order_id = "K:1%";
  order.business_day = "2026-11-23";
  CHECK(pos_key_of(order) == "kiosk:K%3A1%25:2026-11-23");
  order.reprints = 2;
  CHECK(pos_key_of(order) == "kiosk:K%3A1%25:2026-11-23:r2");
}

TEST_CASE("the generator draws below its bound and the same for the same seed") {
  Generator one(9);
  Generator two(9);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t draw = one.below(7);
    CHECK(draw < 7);
    CHECK(draw == two.below(7));
  }
}

TEST_CASE("back-off doubles to its ceiling and keeps at least half of it") {
  Generator generator(1);
  for (std::int64_t failures = 1; failures < 70; ++failures) {
    const Milliseconds wait = backoff_ms(failures, 500, 15'000, generator);
    const Milliseconds whole = failures > 5 ? 15'000 : std::min<Milliseconds>(15'000, 500 << (failures - 1));
    CHECK(wait >= whole / 2);
    CHECK(wait <= whole);
  }
}

TEST_CASE("a token bucket gives its burst, then its rate, and never saves up more") {
  TokenBucket bucket(60, minute_ms, 60);
  int taken = 0;
  while (bucket.take(1000)) ++taken;
  CHECK(taken == 60);
  CHECK(bucket.wait_ms() == second_ms);
  CHECK_FALSE(bucket.take(1999));
  CHECK(bucket.take(2000));
  taken = 0;
  while (bucket.take(1000 + 100 * hour_ms)) ++taken;
  CHECK(taken == 60);
  TokenBucket open(0, minute_ms, 0);
  for (int i = 0; i < 1000; ++i) CHECK(open.take(0));
}

TEST_CASE("packed details read back, and damaged ones are refused") {
  const Details details{{"item", std::string("a:b=\"c\"")},
                        {"available", false},
                        {"until_ms", nullptr},
                        {"bytes", std::int64_t{-7}},
                        {"empty", std::string()}};
  const std::string packed = pack(details);
  REQUIRE(unpack(packed));
  CHECK(*unpack(packed) == details);
  for (std::size_t cut = 1; cut < packed.size(); ++cut) {
    const auto part = unpack(packed.substr(0, cut));
    if (part) CHECK(part->size() < details.size());
  }
  CHECK_FALSE(unpack("9:item"));
  CHECK_FALSE(unpack("4:itemx"));
}
