// One look at all connections for each newcomer at the limit: some microseconds for the most that are configured.
#include "platform/http_room.hpp"

#include "platform/http_connection.hpp"

namespace storegate::platform {

void HttpRoom::enter(HttpConnection& connection) {
  connection.place_ = connections_.size();
  connections_.push_back(&connection);
}

void HttpRoom::leave(HttpConnection& connection) {
  connections_[connection.place_] = connections_.back();
  connections_[connection.place_]->place_ = connection.place_;
  connections_.pop_back();
}

HttpConnection* HttpRoom::who_gives_way() const {
  Oldest stranger;
  Oldest deaf;
  Oldest idle;
  std::size_t strangers = 0;
  for (auto* connection : connections_) {
    switch (connection->standing()) {
      case HttpStanding::shaking:
      case HttpStanding::stranger:
        ++strangers;
        stranger.take(connection, connection->since());
        break;
      case HttpStanding::deaf: deaf.take(connection, connection->since()); break;
      case HttpStanding::idle: idle.take(connection, connection->since()); break;
      case HttpStanding::busy: break;
    }
  }
  auto* const settled = deaf.who != nullptr ? deaf.who : idle.who;
  if (settled != nullptr && strangers < places_ / 4) return settled;
  return stranger.who != nullptr ? stranger.who : settled;
}

HttpConnection* HttpRoom::oldest_handshake() const {
  Oldest oldest;
  for (auto* connection : connections_)
    if (connection->standing() == HttpStanding::shaking) oldest.take(connection, connection->since());
  return oldest.who;
}

HttpConnection* HttpRoom::stranger_with_most() const {
  HttpConnection* most = nullptr;
  std::size_t bytes = 0;
  for (auto* connection : connections_) {
    const auto standing = connection->standing();
    if (standing != HttpStanding::stranger && standing != HttpStanding::deaf) continue;
    if (connection->body_bytes_held_ <= bytes) continue;
    most = connection;
    bytes = connection->body_bytes_held_;
  }
  return most;
}

}  // namespace storegate::platform
