// Pauses with an end and without, some opened by hand before it.
#include "sim/parts/manager.hpp"

#include <algorithm>
#include <string>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
constexpr std::int64_t wait_ms_max = 8 * s;
constexpr std::int64_t on_its_way_ms = 5 * s;  // no request takes longer, see WebLink::delay_ms()
}  // namespace

std::int64_t Manager::between(std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(draws_.below(static_cast<std::uint64_t>(to - from) + 1));
}

void Manager::plan() {
  const Plan& plan = world_.plan();
  for (std::uint64_t i = 0; i < plan.faults.pauses; ++i) {
    const std::int64_t at_ms = between(5 * s, plan.storm_ms - 10 * s);
    const std::int64_t lasts_ms = between(5 * s, 40 * s);
    const bool ends_by_itself = draws_.chance(500);
    const bool opened_before = draws_.chance(250);
    const std::int64_t until_ms = ends_by_itself ? at_ms + lasts_ms : never;
    world_.timeline().at(at_ms, [this, until_ms] {
      if (world_.storm()) want(true, until_ms);
    });
    if (ends_by_itself && !opened_before) continue;
    const std::int64_t opened_ms = at_ms + (ends_by_itself ? lasts_ms / 2 : lasts_ms);
    world_.timeline().at(opened_ms, [this] {
      if (world_.storm()) want(false, never);
    });
  }
}

void Manager::open_up() {
  if (world_.plan().faults.pauses == 0) return;
  want(false, never);
  // A pause that was on its way may come behind it.
  world_.timeline().after(on_its_way_ms, [this] { want(false, never); });
}

void Manager::want(bool paused, std::int64_t until_ms) {
  settled_ = false;
  world_.fault(paused ? "store paused" : "store opened");
  send(++wish_, paused, until_ms, s);
}

void Manager::send(std::uint64_t wish, bool paused, std::int64_t until_ms, std::int64_t wait_ms) {
  if (wish != wish_) return;
  WebAsk ask;
  ask.method = "PUT";
  ask.target = "/v1/store";
  ask.headers = {{"Content-Type", "application/json"}};
  ask.body = std::string(R"({"status":")") + (paused ? "paused" : "open") + "\"";
  if (until_ms != never) ask.body += R"(,"until":")" + time_text(until_ms) + "\"";
  ask.body += "}";
  const Tag tag{About::store, world_.ledger().add(StoreWord{paused, until_ms}), 0};
  world_.web().ask(std::move(ask), tag,
                   [this, wish, paused, until_ms, wait_ms](const std::optional<codec::HttpReply>& reply) {
                     if (reply && reply->status < 500) {
                       settled_ = settled_ || wish == wish_;
                       return;
                     }
                     world_.timeline().after(wait_ms, [this, wish, paused, until_ms, wait_ms] {
                       send(wish, paused, until_ms, std::min(wait_ms * 2, wait_ms_max));
                     });
                   });
}

}  // namespace storegate::sim
