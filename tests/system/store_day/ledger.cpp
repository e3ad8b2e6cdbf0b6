// The day's verdict: lives, tickets, and the sequence of events without gap or reorder.
#include "ledger.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <set>
#include <utility>

namespace storegate::day {

namespace json = boost::json;

namespace {

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::vector<const CloudEvent*> life_of(const Expected& order, const std::vector<CloudEvent>& events) {
  std::vector<const CloudEvent*> life;
  for (const CloudEvent& event : events) {
    if (event.partner == order.partner && event.partner_order_id == order.partner_order_id)
      life.push_back(&event);
  }
  return life;
}

std::string story_of(const std::vector<const CloudEvent*>& life) {
  std::string story;
  for (const CloudEvent* event : life) {
    if (!story.empty()) story += " -> ";
    story += event->name.substr(6) + " " + (event->time.size() >= 19 ? event->time.substr(11, 8) : "?");
    if (event->name == "order.placed") story += " (" + event->pos_reference + ")";
    if (!event->reason.empty()) story += " (" + event->reason + ")";
  }
  return story.empty() ? "nothing was heard of it" : story;
}

std::vector<std::string> sequence_complaints(const std::vector<CloudEvent>& events) {
  std::vector<std::string> complaints;
  std::string epoch;
  long long expected = 0;
  for (const CloudEvent& event : events) {
    if (event.epoch != epoch) {
      epoch = event.epoch;
      expected = 1;
    }
    const long long sequence = std::strtoll(event.sequence.c_str(), nullptr, 10);
    if (sequence != expected) {
      complaints.push_back("event " + std::to_string(sequence) + " came where " + std::to_string(expected) +
                           " was due");
    }
    expected = sequence + 1;
  }
  return complaints;
}

}  // namespace

std::vector<CloudEvent> Ledger::events_of(const std::vector<support::MqttLine>& lines) {
  std::vector<CloudEvent> events;
  std::set<std::string> seen;
  for (const support::MqttLine& line : lines) {
    if (line.topic.find("/out/") == std::string::npos) continue;
    const json::object event = json::parse(line.payload).as_object();
    if (!seen.insert(member(event, "id")).second)
      continue;  // at least once: sorted out by id, as a consumer does
    const json::object& data = event.at("data").as_object();
    events.push_back({line.topic.substr(line.topic.rfind('/') + 1), member(event, "epoch"),
                      member(event, "sequence"), member(event, "time"), member(data, "partner"),
                      member(data, "partner_order_id"), member(data, "phase"), member(data, "reason"),
                      member(data, "pos_reference")});
  }
  return events;
}

bool Ledger::all_ended(const std::vector<CloudEvent>& events) const {
  return std::all_of(orders_.begin(), orders_.end(), [&](const Expected& order) {
    const auto life = life_of(order, events);
    return !life.empty() && life.back()->name == order.last_event;
  });
}

std::size_t Ledger::report(const std::vector<CloudEvent>& events,
                           const std::vector<support::PosTicket>& tickets) const {
  std::vector<std::string> complaints = sequence_complaints(events);
  std::printf("\n%zu orders, %zu events at the cloud, %zu tickets at the POS\n\n", orders_.size(),
              events.size(), tickets.size());
  for (const Expected& order : orders_) {
    const auto life = life_of(order, events);
    const std::string name = order.partner + " " + order.partner_order_id;
    const auto is_its = [&](const support::PosTicket& ticket) {
      return ticket.partner == order.partner && ticket.partner_order_id == order.partner_order_id;
    };
    const auto cut = static_cast<std::size_t>(std::count_if(tickets.begin(), tickets.end(), is_its));
    const auto ticket = std::find_if(tickets.begin(), tickets.end(), is_its);
    const std::size_t before = complaints.size();
    if (life.empty() || life.back()->name != order.last_event) {
      complaints.push_back(name + ": expected to end with " + order.last_event);
    }
    if (cut != order.tickets) {
      complaints.push_back(name + ": " + std::to_string(cut) + " tickets, expected " +
                           std::to_string(order.tickets));
    }
    if (ticket != tickets.end() && !order.ticket_status.empty() && ticket->status != order.ticket_status) {
      complaints.push_back(name + ": its ticket is " + ticket->status + ", expected " + order.ticket_status);
    }
    std::printf("%s %-22s %s\n     %s; %zu ticket%s\n", complaints.size() == before ? "ok  " : "BAD ",
                name.c_str(), order.what.c_str(), story_of(life).c_str(), cut, cut == 1 ? "" : "s");
  }
  for (const std::string& complaint : complaints) std::printf("BAD  %s\n", complaint.c_str());
  return complaints.size();
}

}  // namespace storegate::day
