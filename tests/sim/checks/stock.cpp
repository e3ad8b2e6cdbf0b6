// Stock: an order with something off is not accepted and hears what; one of which nothing is off is not rejected for it;
// the same of prices; and every change is told once, by whom it came.
#include "sim/checks/stock.hpp"

#include <algorithm>
#include <cstdlib>

namespace storegate::sim::check {

namespace {
/// Clocks that count as right are so by 1.5 s.
constexpr std::int64_t clock_margin_ms = 3000;

/// Whether the list of reasons names this one for this item.
bool names(std::string_view data, std::string_view reason, std::string_view item) {
  std::string wanted = R"({"reason":")";
  wanted.append(reason).append(R"(","item":")").append(item).append("\"}");
  return data.find(wanted) != std::string_view::npos;
}

bool gives_reason(std::string_view data, std::string_view reason) {
  std::string wanted = R"({"reason":")";
  wanted.append(reason).append("\"");
  return data.find(wanted) != std::string_view::npos;
}

/// Rejected at the door, before anybody looked at what was ordered.
bool had_no_room(std::string_view data) {
  return data.find(R"("reasons":[{"reason":"too_busy"}])") != std::string_view::npos;
}
}  // namespace

// ---------------------------------------------------------------- what reached the gateway

void StockWatch::on_word(const Scene& scene, const Clock& clock, const ClockWatch& clocks, std::size_t,
                         const Word& word) {
  Pending pending;
  pending.word = word;
  pending.reached_ms = scene.now_ms;
  pending.clock_was_right = clock.trusted() && !clocks.lied_since(scene.now_ms);
  pending_.push_back(std::move(pending));
  note_sources(word);
  look_again(scene, clocks);
}

// A whole list speaks of every item that anybody spoke of.
void StockWatch::note_sources(const Word& word) {
  if (word.list.empty()) {
    sources_[word.item].insert(word.by_person ? "person" : "cloud");
    if (word.until_ms) sources_[word.item].insert("clock");
    return;
  }
  list_reached_ = true;
  for (auto& [item, who] : sources_) who.insert("cloud");
  for (const Word& line : word.list) note_sources(line);
}

void StockWatch::on_list(const Scene& scene, const ClockWatch& clocks, bool menu, const PosListSaid* said) {
  if (said == nullptr) {  // believed or not, and when, is the gateway's to say
    if (menu)
      menu_unsure_ = menu_unsure_ || menu_ != nullptr;
    else
      pos_unsure_ = pos_unsure_ || !pos_off_.empty();
    return look_again(scene, clocks);
  }
  Pending pending;
  pending.kind = menu ? Pending::Kind::menu : Pending::Kind::off_list;
  pending.list = said;
  pending_.push_back(std::move(pending));
  look_again(scene, clocks);
  if (menu) return;
  for (const std::string& item : said->off) sources_[item].insert("pos");
}

void StockWatch::on_turn_began(bool whole) {
  whole_ = whole;
  if (!whole) return;
  for (Pending& pending : pending_) pending.in_turn = true;
}

// A list is decided again after a turn that failed; a word may be, or its speaker hears that it was not taken.
void StockWatch::on_turn_ended(const Scene& scene, const Clock& clock, const ClockWatch& clocks,
                               bool written) {
  std::vector<Pending> left;
  for (const Pending& pending : pending_) {
    const bool right = clock.trusted() && !clocks.lied_since(pending.reached_ms);
    const bool perhaps_refused = !whole_ && !written && pending.kind == Pending::Kind::word;
    if (!pending.in_turn && !perhaps_refused) {
      left.push_back(pending);
    } else if (written) {
      apply(pending, pending.clock_was_right && right, scene.now_ms);
    } else if (pending.kind == Pending::Kind::word) {
      doubt(pending.word);
    } else {
      left.push_back(pending);
      left.back().in_turn = false;
    }
  }
  pending_ = std::move(left);
  look_again(scene, clocks);
}

