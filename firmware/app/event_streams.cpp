// One read under way for each reader, and none while it has bytes that it has not taken.
#include "app/event_streams.hpp"

#include <algorithm>
#include <utility>

#include "app/webhooks.hpp"
#include "codec/events.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::size_t page_events = 100;
constexpr std::size_t page_bytes = 128 * 1024;
constexpr std::string_view sign_of_life = ":\n\n";
}  // namespace

EventStreams::EventStreams(platform::Loop& loop, Turns& turns, StoreThread& store, const Config& config)
    : loop_(loop), turns_(turns), store_(store), config_(config) {}

bool EventStreams::has_room() {
  forget_gone();
  return readers_.size() <
         std::min(event_streams_max, std::max<std::size_t>(config_.http.connections_limit() / 4, 1));
}

// Nobody but this room holds a stream whose connection has gone before it could begin.
void EventStreams::forget_gone() {
  std::erase_if(readers_, [](const std::shared_ptr<Reader>& reader) {
    return !reader->stream->is_open() || reader->stream.use_count() == 1;
  });
}

std::shared_ptr<platform::ResponseStream> EventStreams::open(core::Position after,
                                                             std::optional<codec::EventPattern> where) {
  auto reader = std::make_shared<Reader>();
  reader->stream = std::make_shared<platform::ResponseStream>();
  reader->after = after;
  reader->where = std::move(where);
  reader->stream->write("retry: 2000\n\n");
  // Weak: the reader owns the stream that owns this.
  reader->stream->on_progress = [this, weak = std::weak_ptr<Reader>(reader)] {
    if (const auto self = weak.lock()) feed(self);
  };
  readers_.push_back(reader);
  if (!sign_timer_.pending()) sign_timer_ = loop_.after(stream_sign_every, [this] { sign(); });
  return reader->stream;
}

void EventStreams::look() {
  for (const auto& reader : std::vector(readers_)) feed(reader);
}

void EventStreams::feed(const std::shared_ptr<Reader>& reader) {
  const bool behind = reader->after < turns_.engine().outbox().last_written();
  if (!reader->stream->is_open() || reader->reading || !behind || reader->stream->waiting() > 0) return;
  reader->reading = true;
  store_.submit(Urgency::read, [this, reader](storage::Journal& journal) -> Completion {
    auto page = std::make_shared<core::Result<storage::EventPage>>(
        journal.events_after(reader->after, page_events, page_bytes));
    return [this, reader, page] {
      reader->reading = false;
      take(*reader, *page);
      feed(reader);
    };
  });
}

// A reader whose events cannot be read is sent away: it comes again with the last id it has seen.
void EventStreams::take(Reader& reader, const core::Result<storage::EventPage>& page) {
  if (!page) {
    platform::log_error("events cannot be read", {{"why", page.error().context}});
    return reader.stream->end();
  }
  if (page->through <= reader.after) return reader.stream->end();  // rows that should be there are not
  reader.after = page->through;
  std::string text;
  for (const core::OutgoingEvent& event : page->events) {
    const std::string encoded = encode_event(config_, event);
    if (reader.where && !reader.where->matches(encoded)) continue;
    text.append("id: ").append(codec::cursor_text(event.epoch, event.record.position.sequence));
    text.append("\ndata: ").append(encoded).append("\n\n");
  }
  if (!text.empty() && !reader.stream->write(text)) reader.stream->end();
}

void EventStreams::sign() {
  forget_gone();
  for (const auto& reader : readers_)
    if (reader->stream->waiting() == 0) reader->stream->write(sign_of_life);
  if (!readers_.empty()) sign_timer_ = loop_.after(stream_sign_every, [this] { sign(); });
}

}  // namespace storegate::app
