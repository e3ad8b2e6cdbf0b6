// The session inwards: messages, their receipts, and the PUBACKs in the order of the messages.
#include <boost/asio/post.hpp>
#include <utility>

#include "platform/mqtt_engine.hpp"

namespace storegate::platform {

using core::Error;
using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {
// With so many bytes unsettled nothing more is read, whatever their number.
constexpr std::size_t unsettled_bytes_max = 4 * 1024 * 1024;
// Nor while a peer that sends does not read: our answers to it would pile up.
constexpr std::size_t unsent_bytes_max = 8 * 1024 * 1024;
}  // namespace

// ---- receipts ----

MqttReceipt::MqttReceipt(MqttReceipt&& other) noexcept
    : desk_(std::move(other.desk_)), number_(std::exchange(other.number_, 0)) {}

MqttReceipt& MqttReceipt::operator=(MqttReceipt&& other) noexcept {
  if (this != &other) {
    settle(false);
    desk_ = std::move(other.desk_);
    number_ = std::exchange(other.number_, 0);
  }
  return *this;
}

MqttReceipt::~MqttReceipt() { settle(false); }

void MqttReceipt::accept() noexcept { settle(true); }

void MqttReceipt::refuse() noexcept { settle(false); }

void MqttReceipt::settle(bool accepted) noexcept {
  const auto number = std::exchange(number_, 0);
  if (number == 0) return;
  if (const auto desk = desk_.lock()) desk->settle(number, accepted);
  desk_.reset();
}

// ---- the engine's side ----

bool MqttClient::Engine::link_takes_more() {
  if (state_ == State::closing) return true;  // PUBACKs must come through; messages are passed over
  return !cutting_ && unsettled_.size() < options_.unsettled_max && unsettled_bytes_ < unsettled_bytes_max &&
         link_->unsent() < unsent_bytes_max;
}

void MqttClient::Engine::took(MqttInbound message) {
  if (state_ == State::closing) return;  // the broker keeps what is not acknowledged
  ++count_.received;
  const std::size_t bytes = message.topic.size() + message.payload.size();
  unsettled_.push_back({message.packet_id, bytes, steady_clock::now(), false, false});
  unsettled_bytes_ += bytes;
  MqttReceipt receipt(weak_from_this(), first_receipt_ + unsettled_.size() - 1);
  if (!receipt_timer_.pending()) watch_receipts();
  if (!callbacks_.on_message) return receipt.refuse();
  callbacks_.on_message({.topic = std::move(message.topic),
                         .payload = std::move(message.payload),
                         .content_type = std::move(message.content_type),
                         .duplicate = message.duplicate,
                         .is_text = message.is_text,
                         .bytes_cut = message.bytes_cut},
                        std::move(receipt));
}

void MqttClient::Engine::settle(std::uint64_t number, bool accepted) noexcept {
  if (number < first_receipt_ || number - first_receipt_ >= unsettled_.size()) return;
  Unsettled& entry = unsettled_[static_cast<std::size_t>(number - first_receipt_)];
  if (entry.accepted || entry.refused) return;
  entry.accepted = accepted;
  entry.refused = !accepted;
  ++(accepted ? count_.accepted : count_.refused);
  if (accepted || entry.packet_id == 0) return acknowledge_settled();
  cutting_ = true;  // what is behind it in the buffer comes again, in order: none of it is handed over now
  cut_soon({ErrorCode::unavailable, "cut by us: a message could not be stored"});
}

void MqttClient::Engine::acknowledge_settled() {
  bool any = false;
  while (!unsettled_.empty()) {
    const Unsettled& front = unsettled_.front();
    const bool nothing_owed = front.packet_id == 0 && front.refused;
    if (!front.accepted && !nothing_owed) break;
    if (front.packet_id != 0) append_puback(link_->out(), front.packet_id);
    unsettled_bytes_ -= front.bytes;
    unsettled_.pop_front();
    ++first_receipt_;
    any = true;
  }
  if (!any) return;
  link_->send();
  link_->resume();
}

void MqttClient::Engine::watch_receipts() {
  if (unsettled_.empty()) return;
  const auto left = unsettled_.front().since + options_.receipt_wait - steady_clock::now();
  const auto wait = std::chrono::ceil<milliseconds>(left);
  if (wait > milliseconds(0)) {
    receipt_timer_ = loop_.after(wait, [this] { watch_receipts(); });
    return;
  }
  ++count_.refused;
  end_connection({ErrorCode::timed_out, "cut by us: a message was not stored in time"});
}

void MqttClient::Engine::cut_soon(Error why) {
  boost::asio::post(loop_.context(), [weak = weak_from_this(), link = link_number_, why = std::move(why)] {
    const auto self = weak.lock();
    if (!self || self->link_number_ != link || !self->link_ || self->state_ == State::closing) return;
    self->end_connection(why);
  });
}

}  // namespace storegate::platform
