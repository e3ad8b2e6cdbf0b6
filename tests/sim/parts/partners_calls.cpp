// A partner that could not give an order to the store, or did not take what became of it, calls a person there.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/order.hpp"
#include "sim/parts/bodies.hpp"
#include "sim/parts/partners.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
constexpr std::int64_t rests_most_ms = 16 * s;
}  // namespace

// Before its order comes, while it is fetched, held or sent, and long after, in the storm; what is said is mostly that the store
// did not take it.
void Partners::plan_call(std::size_t sender, std::int64_t at_ms) {
  if (!calls_.chance(world_.plan().faults.called_of_1000)) return;
  const std::size_t story = senders_[sender].story;
  const Story& named = world_.ledger().story(story);
  constexpr core::Notice others[] = {core::Notice::rejected, core::Notice::ready, core::Notice::cancelled};
  const std::uint64_t drawn = calls_.below(8);
  const core::Notice untold = drawn < std::size(others) ? others[drawn] : core::Notice::accepted;
  const std::size_t call = world_.ledger().add(Call{named.partner, named.id, untold, story});
  const auto send_at = [&](std::int64_t when_ms) {
    when_ms = std::clamp(when_ms, 2 * s, world_.plan().storm_ms - 2 * s);
    world_.timeline().at(when_ms, [this, call, sender] { send_call(call, sender, s); });
  };
  const std::uint64_t moment = calls_.below(10);
  constexpr std::int64_t after_ms[] = {-20 * s, -20 * s, 3 * s, 3 * s, 60 * s, 60 * s, 200 * s};
  if (moment >= std::size(after_ms))
    called_as_sent_.emplace(story, call);
  else if (after_ms[moment] < 0)
    send_at(at_ms - between(calls_, 0, -after_ms[moment]));
  else
    send_at(at_ms + between(calls_, 0, after_ms[moment]));
  if (calls_.chance(300)) send_at(at_ms + between(calls_, 0, 120 * s));  // once more, or now
}

// About orders of which nobody here ever hears.
void Partners::plan_calls_of_nobody() {
  if (world_.plan().faults.called_of_1000 == 0) return;
  const std::uint64_t most = 1 + calls_.below(3);
  for (std::uint64_t i = 0; i < most; ++i) {
    const char* partner = calls_.chance(500) ? webhook_partner : api_partner;
    const std::size_t call =
        world_.ledger().add(Call{partner, "n" + std::to_string(i), core::Notice::accepted, SIZE_MAX});
    const std::int64_t at_ms = between(calls_, 3 * s, world_.plan().storm_ms - 20 * s);
    world_.timeline().at(at_ms, [this, call] { send_call(call, SIZE_MAX, s); });
  }
}

void Partners::on_sent(std::size_t story) {
  const auto found = called_as_sent_.find(story);
  if (found == called_as_sent_.end()) return;
  const std::size_t call = found->second;
  called_as_sent_.erase(found);
  const auto is_its = [&](const Sender& sender) { return sender.story == story; };
  const auto sender = std::find_if(senders_.begin(), senders_.end(), is_its) - senders_.begin();
  world_.timeline().after(between(calls_, 0, 3 * s),
                          [this, call, sender] { send_call(call, static_cast<std::size_t>(sender), s); });
}

// Until it is answered 2xx. Open Delivery says so of a cancel by a webhook that the store reads; as whom and in which words
// others say it is not this world's: it comes as it is understood.
void Partners::send_call(std::size_t call, std::size_t sender, std::int64_t wait_ms) {
  const Tag tag{About::called, call, 0, Way::partner};
  const Call& said = world_.ledger().calls()[call];
  if (sender != SIZE_MAX && senders_[sender].first_sent_ms != never && is_past(sender)) return;
  world_.fault("person called");
  WebAsk ask;
  if (said.partner == open_partner && said.untold == core::Notice::cancelled) {
    const Story& story = world_.ledger().story(said.story);
    ask = open_webhook("CANCELLATION_REQUEST_DENIED", story);
    if (story.over_mqtt)
      return world_.broker().send({"order", sent_on(story, forwarded_thin(story, ask))}, tag);
  } else {
    ask.target = called_target;
    ask.body = R"({"partner":")" + said.partner + R"(","partner_order_id":")" + said.id + R"(","notice":")" +
               std::string(core::name_of(said.untold)) + "\"}";
  }
  world_.web().ask(
      std::move(ask), tag, [this, call, sender, wait_ms](const std::optional<codec::HttpReply>& reply) {
        if (reply && reply->status < 300) return;
        const std::int64_t next_ms = std::min(wait_ms * 2, rests_most_ms);
        world_.timeline().after(wait_ms + between(calls_, 0, 500),
                                [this, call, sender, next_ms] { send_call(call, sender, next_ms); });
      });
}

}  // namespace storegate::sim
