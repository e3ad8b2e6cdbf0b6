// What happens, drawn. Weights are chosen so that every move of the table of moves is met in a few dozen runs.
#include "crash/script.hpp"

#include <iterator>
#include <utility>

#include "crash/allocations.hpp"

namespace storegate::crash {

namespace {

// Requests to the POS have ended before so much time passes: their time-out is 8 s.
constexpr std::int64_t requests_last_ms = 3'000;

constexpr const char* partners[] = {"kiosk", "strict", "fickle", "counter", "timed"};

core::Digest digest_of(const std::string& text) {
  Fingerprint print;
  print.add(std::string_view(text));
  const Print whole = print.print();
  core::Digest digest{};
  for (std::size_t index = 0; index < 8; ++index) {
    digest[index] = static_cast<std::uint8_t>(whole.high >> (8 * index));
    digest[8 + index] = static_cast<std::uint8_t>(whole.low >> (8 * index));
  }
  return digest;
}

/// The same order has the same bytes, whenever it is sent.
core::OrderBody body_of(const Known& known, std::size_t usual_bytes) {
  Fingerprint print;
  print.add(std::string_view(known.id));
  disk::Draws draws(print.print().low);
  const std::size_t bytes = draws.chance(60) ? usual_bytes * 10 : 40 + draws.index(usual_bytes);
  core::OrderBody body;
  body.canonical = "{\"order\":\"" + known.id + "\",\"filling\":\"" + std::string(bytes, 'c') + "\"}";
  body.shared = "\"items\":[\"" + std::string(bytes / 3, 's') + "\"]";
  body.raw = body.canonical;
  body.content_type = "application/json";
  return body;
}

}  // namespace

Known* Script::any_order() {
  if (outside_.orders.empty()) return nullptr;
  const auto chosen = outside_.draws.below(outside_.orders.size());
  return &std::next(outside_.orders.begin(), static_cast<std::ptrdiff_t>(chosen))->second;
}

Known& Script::new_order() { return new_order(partners[outside_.draws.below(std::size(partners))]); }

Known& Script::first_order(const std::string& partner) {
  return outside_.orders.empty() ? new_order(partner) : outside_.orders.begin()->second;
}

Known& Script::new_order(const std::string& partner) {
  Known known;
  known.partner = partner;
  known.id = "o" + std::to_string(limits_.first_order + ++made_);
  known.key = known.partner + ":" + known.id + ":2026-11-23";
  known.made_ms = outside_.time.ms;
  return outside_.orders[identity_of(known.partner, known.id)] = known;
}

void Script::send(Station& station, Known& known, std::string idempotency_key) {
  known.arrived = true;
  core::OrderArrived input;
  input.caller = outside_.ask(Question::Kind::order, identity_of(known.partner, known.id));
  input.order.partner = known.partner;
  input.order.partner_order_id = known.id;
  core::Item item;
  item.id = "taco-" + std::to_string(known.id.size() % 3);
  input.order.items.push_back(item);
  input.body = body_of(known, limits_.body_bytes);
  input.body_digest = digest_of(input.body.canonical);
  input.idempotency_key = std::move(idempotency_key);
  if (known.id.back() % 2 == 0) input.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  station.offer(std::move(input));
}

void Script::arrive(Station& station) {
  const std::uint64_t together = outside_.draws.chance(200) ? 1 + outside_.draws.below(4) : 1;
  for (std::uint64_t count = 0; count < together && made_ < limits_.orders; ++count) {
    Known& known = new_order();
    send(station, known, outside_.draws.chance(500) ? "key-" + known.id : "");
  }
}

void Script::arrive_again(Station& station) {
  Known* known = any_order();
  // Partners give up long before an ended order may be pruned.
  if (known == nullptr || outside_.time.ms > known->made_ms + 10 * core::minute_ms) return;
  send(station, *known, outside_.draws.chance(300) ? "again-" + known->id : "");
}

void Script::release(Station& station) {
  const bool early = outside_.draws.chance(150) && made_ < limits_.orders;
  Known* known = early ? &new_order() : any_order();
  if (known != nullptr) release(station, *known);
}

void Script::release(Station& station, Known& known) {
  known.release_asked = true;
  core::ReleaseArrived input;
  input.caller = outside_.ask(Question::Kind::release, identity_of(known.partner, known.id));
  input.actor = core::Actor::cloud;
  input.orders.push_back({std::pair{known.partner, known.id}});
  station.offer(std::move(input));
}

void Script::cancel(Station& station) {
  const bool early = outside_.draws.chance(200) && made_ < limits_.orders;
  Known* known = early ? &new_order() : any_order();
  if (known != nullptr) cancel(station, *known);
}

void Script::cancel(Station& station, Known& known) {
  known.cancel_asked = true;
  core::CancelArrived input;
  input.caller = outside_.ask(Question::Kind::cancel, identity_of(known.partner, known.id));
  input.actor = core::Actor::partner;
  input.orders.push_back({std::pair{known.partner, known.id}});
  input.text = outside_.draws.chance(500) ? "too_busy" : "the guest left";
  station.offer(std::move(input));
}

void Script::answer_pos(Station& station) {
  if (!outside_.pos.open().empty())
    answer_one(station, outside_, outside_.draws.index(outside_.pos.open().size()), false);
}

namespace {

void hand_over(Station& station, Outside& outside, const std::string& key, core::PosAnswered answered) {
  const auto outcome = answered.outcome;
  const bool untouched = outcome == core::PosOutcome::not_now || outcome == core::PosOutcome::not_taken ||
                         outcome == core::PosOutcome::not_delivered || outcome == core::PosOutcome::not_found;
  for (auto& [identity, known] : outside.orders) {
    if (untouched && known.key == key) known.given_back = true;
  }
  station.offer(std::move(answered));
}

}  // namespace

void answer_one(Station& station, Outside& outside, std::size_t index, bool kind) {
  const std::string key = outside.pos.open().at(index).key;
  hand_over(station, outside, key, outside.pos.answer(index, outside.time.ms, kind, outside.draws));
}

void answer_one_in(Station& station, Outside& outside, Manner manner) {
  const std::string key = outside.pos.open().front().key;
  hand_over(station, outside, key, outside.pos.answer_in(0, outside.time.ms, manner));
}

bool resolve_parked(Station& station, Outside& outside) {
  bool any = false;
  for (auto& [identity, known] : outside.orders) {
    const core::Entry* entry = station.engine().gateway().book().find(known.number);
    if (!known.acknowledged || entry == nullptr || entry->order.phase != core::Phase::parked) continue;
    if (outside.pos.may_come(known.key)) continue;  // a person looks twice
    const bool is_there = outside.pos.standing(known.key) > 0;
    core::ParkedResolved input;
    input.caller = outside.ask(Question::Kind::resolve, identity);
    input.order.by = std::pair{known.partner, known.id};
    input.resolution = is_there ? core::Resolution::placed : core::Resolution::not_placed;
    known.resolved = true;
    station.offer(std::move(input));
    any = true;
  }
  return any;
}

void Script::resolve(Station& station) { resolve_parked(station, outside_); }

void Script::availability(Station& station) {
  core::AvailabilityArrived input;
  input.caller = outside_.ask(Question::Kind::other, {});
  input.full = outside_.draws.chance(200);
  const std::uint64_t off = outside_.draws.below(8);
  for (std::uint64_t index = 0; index < 4; ++index)
    input.items.push_back({"taco-" + std::to_string(index), index != off, {}});
  station.offer(std::move(input));
}

void Script::strange_message(Station& station) {
  core::MessageRefused input;
  input.letter = {"stores/cut/in/what", std::string(30 + outside_.draws.index(200), '?')};
  input.why = "not JSON";
  station.offer(std::move(input));
}

void Script::acknowledge(Station& station) { station.acknowledge(1 + outside_.draws.index(12)); }

void Script::keep_house(Station& station) {
  storage::Journal& journal = station.journal();
  const OwnCode inside;
  switch (outside_.draws.below(5)) {
    case 0: static_cast<void>(journal.checkpoint(storage::CheckpointMode::passive)); return;
    case 1: static_cast<void>(journal.checkpoint(storage::CheckpointMode::truncate)); return;
    case 2: static_cast<void>(journal.verify(40)); return;
    case 3: static_cast<void>(journal.shrink(8)); return;
    default: break;
  }
  storage::PruneLimits limits;
  limits.now = outside_.time.now();
  limits.retain_ms = 6 * core::minute_ms;
  limits.reuse_ms = 48 * core::hour_ms;
  limits.events_through = station.engine().outbox().marks().published;
  limits.rows_max = 20;
  outside_.pruned_before_ms = outside_.time.ms - limits.reuse_ms;  // whatever is younger must be known again
  static_cast<void>(journal.prune(limits));
}

void Script::pass_time(Station& station) {
  constexpr std::int64_t spans_ms[] = {
      50, 400, 3'000, 6'000, 25'000, 5 * core::minute_ms, 12 * core::minute_ms};
  std::int64_t span_ms = spans_ms[outside_.draws.below(std::size(spans_ms))];
  if (span_ms > requests_last_ms) {
    while (!outside_.pos.open().empty() && !station.must_end()) {
      answer_one(station, outside_, 0, false);
      station.run();
    }
    // A process that is about to end hears no more answers; what it sent is carried out soon all the same, or never.
    if (!outside_.pos.open().empty()) span_ms = requests_last_ms;
  }
  outside_.time.ms += span_ms;
  outside_.pos.pass(outside_.time.ms);
}

void Script::happen(Station& station) {
  const std::uint64_t together = outside_.draws.chance(250) ? 1 + outside_.draws.below(4) : 1;
  for (std::uint64_t count = 0; count < together; ++count) {
    const std::uint64_t drawn = outside_.draws.below(100);
    if (drawn < 20) {
      arrive(station);
    } else if (drawn < 24) {
      arrive_again(station);
    } else if (drawn < 36) {
      release(station);
    } else if (drawn < 41) {
      cancel(station);
    } else if (drawn < 67) {
      answer_pos(station);
    } else if (drawn < 70) {
      resolve(station);
    } else if (drawn < 72) {
      availability(station);
    } else if (drawn < 73) {
      strange_message(station);
    } else if (drawn < 80) {
      acknowledge(station);
    } else if (drawn < 84 && limits_.housekeeping) {
      keep_house(station);
    } else {
      pass_time(station);
    }
  }
}

}  // namespace storegate::crash
