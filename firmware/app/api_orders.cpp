// The routes that change something: each turns its request into one input and seats its caller.
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "app/api.hpp"
#include "app/webhooks.hpp"
#include "codec/canonical.hpp"
#include "codec/commands.hpp"
#include "codec/limits.hpp"
#include "codec/partners/partner_api.hpp"
#include "codec/trace.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {

using codec::ProblemKind;

// Longer keys are a mistake of the sender; the keys are kept in memory as long as their orders.
constexpr std::size_t idempotency_key_bytes_max = 255;

bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return platform::same_ignoring_case(type, "application/json");
}

/// The request's one Idempotency-Key, if it is one: visible characters and blanks between them.
std::optional<std::string> idempotency_key_of(const platform::HttpHeaders& headers) {
  if (headers.count("Idempotency-Key") != 1) return {};
  const auto key = headers.get("Idempotency-Key");
  if (key.empty() || key.size() > idempotency_key_bytes_max) return {};
  for (const char c : key)
    if (c < 0x20 || c > 0x7e) return {};
  return std::string(key);
}

std::string traceparent_of(const platform::HttpHeaders& headers) {
  const auto text = headers.get("traceparent");
  return codec::is_traceparent(text) ? std::string(text) : std::string{};
}

std::vector<codec::HeaderView> views_of(const platform::HttpHeaders& headers) {
  std::vector<codec::HeaderView> views;
  views.reserve(headers.size());
  for (const auto line : headers) views.push_back({line.name, line.value});
  return views;
}

/// Too high a rate is counted, and alarmed of, elsewhere: a line for each would be a flood of its own.
/// What its partner hears as taken is none, nor is an order that is stored as rejected: that is the order's own event.
bool is_refused(const codec::WebhookSubject& subject, const core::Answer& answer, int status) {
  using core::AnswerKind;
  if (subject.kind != codec::WebhookKind::order || answer.kind == AnswerKind::too_many) return false;
  const bool is_stored = answer.kind == AnswerKind::created || answer.kind == AnswerKind::replayed ||
                         answer.kind == AnswerKind::done;
  return !is_stored && status >= 400;
}

}  // namespace

core::Caller Api::seat(Visit& visit, ReplyWriter write, bool brings_order) {
  return parts_.desk.seat(std::move(visit.responder), std::move(write), brings_order);
}

void Api::post_order(Visit& visit) {
  const auto& headers = visit.request.headers;
  if (headers.count("Content-Type") != 1 || !is_json(headers.get("Content-Type")))
    return refuse(visit, ProblemKind::unsupported_media_type, "An order is sent as application/json.");
  auto key = idempotency_key_of(headers);
  if (!key)
    return refuse(visit, ProblemKind::missing_key,
                  "One header Idempotency-Key with 1 to 255 visible ASCII characters is needed.");
  auto decoded = codec::decode_canonical(visit.request.body);
  if (!decoded) return refuse(visit, decoded.problem());
  // Whose order it is stands in its body alone: reading it cannot be spared here.
  if (const auto away = parts_.turns.turn_away(decoded->order.partner))
    return answer(visit, codec::order_reply(*away));
  core::OrderArrived input;
  input.source = core::Source::api;
  input.order = std::move(decoded->order);
  input.body = std::move(decoded->body);
  input.body.content_type = headers.get("Content-Type");
  input.idempotency_key = std::move(*key);
  input.traceparent = traceparent_of(headers);
  input.caller = seat(visit, codec::order_reply, true);
  parts_.turns.offer(std::move(input));
}

void Api::refuse_webhook(Visit& visit, const WebhookPartner& partner, const codec::Problem& problem) {
  auto reply = partner.codec->refusal(problem);
  const auto& name = partner.config->name;
  if (problem.kind == ProblemKind::not_authenticated)
    refusals_.of_anybody(name, reply.status, problem.text(), parts_.turns.now().steady_ms);
  else
    refusals_.of_partner(name, reply.status, problem.text());
  answer(visit, std::move(reply));
}

