// SQLite behind RAII: the settings of the one connection stand in configure(), each with its reason in README.md.
// Knows no table.
#include "storage/database.hpp"

#include <sqlite3.h>

#include <array>
#include <system_error>
#include <utility>

#include "storage/long_times.hpp"

namespace storegate::storage {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

// 4 MiB: what a WAL file is cut down to when it starts over after a burst.
constexpr std::string_view journal_size_limit = "PRAGMA journal_size_limit=4194304";

ErrorCode code_of(int result) noexcept {
  switch (result) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC: return ErrorCode::sync_failed;
    case SQLITE_IOERR_CORRUPTFS: return ErrorCode::damaged;
    default: break;
  }
  switch (result & 0xff) {
    case SQLITE_FULL: return ErrorCode::disk_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::unavailable;
    default: return ErrorCode::failed;
  }
}

Error error_of(sqlite3* connection, int result) {
  std::string context = sqlite3_errstr(result);
  if (connection != nullptr && (sqlite3_extended_errcode(connection) == result)) {
    context = sqlite3_errmsg(connection);
  }
  context += " (SQLite " + std::to_string(result) + ")";
  const int system = connection == nullptr ? 0 : sqlite3_system_errno(connection);
  if (system != 0 && ((result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN)) {
    context += ", " + std::generic_category().message(system);
  }
  if (code_of(result) == ErrorCode::unavailable) context += ": another process or connection has it open";
  return {code_of(result), std::move(context)};
}

/// The file's URI. Powersafe overwrite is denied: cheap flash may garble the sector next to one being written, and
/// SQLite then pads each commit to a whole sector.
std::string uri_of(const std::string& path) {
  std::string uri = path.front() == '/' ? "file://" : "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr std::string_view digits = "0123456789abcdef";
      uri += '%';
      uri += digits[static_cast<unsigned char>(c) >> 4U];
      uri += digits[static_cast<unsigned char>(c) & 15U];
    } else {
      uri += c;
    }
  }
  return uri + "?psow=0";
}

}  // namespace

