// One request for each effect; the codec says what its answer means.
#include "sim/gateway/fetcher.hpp"

#include <string_view>
#include <utility>

#include "codec/partners/api_outcomes.hpp"
#include "sim/gateway/door.hpp"
#include "sim/gateway/process.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
/// As Uber's and Open Delivery's orders name it.
constexpr codec::ApiStore our_store{"store", "12345678000199-store"};

/// Path and query of an address; firmware/app sees to it that it lies under the configured API.
std::string_view path_of(std::string_view href) {
  const std::size_t scheme = href.find("://");
  if (scheme == std::string_view::npos) return href;
  const std::size_t path = href.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view() : href.substr(path);
}
}  // namespace

void Fetcher::carry_out(const core::FetchOrder& effect) {
  const codec::PartnerApi& api = *codec::partner_codec(effect.partner)->api();
  const auto request = api.fetch({}, {effect.partner_order_id, path_of(effect.href)});
  Process& process = process_;
  const std::uint64_t life = process.lives();
  process.world()
      .thin_api(effect.partner)
      .ask(request, [&process, &api, life, effect](const ApiHeard& heard) {
        if (!process.up() || process.lives() != life) return;
        auto fetched =
            codec::fetched_from(api, effect, {heard.status, heard.retry_after, heard.body}, our_store);
        process.after(0, [&process, effect, heard, fetched = std::move(fetched)]() mutable {
          process.world().on_api_heard(heard);
          if (fetched.outcome == core::FetchOutcome::fetched)
            fetched.arrived.body_digest = Door::digest_of(fetched.arrived.body.canonical);
          process.world().on_fetched(effect, fetched);
          process.offer(std::move(fetched));
        });
      });
}

void Fetcher::carry_out(const core::TellPartner& effect) {
  const codec::PartnerApi& api = *codec::partner_codec(effect.partner)->api();
  const auto request = api.tell({}, effect);
  Process& process = process_;
  const std::uint64_t life = process.lives();
  process.world()
      .thin_api(effect.partner)
      .tell(request, [&process, &api, life, effect](const ApiHeard& heard) {
        if (!process.up() || process.lives() != life) return;
        const codec::ApiReply reply{heard.status, heard.retry_after, heard.body};
        process.after(0, [&process, effect, heard, told = codec::told_from(api, effect, reply)] {
          process.world().on_api_heard(heard);
          const bool knows_better =
              told.outcome == core::TellOutcome::decided || told.outcome == core::TellOutcome::gone;
          if (knows_better) process.world().on_partner_decided(effect.partner, effect.partner_order_id);
          process.offer(told);
        });
      });
}

}  // namespace storegate::sim
