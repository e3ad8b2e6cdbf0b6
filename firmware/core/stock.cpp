// The two layers and their before-images.
#include "core/stock.hpp"

#include <algorithm>

namespace storegate::core {

void Stock::begin_turn() {
  undo_.clear();
  touched_.clear();
  replaced_ = false;
}

void Stock::undo_turn() {
  while (!undo_.empty()) {
    undo_.back()();
    undo_.pop_back();
  }
  touched_.clear();
  replaced_ = false;
}

void Stock::touch(StockLayer layer, const std::string& item) { touched_.emplace(layer, item); }

// The one place where a word and its place among those that end are changed.
void Stock::put(const std::string& item, std::optional<Word> word) {
  const auto at = said_.find(item);
  if (at != said_.end()) {
    ends_.erase({at->second.ends_ms, item});
    if (!word) said_.erase(at);
  }
  if (!word) return;
  if (word->ends_ms != never) ends_.emplace(word->ends_ms, item);
  said_[item] = std::move(*word);
}

void Stock::judge(Word& word, const Now& now) {
  word.ends_ms = never;
  const ItemAvailability& item = word.mark.item;
  if (item.available || !item.until_wall_ms || !now.wall_trusted) return;
  const Milliseconds by_wall_ms = now.steady_ms + (*item.until_wall_ms - now.wall_ms);
  if (!word.not_before_ms) word.not_before_ms = by_wall_ms;
  word.ends_ms = std::max(by_wall_ms, *word.not_before_ms);
}

void Stock::say(const ItemAvailability& item, const Now& now) {
  const auto at = said_.find(item.item);
  std::optional<Word> former;
  if (at != said_.end()) former = at->second;
  Word word{{item, StockLayer::said, now.wall_ms}, {}, never};
  const bool same = former && former->mark.item.available == item.available &&
                    former->mark.item.until_wall_ms == item.until_wall_ms;
  if (same)
    word.mark.at_wall_ms = former->mark.at_wall_ms;  // the row stays; its span counts anew
  else
    touch(StockLayer::said, item.item);
  judge(word, now);
  put(item.item, std::move(word));
  undo_.push_back([this, name = item.item, former] { put(name, former); });
}

void Stock::say_all(const std::vector<ItemAvailability>& words, const Now& now) {
  undo_.push_back([this, said = said_, ends = ends_, full = full_] {
    said_ = said;
    ends_ = ends;
    full_ = full;
  });
  said_.clear();
  ends_.clear();
  full_ = replaced_ = true;
  for (const ItemAvailability& item : words) {
    Word word{{item, StockLayer::said, now.wall_ms}, {}, never};
    judge(word, now);
    put(item.item, std::move(word));
    touch(StockLayer::said, item.item);
  }
}

void Stock::set_pos_off(const std::string& item, bool off, const Now& now) {
  if (off == pos_has_off(item)) return;
  touch(StockLayer::pos, item);
  if (off) {
    pos_off_.emplace(item, now.wall_ms);
    undo_.push_back([this, item] { pos_off_.erase(item); });
  } else {
    undo_.push_back([this, item, at_wall_ms = pos_off_.find(item)->second] { pos_off_[item] = at_wall_ms; });
    pos_off_.erase(item);
  }
}

void Stock::write_into(Changes& changes) const {
  changes.availability_replaced = replaced_;
  for (const auto& [layer, item] : touched_) {
    if (const auto word = said_.find(item); layer == StockLayer::said && word != said_.end())
      changes.availability.push_back(word->second.mark);
    else if (const auto off = pos_off_.find(item); layer == StockLayer::pos && off != pos_off_.end())
      changes.availability.push_back({{item, false, {}}, StockLayer::pos, off->second});
    else
      changes.availability_gone.emplace_back(layer, item);
  }
}

void Stock::load(AvailabilityMark mark, const Now& now) {
  const std::string item = mark.item.item;
  if (mark.layer == StockLayer::pos) {
    if (!mark.item.available) pos_off_[item] = mark.at_wall_ms;
    return;
  }
  Word word{std::move(mark), {}, never};
  judge(word, now);
  put(item, std::move(word));
}

void Stock::rejudge(const Now& now) {
  for (auto& [item, word] : said_) {
    ends_.erase({word.ends_ms, item});
    judge(word, now);
    if (word.ends_ms != never) ends_.emplace(word.ends_ms, item);
  }
}

ItemState Stock::state_of(std::string_view item) const {
  if (pos_has_off(item) || is_unknown(item)) return {false, {}};
  const auto word = said_.find(item);
  if (word == said_.end() || word->second.mark.item.available) return {};
  return {false, word->second.mark.item.until_wall_ms};
}

bool Stock::is_off(std::string_view item, const Now& now) const {
  if (pos_has_off(item)) return true;
  const auto word = said_.find(item);
  return word != said_.end() && !word->second.mark.item.available && word->second.ends_ms > now.steady_ms;
}

bool Stock::is_unknown(std::string_view item) const { return full_ && said_.find(item) == said_.end(); }

ListedItem Stock::listed_as(const std::string& item) const {
  const ItemState state = state_of(item);
  return {{item, state.available, state.until_wall_ms}, pos_has_off(item)};
}

std::vector<ListedItem> Stock::listed() const {
  std::set<std::string_view> names;
  for (const auto& [item, word] : said_) names.insert(item);
  for (const auto& [item, at] : pos_off_) names.insert(item);
  std::vector<ListedItem> items;
  items.reserve(names.size());
  for (const std::string_view item : names) items.push_back(listed_as(std::string(item)));
  return items;
}

std::size_t Stock::count_off() const {
  std::size_t off = pos_off_.size();
  for (const auto& [item, word] : said_) off += !word.mark.item.available && !pos_has_off(item) ? 1U : 0U;
  return off;
}

std::vector<std::string> Stock::items_said() const {
  std::vector<std::string> items;
  for (const auto& [item, word] : said_) items.push_back(item);
  return items;
}

std::vector<std::string> Stock::items_pos_off() const {
  std::vector<std::string> items;
  for (const auto& [item, at] : pos_off_) items.push_back(item);
  return items;
}

Milliseconds Stock::next_end_ms() const noexcept { return ends_.empty() ? never : ends_.begin()->first; }

std::optional<std::string> Stock::first_ended(Milliseconds steady_ms) const {
  if (next_end_ms() > steady_ms) return {};
  return ends_.begin()->second;
}

}  // namespace storegate::core
