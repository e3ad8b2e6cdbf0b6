// SQLite behind RAII: one connection with our settings, prepared statements, transactions, and SQLite's result codes
// as core errors. Knows the settings and their reasons (README.md), and no table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace storegate::storage {

/// A prepared statement, kept for the life of its connection and run many times.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  /// Prepared when it is first used; what is wrong with it is told by step(). `sql` must live as long.
  Statement(sqlite3* connection, std::string_view sql) noexcept : connection_(connection), sql_(sql) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Binding: `index` counts from 1. Text and bytes are not copied: they must live until the statement is reset.
  void bind(int index, std::int64_t value) noexcept;
  void bind(int index, std::string_view text) noexcept;
  void bind(int index, std::span<const std::uint8_t> bytes) noexcept;
  void bind_null(int index) noexcept;

  /// One step: true when there is a row to read. After false or an error the statement is reset.
  [[nodiscard]] core::Result<bool> step();
  /// Runs a statement whose rows nobody reads.
  [[nodiscard]] core::Result<void> run();
  /// Ends the run and forgets what was bound.
  void reset() noexcept;

  // Reading the present row: `column` counts from 0. What is given lives until the next step or reset.
  [[nodiscard]] int columns() const noexcept;
  [[nodiscard]] int type(int column) const noexcept;  // SQLITE_INTEGER, SQLITE_TEXT, …
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;  // text or bytes

 private:
  void note(int bind_result) noexcept;
  [[nodiscard]] bool ready() noexcept;
  sqlite3* connection_ = nullptr;  // of one that may still have to be prepared
  std::string_view sql_;
  sqlite3_stmt* statement_ = nullptr;
  int bind_error_ = 0;
  bool used_ = false;  // since the last reset
};

inline constexpr std::int64_t page_bytes = 4096;

/// Resets a statement at the end of a scope, so that no read stays open behind an early return.
class Reading {
 public:
  explicit Reading(Statement& statement) noexcept : statement_(statement) {}
  ~Reading() { statement_.reset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Statement& statement_;
};

/// The process's one connection to a database file, in WAL mode and with the file locked for ourselves.
class Database {
 public:
  /// Reads a database that is locked for us, and says why not a byte of it or of its WAL may be written.
  using Check = std::function<core::Result<void>(Database&)>;

  /// Opens or creates the file at `path` on the VFS of that name ("" = SQLite's default) and applies every setting.
  /// Errors: unavailable (another connection has it), damaged (not a database), disk_full, sync_failed, failed, and what
  /// `may_write` says; then the file and its WAL are as they were.
  [[nodiscard]] static core::Result<Database> open(const std::string& path, const std::string& vfs,
                                                   const Check& may_write);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  [[nodiscard]] core::Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] Statement prepare_later(std::string_view sql) noexcept;
  /// Runs one statement that gives no row that matters.
  [[nodiscard]] core::Result<void> execute(std::string_view sql);
  /// The first column of the first row, 0 if there is none.
  [[nodiscard]] core::Result<std::int64_t> number(std::string_view sql);
  /// The same as text.
  [[nodiscard]] core::Result<std::string> word(std::string_view sql);

  /// Copies the WAL into the database file; `truncate` also cuts the WAL to nothing.
  [[nodiscard]] core::Result<void> checkpoint(bool truncate);
  /// Before anything is written outside of a Transaction, which does it by itself: empties a WAL that was found.
  /// Errors: disk_full (there is no room for that; later there may be), sync_failed, failed.
  [[nodiscard]] core::Result<void> ready_to_write();
  /// Pages in the WAL after the last commit that are not overwritten yet.
  [[nodiscard]] std::int64_t wal_pages() const noexcept;

 private:
  friend class Transaction;
  struct State;
  explicit Database(std::unique_ptr<State> state) noexcept;
  [[nodiscard]] core::Result<void> configure(const Check& may_write);
  [[nodiscard]] core::Result<void> shape_new_file();
  [[nodiscard]] core::Result<void> begin_wal_anew();
  [[nodiscard]] core::Result<void> sync_wal();
  [[nodiscard]] core::Result<void> make_room();
  [[nodiscard]] core::Result<void> first_row(std::string_view sql,
                                             const std::function<void(const Statement&)>& take);
  [[nodiscard]] core::Result<void> expect_word(std::string_view sql, std::string_view word);
  std::unique_ptr<State> state_;
};

/// One transaction; rolled back unless committed. After a failed commit or write the connection stays usable.
class Transaction {
 public:
  [[nodiscard]] static core::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// Durable when it returns ok. On an error everything is rolled back.
  [[nodiscard]] core::Result<void> commit();

 private:
  explicit Transaction(Database& database) noexcept : database_(&database) {}
  void roll_back() noexcept;
  Database* database_;
};

}  // namespace storegate::storage
