// Turns: the product's loop around the engine: decide on the loop's thread, commit on the store thread, act back on
// the loop. All inputs that are ready in one turn of the loop share one commit. It must not know where inputs come
// from, nor how an effect is carried out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/gauges.hpp"
#include "app/store_thread.hpp"
#include "core/engine.hpp"
#include "platform/clock.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

/// What happens with what a turn gave; called on the loop, after the commit.
struct TurnHooks {
  std::function<void(core::Effect&&)> carry_out;
  std::function<void()> events_ready;  // after each commit and read: the outbox may have something to publish
  std::function<void()> sync_failed;   // once: nothing more can be acknowledged until a restart
};

/// Loop thread only.
class Turns {
 public:
  Turns(core::Engine& engine, StoreThread& store, platform::Loop& loop, const platform::Clock& clock,
        Gauges& gauges, core::DigestFunction digest, TurnHooks hooks);

  /// Queues a fact; it is decided together with everything else that is ready now. An order's `body_digest` is filled in
  /// here, a fetched one's too: keyed, since it outlives the customer's data it was taken of.
  /// A new order whose partner has too many waiting is answered at once.
  void offer(core::Input input);
  /// A new order of `partner`, authenticated, is at the HTTP door. An answer: the partner is side-lined.
  [[nodiscard]] std::optional<core::Answer> turn_away(const std::string& partner) {
    return engine_.turn_away(partner, now());
  }
  /// A PUBACK came, or the publish failed; nobody waits for its being written.
  void published(core::Position position, bool acknowledged);
  /// A sync to disk failed, in a commit or beside one (a checkpoint, housekeeping): what the kernel's cache holds is not
  /// what the disk has, so nothing more is acknowledged, and the next process must be told.
  void sync_failed();
  /// Something changed that the engine may want to act on (uplink up or down, policy replaced, time).
  void wake();

  /// Runs it when no turn is open: now, or at the end of the one under way, however much waits for the next. Of two that
  /// wait the newer one is run, and the older one never.
  void between_turns(std::function<void()> function);

  [[nodiscard]] core::Engine& engine() noexcept { return engine_; }
  [[nodiscard]] core::Now now() const;
  /// Inputs offered and not yet in a turn.
  [[nodiscard]] std::size_t gathered() const noexcept { return gathered_; }
  /// Commits whose end, good or bad, came back to the loop.
  [[nodiscard]] std::uint64_t commits_told() const noexcept { return commits_told_; }

 private:
  struct Commit;
  void run();
  void begin_commit(core::Changes changes);
  void commit_ended(Commit& commit);
  void finish(core::Committed committed);
  void checkpoint();
  void want_events();
  void events_read(const core::Result<void>& read, storage::EventPage page);
  void arm_timer();
  void log_written(const core::Changes& changes);

  core::Engine& engine_;
  StoreThread& store_;
  platform::Loop& loop_;
  const platform::Clock& clock_;
  Gauges& gauges_;
  core::DigestFunction digest_;
  TurnHooks hooks_;
  bool scheduled_ = false;
  bool failed_ = false;
  bool checkpointing_ = false;
  std::size_t gathered_ = 0;
  std::uint64_t commits_told_ = 0;
  std::function<void()> between_;  // what waits for the end of the turn
  std::optional<core::Milliseconds> armed_for_ms_;
  platform::Timer timer_;
};

}  // namespace storegate::app
