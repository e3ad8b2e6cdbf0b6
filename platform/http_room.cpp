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
  Strangers strangers;
  Oldest deaf;
  Oldest idle;
  for (auto* connection : connections_) {
    const auto standing = connection->standing();
    switch (standing) {
      case HttpStanding::silent:
      case HttpStanding::shaking:
      case HttpStanding::stranger:
        strangers.take(connection, connection->since(), standing == HttpStanding::silent);
        break;
      case HttpStanding::deaf: deaf.take(connection, connection->since()); break;
      case HttpStanding::idle: idle.take(connection, connection->since()); break;
      case HttpStanding::busy: break;
    }
  }
  auto* const settled = deaf.who != nullptr ? deaf.who : idle.who;
  if (settled != nullptr && strangers.count < places_ / 4) return settled;
  return strangers.count > 0 ? strangers.who_gives_way() : settled;
}

HttpConnection* HttpRoom::handshake_that_gives_way() const {
  Strangers shaking;
  for (auto* connection : connections_) {
    const auto standing = connection->standing();
    const bool is_silent = standing == HttpStanding::silent;
    if (is_silent || standing == HttpStanding::shaking)
      shaking.take(connection, connection->since(), is_silent);
  }
  return shaking.who_gives_way();
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
