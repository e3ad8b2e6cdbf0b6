// The routes that only look: rows are read on the store thread, so a question sees what is on disk and nothing else.
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/api.hpp"
#include "app/webhooks.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {

using codec::ProblemKind;

constexpr std::size_t limit_default = 100;
constexpr std::size_t limit_max = 1000;
// A page of events is built in memory: a thousand orders of a hundred items would be too much of it.
constexpr std::size_t page_bytes_max = 1024 * 1024;
constexpr std::int64_t retry_after_streams_s = 30;

template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

codec::HttpReply json(std::string body) {
  codec::HttpReply reply;
  reply.body = std::move(body);
  return reply;
}

codec::HttpReply no_such_order() {
  return codec::problem_reply({ProblemKind::not_found, "There is no order with this id.", {}, {}});
}

codec::HttpReply cannot_read(const core::Error& error) {
  platform::log_error("rows cannot be read", {{"why", error.context}});
  const bool damaged = error.code == core::ErrorCode::damaged;
  return codec::problem_reply(
      {ProblemKind::unavailable,
       damaged ? "Its rows are damaged; the log says which." : "The rows cannot be read just now.",
       {},
       {}});
}

std::string encode_events(const Config& config, std::span<const core::OutgoingEvent> events,
                          std::string_view next) {
  std::vector<std::string> encoded;
  encoded.reserve(events.size());
  for (const auto& event : events) encoded.push_back(encode_event(config, event));
  return codec::encode_events_page(encoded, next);
}

struct OrderListing {
  std::vector<codec::ListedOrder> orders;
  core::OrderNumber next = core::no_order;
};

core::Result<OrderListing> read_list(storage::Journal& journal, const storage::ListQuery& query) {
  auto page = journal.list_orders(query);
  if (!page) return std::move(page).error();
  OrderListing listing;
  listing.next = page->next;
  for (core::Order& order : page->orders) {
    std::optional<core::EventRecord> last;
    if (order.phase == core::Phase::parked) {
      auto event = journal.find_event(order.last_event);
      if (event) last = std::move(*event);  // a damaged one: the row says when it last changed
    }
    const auto since = codec::parked_since(order, last ? &*last : nullptr);
    listing.orders.push_back({std::move(order), since});
  }
  return listing;
}

/// An order's row, and what else its question asks for; nothing if there is no such order.
struct OrderStory {
  core::Order order;
  std::string canonical;
  std::vector<core::OutgoingEvent> events;
};

core::Result<std::optional<OrderStory>> read_story(storage::Journal& journal, const core::OrderId& id,
                                                   bool with_body) {
  auto row = journal.find_order(core::number_of(id));
  if (!row) return std::move(row).error();
  if (!*row || (*row)->id != id) return std::optional<OrderStory>{};
  OrderStory story;
  story.order = std::move(**row);
  auto events = journal.events_of(story.order.number);
  if (events)
    story.events = std::move(*events);
  else if (events.error().code != core::ErrorCode::not_found)  // pruned: the row is still worth showing
    return std::move(events).error();
  if (with_body) {
    auto body = journal.find_body(story.order.number);
    if (!body) return std::move(body).error();
    if (*body) story.canonical = std::move((*body)->canonical);
  }
  return std::optional<OrderStory>(std::move(story));
}

}  // namespace

/// `ask(journal)` runs on the store thread and gives a Result; `write(value)` makes the reply of it on the loop.
template <typename Ask, typename Write>
void Api::query(Visit& visit, Ask ask, Write write) {
  auto responder = std::make_shared<platform::Responder>(std::move(visit.responder));
  parts_.store.submit(Urgency::read, [this, responder, ask, write](storage::Journal& journal) -> Completion {
    auto result = std::make_shared<decltype(ask(journal))>(ask(journal));
    return [this, responder, write, result] {
      auto reply = result->ok() ? write(**result) : cannot_read(result->error());
      parts_.gauges.http_answered(reply.status);
      responder->answer(response_of(std::move(reply)));
    };
  });
}

std::optional<std::size_t> Api::limit_of(Visit& visit) {
  const auto text = platform::query_value(visit.request.query(), "limit");
  if (!text) return limit_default;
  const auto limit = number_from<std::size_t>(*text);
  if (limit && *limit >= 1 && *limit <= limit_max) return limit;
  refuse(visit, ProblemKind::invalid_document, "The parameter 'limit' is a number from 1 to 1000.");
  return {};
}

