// What each command asks of the service and prints; see cli_commands.hpp.
#include "app/cli_commands.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "app/cli_answers.hpp"
#include "app/cli_call.hpp"
#include "app/cli_events.hpp"
#include "app/cli_format.hpp"
#include "app/cli_partners.hpp"
#include "app/cli_salvage.hpp"
#include "app/config.hpp"
#include "app/doctor.hpp"
#include "app/version.hpp"
#include "codec/text.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t page_rows_max = 1000;  // the API's own limit for one answer

/// One command's surroundings.
struct Errand {
  const CliRequest& request;
  CliWorld& world;
  ServiceCaller service;

  /// Prints a body as it came, with a line's end.
  void print_body(const std::string& body) { world.out << body << (body.ends_with('\n') ? "" : "\n"); }

  /// How a command ends after the service said no or nothing.
  ExitStatus failed() {
    if (request.json && !service.refusal().empty()) print_body(service.refusal());
    return service.status();
  }
};

ExitStatus check_config(const CliRequest& request, CliWorld& world) {
  const std::string file = request.config.empty() ? world.default_config : request.config;
  const ConfigReading reading = load_config(file);
  for (const ConfigFinding& problem : reading.problems) world.err << describe(problem, file) << "\n";
  for (const ConfigFinding& warning : reading.warnings) {
    ConfigFinding marked = warning;
    marked.text = "warning: " + warning.text;
    world.err << describe(marked, file) << "\n";
  }
  if (!reading.problems.empty()) {
    world.err << file << ": cannot be used; problems: " << reading.problems.size() << "\n";
    return ExitStatus::bad_usage;
  }
  world.out << file << ": good\n";
  return ExitStatus::done;
}

std::string order_target(const CliRequest& request, std::string_view action) {
  return "/v1/orders/" + codec::percent_encoded(request.id) + std::string(action);
}

std::string parameter(std::string_view name, std::string_view value) {
  return value.empty() ? "" : "&" + std::string(name) + "=" + codec::percent_encoded(value);
}

/// Asks for page after page until `request.limit` lines are there or the service has no more. `more` tells which.
template <typename Line, typename Read>
bool gather(Errand& errand, const std::string& path, const std::string& filter, std::string_view cursor_name,
            std::string cursor, Read read, std::vector<Line>& lines, bool& more) {
  do {
    const std::size_t rows = std::min(errand.request.limit - lines.size(), page_rows_max);
    const auto body = errand.service.ask(
        "GET", path + "?limit=" + std::to_string(rows) + filter + parameter(cursor_name, cursor));
    if (!body) return false;
    auto page = read(*body);
    if (!page) return errand.service.stranger(), false;
    if (errand.request.json) errand.print_body(*body);
    std::move(page->first.begin(), page->first.end(), std::back_inserter(lines));
    // A page may be short of rows and yet not the last; but one that brings nothing would go round for ever.
    more = !page->second.empty() && page->second != cursor && !page->first.empty();
    cursor = std::move(page->second);
  } while (more && lines.size() < errand.request.limit);
  return true;
}

using OrdersAndNext = std::optional<std::pair<std::vector<OrderLine>, std::string>>;

OrdersAndNext orders_and_next(const std::string& body) {
  auto page = read_order_page(body);
  if (!page) return std::nullopt;
  return std::pair(std::move(page->orders), std::move(page->next));
}

void tell_more(Errand& errand) {
  errand.world.err << "There are more; --limit N shows more than " << errand.request.limit << ".\n";
}

ExitStatus list(Errand& errand) {
  const bool parked = errand.request.command == CliCommand::parked;
  const std::string filter = parameter("phase", parked ? "parked" : errand.request.phase) +
                             parameter("partner", errand.request.partner);
  std::vector<OrderLine> orders;
  bool more = false;
  if (!gather(errand, "/v1/orders", filter, "cursor", "", orders_and_next, orders, more))
    return errand.failed();
  if (errand.request.json) return ExitStatus::done;
  const std::int64_t wall_ms = errand.world.wall_ms();
  errand.world.out << (parked ? format_parked(orders, wall_ms) : format_orders(orders, wall_ms));
  if (more) tell_more(errand);
  return ExitStatus::done;
}

