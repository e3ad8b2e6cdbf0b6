// Who comes into the next turn.
#include "core/admission.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "core/book.hpp"

namespace storegate::core {

namespace {

/// The orders that a release, a cancel or a call of a person names; none: it is another input.
const std::vector<OrderRef>* orders_named(const Input& input) {
  if (const auto* release = std::get_if<ReleaseArrived>(&input)) return &release->orders;
  if (const auto* cancel = std::get_if<CancelArrived>(&input)) return &cancel->orders;
  if (const auto* called = std::get_if<PersonCalled>(&input)) return &called->orders;
  return nullptr;
}

/// A new order over HTTP. News of an order are none: they may be of a cancel.
bool may_be_turned_away(const Input& input) {
  if (const auto* order = std::get_if<OrderArrived>(&input)) return order->source != Source::mqtt;
  if (const auto* order = std::get_if<OrderAnnounced>(&input))
    return order->source != Source::mqtt && order->is_new;
  return false;
}

/// Calls `visit(identity)` for each order that the input brings or names by its partner's id.
template <typename Visit>
void for_each_identity(const Input& input, Visit visit) {
  if (const auto* order = std::get_if<OrderArrived>(&input))
    visit(Book::identity_of(order->order.partner, order->order.partner_order_id));
  if (const auto* order = std::get_if<OrderAnnounced>(&input))
    visit(Book::identity_of(order->partner, order->partner_order_id));
  const auto* orders = orders_named(input);
  if (orders == nullptr) return;
  for (const OrderRef& order : *orders)
    if (const auto* pair = std::get_if<2>(&order.by)) visit(Book::identity_of(pair->first, pair->second));
}

}  // namespace

// What names an order that waits in a lane goes behind it: overtaking would be legal (it would be kept as an early one), but its sender would see another story than the one it told.
const std::string* Admission::lane_of(const Input& input) const {
  if (const auto* order = std::get_if<OrderArrived>(&input)) return &order->order.partner;
  if (const auto* order = std::get_if<OrderAnnounced>(&input)) return &order->partner;
  const auto* orders = orders_named(input);
  if (orders == nullptr || named_.empty()) return nullptr;
  for (const OrderRef& order : *orders)
    if (const auto* pair = std::get_if<2>(&order.by);
        pair != nullptr && named_.contains(Book::identity_of(pair->first, pair->second)))
      return &pair->first;
  return nullptr;
}

bool Admission::add(Input input, const LoadPolicy& policy) {
  const std::string* lane = lane_of(input);
  if (lane == nullptr) {
    commands_.push_back(std::move(input));
    return true;
  }
  if (may_be_turned_away(input)) {
    const auto waiting = lanes_.find(*lane);
    if (waiting != lanes_.end() && waiting->second.size() >= policy.lane_orders_max) return false;
  }
  for_each_identity(input, [this](std::string identity) { ++named_[std::move(identity)]; });
  const std::string partner = *lane;  // it is a part of what moves
  lanes_[partner].push_back(std::move(input));
  ++orders_;
  return true;
}

void Admission::put_back(std::vector<Input> inputs) {
  again_.insert(again_.begin(), std::make_move_iterator(inputs.begin()),
                std::make_move_iterator(inputs.end()));
}

std::vector<Input> Admission::take_put_back() {
  std::vector<Input> taken(std::make_move_iterator(again_.begin()), std::make_move_iterator(again_.end()));
  again_.clear();
  return taken;
}

std::vector<Input> Admission::take(const Policy& policy) {
  std::vector<Input> taken = take_put_back();
  // What was put back takes nobody's place: while no turn succeeds it would shut out all others for good.
  const std::size_t most = taken.size() + policy.load.inputs_per_turn_max;
  const std::size_t kept_for_orders =
      std::min(orders_, std::max<std::size_t>(policy.load.inputs_per_turn_max / 4, 1));
  while (!commands_.empty() && taken.size() + kept_for_orders < most) {
    taken.push_back(std::move(commands_.front()));
    commands_.pop_front();
  }
  const std::size_t orders_most = taken.size() < most ? most - taken.size() : kept_for_orders;
  for (std::size_t i = 0; i < orders_most && orders_ > 0; ++i) take_order(policy, taken);
  return taken;
}

void Admission::take_order(const Policy& policy, std::vector<Input>& taken) {
  auto& [partner, lane] = *next_lane(lanes_, turn_);
  served(turn_, partner, policy.weight_of(partner));
  for_each_identity(lane.front(), [this](const std::string& identity) {
    const auto named = named_.find(identity);
    if (--named->second == 0) named_.erase(named);
  });
  taken.push_back(std::move(lane.front()));
  lane.pop_front();
  --orders_;
  if (lane.empty()) lanes_.erase(std::string(partner));
}

bool Admission::all_of(const std::function<bool(const Input&)>& is_one) const {
  return orders_ == 0 && std::all_of(again_.begin(), again_.end(), is_one) &&
         std::all_of(commands_.begin(), commands_.end(), is_one);
}

}  // namespace storegate::core
