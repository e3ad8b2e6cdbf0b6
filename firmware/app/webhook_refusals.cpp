// Partners show nobody what they were answered. A secret that was rotated wrongly looks like a quiet evening, unless the
// refusals are to be seen here.
#include "app/webhook_refusals.hpp"

#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::int64_t between_lines_ms = 60'000;
}  // namespace

void WebhookRefusals::of_partner(std::string_view partner, int status, std::string_view why) {
  gauges_.webhook_refused(partner, status);
  platform::log_warn("a partner's webhook was refused",
                     {{"partner", partner}, {"status", status}, {"why", why}});
}

void WebhookRefusals::of_anybody(std::string_view partner, int status, std::string_view why,
                                 std::int64_t steady_ms) {
  gauges_.webhook_refused(partner, status);
  const auto [at, is_first] = told_.try_emplace(std::string(partner));
  auto& told = at->second;
  if (!is_first && steady_ms - told.at_steady_ms < between_lines_ms) {
    ++told.untold;
    return;
  }
  platform::log_warn("a webhook was refused that proved nothing of its sender",
                     {{"partner", partner},
                      {"status", status},
                      {"why", why},
                      {"more_since_the_last_line", static_cast<std::int64_t>(told.untold)}});
  told = {steady_ms, 0};
}

}  // namespace storegate::app
