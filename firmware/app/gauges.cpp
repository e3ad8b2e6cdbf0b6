// The families of /metrics, each named once. Counters kept by other rooms are read when somebody asks.
#include "app/gauges.hpp"

#include <string>

#include "platform/log.hpp"

namespace storegate::app {

namespace {
// From a fast disk's commit to a card that stalls; a placement may take the POS's whole timeout.
const std::vector<double> short_spans{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const std::vector<double> long_spans{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                     0.25,  0.5,    1,     2.5,  5,     10,   30};
const std::vector<double> group_sizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

std::size_t index_of(core::Phase phase) { return static_cast<std::size_t>(phase); }
}  // namespace

Gauges::Gauges(std::function<Levels()> levels)
    : levels_(std::move(levels)),
      acknowledgement_(metrics_.histogram("storegate_acknowledgement_seconds",
                                          "From an order's last byte to its answer over HTTP", short_spans,
                                          {}, "seconds")),
      commit_(metrics_.histogram("storegate_commit_seconds", "From a turn's decision to its commit's return",
                                 short_spans, {}, "seconds")),
      commit_inputs_(
          metrics_.histogram("storegate_commit_inputs", "Inputs that shared one commit", group_sizes)),
      place_(metrics_.histogram("storegate_place_seconds", "From a placement's request to the POS's answer",
                                long_spans, {}, "seconds")),
      event_(metrics_.histogram("storegate_event_seconds", "From an event's publish to its PUBACK",
                                long_spans, {}, "seconds")),
      commits_(metrics_.counter("storegate_commits", "Transactions committed")),
      commits_failed_(
          metrics_.counter("storegate_commits_failed", "Transactions that could not be committed")),
      damaged_(metrics_.counter("storegate_damaged_rows", "Rows found damaged and left out")),
      wrong_tokens_(metrics_.counter("storegate_wrong_tokens",
                                     "Releases and cancels by a token that is not their order's")) {
  for (std::size_t i = 0; i < core::phase_count; ++i) {
    const auto phase = static_cast<core::Phase>(i);
    const platform::MetricLabels labels{{"phase", std::string(core::name_of(phase))}};
    if (!core::is_end(phase))
      orders_[i] = &metrics_.gauge("storegate_orders", "Orders that have not ended, by phase", labels);
    entered_[i] =
        &metrics_.counter("storegate_orders_entered", "Orders that came to a phase with an event", labels);
  }
  for (std::size_t i = 1; i < answered_.size(); ++i)
    answered_[i] = &metrics_.counter("storegate_http_responses", "HTTP answers by the status's class",
                                     {{"class", std::to_string(i) + "xx"}});
  make_level_gauges();
  make_level_counters();
  metrics_.on_collect([this] { collect(); });
}

void Gauges::make_level_gauges() {
  const auto add = [this](const char* name, const char* help, double (*read)(const Levels&)) {
    gauges_.emplace_back(&metrics_.gauge(name, help), read);
  };
  add("storegate_events_waiting", "Events written and not yet acknowledged by the broker",
      [](const Levels& l) { return static_cast<double>(l.events_waiting); });
  add("storegate_events_in_flight", "Events published, their PUBACK still to come",
      [](const Levels& l) { return static_cast<double>(l.events_in_flight); });
  add("storegate_orders_watched", "Placed orders that the POS is asked about",
      [](const Levels& l) { return static_cast<double>(l.orders_watched); });
  add("storegate_events_ahead", "Events published ahead of an older one that still waits",
      [](const Levels& l) { return static_cast<double>(l.events_ahead); });
  add("storegate_oldest_event_waiting_seconds",
      "Age of the oldest event the broker has not acknowledged, 0 = none",
      [](const Levels& l) { return l.oldest_event_seconds.value_or(0); });
  add("storegate_database_bytes", "Size of the database file without its WAL",
      [](const Levels& l) { return static_cast<double>(l.database_bytes); });
  add("storegate_database_unused_bytes", "Pages of the database file that hold nothing",
      [](const Levels& l) { return static_cast<double>(l.unused_bytes); });
  add("storegate_wal_bytes", "Used part of the write-ahead log",
      [](const Levels& l) { return static_cast<double>(l.wal_bytes); });
  add("storegate_reserve_bytes", "Held for a full disk",
      [](const Levels& l) { return static_cast<double>(l.reserve_bytes); });
  add("storegate_disk_free_bytes", "Free on the database's disk, -1 = cannot be told",
      [](const Levels& l) { return static_cast<double>(l.free_bytes.value_or(-1)); });
  add("storegate_room_for_orders", "1 while there is room for new orders",
      [](const Levels& l) { return l.room == core::StorageRoom::enough ? 1.0 : 0.0; });
  add("storegate_customer_data_erased_timestamp_seconds",
      "When customers' data were last gone through to the end, 0 = not yet",
      [](const Levels& l) { return static_cast<double>(l.erased_at_wall_ms) / 1000; });
  add("storegate_certificate_end_timestamp_seconds",
      "When the first of the store's own certificates ends, 0 = it has none",
      [](const Levels& l) { return static_cast<double>(l.certificates_end_wall_ms) / 1000; });
  add("storegate_early_marks", "Releases and cancels whose order has not come yet",
      [](const Levels& l) { return static_cast<double>(l.early_marks); });
  add("storegate_kitchen_orders", "Orders that count against the kitchen's capacity",
      [](const Levels& l) { return static_cast<double>(l.kitchen_orders); });
  add("storegate_kitchen_items", "Items in them",
      [](const Levels& l) { return static_cast<double>(l.kitchen_items); });
  add("storegate_items_off", "Items that are not to be had, by a word or by the POS's list",
      [](const Levels& l) { return static_cast<double>(l.items_off); });
  add("storegate_callers_waiting", "Callers whose answer waits for a commit",
      [](const Levels& l) { return static_cast<double>(l.callers_waiting); });
  add("storegate_inputs_waiting", "Inputs that wait for the next turn",
      [](const Levels& l) { return static_cast<double>(l.inputs_waiting); });
  add("storegate_pos_line_due", "Released orders that wait for the POS and are due",
      [](const Levels& l) { return static_cast<double>(l.pos_line_due); });
  add("storegate_pos_line_backlog", "Released orders that have waited for the POS for more than a minute",
      [](const Levels& l) { return static_cast<double>(l.pos_line_backlog); });
  add("storegate_pos_breaker_open", "1 while the POS is left alone but for one request at a time",
      [](const Levels& l) { return l.pos_up ? 0.0 : 1.0; });
  add("storegate_pos_up", "1 while the POS answers", [](const Levels& l) { return l.pos_up ? 1.0 : 0.0; });
  add("storegate_uplink_up", "1 while the broker is connected",
      [](const Levels& l) { return l.uplink_up ? 1.0 : 0.0; });
  add("storegate_journal_stopped", "1 after a failed sync, until a restart",
      [](const Levels& l) { return l.stopped ? 1.0 : 0.0; });
  add("storegate_clock_trusted", "1 while the wall clock is believed",
      [](const Levels& l) { return l.wall_trusted ? 1.0 : 0.0; });
  add("storegate_http_connections", "HTTP connections open now",
      [](const Levels& l) { return static_cast<double>(l.http.connections_now); });
}

void Gauges::make_level_counters() {
  const auto add = [this](const char* name, const char* help, double (*read)(const Levels&),
                          platform::MetricLabels labels = {}, const char* unit = "") {
    counters_.emplace_back(&metrics_.counter(name, help, std::move(labels), unit), read);
  };
  const auto syncs = [&](const char* why, double (*read)(const Levels&)) {
    add("storegate_syncs", "Syncs to disk", read, {{"why", why}});
  };
  syncs("commit", [](const Levels& l) { return static_cast<double>(l.disk.commit_syncs); });
  syncs("checkpoint", [](const Levels& l) { return static_cast<double>(l.disk.checkpoint_syncs); });
  syncs("other", [](const Levels& l) { return static_cast<double>(l.disk.other_syncs); });
  const auto bytes = [&](const char* file, double (*read)(const Levels&)) {
    add("storegate_written_bytes", "Bytes written to disk", read, {{"file", file}}, "bytes");
  };
  bytes("wal", [](const Levels& l) { return static_cast<double>(l.disk.wal_bytes); });
  bytes("database", [](const Levels& l) { return static_cast<double>(l.disk.database_bytes); });
  bytes("other", [](const Levels& l) { return static_cast<double>(l.disk.other_bytes); });
  const auto http = [&](const char* name, const char* help, double (*read)(const Levels&)) {
    add(name, help, read);
  };
  http("storegate_http_connections_accepted", "HTTP connections accepted",
       [](const Levels& l) { return static_cast<double>(l.http.accepted); });
  http("storegate_http_connections_refused", "HTTP connections refused at the limit",
       [](const Levels& l) { return static_cast<double>(l.http.refused); });
  http("storegate_http_requests", "Whole HTTP requests received",
       [](const Levels& l) { return static_cast<double>(l.http.requests); });
  http("storegate_http_bad_requests", "Requests refused before they were whole or well-formed",
       [](const Levels& l) { return static_cast<double>(l.http.bad_requests); });
  http("storegate_http_timeouts", "HTTP connections that ran into a deadline",
       [](const Levels& l) { return static_cast<double>(l.http.timeouts); });
  http("storegate_http_exceptions", "HTTP connections ended by an exception: a bug, or no memory",
       [](const Levels& l) { return static_cast<double>(l.http.exceptions); });
  http("storegate_pos_probes", "Requests that tried whether the POS is back, each alone",
       [](const Levels& l) { return static_cast<double>(l.pos_probes); });
  http("storegate_orders_turned_away", "New orders refused without a turn: too many of their partner's",
       [](const Levels& l) { return static_cast<double>(l.orders_turned_away); });
  http("storegate_mqtt_connects", "Connections to the broker that came up",
       [](const Levels& l) { return static_cast<double>(l.mqtt.connects); });
  http("storegate_mqtt_attempts_failed", "Attempts to connect to the broker that failed",
       [](const Levels& l) { return static_cast<double>(l.mqtt.attempts_failed); });
  http("storegate_mqtt_messages_received", "Messages the broker delivered",
       [](const Levels& l) { return static_cast<double>(l.mqtt.received); });
  http("storegate_mqtt_messages_refused", "Messages given back to the broker",
       [](const Levels& l) { return static_cast<double>(l.mqtt.refused); });
  http("storegate_mqtt_events_published", "Events handed to the broker",
       [](const Levels& l) { return static_cast<double>(l.mqtt.published); });
  http("storegate_mqtt_events_acknowledged", "Events the broker acknowledged",
       [](const Levels& l) { return static_cast<double>(l.mqtt.acknowledged); });
  http("storegate_log_lines_dropped", "Log lines that nobody took in time",
       [](const Levels&) { return static_cast<double>(platform::log_dropped()); });
}

void Gauges::collect() {
  const Levels levels = levels_();
  for (std::size_t i = 0; i < core::phase_count; ++i)
    if (orders_[i] != nullptr) orders_[i]->set(static_cast<double>(levels.orders_by_phase[i]));
  for (const auto& [gauge, read] : gauges_) gauge->set(read(levels));
  for (const auto& [counter, read] : counters_) counter->set_total(read(levels));
}

void Gauges::committed(double seconds, std::size_t inputs) {
  commits_.add();
  commit_.observe(seconds);
  commit_inputs_.observe(static_cast<double>(inputs));
}

void Gauges::phase_entered(core::Phase phase) { entered_[index_of(phase)]->add(); }

void Gauges::order_rejected(core::Reason reason) {
  metrics_
      .counter("storegate_orders_rejected", "Rejected orders by their canonical reason",
               {{"reason", std::string(core::name_of(reason))}})
      .add();
}

void Gauges::http_answered(int status) {
  const auto of_class = static_cast<std::size_t>(status / 100);
  if (of_class >= 1 && of_class < answered_.size()) answered_[of_class]->add();
}

void Gauges::pos_answered(std::string_view request, std::string_view outcome, double seconds) {
  metrics_
      .counter("storegate_pos_requests", "Requests to the POS by what came of them",
               {{"request", std::string(request)}, {"outcome", std::string(outcome)}})
      .add();
  if (request == "place") place_.observe(seconds);
}

void Gauges::partner_answered(std::string_view partner, std::string_view what, std::string_view outcome) {
  metrics_
      .counter(
          "storegate_partner_requests", "Requests to partners' APIs by what came of them",
          {{"partner", std::string(partner)}, {"what", std::string(what)}, {"outcome", std::string(outcome)}})
      .add();
}

void Gauges::webhook_refused(std::string_view partner, int status) {
  metrics_
      .counter("storegate_webhooks_refused",
               "Webhooks refused, by partner (\"\" = none configured) and status",
               {{"partner", std::string(partner)}, {"status", std::to_string(status)}})
      .add();
}

void Gauges::webhook_taken(std::string_view partner, std::string_view kind) {
  metrics_
      .counter("storegate_partner_webhooks", "Webhooks that were let in and understood, by what they say",
               {{"partner", std::string(partner)}, {"kind", std::string(kind)}})
      .add();
}

void Gauges::message_taken(std::string_view kind) {
  metrics_.counter("storegate_mqtt_commands", "Messages of the cloud by kind", {{"kind", std::string(kind)}})
      .add();
}

}  // namespace storegate::app
