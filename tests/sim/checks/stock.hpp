// What is sold out and what it costs, as far as anybody outside can know: a fold of the words that were taken and the
// lists that the POS gave, in the order in which they reached the gateway. Where that order leaves a doubt (a turn that
// failed, a process that died, a clock that lied) the fold says so, and nobody is blamed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/checks/checks.hpp"
#include "sim/parts/menu.hpp"

namespace storegate::sim::check {

class StockWatch {
 public:
  // ---- what reached the gateway, at the moment when it was offered
  void on_word(const Scene& scene, const Clock& clock, const ClockWatch& clocks, std::size_t index,
               const Word& word);
  /// nullptr: the POS denied to have such a list. What is no list at all changes nothing, and is not told here.
  void on_list(const Scene& scene, const ClockWatch& clocks, bool menu, const PosListSaid* said);
  /// One that was announced is here: whatever is on or off from now on may decide.
  void on_fetched(const Scene& scene, const ClockWatch& clocks, std::size_t index);
  void on_order(const Scene& scene, const ClockWatch& clocks, std::size_t story);
  /// An order that has a row is decided: what comes after does not touch it.
  void on_written(const Scene& scene, const core::Changes& changes);
  // ---- its turns: what was offered before one began is decided in it, if it is `whole`; otherwise perhaps
  void on_turn_began(bool whole);
  void on_turn_ended(const Scene& scene, const Clock& clock, const ClockWatch& clocks, bool written);
  void on_life_ended();
  // ---- what the consumer was told
  void on_decided(const Scene& scene, Story& story, std::string_view name, std::string_view data) const;
  void on_item_event(const Scene& scene, std::string_view data);
  /// Long after everything has ended.
  void judge_end(const Scene& scene) const;

 private:
  enum class Is : std::uint8_t { on, off, unsure };
  struct Said {
    Is is = Is::on;
    std::optional<std::int64_t> until_ms;
    std::int64_t reached_ms = 0;
    std::uint64_t life = 0;
    bool clock_was_right = false;  // and trusted, when it was decided
    bool spoken = true;            // for certain since the last whole list
  };
  struct Pending {
    enum class Kind : std::uint8_t { word, off_list, menu } kind = Kind::word;
    Word word;
    const PosListSaid* list = nullptr;
    std::int64_t reached_ms = 0;
    bool clock_was_right = false;
    bool in_turn = false;
  };
  struct Told {
    bool available = true;
    std::string until;
  };

  [[nodiscard]] Is said_now(const Scene& scene, const ClockWatch& clocks, const std::string& item) const;
  [[nodiscard]] Is is_now(const Scene& scene, const ClockWatch& clocks, const std::string& item) const;
  /// off: a whole list left it out, and nobody spoke of it since.
  [[nodiscard]] Is is_known(const std::string& item) const;
  [[nodiscard]] Is was_known(const std::string& item) const;  // before what is pending
  [[nodiscard]] Is price_is_wrong(const Scene& scene, const Story& story) const;
  [[nodiscard]] bool is_pending(Pending::Kind kind, std::string_view item) const;
  [[nodiscard]] static Is is_over(const Pending& pending, bool clock_right, std::int64_t now_ms);
  void apply(const Pending& pending, bool clock_right, std::int64_t now_ms);
  void apply(const Word& word, const Pending& pending, bool clock_right);
  void apply_list(const Pending& pending, bool clock_right);
  void doubt(const Word& word);
  void note_sources(const Word& word);
  void look_for_unknown(Story& story, bool first) const;
  void look(const Scene& scene, const ClockWatch& clocks, Story& story) const;
  void look_again(const Scene& scene, const ClockWatch& clocks);

  std::uint64_t life_ = 0;
  bool whole_ = true;             // the turn that is open
  std::vector<Pending> pending_;  // in the order in which they were offered
  std::set<std::size_t>
      undecided_;  // stories: an order may wait in its partner's lane while words overtake it
  std::map<std::string, Said> said_;
  bool full_ = false;              // a whole list was taken, and counts
  bool full_unsure_ = false;       // perhaps one was
  bool list_reached_ = false;      // the gateway was given one
  std::set<std::string> dropped_;  // known until a whole list left it out: that is told
  std::set<std::string> untold_;   // off by a word, and unknown before: perhaps nothing of it was told
  std::set<std::string> pos_off_;
  bool pos_unsure_ = false;
  const PosListSaid* menu_ = nullptr;  // the gateway forgets it with its process
  bool menu_unsure_ = false;
  std::map<std::string, std::set<std::string>> sources_;  // who may have changed an item: "pos", "person", …
  std::map<std::string, Told> told_;
};

}  // namespace storegate::sim::check
