// ThinApi: the API of a partner whose webhooks only announce, with the way to it: away, slow, lost, busy, unknown for a
// while or for good, half a body, another order's. It knows what was ordered and what was cancelled there; it must not
// know what the gateway made of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http.hpp"
#include "sim/ledger.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

/// What came back of a request to it.
struct ApiHeard {
  std::uint64_t call = 0;
  int status = 0;  // 0 = no answer
  std::string retry_after;
  std::string body;
};

class ThinApi {
 public:
  using Heard = std::function<void(ApiHeard)>;
  ThinApi(World& world, Draws draws, std::string_view partner);

  /// An order of this id is there from its first announcement on; `never_there`: it is not, whatever was announced.
  void add(const std::string& id, std::size_t story, std::string item, bool never_there);
  /// Somebody accepted it on a tablet.
  void accept_elsewhere(const std::string& id);
  void announced(const std::string& id);
  /// Its courier waits at the store.
  void bring_courier(const std::string& id);
  /// It is cancelled there, or asks the store to be; who announces or tells of it is another matter. False: it has asked before, or is.
  bool cancel(const std::string& id);
  [[nodiscard]] bool is_cancelled(const std::string& id) const;

  /// The gateway asks for an order; `heard` is called once unless the gateway is gone before.
  void ask(const codec::HttpRequest& request, Heard heard);
  /// The gateway tells what became of one: POST …/ID/WHAT; Uber Eats' accept_pos_order, deny_pos_order and cancel, Open
  /// Delivery's confirm, requestCancellation, readyForPickup, acceptCancellation and denyCancellation.
  void tell(const codec::HttpRequest& request, Heard heard);
  /// What it has decided about an order: "accepted", "denied", "cancelled", "elsewhere" (accepted by somebody else), "" =
  /// nothing, or there is no such order.
  [[nodiscard]] std::string_view decided(const std::string& id) const;
  /// It has heard that the food is ready.
  [[nodiscard]] bool is_ready(const std::string& id) const;
  /// It asked for a cancel and still waits for the store's word.
  [[nodiscard]] bool waits_for_word(const std::string& id) const;
  void gateway_gone() { open_.clear(); }
  void set_down(bool down) noexcept { down_ = down; }

 private:
  struct Ordered {
    std::size_t story = SIZE_MAX;
    std::string item;
    std::int64_t announced_ms = never;
    bool never_there = false;
    bool cancelled = false;
    std::string_view decided = {};
    bool courier_waits = false;
    bool wished = false;  // asked to be cancelled, which is the store's to say
    bool wished_before = false;
    bool ready = false;
  };
  using Reply = std::function<ApiHeard()>;
  void send(std::uint64_t call, Heard heard, Reply reply);
  void receive(std::uint64_t call, const Reply& reply);
  [[nodiscard]] std::optional<ApiHeard> refusal();
  [[nodiscard]] ApiHeard decide(const std::string& id, std::string_view what);
  [[nodiscard]] static bool take(Ordered& order, std::string_view what);
  [[nodiscard]] static bool take_open(Ordered& order, std::string_view what);
  [[nodiscard]] std::string body_of(const Story& story, const Ordered& order) const;
  [[nodiscard]] ApiHeard reply_to(const std::string& id);
  void settle(std::uint64_t call, ApiHeard heard);
  [[nodiscard]] bool strikes(std::uint64_t of_1000);
  [[nodiscard]] std::int64_t delay_ms();

  World& world_;
  Draws draws_;
  bool is_open_;  // Open Delivery's; otherwise Uber Eats'
  bool down_ = false;
  std::map<std::string, Ordered> orders_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Heard> open_;
};

}  // namespace storegate::sim
