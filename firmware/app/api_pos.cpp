// The POS tells by itself how a ticket stands. It has a token of its own, which opens nothing else.
#include <utility>

#include "app/api.hpp"
#include "codec/answers.hpp"

namespace storegate::app {

void Api::post_pos_status(Visit& visit) {
  const auto& token = parts_.config.pos.push_token;
  if (token.empty()) return refuse(visit, codec::ProblemKind::not_found, "There is nothing at this path.");
  if (!bears(visit.request, token))
    return refuse(visit, codec::ProblemKind::not_authenticated,
                  "This needs 'Authorization: Bearer' with the token of the POS.");
  visit.responder.vouch();
  if (!json_or_empty(visit)) return;
  auto report = codec::decode_pos_status_body(visit.request.body);
  if (!report) return refuse(visit, report.problem());
  core::PosStatusSeen input;
  input.pos_reference = std::move(report->pos_reference);
  input.status = report->status;
  input.caller = seat(visit, codec::command_reply, false);
  parts_.turns.offer(std::move(input));
}

}  // namespace storegate::app
