// The ways in which a cancel comes, and what whoever listens at the broker must hear of it.
#pragma once

#include <array>
#include <string>

#include "tests/system/whole/whole_store.hpp"

namespace storegate::system {

enum class Way { webhook, mqtt, api, command_line };
inline constexpr std::array every_way{Way::webhook, Way::mqtt, Way::api, Way::command_line};

/// Cancels an order of DoorDash in that way, and checks that it was taken. All but the webhook, which has no word for it,
/// say that an item is off.
void cancel(WholeStore& store, Way way, const std::string& id, const std::string& uuid);
/// Waits for `order.cancelled`, and checks that it says by whom and why.
void hears_cancelled(const WholeStore& store, Way way, const std::string& id);
/// An id that names the way.
[[nodiscard]] std::string id_for(const std::string& beginning, Way way);

/// A POS that takes connections and says nothing, for as long as this is there.
class FrozenPos {
 public:
  explicit FrozenPos(WholeStore& store) : pos_(store.pos.process()) { pos_.kill(SIGSTOP); }
  ~FrozenPos() { pos_.kill(SIGCONT); }
  FrozenPos(const FrozenPos&) = delete;
  FrozenPos& operator=(const FrozenPos&) = delete;

 private:
  support::Process& pos_;
};

}  // namespace storegate::system
