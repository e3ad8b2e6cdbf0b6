// The journal's statements, prepared at most once from sql/*.sql and kept. Named as the files are.
#pragma once

#include "core/result.hpp"
#include "storage/database.hpp"

namespace storegate::storage {

struct Statements {
  Statement order_put, order_get, orders_list, orders_from, orders_scan, orders_step, order_number_below,
      order_arrival, order_delete;
  Statement body_put, body_get, bodies_from, body_canonical, body_shared, body_erased, body_wipe, body_delete;
  Statement event_put, event_get, events_last, events_after, events_briefs, events_scan, events_step,
      events_prune;
  Statement early_put, early_all, early_step, early_delete;
  Statement key_alias_put, key_aliases_all, key_aliases_step, key_alias_delete;
  Statement availability_put, availability_all, availability_clear, availability_delete;
  Statement dead_letter_put, dead_letters_from, dead_letters_step, dead_letter_delete;
  Statement meta_put, meta_get, epoch_put, epochs_all;

  [[nodiscard]] core::Result<void> prepare(Database& database);
};

}  // namespace storegate::storage
