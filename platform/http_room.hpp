// Who has a place at the server, and who gives up his when there is none left: who has shown the least.
// Platform-internal. Knows the connections' standing, and nothing of sockets or bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace storegate::platform {

class HttpConnection;

/// What a connection has shown. Strangers are those that have sent no request yet by which the handler knew them.
enum class HttpStanding : std::uint8_t {
  silent,    // a stranger whose TLS has not been answered yet: it has said nothing, or no whole ClientHello
  shaking,   // one that has been answered, still in the handshake
  stranger,  // one between requests or in the middle of one
  deaf,      // one that does not take its answer
  idle,      // known, and between requests
  busy       // its request is being decided, or it is known and in the middle of one: never gives way
};

class HttpRoom {
 public:
  using Clock = std::chrono::steady_clock;

  explicit HttpRoom(std::size_t places) noexcept : places_(places) {}

  /// A connection enters when it is made and leaves once: when it ends, or has given up its place.
  void enter(HttpConnection& connection);
  void leave(HttpConnection& connection);

  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  [[nodiscard]] bool is_full() const noexcept { return size() >= places_; }
  [[nodiscard]] const std::vector<HttpConnection*>& connections() const noexcept { return connections_; }

  /// Who goes for a newcomer: a stranger, then one that does not take its answer, then who has been idle for longest;
  /// while fewer than a quarter are strangers, these two before the strangers, or a newcomer would have no time to
  /// become known before the next. nullptr: all are busy.
  [[nodiscard]] HttpConnection* who_gives_way() const;
  /// Likewise among the handshakes; nullptr: there is none.
  [[nodiscard]] HttpConnection* handshake_that_gives_way() const;
  /// The stranger with the most of a body that is not complete yet; nullptr: no stranger has any.
  [[nodiscard]] HttpConnection* stranger_with_most() const;

 private:
  struct Oldest {
    HttpConnection* who = nullptr;
    Clock::time_point since{};
    void take(HttpConnection* connection, Clock::time_point at) {
      if (who == nullptr || at < since) *this = {connection, at};
    }
  };

  /// The oldest of the silent goes while they are half of the strangers or more, then the oldest of the others: who
  /// answers us across a long way outlasts any number who say nothing, and a newcomer, who has said nothing yet either,
  /// has time to.
  struct Strangers {
    Oldest silent;
    Oldest others;
    std::size_t silent_count = 0;
    std::size_t count = 0;
    void take(HttpConnection* connection, Clock::time_point since, bool is_silent) {
      (is_silent ? silent : others).take(connection, since);
      silent_count += is_silent ? 1 : 0;
      ++count;
    }
    [[nodiscard]] HttpConnection* who_gives_way() const {
      return 2 * silent_count >= count ? silent.who : others.who;
    }
  };

  std::vector<HttpConnection*> connections_;  // each knows its own place in it
  std::size_t places_;
};

}  // namespace storegate::platform
