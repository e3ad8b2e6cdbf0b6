// Two HTTP links; the broker has its own.
#include "sim/parts/links.hpp"

#include <utility>

#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t partner_timeout_ms = 12'000;
constexpr std::int64_t reset_after_ms = 30;
}  // namespace

// ---------------------------------------------------------------- partners and people

bool WebLink::loses() {
  const bool lost = draws_.chance(world_.plan().faults.calls_lost_of_1000);
  if (!lost || !world_.storm()) return false;
  world_.fault("call lost");
  return true;
}

std::int64_t WebLink::delay_ms() {
  const std::int64_t base = 1 + static_cast<std::int64_t>(draws_.below(40));
  const std::int64_t more = static_cast<std::int64_t>(
      draws_.below(static_cast<std::uint64_t>(world_.plan().faults.calls_slow_ms) + 1));
  const bool slow = draws_.chance(200);
  return slow && world_.storm() ? base + more : base;
}

void WebLink::ask(WebAsk ask, Tag tag, Heard heard) {
  const std::uint64_t call = ++last_;
  open_.emplace(call, std::move(heard));
  world_.timeline().after(partner_timeout_ms, [this, call] { settle(call, std::nullopt); });
  const std::int64_t delay = delay_ms();
  if (loses()) {
    if (draws_.chance(500)) world_.timeline().after(delay, [this, call] { settle(call, std::nullopt); });
    return;
  }
  world_.timeline().after(delay, [this, call, ask = std::move(ask), tag] { deliver(call, ask, tag); });
}

void WebLink::deliver(std::uint64_t call, const WebAsk& ask, const Tag& tag) {
  if (!ways_.to_gateway) return;
  if (world_.asleep_until_ms() > world_.now_ms()) return;
  if (!world_.process().up()) {
    world_.timeline().after(reset_after_ms, [this, call] { settle(call, std::nullopt); });
    return;
  }
  world_.on_reached(tag);
  world_.process().http(ask, [this, call, tag](const codec::HttpReply& answer) { reply(call, tag, answer); });
}

void WebLink::reply(std::uint64_t call, const Tag& tag, const codec::HttpReply& reply) {
  world_.on_answer_left(tag, reply);
  const std::int64_t delay = delay_ms();
  if (loses() || !ways_.from_gateway) return;
  world_.timeline().after(delay, [this, call, reply] { settle(call, reply); });
}

void WebLink::settle(std::uint64_t call, const std::optional<codec::HttpReply>& reply) {
  const auto found = open_.find(call);
  if (found == open_.end()) return;
  const Heard heard = std::move(found->second);
  open_.erase(found);
  heard(reply);
}

void WebLink::gateway_gone(bool power) {
  if (power) return;
  for (const auto& [call, heard] : open_)
    world_.timeline().after(reset_after_ms, [this, number = call] { settle(number, std::nullopt); });
}

// ---------------------------------------------------------------- the POS

void PosLink::ask(codec::HttpRequest request, PosHeard heard) {
  const std::uint64_t call = ++last_;
  const Faults& faults = world_.plan().faults;
  const std::int64_t timeout_ms = world_.plan().policy.pos.timeout_ms;
  std::string key;
  for (const auto& [name, value] : request.headers)
    if (name == "Idempotency-Key") key = value;
  open_.emplace(call, Call{std::move(heard), key});
  const bool of_a_ticket = request.method == "GET" && request.target.starts_with("/orders/");
  if (of_a_ticket) world_.on_status_asked(call, request.target.substr(std::string_view("/orders/").size()));
  if (request.target.starts_with("/orders") || request.target == "/health")
    world_.on_pos_asked(key.empty() && !of_a_ticket);
  const std::int64_t delay = 1 + static_cast<std::int64_t>(draws_.below(30));
  const bool kept_alive = draws_.chance(250);
  const bool silent = draws_.chance(faults.pos_silent_of_1000) && world_.storm();
  const bool late = draws_.chance(faults.pos_late_of_1000) && world_.storm();
  if (world_.pos().is_down() || !ways_.from_gateway) {
    // Refused; or a connection from before is used, which takes the bytes and then dies.
    if (kept_alive && !key.empty()) world_.on_post(key, request.body);
    world_.timeline().after(ways_.from_gateway ? delay : timeout_ms, [this, call, kept_alive] {
      settle(call, {0, {}, {}, kept_alive});
    });
    return;
  }
  if (!key.empty()) world_.on_post(key, request.body);
  world_.timeline().after(timeout_ms, [this, call] { settle(call, {0, {}, {}, true}); });
  if (silent) {
    world_.fault("pos request lost");
    if (draws_.chance(500)) world_.timeline().after(delay, [this, call] { settle(call, {0, {}, {}, true}); });
    return;
  }
  if (!key.empty()) travelling_[call] = key;
  // Late: it arrives just before its connection is closed for waiting too long.
  world_.timeline().after(late ? timeout_ms - 1 : delay,
                          [this, call, late, request = std::move(request)] { deliver(call, request, late); });
}

void PosLink::deliver(std::uint64_t call, const codec::HttpRequest& request, bool must_be_open) {
  travelling_.erase(call);
  const auto found = open_.find(call);
  if (must_be_open && found == open_.end()) return;
  if (world_.pos().is_down()) return settle(call, {0, {}, {}, true});
  world_.pos().receive(request, must_be_open, [this, call](PosReply reply) {
    const std::int64_t delay = 1 + static_cast<std::int64_t>(draws_.below(30));
    const bool lost = draws_.chance(world_.plan().faults.pos_silent_of_1000) && world_.storm();
    if (lost) world_.fault("pos reply lost");
    if (lost || !ways_.to_gateway || world_.pos().is_down()) return;
    world_.timeline().after(delay, [this, call, reply = std::move(reply)] { settle(call, reply); });
  });
}

void PosLink::settle(std::uint64_t call, PosReply reply) {
  const auto found = open_.find(call);
  if (found == open_.end()) return;
  const PosHeard heard = std::move(found->second.heard);
  open_.erase(found);
  world_.on_status_answered(call);
  heard(std::move(reply));
}

void PosLink::gateway_gone() {
  open_.clear();
  world_.on_questions_gone();
}

bool PosLink::may_bring(const std::string& key) const {
  for (const auto& [call, travelling] : travelling_)
    if (travelling == key) return true;
  return false;
}

}  // namespace storegate::sim
