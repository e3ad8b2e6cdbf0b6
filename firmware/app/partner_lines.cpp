// What a configuration changes of the lines that are there.
#include "app/partner_lines.hpp"

#include <set>

namespace storegate::app {

void PartnerLines::configure(const Config& config, const TlsInUse& tls) {
  std::set<std::string_view> configured;
  for (const PartnerConfig& partner : config.partners) {
    const codec::PartnerApi* api = partner.codec == nullptr ? nullptr : partner.codec->api();
    if (api == nullptr || !partner.api) continue;
    configured.insert(partner.name);
    auto& line = lines_[partner.name];
    if (line == nullptr) line = std::make_unique<PartnerLine>(parts_, partner.name);
    line->api = api;
    line->config = partner;
    const auto context = tls.partners.find(partner.api->tls.ca);
    line->client.configure(*partner.api, *api, context == tls.partners.end() ? nullptr : context->second);
  }
  for (auto& [name, line] : lines_)
    if (!configured.contains(name)) line->client.close();
}

PartnerLine* PartnerLines::find(std::string_view partner) {
  const auto found = lines_.find(partner);
  return found == lines_.end() ? nullptr : found->second.get();
}

void PartnerLines::close() {
  for (auto& [name, line] : lines_) line->client.close();
}

}  // namespace storegate::app
