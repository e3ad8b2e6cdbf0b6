// A partner's API as the tests ask it: orders as it gave them, and what it is told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/partners/partner_api.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec::test {

/// The API of that codec, which must have one.
[[nodiscard]] const PartnerApi& api_of(std::string_view codec);

/// An order that must be understood.
[[nodiscard]] FetchedOrder fetched(std::string_view codec, const std::string& body);

/// What every fetched order owes: no rule broken, nothing of the customer in what events share, the bytes kept as they
/// came, and the same canonical bytes when it is fetched again.
void must_be_good(std::string_view codec, const std::string& body);

/// Bodies that are no order, and the place their problem points at.
void must_refuse_fetched(std::string_view codec, const std::vector<Refused>& rows);

/// Twenty thousand damaged orders: a problem that says why, or a whole order; of one that is not to be cooked at least its
/// name.
[[nodiscard]] Tally mutate_fetched(std::string_view codec, const std::string& body, std::uint64_t seed);

/// Something to be told of order "a/b 1", with everything set.
[[nodiscard]] core::TellPartner news(core::Notice notice, core::Reason reason = core::Reason::none);

/// Modifiers `levels` deep in a partner's own shape: `wrap` puts those of the next level ("" for the last) into one.
[[nodiscard]] std::string nested(int levels, const std::function<std::string(const std::string&)>& wrap);

}  // namespace storegate::codec::test
