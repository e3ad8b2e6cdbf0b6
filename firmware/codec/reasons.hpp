// Every reason for which an order was rejected, as answers and events tell it.
#pragma once

#include <string>
#include <string_view>

namespace storegate::codec {

/// Appends `,"reasons":[{"reason":"item_unavailable","item":"taco-01"},…]` from Order::refusals; nothing for "". Reasons
/// about an item name it as `item`, others say more as `why` ("hours", "paused") where there is more to say.
void append_reasons(std::string& out, std::string_view packed);

}  // namespace storegate::codec
