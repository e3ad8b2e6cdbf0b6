# Run as a script while building: writes one header with a constexpr string for each file of sql/, so that the
# program carries its SQL and reads none at run time. Needs SQL_FOLDER and HEADER.
file(GLOB files "${SQL_FOLDER}/*.sql")
list(SORT files)
set(text "// Made by storage/embed_sql.cmake from storage/sql/*.sql.\n#pragma once\n\n#include <string_view>\n\n")
string(APPEND text "namespace storegate::storage::sql {\n")
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" statement)
  string(STRIP "${statement}" statement)
  string(APPEND text "\ninline constexpr std::string_view ${name} = R\"sql(${statement})sql\";\n")
endforeach()
string(APPEND text "\n}  // namespace storegate::storage::sql\n")
file(WRITE "${HEADER}" "${text}")
