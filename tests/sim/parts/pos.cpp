// One function for each request of the POS's interface.
#include "sim/parts/pos.hpp"

#include <iterator>
#include <memory>
#include <utility>

#include "sim/world.hpp"

namespace storegate::sim {

namespace {

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%' || at + 2 >= text.size()) {
      plain += text[at];
      continue;
    }
    const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    plain += static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2]));
    at += 2;
  }
  return plain;
}

PosReply reply_of(int status, std::string body) { return {status, {}, std::move(body), true}; }

}  // namespace

bool Pos::storm_chance(std::uint64_t of_1000) {
  const bool hit = draws_.chance(of_1000);
  return hit && world_.storm();
}

std::int64_t Pos::work_ms(bool late) {
  const std::int64_t quick = world_.plan().pos_work_ms + 5 + static_cast<std::int64_t>(draws_.below(150));
  const std::int64_t most = world_.plan().policy.pos.max_processing_ms;
  const std::int64_t some = static_cast<std::int64_t>(draws_.below(static_cast<std::uint64_t>(most)));
  const std::int64_t all = most - 1 - static_cast<std::int64_t>(draws_.below(100));
  const std::int64_t slow = draws_.chance(500) ? some : all;
  // Whoever lets a request lie until its caller gives up has much to do.
  const bool is_slow = storm_chance(late ? 700 : world_.plan().faults.pos_late_of_1000);
  return is_slow ? world_.fault("pos late"), std::max(slow, quick) : quick;
}

void Pos::receive(const codec::HttpRequest& request, bool late, std::function<void(PosReply)> reply) {
  if (request.target == "/orders") {
    for (const auto& [name, value] : request.headers)
      if (name == "Idempotency-Key") return place(value, late, std::move(reply));
    return;
  }
  if (request.target == "/health") {
    if (storm_chance(world_.plan().faults.pos_busy_of_1000)) return busy(reply);
    return reply(reply_of(blind_ ? 503 : 200, "{}"));
  }
  if (request.target == "/availability" || request.target == "/menu") {
    if (storm_chance(world_.plan().faults.pos_busy_of_1000)) return busy(reply);
    return reply(world_.menu().list_reply(request.target == "/menu"));
  }
  constexpr std::string_view asking = "/orders?reference=";
  if (request.target.starts_with(asking))
    return ask(std::string_view(request.target).substr(asking.size()), reply);
  std::string_view reference = request.target;
  reference.remove_prefix(std::string_view("/orders/").size());
  if (request.method == "GET") return show(unescaped(reference), reply);
  void_ticket(unescaped(reference.substr(0, reference.find('/'))), reply);
}

void Pos::busy(const Reply& reply) {
  world_.fault("pos busy");
  PosReply later = reply_of(draws_.chance(500) ? 503 : 429, "{}");
  if (draws_.chance(300)) later.retry_after = std::to_string(1 + draws_.below(5));
  reply(later);
}

// ---------------------------------------------------------------- place

// Refusals that say that nothing was done: only while nothing is known of the key.
bool Pos::refuse(const std::string& key, const Reply& reply) {
  const Faults& faults = world_.plan().faults;
  if (storm_chance(faults.pos_busy_of_1000)) return busy(reply), true;
  if (!storm_chance(faults.pos_refuses_of_1000)) return false;
  if (has_ticket(key) || may_come(key)) return false;
  world_.fault("pos refuses");
  constexpr int statuses[] = {409, 409, 422, 400, 401, 404};
  const int status = statuses[draws_.below(6)];
  // What it gives as its reason: canonical ones, a word of its own, none.
  constexpr const char* codes[] = {R"({"code":"item_unavailable"})", R"({"code":"sold_out_today"})",
                                   R"({"code":"item_unknown"})", "{}", R"({"code":"store_closed"})"};
  const std::uint64_t which = refusals_++ % std::size(codes);
  reply(reply_of(status, status == 409 ? codes[which] : "{}"));
  return true;
}

