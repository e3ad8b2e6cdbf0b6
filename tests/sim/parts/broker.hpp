// Broker: QoS 1 both ways, one persistent session for the gateway, a queue for the cloud's subscriber. Restarts with
// and without what it knew; its link to the gateway may be reset or cut one way. It must not read payloads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "sim/ledger.hpp"
#include "sim/parts/links.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

class Broker {
 public:
  /// The gateway's end of a connection. `lost` also when an attempt failed.
  struct Client {
    std::function<void(std::uint64_t connection, bool session_present)> connected;
    std::function<void()> lost;
    std::function<void(std::uint64_t packet, const Publication&, const Tag&)> message;
    std::function<void(std::uint64_t id)> puback;
  };
  Broker(World& world, Draws draws) : world_(world), draws_(draws) {}

  // ---- the gateway's side
  void connect(Client client);
  void cut(std::uint64_t connection);
  void publish(std::uint64_t connection, std::uint64_t id, Publication event);
  void puback(std::uint64_t connection, std::uint64_t packet);
  void gateway_gone() {
    ++attempt_;
    drop_connection(false);
  }

  // ---- the cloud's side
  /// Taken for certain, some time; lost with the broker's memory all the same.
  void send(Publication message, Tag tag);
  [[nodiscard]] bool idle() const noexcept {
    return inbox_.empty() && in_flight_.empty() && to_cloud_.empty();
  }
  /// Events it had acknowledged to the gateway and then forgot.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

  // ---- faults
  void reset_link() { drop_connection(true); }
  void restart(bool forgets, std::int64_t down_ms);
  void set_ways(Ways ways);
  /// At once, however long it was to be away.
  void come_back();

 private:
  struct Message {
    Publication publication;
    Tag tag;
  };
  void drop_connection(bool tell);
  void take(Message message);
  void push();
  void deliver(std::uint64_t packet);
  void pump();
  [[nodiscard]] std::int64_t delay_ms();
  [[nodiscard]] std::int64_t in_order(std::int64_t& last_ms);

  World& world_;
  Draws draws_;
  bool up_ = true;
  bool session_ = false;
  Ways ways_;
  bool doomed_ = false;  // bytes of the present connection were lost
  std::uint64_t connection_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t attempt_ = 0;
  Client client_;
  std::uint64_t last_packet_ = 0;
  std::deque<Message> inbox_;                   // not sent on this connection
  std::map<std::uint64_t, Message> in_flight_;  // sent, no PUBACK
  std::deque<Publication> to_cloud_;
  std::deque<Publication> recent_;
  bool pumping_ = false;
  std::uint64_t forgotten_ = 0;
  std::int64_t last_to_gateway_ms_ = 0, last_from_gateway_ms_ = 0, last_sent_ms_ = 0;
};

}  // namespace storegate::sim
