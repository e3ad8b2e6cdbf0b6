// The doors of the POS double that no POS has: the tests look at its tickets and change its faults here.
#include <boost/json.hpp>
#include <utility>

#include "tests/support/http_text.hpp"
#include "tests/support/json_text.hpp"
#include "tests/support/pos_double/pos.hpp"

namespace storegate::pos_double {

namespace json = boost::json;

namespace {

constexpr std::string_view double_tickets = "/double/tickets/";

Answer refused(std::string_view why) {
  return {400, "{\"code\":\"bad_control\",\"detail\":" + support::json_text(why) + "}", {}};
}

std::optional<json::object> object_in(std::string_view body) {
  boost::system::error_code failed;
  json::value value = json::parse({body.data(), body.size()}, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

bool has_items(std::string_view body) {
  const auto wanted = object_in(body);
  const auto* items = wanted ? wanted->if_contains("items") : nullptr;
  return items != nullptr && items->is_array();
}

/// 0.1, "10%", {"rate":0.1} or {"next":3}; false when it is none of these.
bool read_rate(const json::value& value, Fault& fault) {
  if (value.is_string()) {
    const auto rate = parse_rate(std::string_view(value.get_string()));
    fault.rate = rate.value_or(0);
    return rate.has_value();
  }
  if (value.is_number()) {
    fault.rate = value.to_number<double>();
    return fault.rate >= 0 && fault.rate <= 1;
  }
  if (!value.is_object() || value.get_object().empty()) return false;
  for (const auto& [name, number] : value.get_object()) {
    if (!number.is_number() || number.to_number<double>() < 0) return false;
    if (name == "next")
      fault.next = static_cast<std::uint64_t>(number.to_number<double>());
    else if (name != "rate" || !read_rate(number, fault))
      return false;
  }
  return true;
}

std::string number_member(std::string_view name, std::uint64_t number) {
  return support::json_text(name) + ":" + std::to_string(number);
}

}  // namespace

Answer Pos::control(const Request& request) {
  const bool get = request.method == "GET";
  const bool put = request.method == "PUT";
  if (get && request.path == "/tickets") return list_tickets(request);
  if (get && request.path == "/double/requests") return counts();
  if (put && request.path == "/double/faults") return put_faults(request);
  if (put && request.path == "/double/availability") return put_availability(request);
  if (put && request.path == "/double/menu") return put_menu(request);
  if (put && request.path == "/double/delay") return put_delay(request);
  if (put && request.path.starts_with(double_tickets)) return put_ticket(request);
  return {404, R"({"code":"not_found","detail":"no such door"})", {}};
}

Answer Pos::list_tickets(const Request& request) const {
  std::size_t from = 0;
  if (request.query.starts_with("from=")) from = support::decimal(request.query.substr(5)).value_or(0);
  std::string text = "{\"tickets\":[";
  for (std::size_t i = from; i < tickets_.all().size(); ++i) {
    if (i > from) text += ',';
    append_json(text, tickets_.all()[i]);
  }
  return {200, text + "]}", {}};
}

Answer Pos::counts() const {
  std::string text = "{";
  for (std::size_t i = 0; i < kinds; ++i)
    text += number_member(name_of(static_cast<Kind>(i)), received_[i]) + ",";
  text +=
      number_member("connections", connections_) + "," + number_member("bad_requests", bad_requests_) + ",";
  text += number_member("deduplicated", deduplicated_) + ",";
  text += number_member("other_body_same_key", other_body_same_key_) + ",";
  text += number_member("tickets", tickets_.all().size()) + "," +
          number_member("references", tickets_.references()) + ",";
  text += number_member("most_per_reference", tickets_.most_per_reference()) + ",\"faults\":{";
  std::string_view comma;
  for (const auto& [name, hits] : faults_.hits()) {
    text.append(comma).append(number_member(name, hits));
    comma = ",";
  }
  return {200, text + "}}", {}};
}

Answer Pos::put_faults(const Request& request) {
  const auto wanted = object_in(request.body);
  if (!wanted) return refused("not a JSON object");
  std::vector<Fault> faults;
  for (const auto& [name, value] : *wanted) {
    auto fault = fault_named(name);
    if (!fault) return refused("no such fault: " + std::string(name));
    if (!read_rate(value, *fault)) return refused("not a rate: " + std::string(name));
    faults.push_back(std::move(*fault));
  }
  faults_.replace(std::move(faults));
  return {};
}

Answer Pos::put_ticket(const Request& request) {
  const auto wanted = object_in(request.body);
  const auto* status = wanted ? wanted->if_contains("status") : nullptr;
  if (status == nullptr || !status->is_string()) return refused("status is missing");
  const std::string text(status->get_string());
  for (const std::string_view known : {"open", "preparing", "ready", "completed", "voided"}) {
    if (text != known) continue;
    const bool done = tickets_.set_status(request.path.substr(double_tickets.size()), text);
    return done ? Answer{} : Answer{404, R"({"code":"not_found","detail":"no such ticket"})", {}};
  }
  return refused("no such status: " + text);
}

Answer Pos::put_availability(const Request& request) {
  if (!has_items(request.body)) return refused("items is missing");
  availability_ = request.body;
  return {};
}

Answer Pos::put_menu(const Request& request) {
  if (!has_items(request.body)) return refused("items is missing");
  menu_ = request.body;
  return {};
}

Answer Pos::put_delay(const Request& request) {
  const auto wanted = object_in(request.body);
  const auto* delay = wanted ? wanted->if_contains("ms") : nullptr;
  if (delay == nullptr || !delay->is_int64() || delay->get_int64() < 0) return refused("ms is missing");
  options_.delay = std::chrono::milliseconds(delay->get_int64());
  return {};
}

}  // namespace storegate::pos_double
