// The adapter around MQTTAsync (paho.mqtt.c 1.3.12). README.md tells why it is used in just this way.
#include "platform/mqtt_paho.hpp"

#include <MQTTAsync.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "platform/mqtt_socket.hpp"

namespace storegate::platform {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

/// Owns an MQTTProperties for as long as paho needs it (paho copies in the call).
class Properties {
 public:
  Properties() = default;
  ~Properties() { MQTTProperties_free(&raw_); }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;

  void add_four_bytes(MQTTPropertyCodes code, std::uint32_t value) {
    MQTTProperty property{};
    property.identifier = code;
    property.value.integer4 = value;
    MQTTProperties_add(&raw_, &property);
  }
  void add_text(MQTTPropertyCodes code, const std::string& text) {
    MQTTProperty property{};
    property.identifier = code;
    property.value.data.data = const_cast<char*>(text.data());  // copied, not written
    property.value.data.len = static_cast<int>(text.size());
    MQTTProperties_add(&raw_, &property);
  }
  [[nodiscard]] MQTTProperties* raw() { return &raw_; }

 private:
  MQTTProperties raw_ = MQTTProperties_initializer;
};

/// The number a property holds, or `otherwise`.
std::uint32_t number_in(MQTTProperties properties, MQTTPropertyCodes code, std::uint32_t otherwise) {
  if (MQTTProperties_hasProperty(&properties, code) == 0) return otherwise;
  return static_cast<std::uint32_t>(MQTTProperties_getNumericValue(&properties, code));
}

std::string text_in(MQTTProperties properties, MQTTPropertyCodes code) {
  const MQTTProperty* property = MQTTProperties_getProperty(&properties, code);
  if (property == nullptr || property->value.data.len <= 0) return {};
  return {property->value.data.data, static_cast<std::size_t>(property->value.data.len)};
}

std::string words_for_reason(int reason) {
  const char* words = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason));
  return (words != nullptr ? std::string(words) : std::string("reason")) + " (" + std::to_string(reason) +
         ")";
}

std::string words_for_connack_3(int code) {
  switch (code) {
    case 1: return "the broker does not speak MQTT 3.1.1";
    case 2: return "the broker refuses the client id";
    case 3: return "the broker is unavailable";
    case 4: return "bad user name or password";
    case 5: return "not authorised";
    default: return "refused with code " + std::to_string(code);
  }
}

/// Of a failed connect. Negative codes are paho's own: no TCP connection, or it broke.
Error connect_error(bool version_5, int code, const char* message) {
  if (code > 0)
    return {ErrorCode::unavailable, version_5 ? words_for_reason(code) : words_for_connack_3(code)};
  return {ErrorCode::unavailable, message != nullptr ? message : "no connection to the broker"};
}

/// Of a call into paho that was turned down.
Error call_error(int code) {
  if (code == MQTTASYNC_DISCONNECTED) return {ErrorCode::unavailable, "not connected"};
  if (code == MQTTASYNC_BAD_UTF8_STRING) return {ErrorCode::invalid, "the topic is not UTF-8"};
  const char* words = MQTTAsync_strerror(code);
  return {ErrorCode::failed,
          "paho: " + std::string(words != nullptr ? words : "error") + " (" + std::to_string(code) + ")"};
}

/// Of a PUBACK with a reason code. Quota: the broker is full now and may not be later.
Error puback_error(int reason) {
  const bool for_now =
      reason == MQTTREASONCODE_QUOTA_EXCEEDED || reason == MQTTREASONCODE_RECEIVE_MAXIMUM_EXCEEDED;
  return {for_now ? ErrorCode::unavailable : ErrorCode::invalid,
          "the broker refused it: " + words_for_reason(reason)};
}

/// Keeps paho initialised: when its last client goes, paho stops its two threads, which takes it a second or more.
void keep_paho_running() {
  static const MQTTAsync anchor = [] {
    MQTTAsync handle = nullptr;
    MQTTAsync_create(&handle, "tcp://127.0.0.1:1", "anchor", MQTTCLIENT_PERSISTENCE_NONE, nullptr);
    // Otherwise paho formats every packet into a trace that nobody reads. The first create resets the level.
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    return handle;
  }();
  static_cast<void>(anchor);
}

}  // namespace

