// Gateway: what is sold out. Words about items and when they end, the POS's lists and when they are asked for.
#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// Prices that nobody has confirmed for so long are no ground to reject an order.
constexpr Milliseconds menu_kept_ms = 24 * hour_ms;

/// The list with each item once, as it was named last.
std::vector<ItemAvailability> last_words(const std::vector<ItemAvailability>& items) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < items.size(); ++i) last[items[i].item] = i;
  std::vector<ItemAvailability> words;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (last[items[i].item] == i) words.push_back(items[i]);
  return words;
}

bool any_is_over(const std::vector<ItemAvailability>& words, const Now& now) {
  return now.wall_trusted && std::any_of(words.begin(), words.end(), [&](const ItemAvailability& word) {
           return !word.available && word.until_wall_ms && *word.until_wall_ms <= now.wall_ms;
         });
}

}  // namespace

// ---------------------------------------------------------------- what is said

void Gateway::availability_arrived(const AvailabilityArrived& input, Turn& turn) {
  Stock& stock = book_.stock();
  const std::vector<ItemAvailability> words = last_words(input.items);
  // Taken, a mistyped time would put the item on sale. A message of the cloud may have come late.
  if (input.letter.topic.empty() && any_is_over(words, turn.now)) {
    answer(input.caller, AnswerKind::conflict, nullptr, turn, "the end lies in the past");
    return;
  }
  std::size_t kept = input.full ? words.size() : stock.words();
  if (!input.full)
    for (const ItemAvailability& word : words) kept += stock.has_word_on(word.item) ? 0U : 1U;
  if (kept > stock_items_max) {
    const std::string why = "this store keeps track of " + std::to_string(stock_items_max) +
                            " items and not of more; a full list makes room";
    if (!input.letter.topic.empty()) message_refused(input.letter, why, {}, turn);
    answer(input.caller, input.letter.topic.empty() ? AnswerKind::conflict : AnswerKind::done, nullptr, turn,
           why);
    return;
  }
  std::map<std::string, ItemState> before;
  if (input.full)
    for (std::string& item : stock.items_said()) before.emplace(item, stock.state_of(item));
  for (const ItemAvailability& word : words) before.emplace(word.item, stock.state_of(word.item));
  if (input.full)
    stock.say_all(words, turn.now);
  else
    for (const ItemAvailability& word : words) stock.say(word, turn.now);
  tell_changed_items(before, input.actor, turn);
  answer(input.caller, AnswerKind::done, nullptr, turn);
}

void Gateway::tell_changed_items(const std::map<std::string, ItemState>& before, Actor actor, Turn& turn) {
  for (const auto& [item, was] : before) {
    const ItemState is = book_.stock().state_of(item);
    if (is == was) continue;
    DetailValue until = nullptr;
    if (is.until_wall_ms) until = *is.until_wall_ms;
    emit_plain(EventType::item_availability_changed,
               {{"item", item},
                {"available", is.available},
                {"until_ms", until},
                {"by", std::string(name_of(actor))}},
               turn);
  }
}

// Words whose time is over. Many at once share the turn's commit, and none of them starts anything.
void Gateway::end_words(Turn& turn) {
  std::map<std::string, ItemState> before;
  while (const auto item = book_.stock().first_ended(turn.now.steady_ms)) {
    before.emplace(*item, book_.stock().state_of(*item));
    book_.stock().say({*item, true, {}}, turn.now);
  }
  tell_changed_items(before, Actor::clock, turn);
}

// ---------------------------------------------------------------- the POS's lists

// Beside the orders' requests: a list delays no order, so a POS that is away is left to the one that tries it.
void Gateway::poll_lists(Turn& turn) {
  if (book_.stock().pos_has_any_off() && !poll_of(PosList::availability).is_on())
    take_pos_off({}, turn);  // it was asked once, and is no longer
  if (!pos_.reachable()) return;
  for (const PosList list : {PosList::availability, PosList::menu}) {
    const auto due_ms = poll_of(list).due_ms();
    if (!due_ms || *due_ms > turn.now.steady_ms) continue;
    const std::uint64_t attempt = next_attempt_++;
    poll_of(list).start(attempt, turn.now.steady_ms);
    turn.effects.emplace_back(AskPosList{list, attempt});
  }
}

Milliseconds Gateway::next_poll_ms() const {
  Milliseconds next_ms = never_ms;
  if (!pos_.reachable()) return next_ms;
  for (const ListPoll& poll : polls_) next_ms = std::min(next_ms, poll.due_ms().value_or(never_ms));
  return next_ms;
}

void Gateway::pos_listed(const PosListed& input, Turn& turn) {
  ListPoll& poll = poll_of(input.list);
  if (!poll.awaits(input.attempt)) {
    ++stale_answers_;
    return;
  }
  const Milliseconds now_ms = turn.now.steady_ms;
  const bool listed = input.outcome == PosListed::Outcome::listed && input.off.size() <= stock_items_max &&
                      input.prices.size() <= stock_items_max;
  const bool none = input.outcome == PosListed::Outcome::no_list && poll.on_denial(now_ms, generator_);
  if (listed) poll.on_list(now_ms, generator_);
  if (!listed && input.outcome != PosListed::Outcome::no_list)
    poll.on_failure(now_ms, input.retry_after_ms.value_or(0), generator_);
  if (!listed && !none) return;
  if (input.list == PosList::availability) return take_pos_off(input.off, turn);
  menu_.clear();
  for (const MenuPrice& line : input.prices) menu_.emplace(line.item, line.unit_price);
  menu_until_ms_ = now_ms + menu_kept_ms;
}

void Gateway::take_pos_off(const std::vector<std::string>& off, Turn& turn) {
  Stock& stock = book_.stock();
  const std::unordered_set<std::string_view> named(off.begin(), off.end());
  std::vector<std::pair<std::string, bool>> changes;
  for (std::string& item : stock.items_pos_off())
    if (!named.contains(item)) changes.emplace_back(std::move(item), false);
  for (const std::string& item : off)
    if (!stock.pos_has_off(item)) changes.emplace_back(item, true);
  std::map<std::string, ItemState> before;
  for (const auto& [item, is_off] : changes) before.emplace(item, stock.state_of(item));
  for (const auto& [item, is_off] : changes) stock.set_pos_off(item, is_off, turn.now);
  tell_changed_items(before, Actor::pos, turn);
}

}  // namespace storegate::core