void Api::post_webhook(Visit& visit) {
  const auto partner = webhook_partner(parts_.config, visit.names[0]);
  std::optional<codec::WebhookKind> fixed;
  if (visit.names.size() > 1) fixed = codec::webhook_kind_from(visit.names[1]);
  if (!partner || (visit.names.size() > 1 && !fixed)) {
    refusals_.of_anybody(partner ? std::string_view(partner->config->name) : "", 404,
                         partner ? "a webhook's path ends in no such word" : "no such partner is configured",
                         parts_.turns.now().steady_ms);
    return answer(
        visit, codec::problem_reply(
                   {ProblemKind::unknown_partner, "No webhook is configured under this path.", {}, {}}, 404));
  }
  const auto headers = views_of(visit.request.headers);
  const auto delivery = delivery_of(*partner, headers, visit.request.body, parts_.turns.now());
  // Only what the partner itself sent counts against it. Where the path says that it is an order, one that comes too many
  // is turned away unread; otherwise it must be read, since a cancel or a release always gets through. Of a partner whose
  // orders are fetched the path says nothing: news of a cancel come there as well.
  const auto too_many = [&] { return parts_.turns.turn_away(partner->config->name); };
  const codec::PartnerApi* api = partner->codec->api();
  const bool is_order = fixed == codec::WebhookKind::order && (api == nullptr || !api->fetches());
  if (is_order && partner->codec->authenticate(delivery)) {
    visit.responder.vouch();
    if (const auto away = too_many()) return answer(visit, partner->codec->answer(*fixed, *away));
  }
  auto webhook = codec::open_webhook(*partner->codec, delivery, fixed);
  if (webhook || webhook.problem().kind != ProblemKind::not_authenticated) visit.responder.vouch();
  if (!webhook) return refuse_webhook(visit, *partner, webhook.problem());
  parts_.gauges.webhook_taken(partner->config->name, codec::name_of(*webhook));
  const auto subject = codec::subject_of(*webhook);
  // An order that brings its release is not turned away unseen: it may be one that is held here. Nor are news of an order:
  // some partners tell of a cancel in no other way.
  const auto* announced = std::get_if<codec::OrderAnnounced>(&*webhook);
  const bool is_known = subject.released || (announced != nullptr && !announced->is_new);
  if (!is_order && subject.kind == codec::WebhookKind::order && !is_known)
    if (const auto away = too_many()) return answer(visit, partner->codec->answer(subject, *away));
  auto commands = codec::commands_of(std::move(*webhook), core::Source::webhook);
  if (commands.empty()) return answer(visit, partner->codec->answer(subject, core::Answer{}));
  const auto caller = seat(
      visit,
      [this, codec = partner->codec, name = partner->config->name, subject](const core::Answer& answer) {
        auto reply = codec->answer(subject, answer);
        // Neither a problem nor core's reason ever repeats a value.
        if (is_refused(subject, answer, reply.status)) refusals_.of_partner(name, reply.status, answer.why);
        return reply;
      },
      subject.kind == codec::WebhookKind::order);
  std::visit([&](auto& input) { input.caller = caller; }, commands.back());
  if (auto* order = std::get_if<core::OrderArrived>(&commands.back())) {
    order->body.content_type = visit.request.headers.get("Content-Type");
    order->traceparent = traceparent_of(visit.request.headers);
  } else if (auto* news = std::get_if<core::OrderAnnounced>(&commands.back())) {
    news->traceparent = traceparent_of(visit.request.headers);
  }
  for (auto& command : commands)
    std::visit([&](auto& input) { parts_.turns.offer(std::move(input)); }, command);
}

bool Api::json_or_empty(Visit& visit) {
  if (visit.request.body.empty() || is_json(visit.request.headers.get("Content-Type"))) return true;
  refuse(visit, ProblemKind::unsupported_media_type, "A body is sent as application/json.");
  return false;
}

std::optional<core::OrderRef> Api::order_named(Visit& visit) {
  if (const auto id = core::order_id_from(visit.names[0])) return core::OrderRef{*id};
  refuse(visit, ProblemKind::not_found, "There is no order with this id.");
  return {};
}

void Api::post_release(Visit& visit) {
  if (!json_or_empty(visit)) return;
  auto order = order_named(visit);
  if (!order) return;
  core::ReleaseArrived input;
  input.orders.push_back(std::move(*order));
  input.caller = seat(visit, codec::command_reply, false);
  parts_.turns.offer(std::move(input));
}

void Api::post_cancel(Visit& visit) {
  if (!json_or_empty(visit)) return;
  auto order = order_named(visit);
  if (!order) return;
  auto text = codec::decode_cancel_body(visit.request.body);
  if (!text) return refuse(visit, text.problem());
  core::CancelArrived input;
  input.orders.push_back(std::move(*order));
  input.text = std::move(*text);
  input.caller = seat(visit, codec::command_reply, false);
  parts_.turns.offer(std::move(input));
}

void Api::post_resolve(Visit& visit) {
  if (!json_or_empty(visit)) return;
  auto order = order_named(visit);
  if (!order) return;
  const auto resolution = codec::decode_resolve_body(visit.request.body);
  if (!resolution) return refuse(visit, resolution.problem());
  core::ParkedResolved input;
  input.order = std::move(*order);
  input.resolution = *resolution;
  input.caller = seat(visit, codec::command_reply, false);
  parts_.turns.offer(std::move(input));
}

void Api::put_availability(Visit& visit) {
  if (!json_or_empty(visit)) return;
  if (visit.names[0].empty() || visit.names[0].size() > codec::item_id_bytes_max)
    return refuse(visit, ProblemKind::invalid_document, "The path ends in an item's id of 1 to 128 bytes.");
  auto item = codec::decode_availability_body(visit.names[0], visit.request.body);
  if (!item) return refuse(visit, item.problem());
  core::AvailabilityArrived input;
  input.caller = seat(
      visit,
      [this, id = item->item](const core::Answer& answer) {
        auto reply = codec::command_reply(answer);
        // As it is now: what a person says is one of two layers.
        const auto listed = parts_.turns.engine().gateway().book().stock().listed_as(id);
        if (answer.kind == core::AnswerKind::done) reply.body = codec::encode_availability({&listed, 1});
        return reply;
      },
      false);
  input.items.push_back(std::move(*item));
  parts_.turns.offer(std::move(input));
}

}  // namespace storegate::app
