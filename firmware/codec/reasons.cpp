// A list of reasons as JSON.
#include "codec/reasons.hpp"

#include "codec/json.hpp"
#include "core/order.hpp"

namespace storegate::codec {

namespace {

bool is_about_item(core::Reason reason) {
  return reason == core::Reason::item_unknown || reason == core::Reason::item_unavailable ||
         reason == core::Reason::price_mismatch;
}

}  // namespace

void append_reasons(std::string& out, std::string_view packed) {
  const auto refusals = core::unpack_refusals(packed);
  if (!refusals || refusals->empty()) return;
  out += R"(,"reasons":[)";
  for (const core::Refusal& refusal : *refusals) {
    if (&refusal != &refusals->front()) out += ',';
    out.append(R"({"reason":")").append(name_of(refusal.reason)).append("\"");
    if (!refusal.subject.empty()) {
      out += is_about_item(refusal.reason) ? R"(,"item":)" : R"(,"why":)";
      json::append_string(out, refusal.subject);
    }
    out += '}';
  }
  out += ']';
}

}  // namespace storegate::codec
