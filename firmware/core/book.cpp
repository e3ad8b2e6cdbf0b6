// The book's indexes and its before-images.
#include "core/book.hpp"

#include <algorithm>
#include <cstdlib>

namespace storegate::core {

std::string Book::identity_of(std::string_view partner, std::string_view partner_order_id) {
  std::string identity;
  identity.reserve(partner.size() + partner_order_id.size() + 1);
  identity.append(partner).append(1, '\0').append(partner_order_id);
  return identity;
}

Entry* Book::find(OrderNumber number) noexcept {
  const auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second;
}

const Entry* Book::find(OrderNumber number) const noexcept {
  const auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second;
}

const EndedOrder* Book::find_ended(OrderNumber number) const noexcept {
  const auto at = ended_.find(number);
  return at == ended_.end() ? nullptr : &at->second;
}

OrderNumber Book::find_identity(const std::string& identity) const {
  const auto at = identities_.find(identity);
  return at == identities_.end() ? no_order : at->second;
}

OrderNumber Book::find_key(const std::string& idempotency_key) const {
  const auto at = keys_.find(idempotency_key);
  return at == keys_.end() ? no_order : at->second;
}

void Book::begin_turn() {
  ++turn_;
  undo_.clear();
  stock_.begin_turn();
  last_number_before_ = last_number;
  last_event_before_ = last_event;
}

void Book::keep_turn() {
  undo_.clear();
  stock_.keep_turn();
}

void Book::undo_turn() {
  while (!undo_.empty()) {
    undo_.back()();
    undo_.pop_back();
  }
  stock_.undo_turn();
  last_number = last_number_before_;
  last_event = last_event_before_;
}

Entry& Book::add(Order order, Milliseconds witnessed_ms) {
  const OrderNumber number = order.number;
  const std::string identity = identity_of(order.partner, order.partner_order_id);
  const OrderNumber former = find_identity(identity);
  if (number > former)
    identities_[identity] = number;  // at load an older live order may follow a newer ended one
  if (!order.idempotency_key.empty()) add_key(order.idempotency_key, number);
  Entry& entry = entries_[number];
  entry.order = std::move(order);
  entry.witnessed_ms = witnessed_ms;
  entry.saved_in = turn_;
  undo_.push_back([this, number, identity, former] {
    Entry& added = entries_.at(number);
    leave_indexes(added);
    entries_.erase(number);
    if (former == no_order)
      identities_.erase(identity);
    else
      identities_[identity] = former;
  });
  return entry;
}

void Book::save(Entry& entry) {
  if (entry.saved_in == turn_) return;
  entry.saved_in = turn_;
  undo_.push_back(
      [this, number = entry.order.number, order = entry.order, soft = entry.soft, fetch = entry.fetch,
       closed_ms = entry.closed_ms, telling = entry.telling,
       standing = Standing{entry.agenda_ms, entry.line, entry.counted_live, entry.counted_in_kitchen,
                           entry.watch_ms, entry.fetch_ms, entry.tell_ms}] {
        Entry& changed = entries_.at(number);
        leave_indexes(changed);  // by what it is there with: a fetched order's count of items is new
        changed.order = order;
        changed.soft = soft;
        changed.fetch = fetch;
        changed.closed_ms = closed_ms;
        changed.telling = telling;
        reindex(changed, standing);
      });
}

void Book::leave_indexes(Entry& entry) {
  if (entry.agenda_ms != never_ms) agenda_.erase({entry.agenda_ms, entry.order.number});
  if (entry.line) line_.remove(*entry.line, entry.order.partner, entry.order.number);
  if (entry.watch_ms) watches_.erase({*entry.watch_ms, entry.order.number});
  if (entry.fetch_ms) {
    const auto waiting = fetches_.find(entry.order.partner);
    waiting->second.erase({*entry.fetch_ms, entry.order.number});
    if (waiting->second.empty()) fetches_.erase(waiting);
  }
  if (entry.tell_ms) notices_.remove(entry.order.partner, {*entry.tell_ms, entry.order.number});
  if (entry.counted_live) --live_;
  if (entry.counted_in_kitchen) {
    --kitchen_.orders;
    kitchen_.items -= entry.order.item_count;
  }
  entry.agenda_ms = never_ms;
  entry.line.reset();
  entry.watch_ms.reset();
  entry.fetch_ms.reset();
  entry.tell_ms.reset();
  entry.counted_live = false;
  entry.counted_in_kitchen = false;
}

void Book::reindex(Entry& entry, const Standing& standing) {
  leave_indexes(entry);
  entry.agenda_ms = standing.agenda_ms;
  entry.line = standing.line;
  entry.watch_ms = standing.watch_ms;
  entry.fetch_ms = standing.fetch_ms;
  entry.tell_ms = standing.tell_ms;
  entry.counted_live = standing.live;
  entry.counted_in_kitchen = standing.in_kitchen;
  if (entry.agenda_ms != never_ms) agenda_.insert({entry.agenda_ms, entry.order.number});
  if (entry.line) line_.add(*entry.line, entry.order.partner, entry.order.number);
  if (entry.watch_ms) watches_.insert({*entry.watch_ms, entry.order.number});
  if (entry.fetch_ms) fetches_[entry.order.partner].insert({*entry.fetch_ms, entry.order.number});
  if (entry.tell_ms) notices_.add(entry.order.partner, {*entry.tell_ms, entry.order.number});
  if (entry.counted_live) ++live_;
  if (entry.counted_in_kitchen) {
    ++kitchen_.orders;
    kitchen_.items += entry.order.item_count;
  }
}

void Book::add_key(const std::string& key, OrderNumber number) {
  const OrderNumber former = find_key(key);
  keys_[key] = number;
  undo_.push_back([this, key, former] {
    if (former == no_order)
      keys_.erase(key);
    else
      keys_[key] = former;
  });
}

bool Book::add_alias(const std::string& key, OrderNumber number) {
  if (aliases_.count(number) >= key_aliases_per_order_max) return false;
  add_key(key, number);
  const auto at = aliases_.emplace(number, key);
  undo_.push_back([this, at] { aliases_.erase(at); });
  return true;
}

OrderNumber Book::find_reference(const std::string& pos_reference) const {
  const auto at = references_.find(pos_reference);
  return at == references_.end() ? no_order : at->second;
}

void Book::add_reference(const std::string& pos_reference, OrderNumber number) {
  if (!references_.emplace(pos_reference, number).second) return;
  undo_.push_back([this, pos_reference] { references_.erase(pos_reference); });
}

const EarlyMark* Book::find_early(EarlyKind kind, const std::string& identity) const {
  const auto at = early_.find({kind, identity});
  return at == early_.end() ? nullptr : &at->second;
}

void Book::put_early(EarlyMark mark) {
  const std::pair key{mark.kind, identity_of(mark.partner, mark.partner_order_id)};
  std::optional<EarlyMark> former;
  if (const EarlyMark* known = find_early(key.first, key.second)) former = *known;
  early_[key] = std::move(mark);
  undo_.push_back([this, key, former] {
    if (former)
      early_[key] = *former;
    else
      early_.erase(key);
  });
}

void Book::drop_early(EarlyKind kind, const std::string& identity) {
  const auto at = early_.find({kind, identity});
  if (at == early_.end()) return;
  undo_.push_back([this, key = at->first, former = at->second] { early_[key] = former; });
  early_.erase(at);
}

void Book::put_store(StoreState state) {
  undo_.push_back([this, former = store_] { store_ = former; });
  store_ = std::move(state);
}

bool Book::note_refused_cancel(OrderNumber number) {
  if (!refused_cancels_.insert(number).second) return false;
  undo_.push_back([this, number] { refused_cancels_.erase(number); });
  return true;
}

bool Book::note_call(const CallTold& call) {
  if (!calls_told_.insert(call).second) return false;
  calls_in_order_.push_back(call);
  undo_.push_back([this, call] {
    calls_told_.erase(call);
    calls_in_order_.pop_back();
  });
  return true;
}

void Book::forget_calls() {
  for (; calls_in_order_.size() > calls_told_max; calls_in_order_.pop_front())
    calls_told_.erase(calls_in_order_.front());
}

void Book::forget_reference(OrderNumber number) {
  const Entry* entry = find(number);
  if (entry != nullptr && find_reference(entry->order.pos_reference) == number)
    references_.erase(entry->order.pos_reference);
}

void Book::retire(OrderNumber number) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return;
  Order& order = at->second.order;
  leave_indexes(at->second);
  forget_reference(number);
  std::string identity = identity_of(order.partner, order.partner_order_id);
  ended_[number] = EndedOrder{
      order.id,          order.release_token, std::move(identity),     std::move(order.idempotency_key),
      order.body_digest, order.phase,         at->second.witnessed_ms, order.announced};
  entries_.erase(at);
}