// A person's word that ends in the past is refused. By a wrong clock any that ends may lie there.
StockWatch::Is StockWatch::is_over(const Pending& pending, bool clock_right, std::int64_t now_ms) {
  const Word& word = pending.word;
  if (!word.by_person || !word.off || !word.until_ms) return Is::off;
  if (!clock_right) return Is::unsure;
  if (*word.until_ms < pending.reached_ms - clock_margin_ms) return Is::on;
  return *word.until_ms > now_ms + clock_margin_ms ? Is::off : Is::unsure;
}

void StockWatch::apply(const Pending& pending, bool clock_right, std::int64_t now_ms) {
  const Is over = is_over(pending, clock_right, now_ms);
  switch (pending.kind) {
    case Pending::Kind::word:
      if (over == Is::on) return;
      if (over == Is::unsure) return doubt(pending.word);
      if (!pending.word.list.empty()) return apply_list(pending, clock_right);
      return apply(pending.word, pending, clock_right);
    case Pending::Kind::off_list:
      pos_off_ = pending.list->off;
      pos_unsure_ = false;
      return;
    case Pending::Kind::menu:
      menu_ = pending.list;
      menu_unsure_ = false;
      return;
  }
}

void StockWatch::apply(const Word& word, const Pending& pending, bool clock_right) {
  if (!word.off)
    untold_.erase(word.item);
  else if (was_known(word.item) != Is::on && !dropped_.contains(word.item))
    untold_.insert(word.item);
  dropped_.erase(word.item);
  said_[word.item] = {word.off ? Is::off : Is::on, word.until_ms, pending.reached_ms, life_, clock_right};
}

void StockWatch::apply_list(const Pending& pending, bool clock_right) {
  for (const auto& [item, said] : said_)
    if (said.spoken) dropped_.insert(item);
  for (const Word& line : pending.word.list) apply(line, pending, clock_right);
  std::map<std::string, Said> named;
  for (const Word& line : pending.word.list) named[line.item] = said_[line.item];
  said_ = std::move(named);
  full_ = true;
  full_unsure_ = false;
}

// It was taken or it was not.
void StockWatch::doubt(const Word& word) {
  if (word.list.empty()) {
    const auto [at, is_first] = said_.try_emplace(word.item);
    at->second.is = Is::unsure;
    if (is_first) at->second.spoken = false;
    return;
  }
  std::set<std::string> named;
  for (const Word& line : word.list) named.insert(line.item);
  for (auto& [item, said] : said_) {
    said.is = Is::unsure;
    said.spoken = said.spoken && named.contains(item);
  }
  for (const Word& line : word.list) doubt(line);
  full_unsure_ = full_unsure_ || !full_;
}

// What was not known to be written may be on the disk all the same.
void StockWatch::on_life_ended() {
  for (const Pending& pending : pending_) {
    if (pending.kind == Pending::Kind::word) doubt(pending.word);
    if (pending.kind == Pending::Kind::off_list) pos_unsure_ = true;
  }
  pending_.clear();
  undecided_.clear();
  menu_ = nullptr;
  menu_unsure_ = false;
  ++life_;
}

// ---------------------------------------------------------------- what can be known

bool StockWatch::is_pending(Pending::Kind kind, std::string_view item) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const Pending& pending) {
    const bool any_item = kind != Pending::Kind::word || !pending.word.list.empty();
    return pending.kind == kind && (any_item || pending.word.item == item);
  });
}

StockWatch::Is StockWatch::said_now(const Scene& scene, const ClockWatch& clocks,
                                    const std::string& item) const {
  if (is_pending(Pending::Kind::word, item)) return Is::unsure;
  const auto found = said_.find(item);
  if (found == said_.end()) return Is::on;
  const Said& said = found->second;
  if (said.is != Is::off || !said.until_ms) return said.is;
  if (scene.now_ms < *said.until_ms - clock_margin_ms) {
    // A clock that is not trusted ends nothing; one that lies does only after a restart, or if it lied from the start.
    const bool same_life = said.life == life_ && said.clock_was_right;
    return same_life || !clocks.lied_since(said.reached_ms) ? Is::off : Is::unsure;
  }
  const bool over = scene.now_ms > *said.until_ms + clock_margin_ms && clocks_stay_right(scene.plan);
  return over ? Is::on : Is::unsure;
}

