// The grammar of the command line, by CLI11 (a slow header: only here). Makes a CliRequest and hands it on.
#include "app/cli.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>

#include "app/cli_commands.hpp"
#include "app/cli_format.hpp"
#include "app/cli_request.hpp"
#include "codec/times.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t listed_rows_max = 1'000'000;

/// Every command that asks the service has these.
void add_service_options(CLI::App& command, CliRequest& request) {
  auto* api = command.add_option("--api", request.api, "Address of the running service, http://HOST:PORT")
                  ->type_name("URL");
  command.add_option("--socket", request.socket, "Unix socket of the running service")
      ->type_name("PATH")
      ->excludes(api);
  command.add_option("--token-file", request.token_file, "File with the administration token")
      ->type_name("FILE");
  command.add_option("--config", request.config, "Configuration that says where the service is")
      ->type_name("FILE");
  command.add_flag("--json", request.json, "Print the service's answer as it came");
}

/// A command named `name` below `parent` that becomes `which` when it is the one given.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, CliCommand which,
                      CliRequest& request) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->fallthrough();  // `orders show ID --json` and `orders --json show ID` are the same
  command->callback([command, which, &request] {
    if (command->get_subcommands().empty())
      request.command = which;  // `orders` is called after its `show`, too
  });
  return command;
}

void add_limit(CLI::App& command, CliRequest& request) {
  command.add_option("--limit", request.limit, "Lines at most")
      ->check(CLI::Range(std::size_t{1}, listed_rows_max));
}

/// What can be asked about one order.
CLI::App* add_order_command(CLI::App& orders, const std::string& name, const std::string& what,
                            CliCommand which, CliRequest& request) {
  CLI::App* command = add_command(orders, name, what, which, request);
  command->add_option("ID", request.id, "The order's id, as the list shows it")->required();
  return command;
}

void add_orders(CLI::App& app, CliRequest& request) {
  CLI::App* orders =
      add_command(app, "orders", "List orders, look at one, or decide about one", CliCommand::list, request);
  add_service_options(*orders, request);
  add_limit(*orders, request);
  orders->add_option("--phase", request.phase, "Only orders in this phase");
  orders->add_option("--partner", request.partner, "Only orders of this partner");
  orders->require_subcommand(0, 1);
  add_command(*orders, "list", "List orders, the newest first", CliCommand::list, request);
  add_order_command(*orders, "show", "The life of one order", CliCommand::show, request);
  add_order_command(*orders, "release", "Make it now", CliCommand::release, request);
  CLI::App* cancel = add_order_command(*orders, "cancel", "Cancel it", CliCommand::cancel, request);
  cancel->add_option("--reason", request.reason, "Why, in your own words")->type_name("R");
  CLI::App* resolve =
      add_order_command(*orders, "resolve", "Decide about a parked order", CliCommand::resolve, request);
  resolve
      ->add_option("--answer", request.answer,
                   "placed: the POS has it; not-placed: send it; reprint: send it once more")
      ->required()
      ->check(CLI::IsMember({"placed", "not-placed", "reprint"}));
}

CLI::Option* add_until(CLI::App& command, const std::string& what, CliRequest& request) {
  return command.add_option("--until", request.until, what)
      ->type_name("TIME")
      ->check([](const std::string& text) {
        return codec::time_from(text) ? std::string() : "must be a time such as 2026-11-23T18:30:00Z";
      });
}

void add_availability(CLI::App& app, CliRequest& request) {
  CLI::App* availability =
      add_command(app, "availability", "What is sold out", CliCommand::availability_list, request);
  add_service_options(*availability, request);
  availability->require_subcommand(0, 1);
  add_command(*availability, "list", "What has been marked", CliCommand::availability_list, request);
  CLI::App* set = add_command(*availability, "set", "Mark an item", CliCommand::availability_set, request);
  set->add_option("ITEM", request.id, "The item's id on the menu")->required();
  CLI::Option_group* state = set->add_option_group("state");
  auto* on = state->add_flag_callback(
      "--on", [&request] { request.available = true; }, "It is available again");
  state->add_flag_callback(
      "--off", [&request] { request.available = false; }, "It is sold out");
  state->require_option(1);
  add_until(*set, "With --off: until then, such as 2026-11-23T18:30:00Z", request)->excludes(on);
}

void add_store(CLI::App& app, CliRequest& request) {
  CLI::App* store =
      add_command(app, "store", "Is the store open? Open it, or pause it", CliCommand::store_show, request);
  add_service_options(*store, request);
  store->require_subcommand(0, 1);
  add_command(*store, "open", "Take orders again", CliCommand::store_open, request);
  CLI::App* pause = add_command(*store, "pause", "Take no new orders; those that run go on",
                                CliCommand::store_pause, request);
  add_until(*pause, "Open by itself then, such as 2026-11-23T18:30:00Z", request);
}

