// Prints how long the busy codecs take, in microseconds; best of many short rounds, since what else runs on the
// machine only ever adds. Run by hand from a release build.
#include <chrono>
#include <cstdio>
#include <limits>

#include "builders.hpp"
#include "codec/answers.hpp"
#include "codec/canonical.hpp"
#include "codec/commands.hpp"
#include "codec/events.hpp"
#include "codec/json.hpp"
#include "codec/partners/partner.hpp"
#include "codec/pos_rest.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::codec {
namespace {

std::size_t sink = 0;  // read at the end, so that nothing is optimised away

template <typename Work>
void measure(const char* name, Work work) {
  constexpr int rounds = 400;
  constexpr int times = 150;
  double best_us = std::numeric_limits<double>::max();
  for (int round = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int time = 0; time < times; ++time) sink += work();
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    best_us = std::min(best_us, spent.count() / times);
  }
  std::printf("%-44s %7.2f us\n", name, best_us);
}

void measure_all() {
  const std::string text = test::canonical_text();
  const Decoded decoded = *decode_canonical(text);
  const std::string webhook = support::read_file(STOREGATE_FIXTURES "/partners/doordash/order.json");
  const PartnerCodec& doordash = *partner_codec("doordash");
  const core::OutgoingEvent event = test::order_event(decoded.body.shared);
  core::PlaceOrder place;
  place.key = "kiosk:K-1001:2026-11-23";
  place.body = decoded.body.canonical;
  std::printf("canonical %zu bytes, doordash %zu bytes, event %zu bytes\n", text.size(), webhook.size(),
              encode_event("store-042", event).size());
  measure("parse of the canonical text alone", [&] { return json::Document::parse(text)->root().count; });
  measure("decode_canonical (both encodings included)",
          [&] { return decode_canonical(text)->body.canonical.size(); });
  measure("encode_canonical", [&] { return encode_canonical(decoded.order).size(); });
  measure("encode_shared", [&] { return encode_shared(decoded.order).size(); });
  measure("doordash read", [&] { return doordash.read({{}, webhook, {}, nullptr}, std::nullopt)->index(); });
  measure("encode_event", [&] { return encode_event("store-042", event).size(); });
  measure("release command", [&] {
    return decode_command(CommandKind::release, R"({"partner":"kiosk","partner_order_id":"K-1001"})", {})
        ->size();
  });
  measure("POS request", [&] { return request_of(place).body.size(); });
  measure("POS answer", [&] {
    return outcome_of(place, {201, "", R"({"pos_reference":"T-17"})", true}).pos_reference.size();
  });
  std::printf("(%zu)\n", sink);
}

}  // namespace
}  // namespace storegate::codec

int main() { storegate::codec::measure_all(); }