StockWatch::Is StockWatch::is_now(const Scene& scene, const ClockWatch& clocks,
                                  const std::string& item) const {
  const Is said = said_now(scene, clocks, item);
  const bool pos_unsure = pos_unsure_ || is_pending(Pending::Kind::off_list, item);
  if (said == Is::off) return Is::off;
  if (pos_unsure) return Is::unsure;
  return pos_off_.contains(item) ? Is::off : said;
}

StockWatch::Is StockWatch::is_known(const std::string& item) const {
  if (is_pending(Pending::Kind::word, item)) return Is::unsure;
  return was_known(item);
}

StockWatch::Is StockWatch::was_known(const std::string& item) const {
  const auto said = said_.find(item);
  const bool is_said = said != said_.end();
  if (is_said && said->second.spoken) return Is::on;
  if (!full_ && !full_unsure_) return Is::on;
  return full_unsure_ || is_said ? Is::unsure : Is::off;
}

StockWatch::Is StockWatch::price_is_wrong(const Scene& scene, const Story& story) const {
  if (!scene.plan.policy.pos.check_prices) return Is::off;
  if (menu_unsure_ || is_pending(Pending::Kind::menu, {})) return Is::unsure;
  if (menu_ == nullptr) return Is::off;
  for (const auto& [item, price] : story.wanted) {
    const auto line = menu_->prices.find(item);
    const bool wrong =
        line != menu_->prices.end() && std::abs(line->second - price) > scene.plan.policy.pos.price_tolerance;
    if (wrong) return Is::on;
  }
  return Is::off;
}

void StockWatch::on_order(const Scene& scene, const ClockWatch& clocks, std::size_t index) {
  Story& story = scene.ledger.story(index);
  if (story.acknowledged_ms != never || story.wanted.empty()) return;
  undecided_.insert(index);
  look(scene, clocks, story);
}

void StockWatch::on_fetched(const Scene& scene, const ClockWatch& clocks, std::size_t index) {
  Story& story = scene.ledger.story(index);
  if (story.wanted.empty()) return;
  undecided_.insert(index);
  look(scene, clocks, story);
}

void StockWatch::on_written(const Scene& scene, const core::Changes& changes) {
  if (undecided_.empty()) return;
  for (const core::Order& order : changes.orders)
    if (const Story* story = scene.ledger.find(order.partner, order.partner_order_id);
        story != nullptr && order.phase != core::Phase::fetching)
      undecided_.erase(static_cast<std::size_t>(story - scene.ledger.stories().data()));
}

void StockWatch::look_again(const Scene& scene, const ClockWatch& clocks) {
  for (const std::size_t index : undecided_) look(scene, clocks, scene.ledger.story(index));
}

void StockWatch::look(const Scene& scene, const ClockWatch& clocks, Story& story) const {
  std::string off;
  bool all_on = true;
  for (const auto& [item, price] : story.wanted) {
    const Is is = is_now(scene, clocks, item);
    if (is == Is::off && off.empty()) off = item;
    all_on = all_on && is == Is::on;
  }
  const Is wrong = price_is_wrong(scene, story);
  const bool first = !std::exchange(story.stock_seen, true);
  // Decided after one of its arrivals, whichever and whenever: only what holds all the time is certain.
  story.off_item = first || story.off_item == off ? off : std::string();
  story.all_on = (first || story.all_on) && all_on;
  story.price_wrong = (first || story.price_wrong) && wrong == Is::on;
  story.price_right = (first || story.price_right) && wrong == Is::off;
  look_for_unknown(story, first);
}

