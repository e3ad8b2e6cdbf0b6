// CliRequest: a command line that has been understood. Plain values between the parser (cli.cpp) and the commands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace storegate::app {

enum class CliCommand : std::uint8_t {
  run,
  check_config,
  doctor,
  salvage,
  version,
  list,
  show,
  release,
  cancel,
  resolve,
  parked,
  availability_list,
  availability_set,
  events,
  store_show,
  store_open,
  store_pause,
  partners_list,
  partners_try,
};

struct CliRequest {
  CliCommand command = CliCommand::list;

  std::string config;      // "" = not given
  std::string api;         // --api URL
  std::string socket;      // --socket PATH
  std::string token_file;  // --token-file FILE
  bool json = false;       // print the HTTP body as it came

  std::string file;  // salvage: the damaged database; partners try: the saved webhook
  std::string out;   // salvage; "" = FILE.salvaged

  std::string secret_file;           // partners try
  std::vector<std::string> headers;  // partners try: "Name: value"
  std::string kind;                  // partners try: as the URL would fix it; "" = by shape
  bool is_unsigned = false;          // partners try: no look at the authentication
  bool is_fetched = false;           // partners try: the file is a fetched order, no webhook

  std::string id;      // order or item
  std::string reason;  // of a cancel, free text
  std::string answer;  // placed, not-placed, reprint
  std::string phase;   // filters of a list
  std::string partner;
  std::size_t limit = 100;  // rows at most; 1 or more
  std::string since;        // events
  std::string where;        // events: a pattern; "" = all
  bool follow = false;      // events: go on with what comes
  bool available = true;    // availability set
  std::string until;        // RFC 3339, checked; "" = until further notice
};

}  // namespace storegate::app
