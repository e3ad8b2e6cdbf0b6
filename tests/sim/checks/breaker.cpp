// The breaker, on the POS's wire. Only what is certain counts: a refused connection, "not now" and "not you" open it, any
// whole answer of another kind closes it, and silence changes nothing.
#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t least_wait_ms = 250;

bool is_not_you(const PosReply& reply) {
  return reply.status == 401 || reply.status == 403 || reply.status == 404 || reply.status == 405;
}
}  // namespace

bool is_away(core::PosRequest request, const PosReply& reply) {
  // A POS that has enough of questions about tickets may well take orders.
  const bool not_now = (reply.status == 429 || reply.status == 503) && request != core::PosRequest::watch;
  return (reply.status == 0 && !reply.written) || not_now ||
         (is_not_you(reply) && request == core::PosRequest::place);
}

void BreakerWatch::begin() { *this = {}; }

void BreakerWatch::on_ask(const Scene& scene) {
  if (away_ && open_ > 0)
    scene.blame("breaker", "the POS is away and gets " + std::to_string(open_ + 1) + " requests at once");
  if (away_ && scene.now_ms < failed_ms_ + least_wait_ms)
    scene.blame("breaker", "the POS is away and is tried again after " +
                               std::to_string(scene.now_ms - failed_ms_) + " ms");
  ++open_;
}

void BreakerWatch::on_heard(const Scene& scene, core::PosRequest request, const PosReply& reply) {
  --open_;
  if (is_away(request, reply)) {
    failed_ = true;
    failed_ms_ = scene.now_ms;
  } else if (reply.status != 0 && reply.status != 429 && reply.status != 503 && !is_not_you(reply)) {
    failed_ = away_ = false;
  }
}

}  // namespace storegate::sim::check