void Pos::place(const std::string& key, bool late, Reply reply) {
  const core::PosPolicy& policy = world_.plan().policy.pos;
  const std::int64_t now_ms = world_.now_ms();
  if (refuse(key, reply)) return;
  if (policy.deduplicates_ms > 0) {
    const auto known = remembered_.find(key);
    if (known != remembered_.end() && now_ms < known->second.since_ms + policy.deduplicates_ms) {
      // A repeat: waits for its twin if that is still being worked on.
      world_.timeline().at(known->second.ready_ms + 1, [this, key, reply = std::move(reply)] {
        place_reply(key, remembered_[key].ticket, reply);
      });
      return;
    }
  }
  if (storm_chance(world_.plan().faults.pos_breaks_of_1000)) {
    world_.fault("pos breaks before");
    return reply(reply_of(500, "{}"));
  }
  const std::int64_t work = work_ms(late);
  if (policy.deduplicates_ms > 0) remembered_[key] = {now_ms, now_ms + work, SIZE_MAX};
  ++working_[key];
  world_.timeline().after(work, [this, key, reply = std::move(reply)] {
    --working_[key];
    cut(key);
    place_reply(key, tickets_.size() - 1, reply);
  });
}

void Pos::cut(const std::string& key) {
  const std::string reference = "T" + std::to_string(1000 + tickets_.size());
  by_reference_[reference] = tickets_.size();
  by_key_[key].push_back(tickets_.size());
  if (const auto known = remembered_.find(key); known != remembered_.end())
    known->second.ticket = tickets_.size();
  tickets_.push_back({key, reference, core::PosStatus::open, world_.now_ms()});
  world_.on_ticket(key);
  world_.kitchen().on_cut(tickets_.size() - 1);
}

void Pos::place_reply(const std::string& key, std::size_t ticket, const Reply& reply) {
  const Faults& faults = world_.plan().faults;
  if (storm_chance(faults.pos_breaks_of_1000)) {
    world_.fault("pos breaks after");
    return reply(draws_.chance(500) ? reply_of(500, "{}") : reply_of(201, R"({"pos_refer)"));
  }
  if (storm_chance(faults.pos_confused_of_1000) && ticket != 0) {
    world_.fault("pos confused");
    const Ticket& other = tickets_[draws_.index(ticket)];
    return reply(
        reply_of(201, R"({"reference":")" + other.key + R"(","pos_reference":")" + other.reference + "\"}"));
  }
  reply(reply_of(201,
                 R"({"reference":")" + key + R"(","pos_reference":")" + tickets_[ticket].reference + "\"}"));
}

// ---------------------------------------------------------------- ask, void

// Between an empty list that is true and one that is not lies the question after its health, so the second comes first.
bool Pos::hides(const std::string& key) {
  if (!blind_ || lacked_.contains(key)) return false;
  world_.fault("pos hides");
  return true;
}

void Pos::ask(std::string_view target, const Reply& reply) {
  const Faults& faults = world_.plan().faults;
  if (!world_.plan().policy.pos.can_query) return reply(reply_of(404, "{}"));
  if (storm_chance(faults.pos_busy_of_1000)) return busy(reply);
  if (storm_chance(faults.pos_breaks_of_1000))
    return world_.fault("pos breaks asked"), reply(reply_of(500, "{}"));
  const std::string key = unescaped(target);
  if (hides(key)) return reply(reply_of(200, R"({"orders":[]})"));
  std::string body = R"({"orders":[)";
  const auto append = [&](const Ticket& ticket) {
    if (!body.ends_with('[')) body += ',';
    body += R"({"reference":")" + ticket.key + R"(","pos_reference":")" + ticket.reference +
            R"(","status":")" + std::string(core::name_of(ticket.status)) + "\"}";
    world_.on_shown(ticket.reference, ticket.status);
  };
  const bool confused = storm_chance(faults.pos_confused_of_1000) && !tickets_.empty();
  if (confused) {
    world_.fault("pos ignores the filter");
    const Ticket& foreign = tickets_[draws_.index(tickets_.size())];
    if (foreign.key != key) append(foreign);
    if (foreign.key != key && draws_.chance(700)) on_another_page_.insert(key);
  }
  // A page of whatever there is; the own one is on another, and stays there.
  if (world_.storm() && on_another_page_.contains(key)) {
    if (!confused && tickets_.front().key != key) append(tickets_.front());
    if (!body.ends_with('[')) return reply(reply_of(200, body + "]}"));
  }
  if (const auto own = by_key_.find(key); own != by_key_.end())
    for (const std::size_t ticket : own->second)
      if (tickets_[ticket].cut_ms + faults.pos_lists_after_ms <= world_.now_ms()) append(tickets_[ticket]);
  if (body.ends_with('['))
    lacked_.insert(key);
  else
    lacked_.erase(key);
  reply(reply_of(200, body + "]}"));
}

