// What all partners share: the register, the door (authenticate, then read), and the answers of those that have no
// wishes of their own.
#include "codec/partners/partner.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/answers.hpp"
#include "codec/json.hpp"
#include "codec/partners/deliverect.hpp"
#include "codec/partners/deliveroo.hpp"
#include "codec/partners/doordash.hpp"
#include "codec/partners/generic.hpp"
#include "codec/partners/grubhub.hpp"
#include "codec/partners/hubrise.hpp"
#include "codec/partners/jet_connect.hpp"
#include "codec/partners/just_eat.hpp"
#include "codec/partners/open_delivery.hpp"
#include "codec/partners/otter.hpp"
#include "codec/partners/rbi.hpp"
#include "codec/partners/uber_eats.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

const Deliverect deliverect;
const Deliveroo deliveroo;
const DoorDash doordash;
const Generic generic;
const Grubhub grubhub;
const HubRise hubrise;
const JetConnect jet_connect;
const JustEat just_eat;
const OpenDelivery open_delivery;
const Otter otter;
const Rbi rbi;
const UberEats uber_eats;
constexpr std::array<const PartnerCodec*, 12> all_codecs{
    &deliverect,  &deliveroo, &doordash,      &generic, &grubhub, &hubrise,
    &jet_connect, &just_eat,  &open_delivery, &otter,   &rbi,     &uber_eats};

HttpReply stored_reply(int status, bool has_body, const core::Answer& answer) {
  HttpReply reply;
  reply.status = status;
  if (has_body)
    reply.body = answer.order ? encode_short_answer(*answer.order) : "{}";
  else
    reply.content_type.clear();
  return reply;
}

/// Whether nobody will make it, so that whoever asks for it must hear that. The first answer counts, and where its release
/// has come, the present: a release says "cook this now", and one that is parked still waits for a person all the same.
bool is_refused(const WebhookSubject& subject, const core::Answer& answer) {
  using core::Phase;
  if (!answer.order) return false;
  if (answer.order->phase == Phase::rejected) return true;
  const Phase stands = answer.stands.value_or(answer.order->phase);
  return subject.released && (stands == Phase::rejected || stands == Phase::cancelled ||
                              stands == Phase::expired || stands == Phase::parked);
}

HttpReply stored_order_reply(const AnswerStyle& wanted, const WebhookSubject& subject,
                             const core::Answer& answer) {
  const bool refused = wanted.refused != 0 && is_refused(subject, answer);
  HttpReply reply = stored_reply(refused ? wanted.refused : wanted.order, wanted.has_body, answer);
  const std::string& id = answer.order ? answer.order->partner_order_id : subject.partner_order_id;
  if (wanted.order_id_member.empty() || id.empty()) return reply;
  reply.body.assign(1, '{');
  json::append_string(reply.body, wanted.order_id_member);
  reply.body += ':';
  json::append_string(reply.body, id);
  reply.body += '}';
  return reply;
}

/// A rate's refusal as one for want of room: the same words and wait, under 503.
core::Answer as_full(core::Answer answer) {
  answer.kind = core::AnswerKind::full;
  return answer;
}

}  // namespace

std::optional<WebhookKind> webhook_kind_from(std::string_view name) noexcept {
  if (name == "order") return WebhookKind::order;
  if (name == "cancel") return WebhookKind::cancel;
  if (name == "release") return WebhookKind::release;
  return std::nullopt;
}

WebhookKind kind_of(const Webhook& webhook) noexcept {
  if (std::holds_alternative<OrderReceived>(webhook) || std::holds_alternative<OrderAnnounced>(webhook)) {
    return WebhookKind::order;
  }
  return std::holds_alternative<CancelReceived>(webhook) ? WebhookKind::cancel : WebhookKind::release;
}

std::string_view name_of(const Webhook& webhook) noexcept {
  constexpr std::array<std::string_view, std::variant_size_v<Webhook>> names{
      "order", "announcement", "release", "cancel", "by_hand", "registration", "nothing"};
  return names[webhook.index()];
}

WebhookSubject subject_of(const Webhook& webhook) {
  WebhookSubject subject{.kind = kind_of(webhook)};
  if (const auto* order = std::get_if<OrderReceived>(&webhook)) {
    subject.partner_order_id = order->decoded.order.partner_order_id;
    subject.released = order->released;
    subject.told_before = order->told_before;
  }
  if (const auto* asked = std::get_if<RegistrationAsked>(&webhook)) subject.registration = asked->answer;
  return subject;
}

