// Door: the HTTP routes that change something, and the desk where callers wait for their commit, as firmware/app has
// them. Bytes go through the product's codecs both ways. It must not know what an answer means for the world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "codec/http.hpp"
#include "codec/partners/partner.hpp"
#include "core/messages.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class Process;

class Door {
 public:
  explicit Door(Process& process) : process_(process) {}

  void handle(const WebAsk& ask, Responder responder);
  /// A message of the broker waits: `settle` hears whether it was stored.
  [[nodiscard]] core::Caller seat(std::function<void(bool stored)> settle);
  void answer(core::Answer answer);

  /// Opens a partner's webhook; over HTTP and passed on by the cloud alike.
  [[nodiscard]] static codec::Parsed<codec::Webhook> open_webhook(std::string_view partner,
                                                                  codec::Headers headers,
                                                                  std::string_view body);
  [[nodiscard]] static core::Digest digest_of(std::string_view canonical);

 private:
  using Writer = std::function<codec::HttpReply(const core::Answer&)>;
  struct Caller {
    Responder responder;
    Writer write;
  };
  [[nodiscard]] core::Caller seat(Responder responder, Writer write);
  void post_order(const WebAsk& ask, Responder responder);
  void post_webhook(const WebAsk& ask, Responder responder);
  void post_call(const WebAsk& ask, Responder responder);
  void post_pos_status(const WebAsk& ask, Responder responder);
  void put_availability(const WebAsk& ask, std::string_view item, Responder responder);
  void post_command(const WebAsk& ask, std::string_view id, std::string_view command, Responder responder);
  void put_store(const WebAsk& ask, Responder responder);
  void tell(const core::Answer& answer);
  void read_row_then_tell(core::Answer answer);

  Process& process_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Caller> http_;
  std::map<std::uint64_t, std::function<void(bool)>> mqtt_;
};

}  // namespace storegate::sim
