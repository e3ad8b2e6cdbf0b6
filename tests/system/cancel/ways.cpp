// A cancel by a partner, by the cloud, and by a person in two ways.
#include "tests/system/cancel/ways.hpp"

#include <doctest/doctest.h>

#include "tests/support/orders.hpp"

namespace storegate::system {

void cancel(WholeStore& store, Way way, const std::string& id, const std::string& uuid) {
  CAPTURE(id);
  switch (way) {
    case Way::webhook: CHECK(store.webhook(support::doordash_cancel(id)).is(200)); return;
    case Way::mqtt:
      store.publish("cancel", support::cancel_command("doordash", id, "item_unavailable"));
      return;
    case Way::api:
      CHECK(store.api.post("/v1/orders/" + uuid + "/cancel", R"({"reason":"item_unavailable"})").is(200));
      return;
    case Way::command_line:
      CHECK(store.command({"orders", "cancel", uuid, "--reason", "item_unavailable"}).status == 0);
      return;
  }
}

void hears_cancelled(const WholeStore& store, Way way, const std::string& id) {
  CAPTURE(id);
  const Heard event = store.hears(id, "order.cancelled");
  const std::string by = event.data("by");
  CHECK(by == (way == Way::webhook ? "partner" : way == Way::mqtt ? "cloud" : "person"));
  CHECK(event.data("reason") == (way == Way::webhook ? "other" : "item_unavailable"));
  CHECK(event.data("phase") == "cancelled");
}

std::string id_for(const std::string& beginning, Way way) {
  constexpr std::array names{"webhook", "mqtt", "api", "command"};
  return beginning + "-" + names[static_cast<std::size_t>(way)];
}

}  // namespace storegate::system