void Book::load_ended(Loaded::Ended ended, Milliseconds witnessed_ms) {
  std::string identity = identity_of(ended.partner, ended.partner_order_id);
  if (ended.number > find_identity(identity)) identities_[identity] = ended.number;
  if (!ended.idempotency_key.empty()) keys_[ended.idempotency_key] = ended.number;
  ended_[ended.number] = EndedOrder{
      ended.id,          ended.release_token, std::move(identity), std::move(ended.idempotency_key),
      ended.body_digest, ended.phase,         witnessed_ms,        ended.announced};
}

void Book::forget_identity(const std::string& identity, OrderNumber number, const std::string& key) {
  if (find_identity(identity) == number) identities_.erase(identity);
  if (!key.empty() && find_key(key) == number) keys_.erase(key);
  const auto [first, last] = aliases_.equal_range(number);
  for (auto at = first; at != last; ++at) {
    if (find_key(at->second) == number) keys_.erase(at->second);  // it may be a younger order's by now
  }
  aliases_.erase(first, last);
}

void Book::forget_ended(Milliseconds before_ms, std::size_t limit) {
  for (auto at = ended_.begin(); at != ended_.end();) {
    const bool past = limit > 0 && at->second.witnessed_ms < before_ms;  // numbers ascend with arrival
    if (!past && ended_.size() <= ended_orders_max) return;
    forget_identity(at->second.identity, at->first, at->second.idempotency_key);
    refused_cancels_.erase(at->first);
    at = ended_.erase(at);
    if (limit > 0) --limit;
  }
}