HttpReply PartnerCodec::refusal(const Problem& problem) const {
  const int status = status_of(problem.kind);
  const bool is_theirs = problem.kind != ProblemKind::not_authenticated;
  return problem_reply(problem, is_theirs && style().below_500_is_delivered ? std::max(status, 503) : status);
}

HttpReply PartnerCodec::answer(const WebhookSubject& subject, const core::Answer& answer) const {
  using core::AnswerKind;
  const AnswerStyle wanted = style();
  const bool is_order = subject.kind == WebhookKind::order;
  if (!subject.registration.empty()) {
    HttpReply reply;
    reply.body = subject.registration;
    return reply;
  }
  switch (answer.kind) {
    case AnswerKind::created:
    case AnswerKind::replayed:
    case AnswerKind::done:
      return is_order ? stored_order_reply(wanted, subject, answer)
                      : stored_reply(wanted.command, wanted.has_body, answer);
    case AnswerKind::conflict:
    case AnswerKind::not_found:
      // The partner can do nothing about a release or cancel that comes too early or too late, and would only send
      // it again; that nothing came of a cancel goes out as an event.
      if (!is_order) return stored_reply(wanted.command, wanted.has_body, answer);
      // We have the order in other words. Its release, if it brought one, has been done; what it was is not changed.
      if (answer.kind == AnswerKind::conflict &&
          (subject.released || subject.told_before || wanted.conflict_is_stored))
        return stored_order_reply(wanted, subject, answer);
      return order_reply(answer);
    case AnswerKind::unknown_partner:
      return problem_reply({ProblemKind::unknown_partner, "no such partner is configured", "", std::nullopt},
                           wanted.below_500_is_delivered ? 503 : 404);
    case AnswerKind::too_many: return order_reply(wanted.comes_again_on_429 ? answer : as_full(answer));
    case AnswerKind::full:
    case AnswerKind::not_stored: return order_reply(answer);
  }
  return order_reply(answer);
}

const PartnerCodec* partner_codec(std::string_view name) noexcept {
  const auto found = std::find_if(all_codecs.begin(), all_codecs.end(),
                                  [&](const PartnerCodec* codec) { return codec->name() == name; });
  return found == all_codecs.end() ? nullptr : *found;
}

std::span<const PartnerCodec* const> partner_codecs() noexcept { return all_codecs; }

PartnerSummary summary_of(std::string_view partner) noexcept {
  struct Row {
    std::string_view name;
    PartnerSummary summary;
  };
  constexpr std::string_view whole = "whole";
  constexpr std::string_view thin = "announced, then fetched";
  static constexpr std::array<Row, 12> rows{{
      {"deliverect", {"X-Server-Authorization-HMAC-SHA256, hex", whole}},
      {"deliveroo", {"X-Deliveroo-HMAC-SHA256, hex, guid and body", whole}},
      {"doordash", {"Authorization: a token", whole}},
      {"generic", {"as configured", whole}},
      {"grubhub", {"Authorization: a token or a Basic pair", whole}},
      {"hubrise", {"X-HubRise-Hmac-SHA256, hex", whole}},
      {"jet_connect", {"X-JET-Connect-Hash, base64, or a key", whole}},
      {"just_eat", {"Authorization: a key", whole}},
      {"open_delivery", {"X-App-Signature, hex", thin}},
      {"otter", {"X-HMAC-SHA256, base64", whole}},
      {"rbi", {"X-Signature, hex", thin}},
      {"uber_eats", {"X-Uber-Signature, hex", thin}},
  }};
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == partner; });
  return found == rows.end() ? PartnerSummary{} : found->summary;
}

std::int64_t decision_deadline_s(std::string_view partner) noexcept {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> deadlines{
      {{"uber_eats", 690}, {"doordash", 480}, {"deliveroo", 600}, {"jet_connect", 180}}};
  const auto found = std::find_if(deadlines.begin(), deadlines.end(),
                                  [&](const auto& deadline) { return deadline.first == partner; });
  return found == deadlines.end() ? 0 : found->second;
}

Parsed<Webhook> open_webhook(const PartnerCodec& partner, const Delivery& delivery,
                             std::optional<WebhookKind> fixed) {
  if (!partner.authenticate(delivery)) {
    return Problem{ProblemKind::not_authenticated, "the partner's credential is missing or wrong", "",
                   std::nullopt};
  }
  return partner.read(delivery, fixed);
}

bool matches_any(std::string_view presented, std::span<const std::string> secrets) noexcept {
  bool matched = false;
  for (const std::string& secret : secrets) {
    const bool same = equal_in_constant_time(presented, secret);
    matched = matched || same;  // every secret is compared, whichever matched
  }
  return matched;
}

}  // namespace storegate::codec
