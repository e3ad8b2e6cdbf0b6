// Menu: what is sold out in truth, who says so, and what things cost: the cloud's words over MQTT, a person's over the
// API, and the POS's own two lists, which change, fail and come garbled. It must not know what the gateway makes of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

/// Somebody's word about an item.
struct Word {
  std::string item;
  bool off = false;
  std::optional<std::int64_t> until_ms;  // of true time
  bool by_person = false;                // otherwise by the cloud
  std::vector<Word> list;  // a whole list instead: what it does not name is unknown from then on
};

/// What one answer of the POS said, if it can be read.
struct PosListSaid {
  bool menu = false;
  std::set<std::string> off;
  std::map<std::string, std::int64_t> prices;
};

class Menu {
 public:
  Menu(World& world, Draws draws) : world_(world), draws_(draws), list_draws_(draws.fork(1)) {}

  /// Plans everything that changes during the storm.
  void plan();
  [[nodiscard]] const Word& word(std::size_t index) const { return words_[index]; }
  /// The POS's answer to a request for one of its lists.
  [[nodiscard]] PosReply list_reply(bool menu);
  /// What the answer with this body says; nothing: it is no list. Known by a mark in it, not by reading it.
  [[nodiscard]] const PosListSaid* said_by(std::string_view body) const;

  /// What is ordered, and what for.
  static constexpr std::int64_t item_price = 199;
  static constexpr std::int64_t soda_price = 150;
  static constexpr std::int64_t modifier_price = 25;

 private:
  void plan_words();
  void plan_lists();
  [[nodiscard]] Word draw_list(std::int64_t at_ms);
  void plan_pos();
  void say(std::size_t word);
  void put(std::size_t word, std::int64_t wait_ms);
  [[nodiscard]] std::string thing();
  [[nodiscard]] std::string garbled(const std::string& lines);

  World& world_;
  Draws draws_;
  Draws list_draws_;  // of whole lists alone
  std::vector<Word> words_;
  std::set<std::string> off_;                    // at the POS
  std::map<std::string, std::int64_t> changed_;  // prices there that are not the usual ones
  std::deque<PosListSaid> said_;                 // whoever heard of one keeps its place
};

}  // namespace storegate::sim
