// Connection, messages in, events out.
#include "sim/gateway/uplink.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "codec/commands.hpp"
#include "codec/events.hpp"
#include "sim/gateway/door.hpp"
#include "sim/gateway/process.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t connect_within_ms = 10'000;
constexpr std::int64_t retry_ms_max = 15'000;
constexpr std::int64_t receipt_wait_ms = 10'000;
}  // namespace

void Uplink::connect() {
  const std::uint64_t attempt = ++attempt_;
  // The broker may call when this life is over: then there is nobody here to hear it.
  Process& process = process_;
  const auto post = [&process, life = process.lives()](std::function<void()> step) {
    if (process.up() && process.lives() == life) process.after(0, std::move(step));
  };
  Broker::Client client;
  client.connected = [this, post, attempt](std::uint64_t connection, bool present) {
    post([this, attempt, connection, present] {
      if (attempt == attempt_) on_connected(connection, present);
    });
  };
  client.lost = [this, post, attempt] {
    post([this, attempt] {
      if (attempt == attempt_) on_lost();
    });
  };
  client.message = [this, post, attempt](std::uint64_t packet, const Publication& message, const Tag& tag) {
    post([this, attempt, packet, message, tag] {
      if (attempt == attempt_ && connection_ != 0) on_message(packet, message, tag);
    });
  };
  client.puback = [this, post, attempt](std::uint64_t id) {
    post([this, attempt, id] {
      if (attempt == attempt_ && connection_ != 0) on_puback(id);
    });
  };
  process.world().broker().connect(std::move(client));
  process.after(connect_within_ms, [this, attempt] {
    if (attempt == attempt_ && connection_ == 0) on_lost();
  });
}

void Uplink::on_connected(std::uint64_t connection, bool session_present) {
  connection_ = connection;
  online_since_ms_ = process_.world().now_ms();
  process_.engine().outbox().on_connected(process_.world().plan().uplink_window);
  process_.world().on_uplink(process_.engine().outbox());
  process_.offer(core::UplinkConnected{session_present});
}

// As the product's client: the window is reported in its order, then the loss.
void Uplink::on_lost() {
  ++attempt_;
  const bool was_online = std::exchange(connection_, 0) != 0;
  unsettled_.clear();
  const auto window_lost = std::exchange(sent_, {});
  for (const auto& [id, position] : window_lost) process_.published(position, false);
  process_.engine().outbox().on_disconnected();
  process_.world().on_uplink_lost();
  process_.wake();
  if (was_online && process_.world().now_ms() - online_since_ms_ >= last_wait_ms_) retry_ms_ = 500;
  const std::int64_t wait_ms = last_wait_ms_ = process_.world().jittered_ms(retry_ms_);
  retry_ms_ = std::min(retry_ms_ * 2, retry_ms_max);
  const std::uint64_t attempt = attempt_;
  process_.after(wait_ms, [this, attempt] {
    if (attempt == attempt_) connect();
  });
}

void Uplink::cut() {
  process_.world().broker().cut(connection_);
  on_lost();
}

// ---------------------------------------------------------------- in

void Uplink::on_message(std::uint64_t packet, const Publication& message, const Tag& tag) {
  unsettled_.push_back({packet, Receipt::open, tag});
  const std::uint64_t connection = connection_;
  const auto caller =
      process_.door().seat([this, connection, packet](bool stored) { settle(connection, packet, stored); });
  process_.after(receipt_wait_ms, [this, connection, packet] {
    if (connection != connection_) return;
    for (const Unsettled& one : unsettled_)
      if (one.packet == packet && one.receipt == Receipt::open) return cut();
  });
  process_.world().on_reached(tag);
  for (core::Input& input : inputs_of(message, caller)) process_.offer(std::move(input));
}

std::vector<core::Input> Uplink::inputs_of(const Publication& message, core::Caller caller) const {
  const core::Letter letter{"stores/store-042/in/" + message.level, codec::letter_bytes_of(message.payload)};
  const auto kind = codec::command_kind_from(message.level);
  if (!kind) return {core::MessageRefused{caller, letter, "no command has this topic"}};
  auto commands = codec::decode_command(*kind, message.payload, Door::open_webhook);
  if (!commands) return {core::MessageRefused{caller, letter, commands.problem().text()}};
  std::visit(
      [&](auto& input) {
        input.caller = caller;
        if constexpr (requires { input.body_digest; }) input.body_digest = Door::digest_of(input.digested());
        if constexpr (requires { input.letter; }) input.letter = letter;
      },
      commands->back());
  std::vector<core::Input> inputs;
  for (auto& command : *commands)
    std::visit([&](auto& input) { inputs.emplace_back(std::move(input)); }, command);
  return inputs;
}

void Uplink::settle(std::uint64_t connection, std::uint64_t packet, bool stored) {
  if (connection != connection_) return;
  if (!stored) return cut();
  for (Unsettled& one : unsettled_)
    if (one.packet == packet) one.receipt = Receipt::accepted;
  acknowledge_in_order();
}

void Uplink::acknowledge_in_order() {
  while (!unsettled_.empty() && unsettled_.front().receipt == Receipt::accepted) {
    const Unsettled front = unsettled_.front();
    unsettled_.pop_front();
    process_.world().on_puback_left(front.tag);
    process_.world().broker().puback(connection_, front.packet);
  }
}

// ---------------------------------------------------------------- out

void Uplink::drain() {
  if (connection_ == 0) return;
  while (auto event = process_.engine().outbox().next_to_publish()) {
    const std::uint64_t id = ++last_id_;
    sent_.emplace(id, event->record.position);
    process_.world().on_published(event->record);
    process_.world().broker().publish(
        connection_, id,
        {std::string(core::name_of(event->record.type)), codec::encode_event("store-042", *event)});
  }
}

void Uplink::on_puback(std::uint64_t id) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return;
  const core::Position position = found->second;
  sent_.erase(found);
  process_.world().on_puback(position);
  process_.published(position, true);
  drain();
}

}  // namespace storegate::sim
