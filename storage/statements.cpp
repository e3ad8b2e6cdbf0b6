// Prepares the statements of the journal; the SQL is embedded from sql/*.sql.
#include "storage/statements.hpp"

#include <string_view>

#include "storage/sql_statements.hpp"

namespace storegate::storage {

core::Result<void> Statements::prepare(Database& database) {
  struct Entry {
    Statement* into;
    std::string_view text;
  };
  // At once: they name every column of every table, so that a database which is not ours is found out here.
  const Entry writers[] = {
      {&order_put, sql::order_put},
      {&body_put, sql::body_put},
      {&event_put, sql::event_put},
      {&early_put, sql::early_put},
      {&key_alias_put, sql::key_alias_put},
      {&availability_put, sql::availability_put},
      {&dead_letter_put, sql::dead_letter_put},
      {&meta_put, sql::meta_put},
      {&epoch_put, sql::epoch_put},
  };
  for (const Entry& entry : writers) {
    core::Result<Statement> prepared = database.prepare(entry.text);
    if (!prepared) return std::move(prepared).error();
    *entry.into = std::move(*prepared);
  }
  // The others when they are first used: a start needs few of them.
  const Entry others[] = {
      {&order_get, sql::order_get},
      {&orders_list, sql::orders_list},
      {&orders_from, sql::orders_from},
      {&orders_scan, sql::orders_scan},
      {&orders_step, sql::orders_step},
      {&order_number_below, sql::order_number_below},
      {&order_arrival, sql::order_arrival},
      {&order_delete, sql::order_delete},
      {&body_get, sql::body_get},
      {&bodies_from, sql::bodies_from},
      {&body_canonical, sql::body_canonical},
      {&body_shared, sql::body_shared},
      {&body_erased, sql::body_erased},
      {&body_wipe, sql::body_wipe},
      {&body_delete, sql::body_delete},
      {&event_get, sql::event_get},
      {&events_last, sql::events_last},
      {&events_after, sql::events_after},
      {&events_briefs, sql::events_briefs},
      {&events_scan, sql::events_scan},
      {&events_step, sql::events_step},
      {&events_prune, sql::events_prune},
      {&early_all, sql::early_all},
      {&early_step, sql::early_step},
      {&early_delete, sql::early_delete},
      {&key_aliases_all, sql::key_aliases_all},
      {&key_aliases_step, sql::key_aliases_step},
      {&key_alias_delete, sql::key_alias_delete},
      {&availability_all, sql::availability_all},
      {&availability_clear, sql::availability_clear},
      {&availability_delete, sql::availability_delete},
      {&dead_letters_from, sql::dead_letters_from},
      {&dead_letters_step, sql::dead_letters_step},
      {&dead_letter_delete, sql::dead_letter_delete},
      {&meta_get, sql::meta_get},
      {&epochs_all, sql::epochs_all},
  };
  for (const Entry& entry : others) *entry.into = database.prepare_later(entry.text);
  return {};
}

}  // namespace storegate::storage
