// Gateway: may the store cook what an order asks for, and at that price? Its items and modifiers against what is sold out
// and against the POS's menu.
#include <cstdlib>
#include <string>
#include <vector>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// Calls `visit` for every modifier, at whatever depth.
template <typename Visit>
void each_modifier(const std::vector<Modifier>& modifiers, const Visit& visit) {
  for (const Modifier& modifier : modifiers) {
    visit(modifier);
    each_modifier(modifier.modifiers, visit);
  }
}

}  // namespace

void Gateway::judge_items(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  const auto judge = [&](const std::string& id) {
    if (book_.stock().is_off(id, now)) refusals.add(Reason::item_unavailable, id);
  };
  for (const Item& item : order.items) {
    judge(item.id);
    each_modifier(item.modifiers, [&](const Modifier& modifier) { judge(modifier.id); });
    // A full list names items. Whether it would name modifiers too is not known, so none of them is unknown.
    if (book_.stock().is_unknown(item.id)) refusals.add(Reason::item_unknown, item.id);
  }
}

void Gateway::judge_prices(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  if (!policy_.pos.check_prices || menu_.empty() || now.steady_ms >= menu_until_ms_) return;
  const auto judge = [&](const std::string& id, Money price) {
    const auto line = menu_.find(id);
    if (line == menu_.end()) return;  // the POS has no price for it: nothing to compare with
    if (std::abs(line->second.minor - price.minor) > policy_.pos.price_tolerance)
      refusals.add(Reason::price_mismatch, id);
  };
  for (const Item& item : order.items) {
    judge(item.id, item.unit_price);
    each_modifier(item.modifiers, [&](const Modifier& modifier) { judge(modifier.id, modifier.unit_price); });
  }
}

}  // namespace storegate::core
