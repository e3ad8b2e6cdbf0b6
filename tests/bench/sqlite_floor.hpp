// What bare SQLite does with the same rows on the same disk: no gateway, no sockets, no digests to compute.
// Takes tables and rows as it finds them in a database of storegate's; does not know what they mean.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace storegate::bench {

/// What a replay of order lives reached.
struct ReplayResult {
  double lives_per_s = 0;
  double cpu_ms_per_life = 0;
  double commit_ms = 0;
};

/// Copies the rows of `source` (closed by storegate) into memory, then writes them into a fresh database `target`,
/// `writes_per_commit` changes to a transaction (a life is three: arrival with body and event, release with event,
/// placed with event, of different orders as under load), for `seconds`. WAL, FULL, psow=0, as storegate does; SQLite
/// checkpoints by itself at 1,000 pages; the WAL has its whole length before the time runs. Throws std::runtime_error.
[[nodiscard]] ReplayResult replay_lives(const std::string& source, const std::string& target,
                                        double writes_per_commit, double seconds);

/// Bare commits of one row of `row_bytes` each into a database of its own: WAL of its whole length, FULL, psow=0.
class BareCommits {
 public:
  BareCommits(const std::string& path, std::size_t row_bytes);
  ~BareCommits();
  BareCommits(const BareCommits&) = delete;
  BareCommits& operator=(const BareCommits&) = delete;

  /// One commit after the other; what each took, in ms.
  [[nodiscard]] std::vector<double> run(std::size_t commits);

 private:
  struct State;
  State* state_;
};

/// How long it takes to open a database of storegate's and read every row of `orders`, in ms. It must be closed.
[[nodiscard]] double read_orders_ms(const std::string& path);

}  // namespace storegate::bench