/// What paho's callbacks find by their context pointer.
struct PahoConnection::Hook {
  /// One publication in paho's hands. paho 1.3.12 is known to call back with a wrong context or twice (its issue
  /// 1341), so a call counts only if the slot is busy and its token fits.
  struct Slot {
    Hook* hook = nullptr;
    std::atomic<bool> busy{false};
    std::atomic<std::uint64_t> id{0};
    std::atomic<bool> presence{false};
    std::uint64_t order = 0;  // outgoing thread only
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;

    [[nodiscard]] MqttTicket ticket() const { return {id, presence}; }
  };

  Hook(const MqttOptions& given, MqttAddress at, PahoListener& told, std::uint64_t counted)
      : options(given),
        address(std::move(at)),
        version_5(given.version == "5"),
        listener(told),
        number(counted),
        slots(given.window) {
    if (version_5 && !options.content_type.empty())
      publish_properties.add_text(MQTTPROPERTY_CODE_CONTENT_TYPE, options.content_type);
    for (Slot& slot : slots) {
      slot.hook = this;
      slot.response.context = &slot;
      (version_5 ? set_publish_callbacks_5 : set_publish_callbacks_3)(slot.response);
    }
  }

  static void set_publish_callbacks_5(MQTTAsync_responseOptions& response);
  static void set_publish_callbacks_3(MQTTAsync_responseOptions& response);

  Result<void> create();
  Result<void> connect();
  void connected(const MqttConnected& with);
  bool arrived(char* topic, int topic_length, MQTTAsync_message* message);
  static void delivered(void* slot, int token, Result<void> result);
  void lost(Error why) {
    if (!muted) listener.mqtt_lost(number, std::move(why));
  }

  const MqttOptions options;
  const MqttAddress address;
  const bool version_5;
  PahoListener& listener;
  const std::uint64_t number;
  MQTTAsync handle = nullptr;
  std::atomic<bool> muted{false};     // the engine has let go of this connection
  std::atomic<bool> dangling{false};  // see must_be_abandoned()
  std::vector<SocketInode> sockets_before;
  ForeignSocket socket;         // set before mqtt_connected; cut on paho's receive thread only
  bool was_cut = false;         // paho's receive thread only
  std::uint64_t published = 0;  // outgoing thread only
  std::vector<Slot> slots;
  Properties publish_properties;
  Properties no_properties;
};

namespace {

template <typename Hook>
Hook& hook_at(void* context) {
  return *static_cast<Hook*>(context);
}

}  // namespace

void PahoConnection::Hook::connected(const MqttConnected& with) {
  if (muted) return;
  // Without knowing the socket no message could be refused, so such a connection is none.
  auto claimed = ForeignSocket::claim(address.host, address.port, sockets_before);
  if (!claimed) return lost(std::move(claimed).error());
  socket = std::move(claimed).value();
  listener.mqtt_connected(number, with);
}

bool PahoConnection::Hook::arrived(char* topic, int topic_length, MQTTAsync_message* raw) {
  MqttMessage message;
  message.topic.assign(topic, topic_length > 0 ? static_cast<std::size_t>(topic_length) : std::strlen(topic));
  message.payload.assign(static_cast<const char*>(raw->payload), static_cast<std::size_t>(raw->payloadlen));
  message.duplicate = raw->dup != 0;
  if (version_5) message.content_type = text_in(raw->properties, MQTTPROPERTY_CODE_CONTENT_TYPE);
  MQTTAsync_freeMessage(&raw);
  MQTTAsync_free(topic);
  // After a cut paho may still read what the kernel had received; none of it is the application's any more.
  if (!was_cut && !muted && listener.mqtt_arrived(std::move(message))) return true;
  was_cut = true;
  socket.cut();
  return false;
}

void PahoConnection::Hook::delivered(void* context, int token, Result<void> result) {
  auto& slot = hook_at<Slot>(context);
  if (slot.hook->muted || token != slot.response.token) return;
  const MqttTicket ticket = slot.ticket();  // before the slot is given back and filled anew
  if (!slot.busy.exchange(false)) return;
  slot.hook->listener.mqtt_delivered(slot.hook->number, ticket, std::move(result));
}

void PahoConnection::Hook::set_publish_callbacks_5(MQTTAsync_responseOptions& response) {
  response.onSuccess5 = [](void* slot, MQTTAsync_successData5* data) { delivered(slot, data->token, {}); };
  response.onFailure5 = [](void* slot, MQTTAsync_failureData5* data) {
    if (data->token ==
        0) {  // the write failed: this very publication is about to be freed under the session's list
      hook_at<Slot>(slot).hook->dangling = true;
      return;  // take_unfinished() names it
    }
    if (data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR)
      delivered(slot, data->token, puback_error(data->reasonCode));
  };
}

