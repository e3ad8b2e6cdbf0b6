// I1: every acknowledged order is found at the end, once, and has come to exactly one end that the consumer heard of.
#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "core/order.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

std::string name_of(const Story& story) { return story.partner + "/" + story.id; }

std::vector<RowSeen> rows_on(const disk::Disk& disk, std::string_view path, std::string& error) {
  std::vector<RowSeen> rows;
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  const std::string file(path);
  const auto text = [&](int column) {
    return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
  };
  int code = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, disk.name().c_str());
  if (code == SQLITE_OK)
    code = sqlite3_exec(database, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(database, "SELECT partner, partner_order_id, phase FROM orders ORDER BY number",
                              -1, &statement, nullptr);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) rows.push_back({text(0), text(1), sqlite3_column_int64(statement, 2)});
  }
  if (code != SQLITE_DONE) error = sqlite3_errmsg(database);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

namespace {

void judge(const Scene& scene, const Story& story, const std::vector<const RowSeen*>& rows) {
  if (rows.size() > 1)
    return scene.blame("I1", name_of(story) + " has " + std::to_string(rows.size()) + " rows");
  if (rows.empty()) {
    if (story.acknowledged_body >= 0 && !story.must_be_refused)
      scene.blame("I1", name_of(story) + " was acknowledged and is gone");
    if (!story.events.empty()) scene.blame("I1", name_of(story) + " has events and no row");
    return;
  }
  if (story.must_be_refused)
    return scene.blame("I14", name_of(story) + " was taken under another order's key");
  const auto phase = core::name_of(static_cast<core::Phase>(rows.front()->phase));
  if (!is_end_phase(phase))
    return scene.blame_liveness("I1", name_of(story) + " never ended: it is " + std::string(phase));
  if (story.events.empty()) return scene.blame("I3", name_of(story) + " has a row and no event");
  if (story.last()->phase != phase)
    scene.blame("I3", name_of(story) + " is " + std::string(phase) + " and its last event says " +
                          story.last()->phase);
}

}  // namespace

void every_order_ended(const Scene& scene, const std::vector<RowSeen>& rows) {
  std::map<std::string, std::vector<const RowSeen*>> by_name;
  for (const RowSeen& row : rows) by_name[row.partner + "/" + row.id].push_back(&row);
  for (const Story& story : scene.ledger.stories()) {
    judge(scene, story, by_name[name_of(story)]);
    by_name.erase(name_of(story));
  }
  for (const auto& [name, strange] : by_name)
    scene.blame("I1", "a row of an order that nobody sent: " + name);
}

}  // namespace storegate::sim::check
