// Each effect becomes one request; the codec says what its outcome means.
#include "sim/gateway/pos_driver.hpp"

#include <type_traits>
#include <utility>

#include "codec/pos_rest.hpp"
#include "sim/gateway/process.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

template <typename Effect>
void PosDriver::send(Effect effect) {
  codec::HttpRequest request = codec::request_of(effect);
  if constexpr (requires { effect.body; }) effect.body = {};
  Process& process = process_;
  const std::uint64_t life = process.lives();
  const std::int64_t asked_ms = process.world().now_ms();
  process.world().pos_link().ask(std::move(request), [&process, life, asked_ms,
                                                      effect = std::move(effect)](PosReply reply) {
    if (!process.up() || process.lives() != life) return;
    codec::PosHttpOutcome http;
    http.status = reply.status;
    http.retry_after = reply.retry_after;
    http.body = reply.body;
    http.request_bytes_written = reply.written;
    if constexpr (std::is_same_v<Effect, core::PlaceOrder>)
      process.world().on_placement_heard(effect.key, reply);
    const Exchange when{asked_ms, process.world().now_ms()};
    process.after(0, [&process, when, answered = codec::outcome_of(effect, http), reply = std::move(reply)] {
      if constexpr (std::is_same_v<Effect, core::AskPosList>) {
        static_cast<void>(when);
        process.world().on_pos_list(answered.list == core::PosList::menu, reply);
      } else {
        process.world().on_pos_heard(answered.request, reply, when);
      }
      process.offer(answered);
    });
  });
}

void PosDriver::carry_out(core::PlaceOrder effect) {
  if (process_.now().steady_ms > effect.not_after_ms) return process_.offer(core::not_in_time(effect));
  send(std::move(effect));
}

void PosDriver::carry_out(core::AskPos effect) { send(std::move(effect)); }
void PosDriver::carry_out(core::CheckPosHealth effect) { send(effect); }
void PosDriver::carry_out(core::VoidOrder effect) { send(std::move(effect)); }
void PosDriver::carry_out(core::WatchOrder effect) { send(std::move(effect)); }
void PosDriver::carry_out(core::AskPosList effect) { send(effect); }

}  // namespace storegate::sim
