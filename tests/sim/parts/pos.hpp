// Pos: the point of sale behind its wire, in three classes: it de-duplicates within a window, it can be asked, or
// neither. Its tickets are the truth that I2 speaks of. It must not know the gateway but by its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/order.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

class Pos {
 public:
  Pos(World& world, Draws draws) : world_(world), draws_(draws) {}

  /// A whole request arrived; `late`: it had to wait for that, as where there is too much to do. Nothing of it is carried
  /// out later than the maximum processing time after it arrived. `reply` is called at most once.
  void receive(const codec::HttpRequest& request, bool late, std::function<void(PosReply)> reply);

  [[nodiscard]] bool is_down() const noexcept { return down_; }
  void set_down(bool down) noexcept { down_ = down; }
  /// Its lists are empty, and its health says so. It takes orders all the same.
  void set_blind(bool blind) noexcept { blind_ = blind; }

  // ---- what the kitchen does
  /// False: it stays as it is, since it has been handed over or voided.
  bool move(std::size_t ticket, core::PosStatus status);
  /// "" = there is no such ticket.
  [[nodiscard]] std::string key_of(const std::string& reference) const;

  // ---- what a person sees in the kitchen
  /// Also one that was voided since: whoever looks for an order finds it among the voided ones.
  [[nodiscard]] bool has_ticket(const std::string& key) const { return by_key_.contains(key); }
  /// A request for this key is still being worked on.
  [[nodiscard]] bool may_come(const std::string& key) const;
  [[nodiscard]] std::uint64_t tickets() const noexcept { return tickets_.size(); }

 private:
  struct Ticket {
    std::string key;
    std::string reference;
    core::PosStatus status = core::PosStatus::open;
    std::int64_t cut_ms = 0;
  };
  struct Remembered {  // for a repeat under the same key
    std::int64_t since_ms = 0;
    std::int64_t ready_ms = 0;
    std::size_t ticket = SIZE_MAX;  // not cut yet
  };
  using Reply = std::function<void(PosReply)>;

  void place(const std::string& key, bool late, Reply reply);
  bool refuse(const std::string& key, const Reply& reply);
  void cut(const std::string& key);
  void place_reply(const std::string& key, std::size_t ticket, const Reply& reply);
  void ask(std::string_view target, const Reply& reply);
  void void_ticket(const std::string& reference, const Reply& reply);
  void show(const std::string& reference, const Reply& reply);
  [[nodiscard]] bool is_voided(const Ticket& ticket) const noexcept {
    return ticket.status == core::PosStatus::voided;
  }
  void busy(const Reply& reply);
  [[nodiscard]] bool storm_chance(std::uint64_t of_1000);
  [[nodiscard]] std::int64_t work_ms(bool late);
  [[nodiscard]] bool hides(const std::string& key);

  World& world_;
  Draws draws_;
  bool down_ = false;
  bool blind_ = false;
  std::set<std::string> on_another_page_;
  std::set<std::string> lacked_;  // asked for and truly not there, last time
  std::vector<Ticket> tickets_;
  std::map<std::string, std::vector<std::size_t>> by_key_;
  std::map<std::string, std::size_t> by_reference_;
  std::map<std::string, Remembered> remembered_;
  std::map<std::string, int> working_;
  std::uint64_t refusals_ = 0;
};

}  // namespace storegate::sim
