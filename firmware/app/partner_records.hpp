// The file of PartnerMemory as text, which a person or a failing disk may have changed: read whole or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::app {

/// A bearer token. Times are Unix milliseconds by the clock of that moment.
struct PartnerToken {
  std::string bearer;  // secret
  std::int64_t obtained_wall_ms = 0;
  std::int64_t expires_wall_ms = 0;
  std::string asked_for;  // tells by which configuration it was asked for; another's is no use
  friend bool operator==(const PartnerToken&, const PartnerToken&) = default;
};

struct PartnerRecord {
  std::optional<PartnerToken> token;
  friend bool operator==(const PartnerRecord&, const PartnerRecord&) = default;
};

/// By the partner's name.
using PartnerRecords = std::map<std::string, PartnerRecord, std::less<>>;

/// Whether it can stand in a header behind "Bearer ": visible ASCII, up to 16 KiB.
[[nodiscard]] bool is_bearer(std::string_view text) noexcept;

/// Nothing unless every record is sound.
[[nodiscard]] std::optional<PartnerRecords> read_partner_records(std::string_view text);
[[nodiscard]] std::string text_of(const PartnerRecords& records);

}  // namespace storegate::app
