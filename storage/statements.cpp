// Prepares every statement of the journal; the SQL is embedded from sql/*.sql.
#include "storage/statements.hpp"

#include <string_view>

#include "storage/sql_statements.hpp"

namespace storegate::storage {

core::Result<void> Statements::prepare(Database& database) {
  struct Entry {
    Statement* into;
    std::string_view text;
  };
  const Entry entries[] = {
      {&order_put, sql::order_put},
      {&order_get, sql::order_get},
      {&orders_list, sql::orders_list},
      {&orders_from, sql::orders_from},
      {&orders_scan, sql::orders_scan},
      {&orders_step, sql::orders_step},
      {&order_number_below, sql::order_number_below},
      {&order_arrival, sql::order_arrival},
      {&order_delete, sql::order_delete},
      {&body_put, sql::body_put},
      {&body_get, sql::body_get},
      {&bodies_from, sql::bodies_from},
      {&body_canonical, sql::body_canonical},
      {&body_shared, sql::body_shared},
      {&body_erased, sql::body_erased},
      {&body_wipe, sql::body_wipe},
      {&body_delete, sql::body_delete},
      {&event_put, sql::event_put},
      {&event_get, sql::event_get},
      {&events_last, sql::events_last},
      {&events_after, sql::events_after},
      {&events_scan, sql::events_scan},
      {&events_step, sql::events_step},
      {&events_prune, sql::events_prune},
      {&early_put, sql::early_put},
      {&early_all, sql::early_all},
      {&early_step, sql::early_step},
      {&early_delete, sql::early_delete},
      {&key_alias_put, sql::key_alias_put},
      {&key_aliases_all, sql::key_aliases_all},
      {&key_aliases_step, sql::key_aliases_step},
      {&key_alias_delete, sql::key_alias_delete},
      {&availability_put, sql::availability_put},
      {&availability_all, sql::availability_all},
      {&availability_clear, sql::availability_clear},
      {&dead_letter_put, sql::dead_letter_put},
      {&dead_letters_from, sql::dead_letters_from},
      {&dead_letters_step, sql::dead_letters_step},
      {&dead_letter_delete, sql::dead_letter_delete},
      {&meta_put, sql::meta_put},
      {&meta_get, sql::meta_get},
      {&epoch_put, sql::epoch_put},
      {&epochs_all, sql::epochs_all},
  };
  for (const Entry& entry : entries) {
    core::Result<Statement> prepared = database.prepare(entry.text);
    if (!prepared) return std::move(prepared).error();
    *entry.into = std::move(*prepared);
  }
  return {};
}

}  // namespace storegate::storage
