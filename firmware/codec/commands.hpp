// Messages of the cloud on `…/in/…` to inputs of core: structured CloudEvents, their bare data, and partners' raw
// webhooks that the cloud passes on. Does not know MQTT: who calls has the topic's last level and the payload.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/partners/partner.hpp"
#include "codec/problem.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

enum class CommandKind : std::uint8_t { order, release, cancel, availability, ack };

/// By the topic's last level; nothing for a level that is no command.
[[nodiscard]] std::optional<CommandKind> command_kind_from(std::string_view last_level) noexcept;

/// Set: caller and letter are left for the caller; source is mqtt; actor is cloud, or partner for a raw webhook.
/// An order's `body_digest` is left too.
using Command =
    std::variant<core::OrderArrived, core::ReleaseArrived, core::CancelArrived, core::AvailabilityArrived,
                 core::EventsAcknowledged, core::OrderAnnounced, core::PersonCalled>;

/// What one message asks for, in the order in which it is to be offered: an order that comes with its release is two. The
/// sender's answer is the last one's; nobody waits for another, whose letter is filled already.
using Commands = std::vector<Command>;

/// Opens a partner's raw webhook as the HTTP door does: finds codec and secrets by the partner's name and calls
/// open_webhook. A partner that is not configured is an unknown_partner problem.
using WebhookOpener =
    std::function<Parsed<Webhook>(std::string_view partner, Headers headers, std::string_view body)>;

/// Reads one message. Any problem means: dead letter, `gateway.message_refused` with problem.text(), next message.
/// What was read is never empty.
[[nodiscard]] Parsed<Commands> decode_command(CommandKind kind, std::string_view payload,
                                              const WebhookOpener& open_partner_webhook);

/// The inputs for a webhook that came straight from the partner (source webhook) or through the cloud (source mqtt).
/// NothingReceived and RegistrationAsked have none.
[[nodiscard]] Commands commands_of(Webhook webhook, core::Source source);

/// The payload as a dead letter may keep it, since credentials are never stored: of what holds headers, however deep and
/// however spelled, their names, the partner and the body; what cannot be read is cut where credentials may begin; any
/// other payload as it is.
[[nodiscard]] std::string letter_bytes_of(std::string_view payload);

}  // namespace storegate::codec