void PahoConnection::Hook::set_publish_callbacks_3(MQTTAsync_responseOptions& response) {
  response.onSuccess = [](void* slot, MQTTAsync_successData* data) { delivered(slot, data->token, {}); };
  response.onFailure = [](void* slot, MQTTAsync_failureData* data) {
    if (data->token == 0) hook_at<Slot>(slot).hook->dangling = true;
  };
}

Result<void> PahoConnection::Hook::create() {
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.MQTTVersion = version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  create.sendWhileDisconnected = 0;
  create.maxBufferedMessages =
      65'535;  // the window is ours; at its own limit paho refuses even while connected
  const int code = MQTTAsync_createWithOptions(&handle, address.uri().c_str(), options.client_id.c_str(),
                                               MQTTCLIENT_PERSISTENCE_NONE, nullptr, &create);
  if (code != MQTTASYNC_SUCCESS) return call_error(code).in("making an MQTT client");
  MQTTAsync_setCallbacks(
      handle, this,
      [](void* hook, char*) {
        hook_at<Hook>(hook).lost({ErrorCode::unavailable, "connection lost"});
      },
      [](void* hook, char* topic, int length, MQTTAsync_message* message) {
        hook_at<Hook>(hook).arrived(topic, length, message);
        return 1;  // 0 would make paho acknowledge all the same and keep the message in memory
      },
      nullptr);
  // After the broker's DISCONNECT paho calls this and not the "connection lost" above.
  MQTTAsync_setDisconnected(handle, this, [](void* hook, MQTTProperties*, MQTTReasonCodes reason) {
    hook_at<Hook>(hook).lost(
        {ErrorCode::unavailable, "the broker disconnected: " + words_for_reason(reason)});
  });
  return {};
}

Result<void> PahoConnection::Hook::connect() {
  MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  Properties properties;  // lives over the call: paho copies it there
  connect.keepAliveInterval = options.keepalive_s;
  connect.cleansession = 0;
  connect.maxInflight = 65'535;  // see maxBufferedMessages; at this limit paho would pause for a second
  connect.connectTimeout =
      static_cast<int>(options.connect_timeout.count() / 1000 + 30);  // the engine's comes first
  connect.automaticReconnect = 0;
  connect.context = this;
  if (!options.username.empty()) {
    connect.username = options.username.c_str();
    connect.binarypwd.len = static_cast<int>(options.password.size());
    connect.binarypwd.data = options.password.data();
  }
  if (!options.will.topic.empty()) {
    will.topicName = options.will.topic.c_str();
    will.payload.len = static_cast<int>(options.will.payload.size());
    will.payload.data = options.will.payload.data();
    will.qos = 1;
    will.retained = options.will.retained ? 1 : 0;
    connect.will = &will;
  }
  if (version_5) {
    connect.MQTTVersion = MQTTVERSION_5;
    connect.cleanstart = 0;
    properties.add_four_bytes(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                              static_cast<std::uint32_t>(options.session_expiry.count()));
    properties.add_four_bytes(MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, options.message_bytes_max);
    connect.connectProperties = properties.raw();
    connect.onSuccess5 = [](void* hook, MQTTAsync_successData5* data) {
      MqttConnected with;
      with.session_present = data->alt.connect.sessionPresent != 0;
      with.receive_maximum = static_cast<std::uint16_t>(
          number_in(data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, with.receive_maximum));
      with.packet_bytes_max =
          number_in(data->properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, with.packet_bytes_max);
      hook_at<Hook>(hook).connected(with);
    };
    connect.onFailure5 = [](void* hook, MQTTAsync_failureData5* data) {
      hook_at<Hook>(hook).lost(connect_error(true, data->code, data->message));
    };
  } else {
    connect.MQTTVersion = MQTTVERSION_3_1_1;
    connect.onSuccess = [](void* hook, MQTTAsync_successData* data) {
      MqttConnected with;
      with.session_present = data->alt.connect.sessionPresent != 0;
      hook_at<Hook>(hook).connected(with);
    };
    connect.onFailure = [](void* hook, MQTTAsync_failureData* data) {
      hook_at<Hook>(hook).lost(connect_error(false, data->code, data->message));
    };
  }
  sockets_before = sockets_to(address.host, address.port);
  const int code = MQTTAsync_connect(handle, &connect);
  if (code != MQTTASYNC_SUCCESS) return call_error(code).in("connecting");
  return {};
}