/// Asks once and prints the answer: the body with --json, otherwise `format` of what `read` makes of it.
template <typename Read, typename Format>
ExitStatus ask_and_print(Errand& errand, const std::string& method, const std::string& target,
                         std::string body, Read read, Format format) {
  const auto answer = errand.service.ask(method, target, std::move(body));
  if (!answer) return errand.failed();
  const auto value = read(*answer);
  if (!value) return errand.service.stranger();
  if (errand.request.json) {
    errand.print_body(*answer);
  } else {
    errand.world.out << format(*value);
  }
  return ExitStatus::done;
}

ExitStatus show(Errand& errand) {
  return ask_and_print(errand, "GET", order_target(errand.request, ""), "", read_order_detail,
                       [&](const OrderDetail& order) { return format_order(order, errand.world.wall_ms()); });
}

ExitStatus command_order(Errand& errand, std::string_view action, std::string body) {
  return ask_and_print(errand, "POST", order_target(errand.request, action), std::move(body), read_order_line,
                       format_outcome);
}

ExitStatus resolve(Errand& errand) {
  const std::string answer = errand.request.answer == "not-placed" ? "not_placed" : errand.request.answer;
  return command_order(errand, "/resolve", R"({"answer":")" + answer + R"("})");
}

ExitStatus list_availability(Errand& errand) {
  return ask_and_print(errand, "GET", "/v1/availability", "", read_availability, format_availability);
}

ExitStatus set_availability(Errand& errand) {
  const CliRequest& request = errand.request;
  const auto answer = errand.service.ask("PUT", "/v1/availability/" + codec::percent_encoded(request.id),
                                         availability_body(request.available, request.until));
  if (!answer) return errand.failed();
  const auto lines = read_availability(*answer);
  if (request.json) {
    errand.print_body(*answer);
  } else if (request.available && lines && !lines->empty() && lines->front().pos_off) {
    errand.world.out << printable(request.id)
                     << " stays sold out: the POS lists it as off. Put it back on sale there.\n";
  } else {
    errand.world.out << printable(request.id) << (request.available ? " is available again" : " is sold out")
                     << (request.until.empty() ? "" : " until " + request.until) << ".\n";
  }
  return ExitStatus::done;
}

ExitStatus store(Errand& errand) {
  const CliRequest& request = errand.request;
  if (request.command == CliCommand::store_show)
    return ask_and_print(errand, "GET", "/v1/store", "", read_store, format_store);
  return ask_and_print(errand, "PUT", "/v1/store",
                       store_body(request.command == CliCommand::store_pause, request.until), read_store,
                       format_store);
}

ExitStatus ask_service(Errand errand) {
  switch (errand.request.command) {
    case CliCommand::list:
    case CliCommand::parked: return list(errand);
    case CliCommand::show: return show(errand);
    case CliCommand::release: return command_order(errand, "/release", "");
    case CliCommand::cancel: return command_order(errand, "/cancel", cancel_body(errand.request.reason));
    case CliCommand::resolve: return resolve(errand);
    case CliCommand::availability_list: return list_availability(errand);
    case CliCommand::availability_set: return set_availability(errand);
    case CliCommand::store_show:
    case CliCommand::store_open:
    case CliCommand::store_pause: return store(errand);
    case CliCommand::events: return show_events(errand.request, errand.world, errand.service);
    case CliCommand::run:
    case CliCommand::check_config:
    case CliCommand::doctor:
    case CliCommand::salvage:
    case CliCommand::partners_list:
    case CliCommand::partners_try:
    case CliCommand::version: break;  // these need no service
  }
  return ExitStatus::bad_usage;
}

}  // namespace

ExitStatus carry_out(const CliRequest& request, CliWorld& world) {
  if (request.command == CliCommand::check_config) return check_config(request, world);
  if (request.command == CliCommand::doctor) return doctor(request, world);
  if (request.command == CliCommand::salvage) return salvage(request, world);
  if (request.command == CliCommand::partners_list) return list_partners(world);
  if (request.command == CliCommand::partners_try) return try_webhook(request, world);
  if (request.command == CliCommand::version) {
    world.out << "storegate " << version() << "\n";
    return ExitStatus::done;
  }
  if (request.command == CliCommand::run) {
    return static_cast<ExitStatus>(
        world.run_service(request.config.empty() ? world.default_config : request.config));
  }
  auto address = find_service(request, world);
  if (!address) {
    world.err << "storegate: " << printable(address.error().context) << "\n";
    return ExitStatus::bad_usage;
  }
  return ask_service({request, world, ServiceCaller(std::move(address).value(), world)});
}

}  // namespace storegate::app
