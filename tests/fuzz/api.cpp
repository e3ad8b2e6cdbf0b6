// The small bodies of the administrative API.
#include "codec/answers.hpp"
#include "oracle.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

template <typename Value>
bool was_read(const codec::Parsed<Value>& parsed) {
  if (!parsed) must_say_why(parsed.problem());
  return parsed.ok();
}

void availability(std::string_view body) {
  const auto item = codec::decode_availability_body("taco-01", body);
  if (!was_read(item)) return;
  const core::ListedItem listed{*item, false};
  must_be_json(codec::encode_availability({&listed, 1}));
}

void store(std::string_view body) {
  const auto status = codec::decode_store_body(body);
  if (was_read(status)) must_be_json(codec::encode_store(*status, true));
}

}  // namespace

/// A line "cancel|resolve|pos_status|availability|store", and the body.
void run_api(std::string_view input) {
  Cut cut(input);
  const auto what = cut.line();
  if (what == "cancel") (void)was_read(codec::decode_cancel_body(cut.rest()));
  if (what == "resolve") (void)was_read(codec::decode_resolve_body(cut.rest()));
  if (what == "availability") availability(cut.rest());
  if (what == "store") store(cut.rest());
  if (what == "pos_status") {
    const auto report = codec::decode_pos_status_body(cut.rest());
    if (was_read(report)) expect(!report->pos_reference.empty(), "a status is one of a ticket");
  }
}

}  // namespace storegate::fuzz