void Book::forget_early(const std::function<bool(const EarlyMark&)>& is_past, std::size_t limit) {
  auto at = early_.upper_bound(early_cursor_);
  for (limit = std::min(limit, early_.size()); limit > 0; --limit) {
    if (at == early_.end()) at = early_.begin();
    early_cursor_ = at->first;
    at = is_past(at->second) ? early_.erase(at) : std::next(at);
    if (early_.empty()) return;
  }
}

Milliseconds Book::next_agenda_ms() const noexcept {
  return agenda_.empty() ? never_ms : agenda_.begin()->first;
}

OrderNumber Book::first_due(Milliseconds steady_ms) const noexcept {
  return agenda_.empty() || agenda_.begin()->first > steady_ms ? no_order : agenda_.begin()->second;
}

std::optional<std::pair<Milliseconds, OrderNumber>> Book::first_to_watch() const noexcept {
  if (watches_.empty()) return {};
  return *watches_.begin();
}

std::optional<std::pair<Milliseconds, OrderNumber>> Book::first_to_fetch(
    std::string_view partner) const noexcept {
  const auto waiting = fetches_.find(partner);
  if (waiting == fetches_.end()) return {};
  return *waiting->second.begin();
}

void Book::for_each(const std::function<void(Entry&)>& visit) {
  std::vector<OrderNumber> numbers;
  numbers.reserve(entries_.size());
  for (const auto& [number, entry] : entries_) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  for (const OrderNumber number : numbers)
    if (Entry* entry = find(number)) visit(*entry);
}

std::vector<std::size_t> Book::count_by_phase() const {
  std::vector<std::size_t> counts(phase_count, 0);
  for (const auto& [number, entry] : entries_) ++counts[static_cast<std::size_t>(entry.order.phase)];
  return counts;
}

}  // namespace storegate::core