PahoConnection::PahoConnection(std::unique_ptr<Hook> hook) : hook_(std::move(hook)) {}

Result<std::unique_ptr<PahoConnection>> PahoConnection::begin(const MqttOptions& options,
                                                              const MqttAddress& address,
                                                              PahoListener& listener, std::uint64_t number) {
  keep_paho_running();
  auto hook = std::make_unique<Hook>(options, address, listener, number);
  if (auto created = hook->create(); !created) return std::move(created).error();
  std::unique_ptr<PahoConnection> connection(new PahoConnection(std::move(hook)));
  if (auto connecting = connection->hook_->connect(); !connecting) return std::move(connecting).error();
  return connection;
}

PahoConnection::~PahoConnection() {
  hook_->muted = true;
  if (!hook_->dangling)
    MQTTAsync_isConnected(hook_->handle);  // waits for a callback under way, which may set it
  if (!hook_->dangling) {
    MQTTAsync_destroy(&hook_->handle);
    return;
  }
  // Freeing would free twice, connecting again would send freed memory: paho may keep handle and hook for ever.
  MQTTAsync_isConnected(hook_->handle);
  static std::mutex graves_mutex;
  static auto* const graves = new std::vector<std::unique_ptr<Hook>>;
  const std::lock_guard lock(graves_mutex);
  graves->push_back(std::move(hook_));
}

Result<void> PahoConnection::subscribe(const std::string& filter) {
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.context = hook_.get();
  if (hook_->version_5) {
    response.onSuccess5 = [](void* at, MQTTAsync_successData5*) {
      const auto& hook = hook_at<Hook>(at);
      if (!hook.muted) hook.listener.mqtt_subscribed(hook.number, {});
    };
    response.onFailure5 = [](void* at, MQTTAsync_failureData5* data) {
      const auto& hook = hook_at<Hook>(at);
      if (!hook.muted)
        hook.listener.mqtt_subscribed(hook.number,
                                      Error{ErrorCode::unavailable, words_for_reason(data->reasonCode)});
    };
  } else {
    response.onSuccess = [](void* at, MQTTAsync_successData*) {
      const auto& hook = hook_at<Hook>(at);
      if (!hook.muted) hook.listener.mqtt_subscribed(hook.number, {});
    };
    response.onFailure = [](void* at, MQTTAsync_failureData*) {
      const auto& hook = hook_at<Hook>(at);
      if (!hook.muted) hook.listener.mqtt_subscribed(hook.number, Error{ErrorCode::unavailable, "refused"});
    };
  }
  const int code = MQTTAsync_subscribe(hook_->handle, filter.c_str(), 1, &response);
  if (code != MQTTASYNC_SUCCESS) return call_error(code);
  return {};
}

Result<void> PahoConnection::publish(const MqttPublication& publication) {
  const auto slot =
      std::find_if(hook_->slots.begin(), hook_->slots.end(), [](const Hook::Slot& s) { return !s.busy; });
  if (slot == hook_->slots.end()) return Error{ErrorCode::failed, "the window is full"};
  slot->id = publication.ticket.id;
  slot->presence = publication.ticket.presence;
  slot->order = ++hook_->published;
  slot->response.properties =
      publication.ticket.presence ? *hook_->no_properties.raw() : *hook_->publish_properties.raw();
  slot->busy = true;  // before the call: the PUBACK may be here before paho returns
  const int code =
      MQTTAsync_send(hook_->handle, publication.topic.c_str(), static_cast<int>(publication.payload.size()),
                     publication.payload.data(), 1, publication.retained ? 1 : 0, &slot->response);
  if (code == MQTTASYNC_SUCCESS) return {};
  slot->busy = false;
  return call_error(code);
}

std::vector<MqttTicket> PahoConnection::take_unfinished() {
  std::vector<std::pair<std::uint64_t, MqttTicket>> ordered;
  for (Hook::Slot& slot : hook_->slots) {
    const MqttTicket ticket = slot.ticket();
    if (slot.busy.exchange(false)) ordered.emplace_back(slot.order, ticket);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<MqttTicket> unfinished;
  for (const auto& [order, ticket] : ordered) unfinished.push_back(ticket);
  return unfinished;
}

bool PahoConnection::hung_up() const noexcept { return hook_->socket.hung_up(); }

bool PahoConnection::must_be_abandoned() const noexcept { return hook_->dangling; }

}  // namespace storegate::platform
