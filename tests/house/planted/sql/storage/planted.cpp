// Names the statements of the planted tree that are in use.
const char* const statements[] = {"insert_order",        "two_statements", "create_loose_table",
                                  "create_strict_table", "create_trigger", "empty"};