void add_partners(CLI::App& app, CliRequest& request) {
  CLI::App* partners = add_command(app, "partners", "The partners that storegate understands",
                                   CliCommand::partners_list, request);
  partners->require_subcommand(0, 1);
  add_command(*partners, "list", "Their names, and how their webhooks are known", CliCommand::partners_list,
              request);
  CLI::App* attempt = add_command(*partners, "try", "What becomes of one saved webhook; nothing is stored",
                                  CliCommand::partners_try, request);
  attempt->add_option("NAME", request.partner, "The partner, by its own or its configured name")->required();
  attempt->add_option("FILE", request.file, "A body, or a whole HTTP request as it was saved")->required();
  attempt->add_option("--config", request.config, "Configuration with the partner's secrets")
      ->type_name("FILE");
  attempt->add_option("--secret-file", request.secret_file, "File with its secret")->type_name("FILE");
  attempt->add_option("--header", request.headers, "A header of the request; may be given again")
      ->type_name("\"NAME: VALUE\"")
      ->take_all();
  attempt->add_option("--kind", request.kind, "As the URL's last part would fix it")
      ->check(CLI::IsMember({"order", "cancel", "release"}));
  attempt->add_flag("--unsigned", request.is_unsigned, "Do not look at the authentication");
  attempt->add_flag("--fetched", request.is_fetched,
                    "The file is an order that was fetched after a thin webhook");
}

void add_service_commands(CLI::App& app, CliRequest& request) {
  CLI::App* run = add_command(app, "run", "Run the service", CliCommand::run, request);
  CLI::App* check = add_command(app, "check-config", "Name every problem of a configuration",
                                CliCommand::check_config, request);
  CLI::App* doctor = add_command(app, "doctor", "Try broker, POS, disk, clock, ports; say what to do",
                                 CliCommand::doctor, request);
  for (CLI::App* command : {run, check, doctor}) {
    command
        ->add_option("--config", request.config, "The configuration; default /etc/storegate/storegate.toml")
        ->type_name("FILE");
  }
  CLI::App* salvage = add_command(
      app, "salvage", "Make a new database of all that is undamaged in one that the service refuses",
      CliCommand::salvage, request);
  salvage->add_option("FILE", request.file, "The damaged database; it is only read")->required();
  salvage->add_option("--out", request.out, "The new database; default FILE.salvaged")->type_name("FILE");
  add_partners(app, request);
  add_command(app, "version", "Print the version", CliCommand::version, request);
}

void add_queries(CLI::App& app, CliRequest& request) {
  add_orders(app, request);
  CLI::App* parked = add_command(app, "parked", "Orders that wait for a person, and what to do",
                                 CliCommand::parked, request);
  add_service_options(*parked, request);
  add_limit(*parked, request);
  add_availability(app, request);
  add_store(app, request);
  CLI::App* events = add_command(app, "events", "What the cloud is told", CliCommand::events, request);
  add_service_options(*events, request);
  add_limit(*events, request);
  events->add_option("--since", request.since, "Only events after this SEQ or EPOCH-SEQ")->type_name("SEQ");
  events
      ->add_option("--where", request.where,
                   "Only events of this pattern (EventBridge's), such as {\"data\":{\"phase\":[\"parked\"]}}")
      ->type_name("PATTERN");
  events->add_flag("--follow", request.follow, "Go on with what comes; without --since from now on");
}

/// CLI11 calls a command that there is not a missing one.
bool names_no_command(const CLI::App& app, int count, const char* const* words) {
  return count > 1 && words[1][0] != '-' && app.get_subcommands().empty();
}

}  // namespace

int run_cli(int count, const char* const* words, CliWorld& world) {
  CLI::App app{"storegate, the order gateway of a store"};
  CliRequest request;
  app.require_subcommand(1);
  add_service_commands(app, request);
  add_queries(app, request);
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    if (names_no_command(app, count, words)) {
      world.err << "storegate: there is no command \"" << printable(words[1])
                << "\". storegate --help names them.\n";
      return static_cast<int>(ExitStatus::bad_usage);
    }
    const int status = app.exit(error, world.out, world.err);  // prints help, or what is wrong
    return static_cast<int>(status == 0 ? ExitStatus::done : ExitStatus::bad_usage);
  }
  return static_cast<int>(carry_out(request, world));
}

}  // namespace storegate::app
