// Stock: what is sold out, in two layers. What people and the cloud said: the last word counts, until its time is over.
// What the POS lists as off: its list counts as a whole. An item is to be had if neither layer has it off. Part of the
// book, with before-images of its own; decides no order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/time.hpp"

namespace storegate::core {

/// Items kept in each layer, at most: several times the largest menu, about 5 MB. Beyond it a word about one more item
/// is refused, and a POS's list is not taken.
inline constexpr std::size_t stock_items_max = 20'000;

/// What both layers together say of an item: a change of it is an event.
struct ItemState {
  bool available = true;
  std::optional<std::int64_t> until_wall_ms;  // off by a word alone, and only until then
  friend bool operator==(const ItemState&, const ItemState&) = default;
};

class Stock {
 public:
  // ---- within a turn: everything below is undone by undo_turn ----

  void begin_turn();
  void keep_turn() { undo_.clear(); }
  void undo_turn();

  /// Somebody's word. Its time, if it has one, is judged by `now`.
  void say(const ItemAvailability& word, const Now& now);
  /// A full list: every earlier word goes, and an item without a word is unknown from now on.
  void say_all(const std::vector<ItemAvailability>& words, const Now& now);
  /// The POS's list has the item off, or no longer.
  void set_pos_off(const std::string& item, bool off, const Now& now);
  /// What the turn changed, as rows: each mark as it is now, or that it is gone.
  void write_into(Changes& changes) const;
  [[nodiscard]] bool is_changed() const noexcept { return replaced_ || !touched_.empty(); }

  // ---- at the start, and when a clock was set ----

  void load(AvailabilityMark mark, const Now& now);
  void load_full() noexcept { full_ = true; }
  /// Judges anew when words end. By a trusted clock alone; and never before the span is over that was left when such a
  /// clock first looked at it, so that one which jumps ahead ends nothing early (design.md I9).
  void rejudge(const Now& now);

  // ---- what there is ----

  [[nodiscard]] ItemState state_of(std::string_view item) const;
  /// Not to be had at this moment; a word whose time is over no longer counts.
  [[nodiscard]] bool is_off(std::string_view item, const Now& now) const;
  /// A full list was given, and nothing was said of this item since.
  [[nodiscard]] bool is_unknown(std::string_view item) const;
  [[nodiscard]] bool pos_has_off(std::string_view item) const {
    return pos_off_.find(item) != pos_off_.end();
  }
  [[nodiscard]] std::vector<std::string> items_pos_off() const;
  [[nodiscard]] bool pos_has_any_off() const noexcept { return !pos_off_.empty(); }
  [[nodiscard]] bool has_word_on(std::string_view item) const { return said_.find(item) != said_.end(); }
  [[nodiscard]] std::size_t words() const noexcept { return said_.size(); }
  [[nodiscard]] bool full() const noexcept { return full_; }
  /// Every item that somebody spoke of, by id: whether it is to be had, until when not, and whether the POS has it off.
  [[nodiscard]] std::vector<ListedItem> listed() const;
  [[nodiscard]] ListedItem listed_as(const std::string& item) const;
  [[nodiscard]] std::size_t count_off() const;
  [[nodiscard]] std::vector<std::string> items_said() const;

  /// When the next word ends, on the steady clock; never_ms: none does.
  [[nodiscard]] Milliseconds next_end_ms() const noexcept;
  /// An item whose word has ended; nothing: none.
  [[nodiscard]] std::optional<std::string> first_ended(Milliseconds steady_ms) const;

 private:
  struct Word {
    AvailabilityMark mark;
    std::optional<Milliseconds> not_before_ms;  // soft: as a trusted clock first judged it
    Milliseconds ends_ms = never;               // soft: as last judged
  };
  static constexpr Milliseconds never = INT64_MAX;
  using Key = std::pair<StockLayer, std::string>;

  void put(const std::string& item, std::optional<Word> word);
  static void judge(Word& word, const Now& now);
  void touch(StockLayer layer, const std::string& item);

  std::map<std::string, Word, std::less<>> said_;
  std::set<std::pair<Milliseconds, std::string>> ends_;       // the words that end
  std::map<std::string, std::int64_t, std::less<>> pos_off_;  // and since when, by the wall clock
  bool full_ = false;

  std::set<Key> touched_;  // in this turn
  bool replaced_ = false;
  std::vector<std::function<void()>> undo_;
};

}  // namespace storegate::core
