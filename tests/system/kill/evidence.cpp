// The invariants I1 to I5 as seen from outside.
#include "evidence.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

namespace storegate::killing {

namespace json = boost::json;

namespace {

// core/order.hpp's numbers, which are part of the file format.
constexpr int phase_held = 1;
constexpr int phase_queued = 2;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

void Evidence::complain(const std::string& text) {
  if (complaints_.size() < 50) complaints_.push_back(text);
}

void Evidence::take_events(const support::MqttWatcher& cloud) {
  for (const support::MqttLine& line : cloud.lines(taken_)) {
    ++taken_;
    take_event(line);
  }
}

void Evidence::take_event(const support::MqttLine& line) {
  const json::object event = json::parse(line.payload).as_object();
  if (!seen_.insert(text_of(event, "id")).second) {
    ++repeats_;
    return;
  }
  const std::string epoch = text_of(event, "epoch");
  const long long sequence = std::atoll(text_of(event, "sequence").c_str());
  if (!epoch_.empty() && epoch != epoch_) complain("I3: a new epoch began though the database is the same");
  epoch_ = epoch;
  last_sequence_ = std::max(last_sequence_, sequence);
  const std::string id = text_of(event.at("data").as_object(), "partner_order_id");
  long long& newest = newest_[id];
  if (sequence <= newest)
    complain("I3: event " + std::to_string(sequence) + " of " + (id.empty() ? "the store" : id) +
             " came after " + std::to_string(newest));
  newest = sequence;
  if (!id.empty()) last_event_[id] = line.topic.substr(line.topic.rfind('/') + 1);
}

void Evidence::check_rows(const Hit& hit, const std::map<std::string, Sent>& orders) {
  for (const auto& [id, order] : orders) {
    const auto row = hit.rows.find(id);
    if (row == hit.rows.end()) {
      if (order.order_acknowledged) complain("I1: " + id + " was acknowledged and is not on disk");
      continue;
    }
    const int phase = row->second.phase;
    if (order.release_acknowledged && order.order_acknowledged && phase == phase_held) {
      complain("I5: the release of " + id + " was acknowledged and is not on disk");
    }
    if (order.cancel_acknowledged && !row->second.cancel_wanted &&
        (phase == phase_held || phase == phase_queued)) {
      complain("I4: the cancel of " + id + " was acknowledged and is not on disk");
    }
  }
}

void Evidence::check_tickets(support::PosDouble& pos) {
  const support::PosCounts counts = pos.counts();
  if (counts.most_per_reference > 1) {
    complain("I2: a reference has " + std::to_string(counts.most_per_reference) + " tickets");
  }
  if (counts.bad_requests > 0)
    complain("the POS got " + std::to_string(counts.bad_requests) + " malformed requests");
}

std::string Evidence::last_event_of(const std::string& id) const {
  const auto event = last_event_.find(id);
  return event == last_event_.end() ? std::string() : event->second;
}

bool Evidence::all_ended(const std::map<std::string, Sent>& orders) const {
  if (gaps() > 0) return false;
  for (const auto& [id, order] : orders) {
    const std::string last = last_event_of(id);
    const bool placed = last == "order.placed" && !order.cancel_sent;
    if (!placed && last != "order.cancelled" && last != "order.cancel_refused") return false;
  }
  return true;
}

void Evidence::check_ends(const std::map<std::string, Sent>& orders, support::PosDouble& pos) {
  if (gaps() > 0) complain("I3: " + std::to_string(gaps()) + " events never came");
  std::map<std::string, std::size_t> tickets;
  for (const support::PosTicket& ticket : pos.tickets()) ++tickets[ticket.partner_order_id];
  for (const auto& [id, order] : orders) {
    const std::string last = last_event_of(id);
    const std::size_t cut = tickets.count(id) > 0 ? tickets[id] : 0;
    if (cut > 1) complain("I2: " + id + " has " + std::to_string(cut) + " tickets");
    if (last == "order.placed" && cut != 1) complain("I2: " + id + " is placed and has no ticket");
    if (last == "order.placed" && order.cancel_sent) complain("I4: the cancel of " + id + " was dropped");
    if (last.empty()) complain("I1: nothing was heard of " + id);
    if (order.cancel_first && cut > 0)
      complain("I4: " + id + " was cancelled before its release and has a ticket");
  }
}

}  // namespace storegate::killing
