// Behind: what no journal would do to its file.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>
#include <utility>
#include <vector>

namespace storegate::storage::test {

/// The test's own way into the file, while no journal has it open.
class Behind {
 public:
  explicit Behind(const std::string& path) { REQUIRE(sqlite3_open(path.c_str(), &connection_) == SQLITE_OK); }
  ~Behind() { sqlite3_close(connection_); }
  Behind(const Behind&) = delete;
  Behind& operator=(const Behind&) = delete;
  void run(const std::string& sql) {
    char* message = nullptr;
    const int result = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &message);
    CAPTURE(sql);
    if (result != SQLITE_OK) FAIL(message);
  }
  std::vector<std::pair<std::string, std::string>> columns(const std::string& table) {
    std::vector<std::pair<std::string, std::string>> found;
    sqlite3_stmt* rows = nullptr;
    const std::string sql = "SELECT name, type FROM pragma_table_info('" + table + "')";
    REQUIRE(sqlite3_prepare_v2(connection_, sql.c_str(), -1, &rows, nullptr) == SQLITE_OK);
    const auto text = [rows](int at) {
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(rows, at)));
    };
    while (sqlite3_step(rows) == SQLITE_ROW) found.emplace_back(text(0), text(1));
    sqlite3_finalize(rows);
    return found;
  }

 private:
  sqlite3* connection_ = nullptr;
};

}  // namespace storegate::storage::test
