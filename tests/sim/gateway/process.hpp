// Process: one life after another of the gateway's process, wired as firmware/app wires it (turns, desk, uplink, POS
// driver, housekeeping), in one thread and virtual time. Engine, codecs, journal and SQL are the product's. It must not
// know what is checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/engine.hpp"
#include "sim/ledger.hpp"
#include "sim/wire.hpp"
#include "storage/house_pass.hpp"
#include "storage/journal.hpp"

namespace storegate::sim {

class World;
class Store;
class Door;
class Uplink;
class PosDriver;

class Process {
 public:
  explicit Process(World& world);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The supervisor starts it: opens the journal, folds the rows, connects. False: it could not start, or died of the
  /// disk meanwhile (the disk says which).
  [[nodiscard]] bool start();
  /// It is gone, without a word to anybody. Not from within a step of its own.
  void die();
  [[nodiscard]] bool up() const noexcept { return life_ != nullptr; }
  /// It serves: up and not stopped by a failed sync.
  [[nodiscard]] bool serving() const noexcept;
  /// How many lives there were.
  [[nodiscard]] std::uint64_t lives() const noexcept { return lives_; }

  // ---- the door: only while up
  void http(const WebAsk& ask, Responder responder);

  // ---- for the parts of a life
  [[nodiscard]] World& world() noexcept { return world_; }
  [[nodiscard]] core::Now now() const;
  [[nodiscard]] core::Engine& engine() noexcept;
  [[nodiscard]] Store& store() noexcept;
  [[nodiscard]] Uplink& uplink() noexcept;
  [[nodiscard]] Door& door() noexcept;
  /// A step of this life: not carried out if it has ended, late if the machine sleeps.
  void after(std::int64_t ms, std::function<void()> step);
  void offer(core::Input input);
  void published(core::Position position, bool acknowledged);
  void wake();

 private:
  struct Life;
  struct Commit;
  void step_of(std::uint64_t life, const std::function<void()>& step);
  void run();
  void begin_commit(core::Changes changes);
  void commit_ended(Commit& commit);
  void finish(core::Committed committed);
  void carry_out(core::Effect&& effect);
  void checkpoint();
  void want_events();
  void events_read(storage::EventPage page, bool read);
  void arm_timer();
  void on_sync_failed();
  void measure();
  void keep_house(storage::Chore chore);
  void keep_house_later(std::int64_t ms, storage::Chore chore);
  [[nodiscard]] core::Result<storage::Housekept> do_chore(storage::Chore chore,
                                                          const storage::PruneLimits& limits,
                                                          storage::Journal& journal);
  void chore_ended(storage::Chore chore, const core::Result<storage::Housekept>& kept);
  [[nodiscard]] std::int64_t rest_ms() const;

  World& world_;
  std::unique_ptr<Life> life_;
  std::uint64_t lives_ = 0;
};

}  // namespace storegate::sim
