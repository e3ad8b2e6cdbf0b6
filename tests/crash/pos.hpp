// The POS at which tickets are counted, played in memory: three classes of it, and replies that are lost, late, or
// another's. It outlives the gateway's ends and power cuts. It must not know how the gateway decides.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/messages.hpp"
#include "core/policy.hpp"
#include "support/disk/draws.hpp"

namespace storegate::crash {

/// What a POS can do about a request whose reply was lost (reliability rules, section 5).
enum class PosClass : std::uint8_t { deduplicates, asked, neither };
inline constexpr std::size_t pos_classes = 3;
[[nodiscard]] core::PosPolicy policy_of(PosClass pos_class);

/// How a request to place ends: placed and told; placed and the reply lost; the reply lost and placed a while later, or
/// never; certainly not taken; refused for good. What else is asked is answered truthfully (well, refused) or not at all;
/// a void is `refused` as too late. A ticket that is asked after goes on in the kitchen now and then; only the POS that
/// de-duplicates is asked so.
enum class Manner : std::uint8_t { well, silently, late, lost, untouched, refused };

class Pos {
 public:
  /// A request on the wire.
  struct Request {
    core::PosRequest kind = core::PosRequest::place;
    core::OrderNumber order = core::no_order;
    std::uint64_t attempt = 0;
    std::string key;        // place, ask
    std::string reference;  // cancel, watch
  };
  struct Ticket {
    int cut = 0;  // how many the kitchen got under this key
    std::string reference;
    bool voided = false;
    core::PosStatus status = core::PosStatus::open;  // as the kitchen has it, unless it is voided
    std::int64_t at_ms = 0;
  };

  explicit Pos(PosClass pos_class) : class_(pos_class) {}

  void receive(Request request) { open_.push_back(std::move(request)); }
  [[nodiscard]] const std::vector<Request>& open() const noexcept { return open_; }

  /// Ends the `index`-th open request: does what the POS does and says what the gateway learns. `kind` = nothing goes
  /// wrong any more.
  [[nodiscard]] core::PosAnswered answer(std::size_t index, std::int64_t now_ms, bool kind,
                                         disk::Draws& draws);
  /// The same in one manner, without a draw.
  [[nodiscard]] core::PosAnswered answer_in(std::size_t index, std::int64_t now_ms, Manner manner);
  /// The gateway is gone: each open request never arrived, was carried out, or will be within the POS's time.
  void lose_gateway(std::int64_t now_ms, disk::Draws& draws);
  /// Carries out what comes late and is due.
  void pass(std::int64_t now_ms);
  /// When pass() has something to do; INT64_MAX = never.
  [[nodiscard]] std::int64_t next_ms() const noexcept;

  [[nodiscard]] const std::map<std::string, Ticket>& tickets() const noexcept { return tickets_; }
  /// Tickets that are not voided under the key and its reprints.
  [[nodiscard]] int standing(const std::string& key) const;
  /// Whether a request for this key may still be carried out.
  [[nodiscard]] bool may_come(const std::string& key) const;

 private:
  struct Late {
    std::int64_t at_ms = 0;
    std::string key;
  };
  Ticket& cut(const std::string& key, std::int64_t now_ms);
  [[nodiscard]] Request take(std::size_t index);
  [[nodiscard]] core::PosAnswered place(const Request& request, std::int64_t now_ms, bool kind,
                                        disk::Draws& draws);
  [[nodiscard]] core::PosAnswered place_in(const Request& request, std::int64_t now_ms, Manner manner,
                                           std::int64_t late_ms);
  [[nodiscard]] core::PosAnswered ask(const Request& request, bool kind, disk::Draws& draws) const;
  [[nodiscard]] core::PosAnswered ask(const Request& request) const;
  [[nodiscard]] core::PosAnswered cancel(const Request& request, bool kind, disk::Draws& draws);
  [[nodiscard]] core::PosAnswered cancel_in(const Request& request, Manner manner);
  [[nodiscard]] core::PosAnswered watch(const Request& request, bool told, bool goes_on);
  [[nodiscard]] Ticket* find(const std::string& reference);

  PosClass class_;
  std::vector<Request> open_;
  std::vector<Late> late_;
  std::map<std::string, Ticket> tickets_;
  int references_ = 0;
};

}  // namespace storegate::crash
