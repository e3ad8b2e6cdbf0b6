// Answers find their callers by number; an order that has ended is read from its row first.
#include "app/desk.hpp"

#include <memory>
#include <string>
#include <utility>

#include "codec/answers.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
// A sync has failed or the disk is full: neither is over within a moment.
constexpr std::int64_t retry_after_not_stored_s = 5;
}  // namespace

platform::HttpResponse response_of(codec::HttpReply reply) {
  platform::HttpResponse response;
  response.status = reply.status;
  response.content_type = std::move(reply.content_type);
  response.body = std::move(reply.body);
  for (const auto& [name, value] : reply.headers) response.headers.add(name, value);
  const bool is_for_later = reply.status == 429 || reply.status == 503;
  if (is_for_later && response.headers.count("Retry-After") == 0) response.headers.add("Retry-After", "2");
  return response;
}

core::Caller Desk::seat(platform::Responder responder, ReplyWriter write, bool brings_order) {
  const auto number = ++last_;
  http_.emplace(number, HttpCaller{std::move(responder), std::move(write), instant_now(), brings_order});
  return core::Caller{number};
}

core::Caller Desk::seat(platform::MqttReceipt receipt) {
  const auto number = ++last_;
  mqtt_.emplace(number, std::move(receipt));
  return core::Caller{number};
}

core::Caller Desk::seat(Hearer hear) {
  const auto number = ++last_;
  inner_.emplace(number, std::move(hear));
  return core::Caller{number};
}

void Desk::answer(core::Answer answer) {
  const auto number = static_cast<std::uint64_t>(answer.caller);
  if (auto inner = inner_.extract(number)) return inner.mapped()(answer);
  if (const auto message = mqtt_.find(number); message != mqtt_.end()) {
    // Whatever else became of it is on disk, as a dead letter too: only what could not be stored comes again.
    if (answer.kind == core::AnswerKind::not_stored)
      message->second.refuse();
    else
      message->second.accept();
    mqtt_.erase(message);
    return;
  }
  if (!answer.order && answer.row != core::no_order) return read_row_then_tell(std::move(answer));
  tell(answer);
}

void Desk::read_row_then_tell(core::Answer answer) {
  store_.submit(Urgency::read, [this, answer = std::move(answer)](storage::Journal& journal) -> Completion {
    auto row = journal.find_order(answer.row);
    auto told = std::make_shared<core::Answer>(answer);
    if (row && *row) {
      told->order = answer.first ? codec::first_answer_of(**row) : codec::short_answer_of(**row);
    } else {
      const std::string why = row ? "there is no such row" : row.error().context;
      platform::log_error("an ended order's row cannot be read",
                          {{"row", core::value_of(answer.row)}, {"why", why}});
      // What contradicts it does so whatever its row says; nothing that comes again would change that.
      if (told->kind != core::AnswerKind::conflict) told->kind = core::AnswerKind::not_stored;
    }
    return [this, told] { tell(*told); };
  });
}

void Desk::tell(const core::Answer& answer) {
  const auto found = http_.find(static_cast<std::uint64_t>(answer.caller));
  if (found == http_.end()) return;
  HttpCaller caller = std::move(found->second);
  http_.erase(found);
  auto reply =
      answer.kind == core::AnswerKind::not_stored
          ? codec::retry_reply(codec::ProblemKind::unavailable,
                               "It could not be stored; nothing was changed.", retry_after_not_stored_s)
          : caller.write(answer);
  if (caller.brings_order) gauges_.order_acknowledged(seconds_since(caller.since));
  gauges_.http_answered(reply.status);
  caller.responder.answer(response_of(std::move(reply)));
}

void Desk::dismiss_all() {
  auto callers = std::exchange(http_, {});
  for (auto& [number, caller] : callers) {
    auto reply = codec::retry_reply(codec::ProblemKind::unavailable,
                                    "The service is ending; nothing was changed.", retry_after_not_stored_s);
    gauges_.http_answered(reply.status);
    caller.responder.answer(response_of(std::move(reply)));
  }
  for (auto& [number, receipt] : std::exchange(mqtt_, {})) receipt.refuse();
  core::Answer ending;
  ending.kind = core::AnswerKind::not_stored;
  for (auto& [number, hear] : std::exchange(inner_, {})) hear(ending);
}

}  // namespace storegate::app
