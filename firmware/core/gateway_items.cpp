// Gateway: may the store cook what an order asks for? Its items and modifiers against the availability list.
#include <string>
#include <vector>

#include "core/gateway.hpp"

namespace storegate::core {

void Gateway::judge_items(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  const auto is_off = [&](const std::string& id) {
    const auto mark = book_.availability().find(id);
    if (mark == book_.availability().end() || mark->second.item.available) return false;
    const auto& until = mark->second.item.until_wall_ms;
    return !(until && now.wall_trusted && now.wall_ms >= *until);
  };
  const auto judge_modifiers = [&](const auto& self, const std::vector<Modifier>& modifiers) -> void {
    for (const Modifier& modifier : modifiers) {
      if (is_off(modifier.id)) refusals.add(Reason::item_unavailable, modifier.id);
      self(self, modifier.modifiers);
    }
  };
  for (const Item& item : order.items) {
    if (is_off(item.id)) refusals.add(Reason::item_unavailable, item.id);
    judge_modifiers(judge_modifiers, item.modifiers);
    if (book_.availability_full() && book_.availability().find(item.id) == book_.availability().end())
      refusals.add(Reason::item_unknown, item.id);
  }
}

}  // namespace storegate::core
