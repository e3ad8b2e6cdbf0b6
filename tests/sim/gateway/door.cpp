// Requests become inputs; answers find their callers by number, an ended order's row being read first.
#include "sim/gateway/door.hpp"

#include <array>
#include <memory>
#include <utility>
#include <variant>

#include "codec/answers.hpp"
#include "codec/canonical.hpp"
#include "codec/commands.hpp"
#include "sim/gateway/process.hpp"
#include "sim/gateway/store.hpp"
#include "sim/parts/bodies.hpp"
#include "sim/plan.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::sim {

namespace {

using codec::ProblemKind;

std::string header_of(const WebAsk& ask, std::string_view name) {
  for (const auto& [key, value] : ask.headers)
    if (key == name) return value;
  return {};
}

constexpr std::string_view order_prefix = "/v1/orders/";
constexpr std::string_view item_prefix = "/v1/availability/";
constexpr std::string_view webhook_prefix = "/v1/partners/";

}  // namespace

core::Digest Door::digest_of(std::string_view canonical) {
  static const std::array<std::uint8_t, 16> key{7, 3, 1};
  static const core::DigestFunction digest = storage::sip_digest(key);
  return digest(canonical);
}

codec::Parsed<codec::Webhook> Door::open_webhook(std::string_view partner, codec::Headers headers,
                                                 std::string_view body) {
  static const std::array<std::string, 1> secrets{webhook_secret};
  static const codec::SignatureFunction signature = plain_signature;
  const bool known = partner == webhook_partner || partner == thin_partner || partner == open_partner;
  if (!known)
    return codec::Problem{
        ProblemKind::unknown_partner, "no webhook is configured for this partner", "/partner", {}};
  return codec::open_webhook(*codec::partner_codec(partner), {headers, body, secrets, &signature});
}

void Door::handle(const WebAsk& ask, Responder responder) {
  const std::string_view target = ask.target;
  if (target == "/v1/store") return put_store(ask, std::move(responder));
  if (target == "/v1/orders") return post_order(ask, std::move(responder));
  if (target == "/v1/pos/status") return post_pos_status(ask, std::move(responder));
  if (target == called_target) return post_call(ask, std::move(responder));
  if (target.starts_with(webhook_prefix)) return post_webhook(ask, std::move(responder));
  if (target.starts_with(item_prefix))
    return put_availability(ask, target.substr(item_prefix.size()), std::move(responder));
  const std::size_t slash = target.rfind('/');
  const std::string_view id = target.substr(order_prefix.size(), slash - order_prefix.size());
  post_command(ask, id, target.substr(slash + 1), std::move(responder));
}

core::Caller Door::seat(Responder responder, Writer write) {
  http_.emplace(++last_, Caller{std::move(responder), std::move(write)});
  return core::Caller{last_};
}

core::Caller Door::seat(std::function<void(bool)> settle) {
  mqtt_.emplace(++last_, std::move(settle));
  return core::Caller{last_};
}

void Door::post_order(const WebAsk& ask, Responder responder) {
  auto decoded = codec::decode_canonical(ask.body);
  if (!decoded) return responder(codec::problem_reply(decoded.problem()));
  if (const auto away = process_.engine().turn_away(decoded->order.partner, process_.now()))
    return responder(codec::order_reply(*away));
  core::OrderArrived input;
  input.source = core::Source::api;
  input.order = std::move(decoded->order);
  input.body = std::move(decoded->body);
  input.body.content_type = "application/json";
  input.body_digest = digest_of(input.body.canonical);
  input.idempotency_key = header_of(ask, "Idempotency-Key");
  input.caller = seat(std::move(responder), codec::order_reply);
  process_.offer(std::move(input));
}

void Door::post_webhook(const WebAsk& ask, Responder responder) {
  std::string_view called = std::string_view(ask.target).substr(webhook_prefix.size());
  called = called.substr(0, called.find('/'));
  std::vector<codec::HeaderView> headers;
  for (const auto& [name, value] : ask.headers) headers.push_back({name, value});
  auto webhook = open_webhook(called, headers, ask.body);
  if (!webhook) return responder(codec::problem_reply(webhook.problem()));
  const auto subject = codec::subject_of(*webhook);
  const codec::PartnerCodec* partner = codec::partner_codec(called);
  if (subject.kind == codec::WebhookKind::order)
    if (const auto away = process_.engine().turn_away(std::string(called), process_.now()))
      return responder(partner->answer(subject, *away));
  auto commands = codec::commands_of(std::move(*webhook), core::Source::webhook);
  if (commands.empty()) return responder(partner->answer(subject, core::Answer{}));
  const auto caller = seat(std::move(responder), [partner, subject](const core::Answer& answer) {
    return partner->answer(subject, answer);
  });
  std::visit([&](auto& input) { input.caller = caller; }, commands.back());
  if (auto* order = std::get_if<core::OrderArrived>(&commands.back())) {
    order->body.content_type = "application/json";
    order->body_digest = digest_of(order->digested());
  }
  for (auto& command : commands) std::visit([&](auto& input) { process_.offer(std::move(input)); }, command);
}

