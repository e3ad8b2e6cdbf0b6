// Store: the store thread in virtual time: one job on the journal at a time, the urgent lane first. A job takes its
// time before and after it touches the disk, so that a kill finds it on either side. It must not know what a job does.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>

#include "storage/journal.hpp"

namespace storegate::sim {

class Process;

enum class Urgency : std::uint8_t { commit, read, spare };
using Completion = std::function<void()>;
using Job = std::function<Completion(storage::Journal&)>;

class Store {
 public:
  Store(Process& process, storage::Journal journal) : process_(process), journal_(std::move(journal)) {}

  void submit(Urgency urgency, Job job);
  [[nodiscard]] storage::Journal& journal() noexcept { return journal_; }

 private:
  void begin_next();
  void carry_out(const Job& job);

  Process& process_;
  storage::Journal journal_;
  std::array<std::deque<Job>, 3> lanes_;
  bool busy_ = false;
};

}  // namespace storegate::sim
