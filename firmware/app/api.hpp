// Api: the HTTP routes of interfaces.md. Who may, what is asked, and whom to answer; what follows from a request is
// decided elsewhere. It must not change anything but by offering an input.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "app/desk.hpp"
#include "app/event_streams.hpp"
#include "app/gauges.hpp"
#include "app/store_thread.hpp"
#include "app/turns.hpp"
#include "app/webhook_refusals.hpp"
#include "codec/answers.hpp"
#include "codec/events.hpp"
#include "platform/http_server.hpp"

namespace storegate::app {

/// One line of `checks` in /readyz. `counts`: if it fails, the answer is 503.
struct Check {
  std::string_view name;
  bool passes = true;
  bool counts = false;
};

struct WebhookPartner;

/// What an Api works with; all of it outlives the Api. `config` is read at each request: a reload replaces it.
struct ApiParts {
  const Config& config;
  Turns& turns;
  Desk& desk;
  StoreThread& store;
  Gauges& gauges;
  std::string epoch;  // the current epoch's name
  std::function<std::vector<Check>()> readiness;
  EventStreams& streams;
};

/// Loop thread only.
class Api {
 public:
  explicit Api(ApiParts parts);

  /// With an admin listener: only webhooks and POST /v1/orders are served on `listener`.
  void restrict_listener(std::size_t listener) { restricted_ = listener; }

  /// Answers, now or later.
  void handle(platform::HttpRequest request, platform::Responder responder);

  /// The server refuses a request by itself (HttpServerOptions::on_refusal). A webhook that came too late is answered 503,
  /// and so is any of a partner that takes each status below 500 as "delivered": it would not send it again.
  [[nodiscard]] int refused_by_server(int status, std::string_view target);

 private:
  /// One request on its way: what was sent, the decoded variable parts of its path, and the way back.
  struct Visit {
    platform::HttpRequest request;
    platform::Responder responder;
    std::vector<std::string> names;
  };
  struct Route;
  [[nodiscard]] static std::span<const Route> routes();

  [[nodiscard]] bool may(const platform::HttpRequest& request, bool own_authentication) const;
  /// `Authorization: Bearer` with this token, once; compared in constant time.
  [[nodiscard]] static bool bears(const platform::HttpRequest& request, std::string_view token);
  void answer(Visit& visit, codec::HttpReply reply);
  void refuse(Visit& visit, codec::ProblemKind kind, std::string detail, std::string pointer = {});
  void refuse(Visit& visit, const codec::Problem& problem);
  void method_not_allowed(Visit& visit, std::string allow);

  // api_orders.cpp: what changes something
  void post_order(Visit& visit);
  void post_webhook(Visit& visit);
  void refuse_webhook(Visit& visit, const WebhookPartner& partner, const codec::Problem& problem);
  void post_release(Visit& visit);
  void post_cancel(Visit& visit);
  void post_resolve(Visit& visit);
  void put_availability(Visit& visit);
  [[nodiscard]] bool json_or_empty(Visit& visit);
  [[nodiscard]] std::optional<core::OrderRef> order_named(Visit& visit);
  [[nodiscard]] core::Caller seat(Visit& visit, ReplyWriter write, bool brings_order);

  // api_store.cpp: the store itself
  void show_store(Visit& visit);
  void put_store(Visit& visit);
  [[nodiscard]] std::string store_body() const;

  // api_pos.cpp: what the POS tells by itself
  void post_pos_status(Visit& visit);

  // api_queries.cpp: what only looks
  void list_orders(Visit& visit);
  void show_order(Visit& visit);
  void order_events(Visit& visit);
  void list_events(Visit& visit);
  void stream_events(Visit& visit);
  [[nodiscard]] std::optional<core::Position> position_of(Visit& visit, std::string_view since,
                                                          std::string_view name);
  void show_availability(Visit& visit);
  [[nodiscard]] std::optional<std::size_t> limit_of(Visit& visit);
  template <typename Ask, typename Write>
  void query(Visit& visit, Ask ask, Write write);

  // api_health.cpp
  void healthz(Visit& visit);
  void readyz(Visit& visit);
  void metrics(Visit& visit);

  ApiParts parts_;
  WebhookRefusals refusals_;
  std::optional<std::size_t> restricted_;
};

}  // namespace storegate::app
