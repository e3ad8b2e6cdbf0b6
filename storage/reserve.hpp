// The reserve: a file beside the database that holds space for the day the disk is full, and gives it back in slices.
// Its bytes mean nothing. It goes through the database's own sqlite3_vfs, so that a simulated disk sees it too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace storegate::storage {

class Reserve {
 public:
  /// Beside the database at `database_path`, under the name with "-reserve" behind it, on the VFS of that name
  /// ("" = SQLite's default). Whatever cannot be had is left out: a reserve that is too small is no error. Nothing is
  /// written before fill().
  Reserve(const std::string& database_path, const std::string& vfs, std::int64_t bytes_wanted);
  Reserve(Reserve&&) noexcept;
  Reserve& operator=(Reserve&&) noexcept;
  ~Reserve();

  /// Gives one slice back to the file system. False if there is nothing left to give.
  [[nodiscard]] bool release() noexcept;
  /// Takes up to `bytes_max` of what is wanted and not there; stops quietly where there is no room.
  void fill(std::int64_t bytes_max) noexcept;
  /// Something of it is given back and has not been put there again.
  [[nodiscard]] bool in_use() const noexcept;
  /// Puts one slice there again. False if there is no room for it.
  [[nodiscard]] bool regain() noexcept;
  /// What it holds.
  [[nodiscard]] std::int64_t bytes() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace storegate::storage
