// The file that keeps partners' tokens over a restart: what is taken of it goes into headers.
#include <algorithm>

#include "app/partner_records.hpp"
#include "codec/limits.hpp"
#include "target.hpp"

namespace storegate::fuzz {

/// The file.
void run_memory(std::string_view input) {
  const auto records = app::read_partner_records(input);
  if (!records) return;
  for (const auto& [name, record] : *records) {
    expect(!name.empty() && name.size() <= codec::partner_bytes_max, "a record has its partner's name");
    if (!record.token) continue;
    const auto& bearer = record.token->bearer;
    const bool can_stand = !bearer.empty() && std::all_of(bearer.begin(), bearer.end(),
                                                          [](char c) { return c > ' ' && c < '\x7f'; });
    expect(can_stand, "a token can stand in a header");
    expect(record.token->obtained_wall_ms >= 0 && record.token->expires_wall_ms >= 0,
           "a token has its times");
  }
  const auto again = app::read_partner_records(app::text_of(*records));
  expect(again && *again == *records, "what is written is read as it was");
}

}  // namespace storegate::fuzz
