// Starts the pos-double program and asks it over its control door.
#include "tests/support/pos_double_process.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

namespace storegate::support {

namespace json = boost::json;

namespace {

json::object object_of(const HttpAnswer& answer, const std::string& what) {
  if (!answer.is(200))
    throw std::runtime_error("pos-double: " + what + ": " + name_of(answer.reach) + " " + answer.error + " " +
                             answer.body);
  return json::parse(answer.body).as_object();
}

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

/// The port at the end of "… on http://HOST:PORT".
std::uint16_t announced_port(const std::optional<std::string>& line) {
  if (!line) throw std::runtime_error("pos-double did not come up");
  return Address::parse(line->substr(line->find("http://"))).port;
}

}  // namespace

std::string pos_double_program() { return STOREGATE_POS_DOUBLE; }

PosDouble::PosDouble(std::vector<std::string> options, std::string tickets_file, std::uint16_t port)
    : options_(std::move(options)), tickets_file_(std::move(tickets_file)), port_(port) {
  start();
}

void PosDouble::start() {
  std::vector<std::string> words{"--listen", "127.0.0.1:" + std::to_string(port_), "--control",
                                 "127.0.0.1:0"};
  if (!tickets_file_.empty()) words.insert(words.end(), {"--tickets-file", tickets_file_});
  words.insert(words.end(), options_.begin(), options_.end());
  process_.reset();
  process_ = std::make_unique<Process>(pos_double_program(), words,
                                       ProcessOptions{.stderr_path = "-", .stdout_pipe = true});
  port_ = announced_port(process_->read_line(std::chrono::seconds(10)));
  control_port_ = announced_port(process_->read_line(std::chrono::seconds(10)));
}

void PosDouble::kill() {
  process_->kill(SIGKILL);
  if (!process_->wait(std::chrono::seconds(10))) throw std::runtime_error("pos-double survived SIGKILL");
}

HttpAnswer PosDouble::ask(std::string_view method, std::string_view target, std::string_view body) {
  HttpCaller caller(Address{"127.0.0.1", control_port_, {}}, std::chrono::seconds(30));
  return caller.call(method, target, {}, body);
}

std::vector<PosTicket> PosDouble::tickets() {
  std::vector<PosTicket> tickets;
  const json::object read = object_of(ask("GET", "/tickets"), "tickets");
  for (const auto& value : read.at("tickets").as_array()) {
    const auto& ticket = value.as_object();
    tickets.push_back({text_of(ticket, "reference"), text_of(ticket, "pos_reference"),
                       text_of(ticket, "status"), text_of(ticket, "display_code"), text_of(ticket, "partner"),
                       text_of(ticket, "partner_order_id"), text_of(ticket, "idempotency_key"),
                       ticket.at("reprint").as_bool()});
  }
  return tickets;
}

std::size_t PosDouble::tickets_of(const std::string& reference) {
  const auto all = tickets();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const PosTicket& ticket) { return ticket.reference == reference; }));
}

PosCounts PosDouble::counts() {
  const HttpAnswer answer = ask("GET", "/double/requests");
  const json::object read = object_of(answer, "requests");
  const auto number = [&](std::string_view name) { return read.at(name).to_number<std::int64_t>(); };
  PosCounts counts;
  counts.orders = number("orders");
  counts.queries = number("query");
  counts.voids = number("void");
  counts.bad_requests = number("bad_requests");
  counts.deduplicated = number("deduplicated");
  counts.tickets = number("tickets");
  counts.references = number("references");
  counts.most_per_reference = number("most_per_reference");
  for (const auto& fault : read.at("faults").as_object())
    counts.faults_hit += fault.value().to_number<std::int64_t>();
  counts.json = answer.body;
  return counts;
}

void PosDouble::set_faults(const std::string& faults) {
  object_of(ask("PUT", "/double/faults", faults), "faults");
}

void PosDouble::set_delay(std::chrono::milliseconds delay) {
  object_of(ask("PUT", "/double/delay", "{\"ms\":" + std::to_string(delay.count()) + "}"), "delay");
}

void PosDouble::set_status(const std::string& pos_reference, const std::string& status) {
  object_of(ask("PUT", "/double/tickets/" + pos_reference, "{\"status\":\"" + status + "\"}"), "ticket");
}

void PosDouble::set_menu(const std::string& items) { object_of(ask("PUT", "/double/menu", items), "menu"); }

void PosDouble::set_availability(const std::string& items) {
  object_of(ask("PUT", "/double/availability", items), "availability");
}

}  // namespace storegate::support
