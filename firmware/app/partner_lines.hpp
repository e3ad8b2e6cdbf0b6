// PartnerLines: every partner whose API is spoken to, by its configured name, with the way there. It must not know why
// anybody asks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "app/partner_client.hpp"
#include "app/tls.hpp"
#include "codec/partners/partner_api.hpp"

namespace storegate::app {

/// One partner's API as the configuration has it now.
struct PartnerLine {
  PartnerLine(const PartnerClientParts& parts, const std::string& name) : client(parts, name) {}

  const codec::PartnerApi* api = nullptr;
  PartnerConfig config;
  PartnerClient client;

  [[nodiscard]] codec::ApiStore store() const { return {config.api->store_id, config.api->merchant_id}; }
};

/// Loop thread only. Lines never go away, since requests may be out: those of partners that are configured no more are
/// closed.
class PartnerLines {
 public:
  explicit PartnerLines(PartnerClientParts parts) : parts_(std::move(parts)) {}

  /// At the start, and again at each reload.
  void configure(const Config& config, const TlsInUse& tls);

  /// nullptr: its API is not spoken to, and never was. A closed line's calls fail.
  [[nodiscard]] PartnerLine* find(std::string_view partner);
  [[nodiscard]] auto& all() noexcept { return lines_; }

  /// Runs it from the loop: what cannot even be asked ends as every request does.
  void later(std::function<void()> function) { parts_.loop.post(std::move(function)); }

  void close();

 private:
  PartnerClientParts parts_;
  std::map<std::string, std::unique_ptr<PartnerLine>, std::less<>> lines_;
};

}  // namespace storegate::app
