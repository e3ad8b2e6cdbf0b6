// Each request draws its own fate.
#include "sim/parts/thin_api.hpp"

#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t timeout_ms = 8'000;
}  // namespace

// Calls have numbers that no other API's have.
ThinApi::ThinApi(World& world, Draws draws, std::string_view partner)
    : world_(world),
      draws_(draws),
      is_open_(partner == open_partner),
      last_(is_open_ ? std::uint64_t{1} << 32U : 0) {}

void ThinApi::add(const std::string& id, std::size_t story, std::string item, bool never_there) {
  Ordered& order = orders_[id];
  order.story = story;
  order.item = std::move(item);
  order.never_there = never_there;
}

void ThinApi::announced(const std::string& id) {
  Ordered& order = orders_[id];
  order.announced_ms = std::min(order.announced_ms, world_.now_ms());
}

void ThinApi::bring_courier(const std::string& id) { orders_[id].courier_waits = true; }

// Open Delivery's applications ask the store, once.
bool ThinApi::cancel(const std::string& id) {
  Ordered& order = orders_[id];
  if (!is_open_) return order.cancelled = true;
  if (order.cancelled || std::exchange(order.wished_before, true)) return false;
  return order.wished = true;
}

bool ThinApi::is_ready(const std::string& id) const {
  const auto found = orders_.find(id);
  return found != orders_.end() && found->second.ready;
}

bool ThinApi::waits_for_word(const std::string& id) const {
  const auto found = orders_.find(id);
  return found != orders_.end() && found->second.wished && !found->second.cancelled &&
         !found->second.never_there;
}

bool ThinApi::is_cancelled(const std::string& id) const {
  const auto found = orders_.find(id);
  return found != orders_.end() && found->second.cancelled;
}

bool ThinApi::strikes(std::uint64_t of_1000) {
  const bool hit = draws_.chance(of_1000);
  return hit && world_.storm();
}

std::int64_t ThinApi::delay_ms() { return 5 + static_cast<std::int64_t>(draws_.below(120)); }

void ThinApi::send(std::uint64_t call, Heard heard, Reply reply) {
  open_.emplace(call, std::move(heard));
  const std::int64_t delay = delay_ms();
  if (down_) {
    const bool refused = draws_.chance(700);
    world_.timeline().after(refused ? delay : timeout_ms, [this, call] { settle(call, {}); });
    return;
  }
  world_.timeline().after(timeout_ms, [this, call] { settle(call, {}); });
  if (strikes(world_.plan().faults.api_lost_of_1000)) return world_.fault("fetch lost");
  world_.timeline().after(delay, [this, call, reply = std::move(reply)] { receive(call, reply); });
}

void ThinApi::receive(std::uint64_t call, const Reply& answer) {
  if (down_) return settle(call, {});
  ApiHeard reply = answer();
  const std::int64_t delay = delay_ms();
  if (strikes(world_.plan().faults.api_lost_of_1000)) return world_.fault("fetched order lost");
  world_.timeline().after(delay, [this, call, reply = std::move(reply)] { settle(call, reply); });
}

void ThinApi::ask(const codec::HttpRequest& request, Heard heard) {
  const std::uint64_t call = ++last_;
  std::string id = request.target.substr(0, request.target.find('?'));
  id.erase(0, id.rfind('/') + 1);
  const auto found = orders_.find(id);
  world_.on_fetch_asked(call, found == orders_.end() ? SIZE_MAX : found->second.story);
  send(call, std::move(heard), [this, id] { return reply_to(id); });
}

void ThinApi::tell(const codec::HttpRequest& request, Heard heard) {
  const std::uint64_t call = ++last_;
  const std::size_t slash = request.target.rfind('/');
  const std::string what = request.target.substr(slash + 1);
  std::string id = request.target.substr(0, slash);
  id.erase(0, id.rfind('/') + 1);
  const auto found = orders_.find(id);
  world_.on_tell_asked(call, found == orders_.end() ? SIZE_MAX : found->second.story, what);
  send(call, std::move(heard), [this, id, what] { return decide(id, what); });
}

void ThinApi::accept_elsewhere(const std::string& id) {
  Ordered& order = orders_[id];
  if (order.decided.empty() && !order.cancelled && !order.never_there) order.decided = "elsewhere";
}

