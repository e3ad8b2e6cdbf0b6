// The routes of the store itself: whether it is open, and a person's opening and pausing it.
#include <string>
#include <utility>

#include "app/api.hpp"

namespace storegate::app {

std::string Api::store_body() const {
  const core::StoreNow store = parts_.turns.engine().gateway().store_now(parts_.turns.now());
  return codec::encode_store({store.paused, store.until_wall_ms}, store.open_now());
}

void Api::show_store(Visit& visit) {
  codec::HttpReply reply;
  reply.body = store_body();
  answer(visit, std::move(reply));
}

void Api::put_store(Visit& visit) {
  if (!json_or_empty(visit)) return;
  const auto wanted = codec::decode_store_body(visit.request.body);
  if (!wanted) return refuse(visit, wanted.problem());
  core::StoreSet input;
  input.paused = wanted->paused;
  input.until_wall_ms = wanted->until_wall_ms;
  input.caller = seat(
      visit,
      [this](const core::Answer& answer) {
        auto reply = codec::command_reply(answer);
        if (answer.kind == core::AnswerKind::done) reply.body = store_body();
        return reply;
      },
      false);
  parts_.turns.offer(std::move(input));
}

}  // namespace storegate::app
