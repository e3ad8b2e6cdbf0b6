// EventStreams: who follows the events over GET /v1/events/stream (server-sent events). Rows are read as everybody reads
// them; a reader gets the next page when it has taken the last one, so a slow one costs no memory. Changes nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/store_thread.hpp"
#include "app/turns.hpp"
#include "codec/event_pattern.hpp"
#include "platform/loop.hpp"
#include "platform/response_stream.hpp"

namespace storegate::app {

/// Readers at once, and at most a quarter of http.connections_max, of which each holds one. Beyond it: 503 with Retry-After.
inline constexpr std::size_t event_streams_max = 16;
/// A line that means nothing is sent after so long without an event, so that a reader that has gone is found out.
inline constexpr std::chrono::milliseconds stream_sign_every{15'000};

/// Loop thread only.
class EventStreams {
 public:
  EventStreams(platform::Loop& loop, Turns& turns, StoreThread& store, const Config& config);

  [[nodiscard]] bool has_room();
  /// Sends every event after `after` that the pattern wants, for as long as somebody reads.
  [[nodiscard]] std::shared_ptr<platform::ResponseStream> open(core::Position after,
                                                               std::optional<codec::EventPattern> where);
  /// Events may have been written.
  void look();
  [[nodiscard]] std::size_t count() const noexcept { return readers_.size(); }

 private:
  struct Reader {
    std::shared_ptr<platform::ResponseStream> stream;
    core::Position after;
    std::optional<codec::EventPattern> where;
    bool reading = false;
  };
  void feed(const std::shared_ptr<Reader>& reader);
  void take(Reader& reader, const core::Result<storage::EventPage>& page);
  void sign();
  void forget_gone();

  platform::Loop& loop_;
  Turns& turns_;
  StoreThread& store_;
  const Config& config_;
  std::vector<std::shared_ptr<Reader>> readers_;
  platform::Timer sign_timer_;
};

}  // namespace storegate::app
