// The breaker, on the POS's wire. Only what is certain counts: a refused connection, "not now" and "not you" open it, any
// whole answer of another kind closes it, and silence changes nothing.
#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t least_wait_ms = 250;
}  // namespace

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
  // A POS that has enough of questions about tickets may well take orders.
  const bool not_now = (reply.status == 429 || reply.status == 503) && request != core::PosRequest::watch;
  const bool not_you =
      reply.status == 401 || reply.status == 403 || reply.status == 404 || reply.status == 405;
  if ((reply.status == 0 && !reply.written) || not_now || (not_you && request == core::PosRequest::place)) {
    failed_ = true;
    failed_ms_ = scene.now_ms;
  } else if (reply.status != 0 && reply.status != 429 && reply.status != 503 && !not_you) {
    failed_ = away_ = false;
  }
}

}  // namespace storegate::sim::check
