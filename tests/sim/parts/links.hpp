// Links: the networks between the gateway and everyone else, as far as TCP lets them fail: lost (the connection dies),
// slow, cut in the middle, one way or both, and later attempts overtaking earlier ones. They must not read what they
// carry.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/ledger.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

/// Which ways a link carries. Cut: nothing arrives that way until it is healed.
struct Ways {
  bool to_gateway = true;
  bool from_gateway = true;
};

/// Partners and people call the gateway's door over it.
class WebLink {
 public:
  using Heard = std::function<void(const std::optional<codec::HttpReply>&)>;
  WebLink(World& world, Draws draws) : world_(world), draws_(draws) {}

  /// `heard` is called once: the answer, or nothing when the connection was refused, died or timed out.
  void ask(WebAsk ask, Tag tag, Heard heard);
  /// The process ended (its kernel resets the connections) or the power (nobody says anything).
  void gateway_gone(bool power);
  void set_ways(Ways ways) noexcept { ways_ = ways; }

 private:
  void deliver(std::uint64_t call, const WebAsk& ask, const Tag& tag);
  void reply(std::uint64_t call, const Tag& tag, const codec::HttpReply& reply);
  void settle(std::uint64_t call, const std::optional<codec::HttpReply>& reply);
  [[nodiscard]] bool loses();
  [[nodiscard]] std::int64_t delay_ms();

  World& world_;
  Draws draws_;
  Ways ways_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Heard> open_;
};

/// The gateway calls the POS over it.
class PosLink {
 public:
  PosLink(World& world, Draws draws) : world_(world), draws_(draws) {}

  /// `heard` is called once unless the gateway is gone before.
  void ask(codec::HttpRequest request, PosHeard heard);
  void gateway_gone();
  void set_ways(Ways ways) noexcept { ways_ = ways; }
  /// A placement under this key is on its way.
  [[nodiscard]] bool may_bring(const std::string& key) const;

 private:
  struct Call {
    PosHeard heard;
    std::string key;  // of a placement
  };
  void settle(std::uint64_t call, PosReply reply);
  void deliver(std::uint64_t call, const codec::HttpRequest& request, bool must_be_open);

  World& world_;
  Draws draws_;
  Ways ways_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Call> open_;
  std::map<std::uint64_t, std::string> travelling_;  // placements that have not arrived
};

}  // namespace storegate::sim
