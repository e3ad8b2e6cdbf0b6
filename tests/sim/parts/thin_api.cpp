// Each request draws its own fate.
#include "sim/parts/thin_api.hpp"

#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t timeout_ms = 8'000;
}  // namespace

void ThinApi::add(const std::string& id, std::size_t story, std::string item, bool never_there) {
  orders_[id] = {story, std::move(item), never, never_there, false, {}};
}

void ThinApi::announced(const std::string& id) {
  Ordered& order = orders_[id];
  order.announced_ms = std::min(order.announced_ms, world_.now_ms());
}

void ThinApi::cancel(const std::string& id) { orders_[id].cancelled = true; }

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
  ApiHeard later{statuses[draws_.below(4)], {}, "{}"};
  if ((later.status == 429 || later.status == 503) && draws_.chance(500))
    later.retry_after = std::to_string(1 + draws_.below(5));
  return later;
}

// What was decided once stays so: 409, and 404 of a cancel that comes to nothing.
ApiHeard ThinApi::decide(const std::string& id, std::string_view what) {
  if (auto refused = refusal()) return *refused;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.never_there) return {404, {}, "{}"};
  Ordered& order = found->second;
  if (what == "cancel") {
    const bool is_accepted = order.decided == "accepted" || order.decided == "elsewhere";
    if (order.cancelled || !is_accepted) return {404, {}, "{}"};
    order.cancelled = true;
    return {200, {}, "{}"};
  }
  if (order.cancelled || !order.decided.empty()) return {409, {}, R"({"code":"already_decided"})"};
  order.decided = what == "accept_pos_order" ? "accepted" : "denied";
  return {204, {}, {}};
}

ApiHeard ThinApi::reply_to(const std::string& id) {
  const Faults& faults = world_.plan().faults;
  if (auto refused = refusal()) return *refused;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.never_there) return {404, {}, "{}"};
  const Ordered& order = found->second;
  if (strikes(faults.api_unknown_of_1000))
    return world_.fault("order not there yet"), ApiHeard{404, {}, "{}"};
  const Story& story = world_.ledger().story(order.story);
  std::string body = uber_order(story, order.item,
                                order.cancelled             ? "CANCELED"
                                : order.decided == "denied" ? "DENIED"
                                                            : "CREATED");
  if (strikes(faults.api_garbled_of_1000)) {
    world_.fault("fetched order garbled");
    if (draws_.chance(500)) return {200, {}, body.substr(0, body.size() / 2)};
    Story other = story;
    other.id += "x";
    return {200, {}, uber_order(other, order.item, "CREATED")};
  }
  return {200, {}, std::move(body)};
}

void ThinApi::settle(std::uint64_t call, ApiHeard heard) {
  const auto found = open_.find(call);
  if (found == open_.end()) return;
  const Heard tell = std::move(found->second);
  open_.erase(found);
  world_.on_api_ended(call);
  tell(std::move(heard));
}

}  // namespace storegate::sim
