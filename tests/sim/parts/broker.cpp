// Each direction keeps its order within a connection, as TCP does.
#include "sim/parts/broker.hpp"

#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::size_t in_flight_max = 64;  // the gateway's receive maximum
constexpr std::size_t recent_max = 6;
constexpr std::int64_t keepalive_gives_up_ms = 30'000;
}  // namespace

std::int64_t Broker::delay_ms() { return 1 + static_cast<std::int64_t>(draws_.below(25)); }

std::int64_t Broker::in_order(std::int64_t& last_ms) {
  last_ms = std::max(last_ms, world_.now_ms() + delay_ms());
  return last_ms;
}

// ---------------------------------------------------------------- connection

void Broker::connect(Client client) {
  if (!ways_.to_gateway || !ways_.from_gateway) return;  // the client gives up by itself
  world_.timeline().after(delay_ms() * 2, [this, client = std::move(client), attempt = ++attempt_] {
    if (attempt != attempt_) return;
    if (!up_) return client.lost();
    drop_connection(true);  // the same client id takes its former connection over
    client_ = client;
    connection_ = ++connections_;
    doomed_ = false;
    client_.connected(connection_, std::exchange(session_, true));
    // What it did not acknowledge goes first, in its order.
    for (auto at = in_flight_.rbegin(); at != in_flight_.rend(); ++at)
      inbox_.push_front(std::move(at->second));
    in_flight_.clear();
    push();
  });
}

void Broker::drop_connection(bool tell) {
  if (connection_ == 0) return;
  connection_ = 0;
  if (tell) client_.lost();
  client_ = {};
}

void Broker::cut(std::uint64_t connection) {
  if (connection == connection_) drop_connection(false);
}

void Broker::set_ways(Ways ways) {
  ways_ = ways;
  if (ways.to_gateway && ways.from_gateway) {
    if (std::exchange(doomed_, false)) reset_link();
    return;
  }
  world_.timeline().after(keepalive_gives_up_ms, [this, connection = connection_] {
    if (connection == connection_ && (!ways_.to_gateway || !ways_.from_gateway)) reset_link();
  });
}

void Broker::restart(bool forgets, std::int64_t down_ms) {
  up_ = false;
  drop_connection(true);
  if (forgets) {
    session_ = false;
    forgotten_ += to_cloud_.size();
    inbox_.clear();
    in_flight_.clear();
    to_cloud_.clear();
  }
  world_.timeline().after(down_ms, [this] { come_back(); });
}

void Broker::come_back() {
  up_ = true;
  pump();
}

// ---------------------------------------------------------------- to the gateway

void Broker::send(Publication message, Tag tag) {
  const bool twice = draws_.chance(world_.plan().faults.broker_repeats_of_1000) && world_.storm();
  if (twice) world_.fault("message twice");
  const std::int64_t at_ms = in_order(last_sent_ms_);
  world_.timeline().at(at_ms, [this, twice, one = Message{std::move(message), tag}] {
    if (twice) take(one);
    take(one);
  });
}

void Broker::take(Message message) {
  if (!up_) {  // the cloud's client tries again until it has its PUBACK
    world_.timeline().after(1000, [this, message = std::move(message)] { take(message); });
    return;
  }
  if (!session_) return;  // nobody has subscribed
  inbox_.push_back(std::move(message));
  push();
}

void Broker::push() {
  while (connection_ != 0 && !inbox_.empty() && in_flight_.size() < in_flight_max) {
    const std::uint64_t packet = ++last_packet_;
    in_flight_[packet] = std::move(inbox_.front());
    inbox_.pop_front();
    world_.timeline().at(in_order(last_to_gateway_ms_), [this, packet, connection = connection_] {
      if (connection == connection_) deliver(packet);
    });
  }
}

void Broker::deliver(std::uint64_t packet) {
  if (!ways_.to_gateway || doomed_) {
    doomed_ = true;
    return;
  }
  const auto found = in_flight_.find(packet);
  if (found != in_flight_.end()) client_.message(packet, found->second.publication, found->second.tag);
}

void Broker::puback(std::uint64_t connection, std::uint64_t packet) {
  world_.timeline().at(in_order(last_from_gateway_ms_), [this, connection, packet] {
    if (connection != connection_) return;
    if (!ways_.from_gateway || doomed_) {
      doomed_ = true;
      return;
    }
    in_flight_.erase(packet);
    push();
  });
}

// ---------------------------------------------------------------- from the gateway

void Broker::publish(std::uint64_t connection, std::uint64_t id, Publication event) {
  world_.timeline().at(in_order(last_from_gateway_ms_), [this, connection, id, event = std::move(event)] {
    if (connection != connection_ || !up_) return;
    if (!ways_.from_gateway || doomed_) {
      doomed_ = true;
      return;
    }
    to_cloud_.push_back(event);
    pump();
    world_.timeline().at(in_order(last_to_gateway_ms_), [this, connection, id] {
      if (connection != connection_) return;
      if (!ways_.to_gateway)
        doomed_ = true;
      else
        client_.puback(id);
    });
  });
}

// The cloud's subscriber: in order; now and then it reconnects and gets the last ones again.
void Broker::pump() {
  if (pumping_ || !up_ || to_cloud_.empty()) return;
  pumping_ = true;
  world_.timeline().after(delay_ms(), [this] {
    pumping_ = false;
    if (!up_ || to_cloud_.empty()) return;
    if (draws_.chance(world_.plan().faults.broker_repeats_of_1000) && world_.storm()) {
      world_.fault("events again");
      for (const Publication& again : recent_) world_.on_event(again);
    }
    const Publication event = std::move(to_cloud_.front());
    to_cloud_.pop_front();
    recent_.push_back(event);
    if (recent_.size() > recent_max) recent_.pop_front();
    world_.on_event(event);
    pump();
  });
}

}  // namespace storegate::sim