void Pos::void_ticket(const std::string& reference, const Reply& reply) {
  const Faults& faults = world_.plan().faults;
  const auto found = by_reference_.find(reference);
  if (found == by_reference_.end()) return reply(reply_of(404, "{}"));
  if (storm_chance(faults.pos_busy_of_1000)) return busy(reply);
  if (storm_chance(faults.pos_breaks_of_1000))
    return world_.fault("pos breaks void"), reply(reply_of(500, "{}"));
  Ticket& ticket = tickets_[found->second];
  world_.on_void_asked(ticket.key);
  const bool is_over = ticket.status == core::PosStatus::ready || ticket.status == core::PosStatus::completed;
  if (!is_voided(ticket) && (storm_chance(faults.void_too_late_of_1000) || is_over)) {
    world_.fault("void too late");
    return reply(reply_of(409, "{}"));
  }
  if (is_voided(ticket) && world_.plan().follow_up.voids_once) {
    world_.fault("void of a voided ticket");
    return reply(reply_of(409, "{}"));
  }
  move(found->second, core::PosStatus::voided);
  reply(reply_of(200, "{}"));
}

// ---------------------------------------------------------------- how a ticket stands

bool Pos::move(std::size_t index, core::PosStatus status) {
  Ticket& ticket = tickets_[index];
  if (ticket.status >= core::PosStatus::completed || ticket.status >= status) return false;
  ticket.status = status;
  world_.trace().note(Noted::ticket, index, status);
  world_.on_moved(ticket.key, ticket.reference, status);
  world_.kitchen().on_moved(ticket.reference, status);
  return true;
}

std::string Pos::key_of(const std::string& reference) const {
  const auto found = by_reference_.find(reference);
  return found == by_reference_.end() ? std::string() : tickets_[found->second].key;
}

void Pos::show(const std::string& reference, const Reply& reply) {
  const Faults& faults = world_.plan().faults;
  const FollowUp& follow = world_.plan().follow_up;
  const auto found = by_reference_.find(reference);
  if (follow.shows_nothing || found == by_reference_.end()) return reply(reply_of(404, "{}"));
  if (storm_chance(faults.pos_busy_of_1000)) return busy(reply);
  if (storm_chance(faults.pos_breaks_of_1000)) {
    world_.fault("pos breaks shown");
    const bool half = draws_.chance(500);
    return reply(half ? reply_of(200, R"({"status":"rea)") : reply_of(200, R"({"status":"warming"})"));
  }
  if (storm_chance(faults.pos_confused_of_1000)) {
    world_.fault("pos shows another");
    const Ticket& other = tickets_[draws_.index(tickets_.size())];
    world_.on_shown(other.reference, other.status);  // it may be the one that was asked for
    return reply(reply_of(200, R"({"pos_reference":")" + other.reference + R"(","status":")" +
                                   std::string(core::name_of(other.status)) + "\"}"));
  }
  const Ticket& ticket = tickets_[found->second];
  core::PosStatus status = ticket.status;
  if (storm_chance(follow.backwards_of_1000) && !is_voided(ticket)) {
    world_.fault("pos goes backwards");
    status = core::PosStatus::open;
  }
  world_.on_shown(reference, status);
  reply(reply_of(200, R"({"status":")" + std::string(core::name_of(status)) + "\"}"));
}

bool Pos::may_come(const std::string& key) const {
  const auto found = working_.find(key);
  return (found != working_.end() && found->second > 0) || world_.pos_link().may_bring(key);
}

}  // namespace storegate::sim
