// SQLite's C interface, and nothing of storegate's between it and the disk.
#include "sqlite_floor.hpp"

#include <sqlite3.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>

namespace storegate::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/// A connection that throws what went wrong.
class Database {
 public:
  explicit Database(const std::string& path) {
    const std::string uri = "file:" + path + "?psow=0";
    if (sqlite3_open_v2(uri.c_str(), &connection_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                        nullptr) != SQLITE_OK)
      fail("open " + path);
  }
  ~Database() { sqlite3_close_v2(connection_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void durable() {
    for (const char* line : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
                             "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=1000"})
      run(line);
  }
  void run(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
  }
  /// Commits without syncs until the WAL has started over twice: from then on no commit makes a file longer.
  template <typename Commit>
  void lengthen_wal(Commit&& commit) {
    run("PRAGMA synchronous=OFF");
    for (int pass = 0; pass < 2; ++pass) {
      for (int pages = 0; pages < 1100; ++pages) commit();  // each is at least a page
      run("PRAGMA wal_checkpoint(PASSIVE)");
    }
    run("PRAGMA synchronous=FULL");
    commit();
  }
  sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail(sql);
    return statement;
  }
  void step_write(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail("write");
    sqlite3_reset(statement);
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("the floor: " + what + ": " + sqlite3_errmsg(connection_));
  }

 private:
  sqlite3* connection_ = nullptr;
};

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct FreeValue {
  void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
using Row = std::vector<std::unique_ptr<sqlite3_value, FreeValue>>;

/// A table's rows in memory, and the statement that writes them elsewhere.
struct Table {
  std::vector<Row> rows;
  std::string schema;
  Statement put;
};

constexpr std::size_t rows_max = 20000;  // in memory; a longer replay uses them again under new keys

Table read_table(Database& source, const std::string& name) {
  Table table;
  const Statement schema(source.prepare("SELECT sql FROM sqlite_schema WHERE name='" + name + "'"));
  if (sqlite3_step(schema.get()) != SQLITE_ROW) source.fail("no table " + name);
  table.schema = reinterpret_cast<const char*>(sqlite3_column_text(schema.get(), 0));
  const Statement all(
      source.prepare("SELECT * FROM " + name + " ORDER BY 1 LIMIT " + std::to_string(rows_max)));
  while (sqlite3_step(all.get()) == SQLITE_ROW) {
    Row row;
    for (int i = 0; i < sqlite3_column_count(all.get()); ++i)
      row.emplace_back(sqlite3_value_dup(sqlite3_column_value(all.get(), i)));
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) source.fail("no rows in " + name);
  return table;
}

void prepare_put(Database& target, Table& table, const std::string& name) {
  target.run(table.schema);
  std::string marks = "?";
  for (std::size_t i = 1; i < table.rows.front().size(); ++i) marks += ",?";
  table.put.reset(target.prepare("INSERT OR REPLACE INTO " + name + " VALUES (" + marks + ")"));
}

/// Writes the row that would be the `number`-th under that key.
void put(Database& target, Table& table, std::int64_t number) {
  const Row& row = table.rows[static_cast<std::size_t>(number) % table.rows.size()];
  for (std::size_t i = 1; i < row.size(); ++i)
    sqlite3_bind_value(table.put.get(), static_cast<int>(i) + 1, row[i].get());
  sqlite3_bind_int64(table.put.get(), 1, number);
  target.step_write(table.put.get());
}

/// The tables a life touches, and how far each of its three steps has come.
class Replay {
 public:
  Replay(Database& source, Database& target) : target_(target) {
    for (const char* name : {"orders", "bodies", "events", "meta"}) {
      tables_[name] = read_table(source, name);
      prepare_put(target, tables_[name], name);
    }
  }

  /// One transaction with so many changes, in turn an arrival, a release and a placement of three different orders.
  void commit(std::int64_t changes) {
    target_.run("BEGIN IMMEDIATE");
    for (std::int64_t i = 0; i < changes; ++i) change();
    put(target_, tables_["meta"], 1);  // the outbox's mark goes with nearly every commit
    target_.run("COMMIT");
  }
  [[nodiscard]] std::int64_t lives() const { return steps_[2]; }

 private:
  void change() {
    const std::size_t step = turn_++ % 3;
    constexpr std::int64_t behind = 20;  // orders between one step's and the next's, as with 64 senders
    const std::int64_t number = steps_[step] + 1;
    if (step > 0 && number > steps_[step - 1] - behind) return put_arrival_instead();
    write(step, number);
  }
  void put_arrival_instead() { write(0, steps_[0] + 1); }  // only at the start
  void write(std::size_t step, std::int64_t number) {
    steps_[step] = number;
    put(target_, tables_["orders"], number);
    if (step == 0) put(target_, tables_["bodies"], number);
    put(target_, tables_["events"], ++events_);
  }

  Database& target_;
  std::map<std::string, Table> tables_;
  std::array<std::int64_t, 3> steps_{};
  std::int64_t events_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace

ReplayResult replay_lives(const std::string& source, const std::string& target, double writes_per_commit,
                          double seconds) {
  Database from(source);
  Database to(target);
  to.run("PRAGMA auto_vacuum=INCREMENTAL");
  to.durable();
  Replay replay(from, to);
  double due = 0;
  std::int64_t written = 0;
  const auto commit = [&] {
    due += writes_per_commit;
    const std::int64_t changes = std::max<std::int64_t>(1, static_cast<std::int64_t>(due) - written);
    written += changes;
    replay.commit(changes);
  };
  to.lengthen_wal(commit);
  const auto begun = Clock::now();
  const double cpu = own_cpu_s();
  const std::int64_t before = replay.lives();
  std::size_t commits = 0;
  for (; seconds_since(begun) < seconds; ++commits) commit();
  const double lives = static_cast<double>(replay.lives() - before);
  const double took = seconds_since(begun);
  return {lives / took, (own_cpu_s() - cpu) * 1000 / lives, took * 1000 / static_cast<double>(commits)};
}

struct BareCommits::State {
  explicit State(const std::string& path) : database(path) {}
  void commit() {
    sqlite3_bind_text(insert.get(), 1, row.c_str(), static_cast<int>(row.size()), SQLITE_STATIC);
    database.step_write(insert.get());
  }
  Database database;
  Statement insert;
  std::string row;
};

BareCommits::BareCommits(const std::string& path, std::size_t row_bytes) : state_(new State(path)) {
  state_->database.durable();
  state_->database.run("CREATE TABLE rows (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
  state_->insert.reset(state_->database.prepare("INSERT INTO rows (body) VALUES (?)"));
  state_->row.assign(row_bytes, 'x');
  state_->database.lengthen_wal([this] { state_->commit(); });
}

BareCommits::~BareCommits() { delete state_; }

std::vector<double> BareCommits::run(std::size_t commits) {
  std::vector<double> took_ms;
  for (std::size_t i = 0; i < commits; ++i) {
    const auto begun = Clock::now();
    state_->commit();
    took_ms.push_back(seconds_since(begun) * 1000);
  }
  return took_ms;
}

double read_orders_ms(const std::string& path) {
  const auto begun = Clock::now();
  Database database(path);
  const Statement all(database.prepare("SELECT * FROM orders"));
  std::size_t bytes = 0;
  while (sqlite3_step(all.get()) == SQLITE_ROW)
    for (int i = 0; i < sqlite3_column_count(all.get()); ++i)
      bytes += static_cast<std::size_t>(sqlite3_column_bytes(all.get(), i));
  if (bytes == 0) database.fail("no rows in orders");
  return seconds_since(begun) * 1000;
}

}  // namespace storegate::bench
