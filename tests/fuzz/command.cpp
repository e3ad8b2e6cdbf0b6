// Messages of the cloud over MQTT, partners' raw webhooks among them, and what an earlier run of ours left retained.
#include "codec/commands.hpp"

#include "codec/events.hpp"
#include "oracle.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

/// As the service's own, but for the authentication.
codec::Parsed<codec::Webhook> opener(std::string_view partner, codec::Headers headers,
                                     std::string_view body) {
  if (const auto* codec = codec::partner_codec(partner))
    return codec->read({headers, body, {}, nullptr}, std::nullopt);
  return codec::Problem{codec::ProblemKind::unknown_partner, "There is no such partner.", {}, {}};
}

void must_name_orders(const codec::Command& command) {
  if (const auto* order = std::get_if<core::OrderArrived>(&command))
    must_be_whole({order->order, order->body});
  if (const auto* release = std::get_if<core::ReleaseArrived>(&command))
    expect(!release->orders.empty(), "a release names an order");
  if (const auto* cancel = std::get_if<core::CancelArrived>(&command))
    expect(!cancel->orders.empty(), "a cancel names an order");
  if (const auto* ack = std::get_if<core::EventsAcknowledged>(&command))
    expect(ack->through.has_value() != ack->replay_from.has_value(), "an acknowledgement is one of two");
}

void presence(std::string_view text) {
  const auto decoded = codec::decode_presence(text);
  if (!decoded) return must_say_why(decoded.problem());
  const auto again = codec::decode_presence(codec::encode_presence(*decoded));
  expect(again.ok() && *again == *decoded, "a presence is the same when its encoding is read");
}

}  // namespace

/// A line with the topic's last level ("presence" for the retained one), and the payload.
void run_command(std::string_view input) {
  Cut cut(input);
  const auto level = cut.line();
  if (level == "presence") return presence(cut.rest());
  const auto kind = codec::command_kind_from(level);
  if (!kind) return;
  const std::string letter = codec::letter_bytes_of(cut.rest());
  expect(letter.empty() == cut.empty(), "a letter is empty only where the payload is");
  expect(letter.size() <= cut.rest().size() + 64, "a letter is hardly longer than its payload");
  const auto commands = codec::decode_command(*kind, cut.rest(), opener);
  if (!commands) return must_say_why(commands.problem());
  expect(!commands->empty(), "a command that was read asks for something");
  for (const auto& command : *commands) must_name_orders(command);
}

}  // namespace storegate::fuzz