// A whole list names items; of modifiers it says nothing by leaving them out.
void StockWatch::look_for_unknown(Story& story, bool first) const {
  std::string unknown;
  bool all_known = true;
  if (list_reached_)
    for (const auto& [item, price] : story.wanted) {
      if (item == story.modifier) continue;
      const Is known = is_known(item);
      if (known == Is::off && unknown.empty()) unknown = item;
      all_known = all_known && known == Is::on;
    }
  story.unknown_item = first || story.unknown_item == unknown ? unknown : std::string();
  story.all_known = (first || story.all_known) && all_known;
}

// ---------------------------------------------------------------- what the consumer was told

void StockWatch::on_decided(const Scene& scene, Story& story, std::string_view name,
                            std::string_view data) const {
  if (!story.stock_seen || story.unseen || story.reborn) return;
  if (name == "accepted") {
    if (!story.off_item.empty())
      scene.blame("stock", name_of(story) + " was accepted though " + story.off_item + " was off");
    if (!story.unknown_item.empty())
      scene.blame("stock",
                  name_of(story) + " was accepted though a whole list left out " + story.unknown_item);
    if (story.price_wrong)
      scene.blame("stock", name_of(story) + " was accepted at a price that is not the menu's");
  }
  if (name != "rejected" || had_no_room(data)) return;
  if (!story.off_item.empty() && !names(data, "item_unavailable", story.off_item))
    scene.blame("stock", name_of(story) + " was rejected and not told that " + story.off_item + " is off");
  if (!story.unknown_item.empty() && !names(data, "item_unknown", story.unknown_item))
    scene.blame("stock",
                name_of(story) + " was rejected and not told that nobody knows " + story.unknown_item);
  if (story.all_known && gives_reason(data, "item_unknown"))
    scene.blame("stock", name_of(story) + " was rejected for an unknown item though all were known");
  if (story.all_on && gives_reason(data, "item_unavailable"))
    scene.blame("stock", name_of(story) + " was rejected for an item though none was off");
  if (story.price_right && gives_reason(data, "price_mismatch"))
    scene.blame("stock", name_of(story) + " was rejected for a price that is the menu's");
}

void StockWatch::on_item_event(const Scene& scene, std::string_view data) {
  const std::string item(member_text(data, "item"));
  const std::string by(member_text(data, "by"));
  const bool available = data.find(R"("available":true)") != std::string_view::npos;
  const std::size_t at = data.find(R"("until_ms":)");
  std::string until;
  if (at != std::string_view::npos) {
    until = data.substr(at + 11);
    until.resize(std::min(until.find_first_of(",}"), until.size()));
  }
  Told& told = told_[item];
  const Told now{available, until == "null" ? std::string() : until};
  // What nobody ever spoke of became unknown without an event: then it may be told as on again.
  const bool was_unknown = list_reached_ && now.available;
  if (told.available == now.available && told.until == now.until && !was_unknown)
    scene.blame("stock", "a change of " + item + " was told that is none");
  if (!sources_[item].contains(by))
    scene.blame("stock", "a change of " + item + " is told as by \"" + by + "\", who said nothing of it");
  told = now;
}

// The last word on each item is what the consumer was told last.
void StockWatch::judge_end(const Scene& scene) const {
  std::set<std::string> items;
  for (const auto& [item, said] : said_) items.insert(item);
  for (const auto& [item, source] : sources_) items.insert(item);
  for (const std::string& item : items) {
    const auto said = said_.find(item);
    const bool has_word = said != said_.end();
    if (pos_unsure_ || (has_word && said->second.is == Is::unsure)) continue;
    const Is known = is_known(item);
    const bool never_told = untold_.contains(item) || (known == Is::off && !dropped_.contains(item));
    if (known == Is::unsure || never_told) continue;
    const bool off_by_word = has_word && said->second.is == Is::off && !said->second.until_ms;
    const bool available = known == Is::on && !off_by_word && !pos_off_.contains(item);
    const auto told = told_.find(item);
    const bool was_told = told == told_.end() || told->second.available;
    if (was_told != available)
      scene.blame("stock", "at the end " + item + " is " + (available ? "to be had" : "off") +
                               ", and its consumer was told otherwise");
  }
}

}  // namespace storegate::sim::check