void Api::list_orders(Visit& visit) {
  const auto parameters = visit.request.query();
  storage::ListQuery query;
  const auto limit = limit_of(visit);
  if (!limit) return;
  query.limit = *limit;
  if (const auto phase = platform::query_value(parameters, "phase")) {
    query.phase = core::phase_from(*phase);
    if (!query.phase)
      return refuse(visit, ProblemKind::invalid_document, "The parameter 'phase' names no phase.");
  }
  query.partner = platform::query_value(parameters, "partner");
  if (const auto cursor = platform::query_value(parameters, "cursor")) {
    const auto before = number_from<std::int64_t>(*cursor);
    if (!before || *before < 1)
      return refuse(visit, ProblemKind::invalid_document,
                    "The parameter 'cursor' is the 'next' of an earlier answer.");
    query.before = core::OrderNumber{*before};
  }
  this->query(
      visit, [query](storage::Journal& journal) { return read_list(journal, query); },
      [](const OrderListing& listing) {
        const bool last = listing.next == core::no_order;
        return json(codec::encode_order_list(listing.orders,
                                             last ? "" : std::to_string(core::value_of(listing.next))));
      });
}

void Api::show_order(Visit& visit) {
  const auto id = core::order_id_from(visit.names[0]);
  if (!id) return answer(visit, no_such_order());
  query(
      visit, [id = *id](storage::Journal& journal) { return read_story(journal, id, true); },
      [](const std::optional<OrderStory>& story) {
        if (!story) return no_such_order();
        std::vector<core::EventRecord> records;
        records.reserve(story->events.size());
        for (const auto& event : story->events) records.push_back(event.record);
        return json(codec::encode_order_detail(story->order, story->canonical, records));
      });
}

void Api::order_events(Visit& visit) {
  const auto id = core::order_id_from(visit.names[0]);
  if (!id) return answer(visit, no_such_order());
  query(
      visit, [id = *id](storage::Journal& journal) { return read_story(journal, id, false); },
      [this](const std::optional<OrderStory>& story) {
        if (!story) return no_such_order();
        return json(encode_events(parts_.config, story->events, ""));
      });
}

// SEQ of the current epoch, EPOCH-SEQ, or "now": after the newest event that is on disk.
std::optional<core::Position> Api::position_of(Visit& visit, std::string_view since, std::string_view name) {
  const core::Position newest = parts_.turns.engine().outbox().last_written();
  if (since == "now") return newest;
  const auto cursor = codec::cursor_from(since);
  if (!cursor) {
    refuse(visit, ProblemKind::invalid_document, std::string(name) + " is SEQ, EPOCH-SEQ or now.");
    return {};
  }
  if (!cursor->epoch.empty() && cursor->epoch != parts_.epoch) {
    refuse(visit, ProblemKind::invalid_document,
           std::string(name) +
               " names another epoch than the current one; leave it out to begin with the oldest event "
               "that is kept.");
    return {};
  }
  return core::Position{newest.epoch, cursor->sequence};
}

// Without `since` and Last-Event-ID it begins now; a reader that comes again says by Last-Event-ID where it was.
void Api::stream_events(Visit& visit) {
  const auto given = platform::query_value(visit.request.query(), "since");
  const auto last_id = visit.request.headers.find("Last-Event-ID");
  const std::string since = last_id ? std::string(*last_id) : given.value_or("now");
  const auto after =
      position_of(visit, since, last_id ? "The header Last-Event-ID" : "The parameter 'since'");
  if (!after) return;
  std::optional<codec::EventPattern> where;
  if (const auto pattern = platform::query_value(visit.request.query(), "where")) {
    auto parsed = codec::EventPattern::parse(*pattern);
    if (!parsed)
      return refuse(visit, ProblemKind::invalid_document,
                    "The parameter 'where' is no pattern: " + parsed.problem().text());
    where = std::move(*parsed);
  }
  if (!parts_.streams.has_room())
    return answer(visit, codec::retry_reply(ProblemKind::unavailable,
                                            "As many readers as this store takes follow its events.",
                                            retry_after_streams_s));
  platform::HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.add("Cache-Control", "no-store");
  response.stream = parts_.streams.open(*after, std::move(where));
  parts_.gauges.http_answered(response.status);
  visit.responder.answer(std::move(response));
}

void Api::list_events(Visit& visit) {
  const auto limit = limit_of(visit);
  if (!limit) return;
  core::Position after;
  const auto since = platform::query_value(visit.request.query(), "since");
  if (since) {
    const auto position = position_of(visit, *since, "The parameter 'since'");
    if (!position) return;
    after = *position;
  }
  const bool from_now = since == "now";
  query(
      visit,
      [after, limit = *limit](storage::Journal& journal) {
        return journal.events_after(after, limit, page_bytes_max);
      },
      [this, from_now](const storage::EventPage& page) {
        std::string next;
        if (page.more || from_now) {
          const auto& epoch = page.events.empty() ? parts_.epoch : page.events.back().epoch;
          next = codec::cursor_text(epoch, page.through.sequence);
        }
        return json(encode_events(parts_.config, page.events, next));
      });
}

void Api::show_availability(Visit& visit) {
  answer(visit, json(codec::encode_availability(parts_.turns.engine().gateway().book().stock().listed())));
}

}  // namespace storegate::app
