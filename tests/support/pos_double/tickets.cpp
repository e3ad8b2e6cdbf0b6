// The tickets, in memory and as lines of a file that outlives the process.
#include "tests/support/pos_double/tickets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "tests/support/http_text.hpp"
#include "tests/support/json_text.hpp"

namespace storegate::pos_double {

namespace json = boost::json;

namespace {

std::string pos_reference_of(std::size_t place) {
  const std::string digits = std::to_string(place + 1);
  return "P-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Uptime uptime_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Uptime>(std::chrono::seconds(now.tv_sec) +
                                            std::chrono::nanoseconds(now.tv_nsec));
}

TicketBook::TicketBook(const std::string& file, std::chrono::duration<double> deduplicates)
    : window_(std::chrono::duration_cast<Uptime>(deduplicates)) {
  if (file.empty()) return;
  read_back(file);
  file_ = support::Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file_.open()) throw std::runtime_error("tickets file " + file + ": " + std::strerror(errno));
  if (!ends_in_line_end_) append("\n");  // or the next ticket would be glued to a torn line and lost with it
}

void TicketBook::read_back(const std::string& file) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    ends_in_line_end_ = !lines.eof();
    boost::system::error_code failed;
    const json::value value = json::parse(line, failed);
    if (failed || !value.is_object()) continue;  // the last line of a double that was killed inside its write
    const json::object& object = value.get_object();
    const auto* cut_at = object.if_contains("uptime_ms");
    if (cut_at == nullptr) {
      const std::size_t place = place_of(text_of(object, "pos_reference"));
      if (place < tickets_.size()) tickets_[place].status = text_of(object, "status");
      continue;
    }
    Ticket ticket;
    ticket.reference = text_of(object, "reference");
    ticket.at = text_of(object, "at");
    ticket.status = text_of(object, "status");
    ticket.display_code = text_of(object, "display_code");
    ticket.partner = text_of(object, "partner");
    ticket.partner_order_id = text_of(object, "partner_order_id");
    ticket.idempotency_key = text_of(object, "idempotency_key");
    ticket.reprint = object.contains("reprint") && object.at("reprint") == json::value(true);
    add(std::move(ticket), Uptime(cut_at->to_number<std::int64_t>()));
  }
}

void TicketBook::add(Ticket ticket, Uptime cut_at) {
  ticket.pos_reference = pos_reference_of(tickets_.size());
  by_key_[ticket.idempotency_key] = {tickets_.size(), cut_at};
  auto& same = by_reference_[ticket.reference];
  same.push_back(tickets_.size());
  most_per_reference_ = std::max(most_per_reference_, same.size());
  tickets_.push_back(std::move(ticket));
}

const Ticket* TicketBook::remembered(const std::string& idempotency_key, Uptime now) const {
  const auto found = by_key_.find(idempotency_key);
  if (found == by_key_.end()) return nullptr;
  const Uptime age = now - found->second.cut_at;
  // A negative age: the file is from before a reboot, and the window long over.
  return age >= Uptime(0) && age < window_ ? &tickets_[found->second.ticket] : nullptr;
}

const Ticket& TicketBook::cut(Ticket ticket, Uptime now) {
  ticket.at = support::utc_text_ms(std::chrono::system_clock::now());
  add(std::move(ticket), now);
  const Ticket& made = tickets_.back();
  if (!file_.open()) return made;
  std::string line;
  append_json(line, made);
  line.back() = ',';
  append(line + "\"uptime_ms\":" + std::to_string(now.count()) + "}\n");
  return made;
}

void TicketBook::append(const std::string& line) {
  if (file_.open() && ::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error(std::string("tickets file: ") +
                             std::strerror(errno));  // a lost count proves nothing
}

bool TicketBook::set_status(std::string_view pos_reference, const std::string& status) {
  const std::size_t place = place_of(pos_reference);
  if (place >= tickets_.size()) return false;
  tickets_[place].status = status;
  append("{\"pos_reference\":" + support::json_text(pos_reference) +
         ",\"status\":" + support::json_text(status) + "}\n");
  return true;
}

std::size_t TicketBook::place_of(std::string_view pos_reference) const {
  const auto number =
      pos_reference.starts_with("P-") ? support::decimal(pos_reference.substr(2)) : std::nullopt;
  const bool known =
      number && *number > 0 && *number <= tickets_.size() && pos_reference_of(*number - 1) == pos_reference;
  return known ? *number - 1 : tickets_.size();
}

const Ticket* TicketBook::by_pos_reference(std::string_view pos_reference) const {
  const std::size_t place = place_of(pos_reference);
  return place < tickets_.size() ? &tickets_[place] : nullptr;
}

std::vector<const Ticket*> TicketBook::by_reference(const std::string& reference) const {
  std::vector<const Ticket*> found;
  if (const auto same = by_reference_.find(reference); same != by_reference_.end())
    for (const std::size_t place : same->second) found.push_back(&tickets_[place]);
  return found;
}

const Ticket* TicketBook::latest_but(const std::string& reference) const {
  const auto found = std::find_if(tickets_.rbegin(), tickets_.rend(),
                                  [&](const Ticket& ticket) { return ticket.reference != reference; });
  return found == tickets_.rend() ? nullptr : &*found;
}

void append_json(std::string& text, const Ticket& ticket) {
  using support::json_text;
  text.append("{\"reference\":").append(json_text(ticket.reference));
  text.append(",\"pos_reference\":").append(json_text(ticket.pos_reference));
  text.append(",\"at\":").append(json_text(ticket.at));
  text.append(",\"status\":").append(json_text(ticket.status));
  text.append(",\"display_code\":").append(json_text(ticket.display_code));
  text.append(",\"reprint\":").append(ticket.reprint ? "true" : "false");
  text.append(",\"partner\":").append(json_text(ticket.partner));
  text.append(",\"partner_order_id\":").append(json_text(ticket.partner_order_id));
  text.append(",\"idempotency_key\":").append(json_text(ticket.idempotency_key)).append("}");
}

}  // namespace storegate::pos_double
