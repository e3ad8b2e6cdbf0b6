// PartnerMemory: what of partners' APIs outlives the process: their tokens. One file beside the database, for its owner alone.
// Nothing in it is needed: what cannot be read is fetched anew.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/partner_records.hpp"
#include "core/result.hpp"

namespace storegate::app {

/// Loop thread only; `write` carries its argument to where a disk may be waited for, in the order of calls.
class PartnerMemory {
 public:
  using Write = std::function<void(std::function<void()> job)>;

  /// Reads `path`. A file that is not there is an empty one; one that cannot be used is logged and counts as that.
  PartnerMemory(std::string path, Write write);

  [[nodiscard]] const PartnerToken* token(std::string_view partner) const;
  void keep_token(const std::string& partner, PartnerToken token);

 private:
  void save();

  std::string path_;
  Write write_;
  PartnerRecords partners_;
};

/// Replaces the file by one that only its owner may read; after a power cut there is the old one or the new. Errors:
/// failed, with what was being done.
[[nodiscard]] core::Result<void> replace_private_file(const std::string& path, std::string_view bytes);

}  // namespace storegate::app
