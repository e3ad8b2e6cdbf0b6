// Damages a text in ways that mean something to a parser, and says what a decoder owes for each.
#include "mutation.hpp"

#include <doctest/doctest.h>

#include <random>

#include "builders.hpp"
#include "codec/answers.hpp"
#include "codec/json.hpp"
#include "codec/partners/partner.hpp"
#include "tests/support/rounds.hpp"

namespace storegate::codec::test {

namespace {

std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

/// One to four random damages: flips, cuts, repeats, swaps, and pieces that mean something to a parser.
std::string mutated(std::string text, std::mt19937_64& random) {
  static constexpr std::string_view pieces[] = {"\"",
                                                "{",
                                                "}",
                                                "[",
                                                "]",
                                                ",",
                                                ":",
                                                "null",
                                                "1e9",
                                                "-1",
                                                "\\u0000",
                                                "\\ud800",
                                                "\xff",
                                                "\xc3",
                                                "99999999999999999999",
                                                "0.5",
                                                "true",
                                                "\"id\":\"x\",",
                                                "\"items\":[],",
                                                "\"partner\":\"p\","};
  for (std::size_t damages = 1 + below(random, 4); damages > 0 && !text.empty(); --damages) {
    const std::size_t at = below(random, text.size());
    const std::size_t length = 1 + below(random, std::min<std::size_t>(40, text.size() - at));
    switch (below(random, 7)) {
      case 0: text[at] = static_cast<char>(text[at] ^ (1 << below(random, 8))); break;
      case 1: text[at] = static_cast<char>(random()); break;
      case 2: text.resize(at); break;
      case 3: text.erase(at, length); break;
      case 4: text.insert(below(random, text.size()), text.substr(at, length)); break;
      case 5: std::swap(text[at], text[below(random, text.size())]); break;
      default: text.insert(at, pieces[below(random, std::size(pieces))]);
    }
  }
  return text;
}

}  // namespace

void must_be_whole(const Decoded& decoded) {
  REQUIRE(test::broken_rule(decoded.order) == "");
  REQUIRE(decoded.body.shared.find("\"note\"") == std::string::npos);
  const auto again = decode_canonical(decoded.body.canonical);
  if (!again) FAIL(again.problem().text());
  REQUIRE(again->order == decoded.order);
  REQUIRE(again->body.canonical == decoded.body.canonical);
}

void must_say_why(const Problem& problem) {
  REQUIRE_FALSE(problem.detail.empty());
  REQUIRE((problem.pointer.empty() || problem.pointer.front() == '/'));
  REQUIRE(json::Document::parse(problem_reply(problem).body).ok());
}

Tally mutate(const std::string& text, std::uint64_t seed, int rounds,
             const std::function<bool(std::string_view)>& judge) {
  std::mt19937_64 random(seed);
  Tally tally;
  for (int round = 0; round < rounds; round += support::round_stride) {
    const std::string damaged = mutated(text, random);
    CAPTURE(round);
    (judge(damaged) ? tally.understood : tally.refused) += support::round_stride;
  }
  return tally;
}

Tally mutate_webhook(std::string_view partner, const std::string& text, std::uint64_t seed) {
  const PartnerCodec* codec = partner_codec(partner);
  REQUIRE(codec != nullptr);
  return mutate(text, seed, 20'000, [&](std::string_view damaged) {
    const auto webhook = codec->read({{}, damaged, {}, nullptr}, std::nullopt);
    if (!webhook) return must_say_why(webhook.problem()), false;
    if (const auto* order = std::get_if<OrderReceived>(&*webhook)) must_be_whole(order->decoded);
    return true;
  });
}

}  // namespace storegate::codec::test