std::string_view ThinApi::decided(const std::string& id) const {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return {};
  return found->second.cancelled ? "cancelled" : found->second.decided;
}

std::optional<ApiHeard> ThinApi::refusal() {
  if (!strikes(world_.plan().faults.api_busy_of_1000)) return {};
  world_.fault("fetch refused");
  constexpr int statuses[] = {429, 503, 500, 401};
  ApiHeard later{0, statuses[draws_.below(4)], {}, "{}"};
  if ((later.status == 429 || later.status == 503) && draws_.chance(500))
    later.retry_after = std::to_string(1 + draws_.below(5));
  return later;
}

// What was decided once stays so: 409 or 422, and 404 of Uber Eats' cancel that comes to nothing.
ApiHeard ThinApi::decide(const std::string& id, std::string_view what) {
  if (auto refused = refusal()) return *refused;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.never_there) return {0, 404, {}, "{}"};
  const bool taken = is_open_ ? take_open(found->second, what) : take(found->second, what);
  if (taken) world_.on_partner_knows(found->second.story, what);
  if (taken) return {0, what == "cancel" ? 200 : 204, {}, {}};
  if (what == "cancel") return {0, 404, {}, "{}"};
  return {0, is_open_ ? 422 : 409, {}, R"({"code":"already_decided"})"};
}

bool ThinApi::take(Ordered& order, std::string_view what) {
  if (what == "cancel") {
    const bool is_accepted = order.decided == "accepted" || order.decided == "elsewhere";
    if (order.cancelled || !is_accepted) return false;
    order.cancelled = true;
    return true;
  }
  if (order.cancelled || !order.decided.empty()) return false;
  order.decided = what == "accept_pos_order" ? "accepted" : "denied";
  return true;
}

bool ThinApi::take_open(Ordered& order, std::string_view what) {
  if (order.cancelled) return false;
  if (what == "confirm") {
    if (!order.decided.empty()) return false;
    order.decided = "accepted";
  } else if (what == "readyForPickup") {
    if (order.decided.empty() || order.ready) return false;
    order.ready = true;
  } else if (what == "denyCancellation") {
    if (!std::exchange(order.wished, false)) return false;
  } else {
    if (what == "acceptCancellation" && !order.wished) return false;
    order.cancelled = true;
  }
  return true;
}

std::string ThinApi::body_of(const Story& story, const Ordered& order) const {
  if (!is_open_)
    return uber_order(story, order.item,
                      order.cancelled             ? "CANCELED"
                      : order.decided == "denied" ? "DENIED"
                                                  : "CREATED",
                      order.courier_waits);
  return open_order(story, order.item,
                    order.cancelled         ? "CANCELLED"
                    : order.wished          ? "ORDER_CANCELLATION_REQUEST"
                    : order.ready           ? "READY_FOR_PICKUP"
                    : order.decided.empty() ? "CREATED"
                                            : "CONFIRMED");
}

ApiHeard ThinApi::reply_to(const std::string& id) {
  const Faults& faults = world_.plan().faults;
  if (auto refused = refusal()) return *refused;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.never_there) return {0, 404, {}, "{}"};
  const Ordered& order = found->second;
  if (strikes(faults.api_unknown_of_1000))
    return world_.fault("order not there yet"), ApiHeard{0, 404, {}, "{}"};
  const Story& story = world_.ledger().story(order.story);
  std::string body = body_of(story, order);
  if (strikes(faults.api_garbled_of_1000)) {
    world_.fault("fetched order garbled");
    if (draws_.chance(500)) return {0, 200, {}, body.substr(0, body.size() / 2)};
    Story other = story;
    other.id += "x";
    return {0, 200, {}, body_of(other, order)};
  }
  return {0, 200, {}, std::move(body)};
}

void ThinApi::settle(std::uint64_t call, ApiHeard heard) {
  const auto found = open_.find(call);
  if (found == open_.end()) return;
  const Heard tell = std::move(found->second);
  open_.erase(found);
  world_.on_api_ended(call);
  heard.call = call;
  tell(std::move(heard));
}

}  // namespace storegate::sim