// Which partner says so in which words is firmware/codec's, and its tests'.
void Door::post_call(const WebAsk& ask, Responder responder) {
  core::PersonCalled input;
  input.orders.push_back({std::pair(std::string(member_text(ask.body, "partner")),
                                    std::string(member_text(ask.body, "partner_order_id")))});
  for (std::size_t i = 0; i < core::notice_count; ++i)
    if (const auto notice = static_cast<core::Notice>(i);
        core::name_of(notice) == member_text(ask.body, "notice"))
      input.untold = notice;
  input.caller = seat(std::move(responder), codec::command_reply);
  process_.offer(std::move(input));
}

// Who may is firmware/app's to ask: its token never leaves the store.
void Door::post_pos_status(const WebAsk& ask, Responder responder) {
  auto report = codec::decode_pos_status_body(ask.body);
  if (!report) return responder(codec::problem_reply(report.problem()));
  core::PosStatusSeen input;
  input.pos_reference = std::move(report->pos_reference);
  input.status = report->status;
  input.caller = seat(std::move(responder), codec::command_reply);
  process_.offer(std::move(input));
}

void Door::post_command(const WebAsk& ask, std::string_view id, std::string_view command,
                        Responder responder) {
  const auto order = core::order_id_from(id);
  if (!order)
    return responder(
        codec::problem_reply({ProblemKind::not_found, "There is no order with this id.", {}, {}}));
  if (command == "release") {
    core::ReleaseArrived input;
    input.orders.push_back({*order});
    input.caller = seat(std::move(responder), codec::command_reply);
    process_.offer(std::move(input));
  } else if (command == "cancel") {
    auto text = codec::decode_cancel_body(ask.body);
    if (!text) return responder(codec::problem_reply(text.problem()));
    core::CancelArrived input;
    input.orders.push_back({*order});
    input.text = std::move(*text);
    input.caller = seat(std::move(responder), codec::command_reply);
    process_.offer(std::move(input));
  } else {
    auto resolution = codec::decode_resolve_body(ask.body);
    if (!resolution) return responder(codec::problem_reply(resolution.problem()));
    core::ParkedResolved input;
    input.order = {*order};
    input.resolution = *resolution;
    input.caller = seat(std::move(responder), codec::command_reply);
    process_.offer(std::move(input));
  }
}

void Door::put_store(const WebAsk& ask, Responder responder) {
  const auto wanted = codec::decode_store_body(ask.body);
  if (!wanted) return responder(codec::problem_reply(wanted.problem()));
  core::StoreSet input;
  input.paused = wanted->paused;
  input.until_wall_ms = wanted->until_wall_ms;
  input.caller = seat(std::move(responder), [this](const core::Answer& answer) {
    codec::HttpReply reply = codec::command_reply(answer);
    const core::StoreNow store = process_.engine().gateway().store_now(process_.now());
    if (answer.kind == core::AnswerKind::done)
      reply.body = codec::encode_store({store.paused, store.until_wall_ms}, store.open_now());
    return reply;
  });
  process_.offer(std::move(input));
}

void Door::put_availability(const WebAsk& ask, std::string_view id, Responder responder) {
  auto item = codec::decode_availability_body(id, ask.body);
  if (!item) return responder(codec::problem_reply(item.problem()));
  core::AvailabilityArrived input;
  input.caller = seat(std::move(responder), [this, name = item->item](const core::Answer& answer) {
    codec::HttpReply reply = codec::command_reply(answer);
    const core::ListedItem listed = process_.engine().gateway().book().stock().listed_as(name);
    if (answer.kind == core::AnswerKind::done) reply.body = codec::encode_availability({&listed, 1});
    return reply;
  });
  input.items.push_back(std::move(*item));
  process_.offer(std::move(input));
}

void Door::answer(core::Answer answer) {
  const auto number = static_cast<std::uint64_t>(answer.caller);
  if (const auto message = mqtt_.find(number); message != mqtt_.end()) {
    const auto settle = std::move(message->second);
    mqtt_.erase(message);
    settle(answer.kind != core::AnswerKind::not_stored);
    return;
  }
  if (!answer.order && answer.row != core::no_order) return read_row_then_tell(std::move(answer));
  tell(answer);
}

void Door::read_row_then_tell(core::Answer answer) {
  process_.store().submit(
      Urgency::read, [this, answer = std::move(answer)](storage::Journal& journal) -> Completion {
        auto row = journal.find_order(answer.row);
        auto told = std::make_shared<core::Answer>(answer);
        if (row && *row)
          told->order = answer.first ? codec::first_answer_of(**row) : codec::short_answer_of(**row);
        else
          told->kind = core::AnswerKind::not_stored;
        return [this, told] { tell(*told); };
      });
}

void Door::tell(const core::Answer& answer) {
  const auto found = http_.find(static_cast<std::uint64_t>(answer.caller));
  if (found == http_.end()) return;
  Caller caller = std::move(found->second);
  http_.erase(found);
  caller.responder(
      answer.kind == core::AnswerKind::not_stored
          ? codec::retry_reply(ProblemKind::unavailable, "It could not be stored; nothing was changed.", 5)
          : caller.write(answer));
}

}  // namespace storegate::sim
