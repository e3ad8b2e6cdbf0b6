// What the POS answers to each request.
#include "tests/support/pos_double/pos.hpp"

#include <functional>

#include "tests/support/http_text.hpp"
#include "tests/support/json_text.hpp"
#include "tests/support/pos_double/order_body.hpp"

namespace storegate::pos_double {

namespace {

constexpr std::string_view orders_prefix = "/orders/";
constexpr std::string_view void_suffix = "/void";

Answer problem(int status, std::string_view code, std::string_view detail) {
  return {status,
          "{\"code\":" + support::json_text(code) + ",\"detail\":" + support::json_text(detail) + "}",
          {}};
}

/// The pos_reference between /orders/ and the end or /void.
std::string_view pos_reference_in(std::string_view path) {
  path.remove_prefix(orders_prefix.size());
  if (path.ends_with(void_suffix)) path.remove_suffix(void_suffix.size());
  return path;
}

/// The decoded value of `name` in a query; empty if absent or malformed.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return support::percent_decode(pair.substr(name.size() + 1));
  }
  return std::nullopt;
}

Kind kind_of(const Request& request) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (post && request.path == "/orders") return Kind::orders;
  if (get && request.path == "/orders") return Kind::query;
  if (get && request.path == "/availability") return Kind::availability;
  if (get && request.path == "/menu") return Kind::menu;
  if (get && request.path == "/health") return Kind::health;
  if (!request.path.starts_with(orders_prefix)) return Kind::control;
  if (post && request.path.ends_with(void_suffix)) return Kind::void_ticket;
  return get ? Kind::status : Kind::control;
}

const char* reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 409: return "Conflict";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

}  // namespace

std::string to_bytes(const Answer& answer) {
  std::string bytes;
  bytes.reserve(128 + answer.body.size());
  bytes.append("HTTP/1.1 ")
      .append(std::to_string(answer.status))
      .append(" ")
      .append(reason_of(answer.status));
  bytes.append("\r\nContent-Type: application/json\r\nContent-Length: ")
      .append(std::to_string(answer.body.size()));
  return bytes.append("\r\n").append(answer.more_fields).append("\r\n").append(answer.body);
}

Pos::Pos(const PosOptions& options)
    : options_(options), faults_(options.seed), tickets_(options.tickets_file, options.deduplicates) {}

std::optional<Answer> Pos::receive(Visit& visit) {
  const Request& request = visit.request;
  visit.kind = kind_of(request);
  ++received_[static_cast<std::size_t>(visit.kind)];
  if (visit.kind != Kind::orders) return std::nullopt;
  OrderBody read = read_order(request.body, request.idempotency_key);
  if (!request.has_key || !read.wrong.empty()) {
    ++bad_requests_;
    return problem(400, "bad_request", request.has_key ? read.wrong : "no Idempotency-Key");
  }
  const auto hash = std::hash<std::string_view>{}(request.body);
  const auto [known, fresh] = body_of_key_.emplace(request.idempotency_key, hash);
  if (!fresh && known->second != hash) ++other_body_same_key_;
  visit.order = std::move(read.ticket);
  visit.order.idempotency_key = request.idempotency_key;
  return std::nullopt;
}

std::chrono::milliseconds Pos::delay(Kind kind) const noexcept {
  const bool works = kind == Kind::orders || kind == Kind::void_ticket;
  return works ? options_.delay : std::chrono::milliseconds(0);
}

Answer Pos::act(const Visit& visit) {
  const Request& request = visit.request;
  switch (visit.kind) {
    case Kind::orders: return place(visit);
    case Kind::void_ticket: return void_ticket(pos_reference_in(request.path));
    case Kind::query: return find(request);
    case Kind::status: return status_of(pos_reference_in(request.path));
    case Kind::availability: return {200, availability_, {}};
    case Kind::menu: return {200, menu_, {}};
    case Kind::health: return {200, R"({"status":"pass"})", {}};
    case Kind::control: return control(request);
  }
  return problem(404, "not_found", "no such door");
}

Answer Pos::place(const Visit& visit) {
  const Uptime now = uptime_now();
  const Ticket* ticket = tickets_.remembered(visit.order.idempotency_key, now);
  const bool again = ticket != nullptr;
  if (again)
    ++deduplicated_;
  else
    ticket = &tickets_.cut(visit.order, now);
  return {again ? 200 : 201, "{\"pos_reference\":" + support::json_text(ticket->pos_reference) + "}", {}};
}

Answer Pos::find(const Request& request) const {
  if (!options_.can_query) return problem(404, "not_found", "this POS cannot be asked");
  const auto reference = parameter(request.query, "reference");
  if (!reference) return problem(400, "bad_request", "reference is missing");
  std::string list;
  for (const Ticket* ticket : tickets_.by_reference(*reference)) {
    list += list.empty() ? "" : ",";
    list += "{\"pos_reference\":" + support::json_text(ticket->pos_reference) +
            ",\"status\":" + support::json_text(ticket->status) + "}";
  }
  return {200, "{\"orders\":[" + list + "]}", {}};
}

Answer Pos::status_of(std::string_view pos_reference) const {
  const Ticket* ticket = tickets_.by_pos_reference(pos_reference);
  if (ticket == nullptr) return problem(404, "not_found", "no such ticket");
  return {200, "{\"status\":" + support::json_text(ticket->status) + "}", {}};
}

Answer Pos::void_ticket(std::string_view pos_reference) {
  const Ticket* ticket = tickets_.by_pos_reference(pos_reference);
  if (ticket == nullptr) return problem(404, "not_found", "no such ticket");
  if (ticket->status == "ready" || ticket->status == "completed")
    return problem(409, "too_late", ticket->status);
  if (ticket->status != "voided") tickets_.set_status(pos_reference, "voided");
  return {200, R"({"status":"voided"})", {}};
}

Answer Pos::fault_answer(const Fault& fault) const {
  const std::string_view code =
      fault.status == 409 ? std::string_view(options_.refuse_code) : std::string_view("fault");
  Answer answer = problem(fault.status, code, fault.name);
  if (fault.status == 429)
    answer.more_fields = "Retry-After: " + std::to_string(options_.retry_after_s) + "\r\n";
  return answer;
}

Answer Pos::nonsense() {
  static constexpr std::array<std::string_view, 7> bodies{"<html>ok</html>",
                                                          "",
                                                          "[]",
                                                          R"({"pos_reference":42})",
                                                          R"({"ticket":"P-000001"})",
                                                          R"({"pos_reference":""})",
                                                          R"({"pos_ref)"};
  return {200, std::string(bodies[nonsense_given_++ % bodies.size()]), {}};
}

Answer Pos::name_earlier_ticket(const Visit& visit, Answer answer) const {
  const Ticket* earlier = tickets_.latest_but(visit.order.reference);
  if (earlier != nullptr)
    answer.body = "{\"pos_reference\":" + support::json_text(earlier->pos_reference) + "}";
  return answer;
}

}  // namespace storegate::pos_double