// ---------------------------------------------------------------- Statement

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      sql_(other.sql_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_),
      used_(other.used_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(sql_, other.sql_);
  std::swap(statement_, other.statement_);
  std::swap(bind_error_, other.bind_error_);
  std::swap(used_, other.used_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::note(int bind_result) noexcept {
  if (bind_error_ == SQLITE_OK) bind_error_ = bind_result;
}

/// False: it could not be prepared, which stands in bind_error_ until the reset.
bool Statement::ready() noexcept {
  used_ = true;
  if (statement_ != nullptr || bind_error_ != SQLITE_OK) return statement_ != nullptr;
  note(sqlite3_prepare_v3(connection_, sql_.data(), static_cast<int>(sql_.size()), SQLITE_PREPARE_PERSISTENT,
                          &statement_, nullptr));
  return bind_error_ == SQLITE_OK;
}

void Statement::bind(int index, std::int64_t value) noexcept {
  if (!ready()) return;
  note(sqlite3_bind_int64(statement_, index, value));
}

void Statement::bind(int index, std::string_view text) noexcept {
  if (!ready()) return;
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  note(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, std::span<const std::uint8_t> bytes) noexcept {
  if (!ready()) return;
  if (bytes.empty()) return note(sqlite3_bind_zeroblob(statement_, index, 0));
  note(sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_STATIC));
}

void Statement::bind_null(int index) noexcept {
  if (ready()) note(sqlite3_bind_null(statement_, index));
}

Result<bool> Statement::step() {
  const bool prepared = ready();
  sqlite3* connection = prepared ? sqlite3_db_handle(statement_) : connection_;
  const int result = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = error_of(connection, result);  // before the reset, which may replace the message
  reset();
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    Result<bool> row = step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
  }
}

void Statement::reset() noexcept {
  bind_error_ = SQLITE_OK;
  if (statement_ == nullptr || !std::exchange(used_, false)) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int Statement::columns() const noexcept { return sqlite3_column_count(statement_); }
int Statement::type(int column) const noexcept { return sqlite3_column_type(statement_, column); }
std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const noexcept {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

// ---------------------------------------------------------------- Database

struct Database::State {
  sqlite3* connection = nullptr;
  std::int64_t wal_pages = 0;
  bool wal_found = false;  // it holds what an earlier process wrote: nothing is appended to it
  Statement begin, commit, rollback;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    begin = {}, commit = {}, rollback = {};
    sqlite3_close_v2(connection);  // v2: statements that outlive us are finalized first
  }
};

Database::Database(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, const std::string& vfs, const Check& may_write) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error{ErrorCode::invalid, "the database's path is empty or contains a zero byte"};
  }
  give_sqlite_long_times();
  auto state = std::make_unique<State>();
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                        SQLITE_OPEN_EXRESCODE;
  const int result =
      sqlite3_open_v2(uri_of(path).c_str(), &state->connection, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (result != SQLITE_OK) return error_of(state->connection, result).in("open " + path);
  Database database(std::move(state));
  if (Result<void> configured = database.configure(may_write); !configured) {
    return std::move(configured).error().in("open " + path);
  }
  return database;
}

Result<void> Database::expect_word(std::string_view sql, std::string_view word) {
  Result<std::string> answer = this->word(sql);
  if (!answer) return std::move(answer).error();
  if (*answer == word) return {};
  return Error{ErrorCode::failed, std::string(sql) + " was answered with \"" + *answer + "\""};
}

Result<void> Database::configure(const Check& may_write) {
  sqlite3* connection = state_->connection;
  for (const auto& [option, value] :
       {std::pair{SQLITE_DBCONFIG_DQS_DML, 0}, std::pair{SQLITE_DBCONFIG_DQS_DDL, 0},
        std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
        std::pair{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}}) {
    if (const int result = sqlite3_db_config(connection, option, value, nullptr); result != SQLITE_OK) {
      return error_of(connection, result);
    }
  }
  // locking_mode stands first: it decides, before the WAL is first touched, that there is no shared memory.
  if (auto locked = expect_word("PRAGMA locking_mode=EXCLUSIVE", "exclusive"); !locked) return locked;
  for (const std::string_view setting :
       {std::string_view("PRAGMA secure_delete=ON"), std::string_view("PRAGMA cell_size_check=ON"),
        std::string_view("PRAGMA mmap_size=0"), std::string_view("PRAGMA temp_store=MEMORY"),
        std::string_view("PRAGMA cache_size=-2000"), std::string_view("PRAGMA foreign_keys=ON"),
        journal_size_limit, std::string_view("PRAGMA synchronous=FULL")}) {
    if (Result<void> done = execute(setting); !done) return done;
  }
  // The first read takes the lock, so that a second process is refused here and not at its first write.
  Result<std::int64_t> page_count = number("PRAGMA page_count");
  if (!page_count) return std::move(page_count).error();
  if (Result<void> may = may_write(*this); !may) return may;
  if (Result<void> begun = *page_count == 0 ? shape_new_file() : begin_wal_anew(); !begun) return begun;
  if (auto wal = expect_word("PRAGMA journal_mode=WAL", "wal"); !wal) return wal;
  if (auto off = execute("PRAGMA wal_autocheckpoint=0"); !off) return off;
  sqlite3_wal_hook(
      connection,
      [](void* pages, sqlite3*, const char*, int in_wal) {
        *static_cast<std::int64_t*>(pages) = in_wal;
        return SQLITE_OK;
      },
      &state_->wal_pages);
  for (const auto& [statement, sql] :
       {std::pair{&state_->begin, "BEGIN IMMEDIATE"}, std::pair{&state_->commit, "COMMIT"},
        std::pair{&state_->rollback, "ROLLBACK"}}) {
    Result<Statement> prepared = prepare(sql);
    if (!prepared) return std::move(prepared).error();
    *statement = std::move(*prepared);
  }
  return {};
}

/// Both act on an empty file only; on another one auto_vacuum would write a commit at each start.
Result<void> Database::shape_new_file() {
  if (Result<void> done = execute("PRAGMA page_size=4096"); !done) return done;
  return execute("PRAGMA auto_vacuum=INCREMENTAL");
}

/// After a power cut the WAL may end inside a sector, since the padding that psow=0 puts behind a commit is not synced
/// to its end; the next commit would write to the sector in which the last one lies. So nothing is appended to a WAL
/// that was found: it is copied and emptied first. A disk that is full for that does not hinder the start: reading
/// goes on, and the first transaction tries again. But what is read there may be a commit whose process was killed before
/// its sync: nobody may act on it before it is durable.
Result<void> Database::begin_wal_anew() {
  state_->wal_found = true;
  Result<void> emptied = ready_to_write();
  if (!emptied && emptied.error().code == ErrorCode::disk_full) return sync_wal();
  return emptied;
}

Result<void> Database::sync_wal() {
  sqlite3_file* wal = nullptr;
  int result = sqlite3_file_control(state_->connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (result == SQLITE_OK && wal != nullptr && wal->pMethods != nullptr)
    result = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
  if (result == SQLITE_OK) return {};
  return Error{ErrorCode::sync_failed, "sync the WAL that was found"};
}

Result<void> Database::ready_to_write() {
  if (!state_->wal_found) return {};
  if (Result<void> room = make_room(); !room) return room;
  return checkpoint(true);
}

/// The database file as long as the WAL will make it. A checkpoint copies page by page in their order, and on a full disk
/// it would write all of them anew each time before it meets the first that has no room.
Result<void> Database::make_room() {
  Result<std::int64_t> pages = number("PRAGMA page_count");
  if (!pages) return std::move(pages).error();
  sqlite3_file* file = nullptr;
  sqlite3_int64 bytes = 0;
  int result = sqlite3_file_control(state_->connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (result == SQLITE_OK) result = file->pMethods->xFileSize(file, &bytes);
  constexpr std::array<char, page_bytes> empty{};
  for (std::int64_t at = bytes / page_bytes; result == SQLITE_OK && at < *pages; ++at)
    result = file->pMethods->xWrite(file, empty.data(), static_cast<int>(page_bytes), at * page_bytes);
  if (result != SQLITE_OK) return error_of(state_->connection, result).in("make room for the WAL");
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(state_->connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return error_of(state_->connection, result).in(sql.substr(0, 60));
  return Statement(statement);
}

Statement Database::prepare_later(std::string_view sql) noexcept { return {state_->connection, sql}; }

Result<void> Database::execute(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  Result<void> done = statement->run();
  if (!done) return std::move(done).error().in(sql.substr(0, 60));
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
  std::int64_t found = 0;
  Result<void> read = first_row(sql, [&](const Statement& row) { found = row.integer(0); });
  if (!read) return std::move(read).error();
  return found;
}

Result<std::string> Database::word(std::string_view sql) {
  std::string found;
  Result<void> read = first_row(sql, [&](const Statement& row) { found = row.text(0); });
  if (!read) return std::move(read).error();
  return found;
}

/// To the end: a PRAGMA that writes gives its answer first and commits after it, so the failure comes with the last step.
Result<void> Database::first_row(std::string_view sql, const std::function<void(const Statement&)>& take) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  for (bool first = true;; first = false) {
    Result<bool> row = statement->step();
    if (!row) return std::move(row).error().in(sql.substr(0, 60));
    if (!*row) return {};
    if (first) take(*statement);
  }
}

Result<void> Database::checkpoint(bool truncate) {
  int in_wal = 0;
  int copied = 0;
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int result = sqlite3_wal_checkpoint_v2(state_->connection, nullptr, mode, &in_wal, &copied);
  if (result != SQLITE_OK) return error_of(state_->connection, result).in("checkpoint");
  // Once every page is copied, the next commit overwrites the WAL from its start.
  state_->wal_pages = in_wal > copied ? in_wal - copied : 0;
  if (state_->wal_pages == 0) state_->wal_found = false;
  return {};
}

std::int64_t Database::wal_pages() const noexcept { return state_->wal_pages; }

// ---------------------------------------------------------------- Transaction

Result<Transaction> Transaction::begin(Database& database) {
  if (Result<void> ready = database.ready_to_write(); !ready) return std::move(ready).error();
  Result<void> begun = database.state_->begin.run();
  if (!begun) return std::move(begun).error().in("begin");
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) roll_back();
}

Result<void> Transaction::commit() {
  Result<void> committed = database_->state_->commit.run();
  if (!committed) {
    roll_back();
    committed = std::move(committed).error().in("commit");
  }
  database_ = nullptr;
  return committed;
}

void Transaction::roll_back() noexcept {
  // SQLite may have rolled back by itself, after an I/O error say; what ROLLBACK answers changes nothing for us.
  if (sqlite3_get_autocommit(database_->state_->connection) != 0) return;
  static_cast<void>(database_->state_->rollback.run().ok());
}

}  // namespace storegate::storage
