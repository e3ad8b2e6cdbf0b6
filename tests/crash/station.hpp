// Station: one life of the gateway's process over one disk: the journal, the engine and the product's loop between
// them (decide, commit, act; read and publish events; checkpoint when due), in one thread. It ends by being destroyed,
// as a process does. What it lets out goes to Outside. It must not judge.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/engine.hpp"
#include "core/result.hpp"
#include "crash/outside.hpp"
#include "crash/row_prints.hpp"
#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::crash {

inline constexpr const char* database_path = "/store/storegate.db";

[[nodiscard]] storage::JournalOptions options_on(const disk::Disk& disk);

class Station {
 public:
  Station(disk::Disk& disk, Outside& outside, PosClass pos_class)
      : disk_(disk), outside_(outside), class_(pos_class) {}

  /// Opens, loads, folds; the first turn then says that the gateway has started.
  [[nodiscard]] core::Result<void> start();
  /// What comes and goes does so as bytes: the codecs read and write it.
  void use_codecs(bool used) { codecs_ = used; }
  /// The same from a journal that was opened and loaded already.
  void start(storage::Journal journal, core::Loaded loaded);

  void offer(core::Input input);
  /// Turns until nothing is wanted at this moment; events are read and handed to the cloud on the way.
  void run();
  /// The cloud's PUBACKs for everything it received in this life and did not answer yet.
  void acknowledge(std::size_t at_most);

  [[nodiscard]] core::Engine& engine() { return *engine_; }
  [[nodiscard]] storage::Journal& journal() { return *journal_; }
  [[nodiscard]] bool running() const noexcept { return engine_.has_value(); }
  /// A sync failed, or the journal cannot be read: the supervisor must start another process.
  [[nodiscard]] bool must_end() const noexcept { return must_end_ || engine_->stopped(); }
  [[nodiscard]] const std::vector<storage::DamagedRow>& damaged() const noexcept { return damaged_; }
  [[nodiscard]] std::uint64_t commits() const noexcept { return commits_; }
  [[nodiscard]] std::uint64_t failed_commits() const noexcept { return failed_commits_; }
  /// Called whenever something has left the box or was made durable.
  void on_step(std::function<void()> step) { step_ = std::move(step); }

 private:
  void turn();
  void commit(core::Changes changes);
  void finish_turn(core::Committed committed);
  void act(core::Effect&& effect);
  void write_out(const core::Effect& effect) const;
  void place(core::PlaceOrder&& effect);
  void read_events();
  void publish();
  void step() {
    if (step_) step_();
  }

  disk::Disk& disk_;
  Outside& outside_;
  PosClass class_;
  std::optional<storage::Journal> journal_;
  std::optional<core::Engine> engine_;
  Fold fold_;
  std::vector<storage::DamagedRow> damaged_;
  std::vector<core::Position> unanswered_;  // published, no PUBACK yet
  std::uint64_t commits_ = 0, failed_commits_ = 0;
  bool must_end_ = false;
  bool codecs_ = false;
  std::function<void()> step_;
};

}  // namespace storegate::crash
