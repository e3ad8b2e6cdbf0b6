// Page after page; with --follow for ever, by asking again from the last event seen: what is asked is what the list
// asks, so there is no second way to read an answer.
#include "app/cli_events.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include "app/cli_answers.hpp"
#include "app/cli_format.hpp"
#include "codec/event_pattern.hpp"
#include "codec/text.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t page_rows_max = 1000;  // the API's own limit for one answer

/// One run of the command.
class EventsRun {
 public:
  EventsRun(const CliRequest& request, CliWorld& world, ServiceCaller& service,
            std::optional<codec::EventPattern> where)
      : request_(request),
        world_(world),
        service_(service),
        where_(std::move(where)),
        cursor_(request.since) {}

  ExitStatus run() {
    if (request_.follow && cursor_.empty() && !begin_now()) return failed();
    do {
      if (!read_what_is_there()) return failed();
      show();
    } while (request_.follow && world_.wait && world_.wait());
    if (more_) world_.err << "There are more; --limit N shows more than " << request_.limit << ".\n";
    return ExitStatus::done;
  }

 private:
  /// Whether events are printed one by one as they came, rather than whole bodies.
  [[nodiscard]] bool line_by_line() const { return where_.has_value() || request_.follow; }

  std::optional<EventPage> ask(std::size_t rows) {
    std::string target = "/v1/events?limit=" + std::to_string(rows);
    if (!cursor_.empty()) target += "&since=" + codec::percent_encoded(cursor_);
    const auto body = service_.ask("GET", target);
    if (!body) return std::nullopt;
    auto page = read_event_page(*body);
    if (!page) service_.stranger();
    if (page && request_.json && !line_by_line()) print(*body);
    return page;
  }

  bool begin_now() {
    cursor_ = "now";
    const auto page = ask(1);
    if (page) cursor_ = page->next;
    return page.has_value();
  }

  bool read_what_is_there() {
    for (;;) {
      const std::size_t missing = request_.limit - std::min(request_.limit, lines_.size());
      const auto page = ask(where_ ? page_rows_max : std::min(missing, page_rows_max));
      if (!page) return false;
      const std::string before = cursor_;
      for (const EventLine& line : page->events) take(line);
      if (!page->next.empty()) cursor_ = page->next;
      // A page that brings nothing and leads nowhere would go round for ever.
      more_ = !page->next.empty() && cursor_ != before && !page->events.empty();
      if (!more_) return true;
      if (lines_.size() >= request_.limit && !request_.follow) return true;
      if (request_.follow) show();
    }
  }

  void take(const EventLine& line) {
    if (!line.cursor.empty()) cursor_ = line.cursor;
    if (where_ && !where_->matches(line.body)) return;
    if (lines_.size() < request_.limit || request_.follow) lines_.push_back(line);
  }

  void show() {
    if (request_.json) {
      if (line_by_line())
        for (const EventLine& line : lines_) print(line.body);
    } else if (!request_.follow || !lines_.empty()) {
      world_.out << format_events(lines_, !std::exchange(headed_, true));
    }
    if (request_.follow) lines_.clear();
    world_.out.flush();
  }

  void print(const std::string& body) { world_.out << body << (body.ends_with('\n') ? "" : "\n"); }

  ExitStatus failed() {
    if (request_.json && !service_.refusal().empty()) print(service_.refusal());
    return service_.status();
  }

  const CliRequest& request_;
  CliWorld& world_;
  ServiceCaller& service_;
  std::optional<codec::EventPattern> where_;
  std::string cursor_;
  std::vector<EventLine> lines_;
  bool more_ = false;
  bool headed_ = false;
};

}  // namespace

ExitStatus show_events(const CliRequest& request, CliWorld& world, ServiceCaller& service) {
  std::optional<codec::EventPattern> where;
  if (!request.where.empty()) {
    auto parsed = codec::EventPattern::parse(request.where);
    if (!parsed) {
      world.err << "storegate: --where is no event pattern: " << printable(parsed.problem().text()) << "\n";
      return ExitStatus::bad_usage;
    }
    where = std::move(*parsed);
  }
  return EventsRun(request, world, service, std::move(where)).run();
}

}  // namespace storegate::app
