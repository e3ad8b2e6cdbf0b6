// What is made of short texts that stand in headers, URLs and members.
#include "codec/text.hpp"

#include "codec/decimal.hpp"
#include "codec/events.hpp"
#include "codec/partners/generic.hpp"
#include "codec/pos_rest.hpp"
#include "codec/times.hpp"
#include "codec/trace.hpp"
#include "core/ids.hpp"
#include "platform/endpoint.hpp"
#include "platform/http_types.hpp"
#include "platform/mqtt_url.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

void times_and_numbers(std::string_view text) {
  if (const auto time = codec::time_from(text)) {
    expect(*time >= 0 && *time <= 253'402'300'799'999, "a time is within its range");
    expect(codec::time_from(codec::time_text(*time)) == time, "a time is the same when it is read again");
  }
  for (int digits = 0; digits <= 9; ++digits) {
    const auto amount = codec::decimal_from(text, digits);
    if (!amount) continue;
    expect(codec::decimal_from(std::to_string(*amount), 0) == amount, "an amount is a whole number");
    expect(text.starts_with('-') || *amount >= 0, "what has no minus is not negative");
  }
  if (const auto wait = codec::retry_after_ms(text))
    expect(*wait >= 0 && *wait <= codec::time_from("1970-01-01T01:00:00Z"), "a wait is at most an hour");
}

void ids(std::string_view text) {
  if (const auto id = core::order_id_from(text))
    expect(core::order_id_from(core::text_of(*id)) == id, "an id is the same when it is read again");
  if (const auto token = core::release_token_from(text))
    expect(core::release_token_from(core::text_of(*token)) == token,
           "a token is the same when it is read again");
  if (const auto cursor = codec::cursor_from(text); cursor && !cursor->epoch.empty())
    expect(codec::cursor_from(codec::cursor_text(cursor->epoch, cursor->sequence)) == cursor,
           "a cursor is the same when it is read again");
  if (codec::is_traceparent(text)) expect(text.size() >= 55, "a traceparent has all its parts");
}

void encodings(std::string_view text) {
  const auto decoded = platform::percent_decoded(codec::percent_encoded(text));
  expect(decoded ? *decoded == text : text.find('\0') != std::string_view::npos,
         "a text is the same behind percent signs");
  if (const auto bytes = codec::base64_decoded(text))
    expect(bytes->size() <= text.size(), "base64 grows nothing when it is decoded");
  if (const auto bytes = codec::hex_decoded(text))
    expect(2 * bytes->size() == text.size(), "hex is two digits a byte");
  (void)codec::standard_webhooks_secret(text);
  (void)platform::query_value(text, "since");
  expect(codec::equal_in_constant_time(text, text) != text.empty(), "a text equals itself, but for none");
}

void addresses(std::string_view text) {
  const auto endpoint = platform::Endpoint::parse(text);
  if (endpoint) {
    const auto again = platform::Endpoint::parse(endpoint->text());
    expect(again.ok() && *again == *endpoint, "an address is the same when it is read again");
    (void)endpoint->is_loopback();
  } else {
    expect(!endpoint.error().context.empty(), "an address is refused in words");
  }
  if (const auto url = platform::Url::parse(text); !url)
    expect(!url.error().context.empty(), "a URL is refused in words");
  if (const auto url = platform::parse_mqtt_url(text); !url)
    expect(!url.error().context.empty(), "a broker's URL is refused in words");
}

}  // namespace

/// The text.
void run_text(std::string_view input) {
  times_and_numbers(input);
  ids(input);
  encodings(input);
  addresses(input);
}

}  // namespace storegate::fuzz
