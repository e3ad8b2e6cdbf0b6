// The uplink's inward half: each message becomes one input, and its receipt waits for the commit.
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/uplink.hpp"
#include "app/webhooks.hpp"
#include "codec/commands.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
/// The topic's last level if it is one of ours; "" otherwise.
std::string_view command_level(std::string_view topic, std::string_view prefix) {
  if (!topic.starts_with(prefix)) return {};
  topic.remove_prefix(prefix.size());
  constexpr std::string_view in = "in/";
  return topic.starts_with(in) ? topic.substr(in.size()) : std::string_view{};
}

// What a dead letter keeps of a message: never the credentials of a forwarded webhook.
core::Letter letter_of(platform::MqttMessage& message) {
  return {std::move(message.topic), codec::letter_bytes_of(message.payload)};
}

std::vector<core::Input> refused(core::Caller caller, platform::MqttMessage message, std::string why) {
  std::vector<core::Input> inputs;
  inputs.emplace_back(core::MessageRefused{caller, letter_of(message), std::move(why)});
  return inputs;
}

template <typename Input>
concept CarriesItsLetter = requires(Input input) {
  input.letter;
};
}  // namespace

void Uplink::on_message(platform::MqttMessage message, platform::MqttReceipt receipt) {
  if (!open_) return left_open_.push_back(std::move(receipt));
  const auto caller = desk_.seat(std::move(receipt));
  for (auto& input : inputs_of(std::move(message), caller)) turns_.offer(std::move(input));
}

std::vector<core::Input> Uplink::inputs_of(platform::MqttMessage message, core::Caller caller) {
  if (message.bytes_cut > 0) {
    gauges_.message_taken("refused");
    return refused(caller, std::move(message),
                   "larger than a message may be: send fewer releases, or one order, in each");
  }
  if (!message.is_text) {
    gauges_.message_taken("refused");
    return refused(caller, std::move(message), "its topic or content type is not UTF-8");
  }
  const auto kind = codec::command_kind_from(command_level(message.topic, topic_prefix_));
  if (!kind) {
    gauges_.message_taken("unknown");
    return refused(caller, std::move(message), "no command has this topic");
  }
  const auto open = [this](std::string_view name, codec::Headers headers,
                           std::string_view body) -> codec::Parsed<codec::Webhook> {
    const auto partner = webhook_partner(config_, name);
    if (!partner)
      return codec::Problem{
          codec::ProblemKind::unknown_partner, "no webhook is configured for this partner", "/partner", {}};
    return codec::open_webhook(*partner->codec, delivery_of(*partner, headers, body, turns_.now()));
  };
  auto commands = codec::decode_command(*kind, message.payload, open);
  if (!commands) {
    gauges_.message_taken("refused");
    return refused(caller, std::move(message), commands.problem().text());
  }
  gauges_.message_taken(command_level(message.topic, topic_prefix_));
  // The receipt, and what is kept should it be of no use, belong to the last: what goes before it is its own release.
  std::visit(
      [&](auto& input) {
        input.caller = caller;
        if constexpr (CarriesItsLetter<std::remove_reference_t<decltype(input)>>)
          input.letter = letter_of(message);
      },
      commands->back());
  std::vector<core::Input> inputs;
  for (auto& command : *commands)
    std::visit([&](auto& input) { inputs.emplace_back(std::move(input)); }, command);
  return inputs;
}

}  // namespace storegate::app
