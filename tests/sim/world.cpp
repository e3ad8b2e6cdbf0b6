// The course of a world, and the way from what is seen to who judges it.
#include "sim/world.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "sim/gateway/store.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::sim {

namespace {
constexpr const char* database_path = "/store/orders.db";
constexpr std::uint64_t steps_max = 3'000'000;
// Reading a row back costs as much as a tenth of a life; a start compares what was loaded with all that was committed.
constexpr std::uint64_t read_back_every = 8;
constexpr std::uint64_t read_all_every = 128;
}  // namespace

World::World(Plan plan, disk::Disk& disk, bool telling)
    : plan_(std::move(plan)),
      trace_(telling),
      disk_(disk),
      gateway_draws_(Draws(plan_.seed).fork(20)),
      pos_(*this, Draws(plan_.seed).fork(21)),
      kitchen_(*this, Draws(plan_.seed).fork(60)),
      pos_link_(*this, Draws(plan_.seed).fork(22)),
      web_(*this, Draws(plan_.seed).fork(23)),
      thin_api_(*this, Draws(plan_.seed).fork(33), thin_partner),
      open_api_(*this, Draws(plan_.seed).fork(34), open_partner),
      broker_(*this, Draws(plan_.seed).fork(24)),
      cloud_(*this, Draws(plan_.seed).fork(25)),
      partners_(*this, Draws(plan_.seed).fork(26)),
      manager_(*this, Draws(plan_.seed).fork(28)),
      menu_(*this, Draws(plan_.seed).fork(32)),
      machine_(*this, Draws(plan_.seed).fork(27)),
      process_(*this),
      backlog_watch_(plan_.uplink_window) {
  const Faults& faults = plan_.faults;
  disk::seed_sqlite(plan_.seed);
  if (faults.power_cuts > 0 || faults.failed_syncs > 0)
    disk_.reset({}, plan_.seed);
  else
    disk_.reset_without_medium({}, plan_.seed);
}

// ---------------------------------------------------------------- the course

void World::run() {
  tell("seed", describe(plan_));
  partners_.plan();
  menu_.plan();
  machine_.plan();
  manager_.plan();
  run_until(plan_.storm_ms);
  if (ledger_.violation()) return;
  tell("world", "the storm is over");
  storm_ = false;
  machine_.heal();
  const std::int64_t healed_ms = now_ms();
  run_until(healed_ms + 20'000);
  probe_ = partners_.send_probe();
  judge_healing(healed_ms);
  // A clock that was up to two hours slow when an order came makes its hold that much longer.
  const std::int64_t longer_ms = plan_.faults.wall_jumps > 0 ? 125 * core::minute_ms : 0;
  run_until(healed_ms + longer_ms + plan_.policy.pos.expire_ms + plan_.policy.pos.complete_after_ms +
            8 * core::minute_ms);
  if (!ledger_.violation()) judge_end();
}

void World::run_until(std::int64_t ms) {
  while (!ledger_.violation() && timeline_.next_ms() <= ms) {
    timeline_.run_next();
    if (timeline_.steps() > steps_max) ledger_.blame(now_ms(), "budget", "too many steps");
  }
  timeline_.pass_to(ms);
}

Totals World::totals() const {
  Totals totals;
  totals.orders = fold_.orders();
  for (const Story& story : ledger_.stories()) totals.acknowledged += story.acknowledged_body >= 0 ? 1 : 0;
  totals.commits = commits_;
  totals.kills = machine_.kills();
  totals.cuts = machine_.cuts();
  totals.starts = process_.lives();
  totals.events = static_cast<std::uint64_t>(last_sequence_);
  totals.tickets = pos_.tickets();
  totals.steps = timeline_.steps();
  totals.erased = erased_;
  totals.pruned = pruned_;
  totals.turns_compared = fold_.compared();
  for (const auto& [what, count] : faults_) totals.faults[what] = count;
  totals.faults["backlogs drained"] = backlog_watch_.drains();
  return totals;
}

void World::fault(std::string_view what) {
  const auto found = faults_.find(what);
  if (found != faults_.end())
    ++found->second;
  else
    faults_.emplace(std::string(what), 1);
  trace_.note_text(Noted::fault, what);
  tell("fault", what);
}

// ---------------------------------------------------------------- for the gateway's process

std::int64_t World::disk_time_ms() {
  const std::int64_t usual = 3 + static_cast<std::int64_t>(gateway_draws_.below(22));
  const std::int64_t slow = static_cast<std::int64_t>(
      gateway_draws_.below(static_cast<std::uint64_t>(plan_.faults.slow_disk_ms) + 1));
  return storm_ ? usual + slow : usual;
}

std::int64_t World::jittered_ms(std::int64_t ms) {
  return ms * 3 / 4 + static_cast<std::int64_t>(gateway_draws_.below(static_cast<std::uint64_t>(ms / 2) + 1));
}

storage::JournalOptions World::journal_options() {
  storage::JournalOptions options;
  options.path = database_path;
  options.vfs = disk_.name();
  options.digest = storage::sip_digest;
  for (std::size_t i = 0; i < options.fresh_key.size(); ++i)
    options.fresh_key[i] = static_cast<std::uint8_t>(plan_.seed >> (8 * (i % 8)));
  options.fresh_epoch = "e" + std::to_string(plan_.seed) + "-" + std::to_string(process_.lives());
  options.wall_ms = clock_.now(now_ms()).wall_ms;
  options.checkpoint_pages = 200;
  options.reserve_bytes = plan_.reserve_bytes;
  return options;
}

namespace {
// Years and months are counted off: the range is small.
std::string date_of(std::int64_t days) {
  int year = 1970;
  const auto is_leap = [&] { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; };
  while (days >= (is_leap() ? 366 : 365)) {
    days -= is_leap() ? 366 : 365;
    ++year;
  }
  const int lengths[] = {31, is_leap() ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int month = 0;
  while (days >= lengths[month]) days -= lengths[month++];
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year % 10000, month + 1, static_cast<int>(days) + 1);
  return text;
}
}  // namespace

core::LocalTimeFunction World::local_time() const {
  return [zone_ms = plan_.zone_ms](std::int64_t wall_ms) {
    const std::int64_t minutes = std::max<std::int64_t>(0, wall_ms + zone_ms) / core::minute_ms;
    const std::int64_t days = minutes / (24 * 60);
    // The first day of 1970 was a Thursday.
    return core::LocalTime{date_of(days), static_cast<int>((days + 3) % 7),
                           static_cast<int>(minutes % (24 * 60))};
  };
}

// ---------------------------------------------------------------- what was seen

void World::on_start_failed(const core::Error& error) {
  if (trace_.telling()) tell("start", error.context);
  const bool of_the_disk = error.code == core::ErrorCode::disk_full ||
                           error.code == core::ErrorCode::sync_failed ||
                           error.code == core::ErrorCode::failed;
  if (disk_.dead()) return;
  if (error.code == core::ErrorCode::sync_failed) machine_.leave_marker();
  if (of_the_disk) return;
  scene().blame("I1", "the rows cannot be opened: " + error.context);
}

void World::on_loaded(const storage::LoadReport& report) {
  machine_.loaded();
  loaded_ms_ = now_ms();
  backlog_watch_.on_loaded();
  alarm_watch_.on_loaded(now_ms());
  on_damaged(report.damaged);
  fold_.begin(scene(), report.loaded);
  phases_.begin(scene(), report.loaded);
  expiry_.begin(scene(), report.loaded);
  pos_shares_.begin(report.loaded);
  turn_shares_.begin();
  rates_.begin();
  breaker_.begin();
  refusals_.begin(scene(), report.loaded);
  backoff_.begin(scene());
  size_.begin();
  fetches_.begin(scene(), report.loaded);
  tells_.begin(scene(), report.loaded);
  paces_.begin(scene(), report.loaded);
  if (trace_.telling())
    tell("start", std::to_string(report.loaded.live.size()) + " live orders, " +
                      std::to_string(report.loaded.ended.size()) + " ended");
  trace_.note(Noted::process, 3, report.loaded.live.size(), report.loaded.last_event.sequence);
}

void World::on_damaged(const std::vector<storage::DamagedRow>& damaged) {
  if (damaged.empty()) return;
  scene().blame("I10", "a damaged row though nothing spoiled it: " + damaged.front().table + " " +
                           damaged.front().key + ": " + damaged.front().why);
}

void World::on_commit_begins(const core::Changes& changes) {
  acceptance_.judge(scene(), clock_, fold_, changes);
  refusals_.on_commit_begins(scene(), changes);
  fold_.trying(changes);
  expiry_.on_commit_begins(scene());
  backlog_watch_.on_commit_begins(changes);
  for (const core::Order& order : changes.orders) {
    if (order.phase != core::Phase::sending) continue;
    Story* story = ledger_.find(order.partner, order.partner_order_id);
    if (story == nullptr) continue;
    if (storm_) story->last_storm_try_ms = now_ms();
    check::intent_noted(scene(), *story, order);
  }
}

void World::on_commit(const storage::CommitResult& result, const core::Changes& changes) {
  ++commits_;
  trace_.note(Noted::commit, result.written.ok(), changes.orders.size());
  if (trace_.telling())
    tell("commit",
         (result.written ? std::string("written: ") : "failed: " + result.written.error().context + ": ") +
             std::to_string(changes.orders.size()) + " orders, " + std::to_string(changes.events.size()) +
             " events");
  on_damaged(result.damaged);
  if (result.written) fold_.written(now_ms());
  if (result.written) check::Acceptance::written(scene(), changes);
  if (result.written) backlog_watch_.on_written(changes);
  if (result.written) alarm_watch_.on_written(scene(), changes);
  if (result.written) phases_.written(scene(), changes);
  if (result.written) refusals_.on_written(scene(), changes);
  if (result.written) fetches_.written(scene(), changes);
  if (result.written) tells_.written(scene(), changes);
  result.written ? paces_.written(scene(), changes) : paces_.on_commit_failed(scene());
  if (result.written) expiry_.written(scene(), changes);
  if (result.written) stock_watch_.on_written(scene(), changes);
  if (result.written) pos_shares_.on_commit(scene(), changes);
  if (!result.written) backoff_.on_commit_failed(scene());
  turn_shares_.on_commit(changes, result.written.ok());
  check::reserve_serves(scene(), result, changes, process_.store().journal().reserve_bytes());
}

void World::on_turn_ended(Process& process, bool written) {
  stock_watch_.on_turn_ended(scene(), clock_, clock_watch_, written);
  if (free_bytes() >= plan_.min_free_bytes)
    low_since_ms_ = -1;
  else if (low_since_ms_ < 0)
    low_since_ms_ = now_ms();
  if (process.engine().stopped())
    return;  // what is on disk and what was undone is the next start's to find out
  alarm_watch_.on_turn_ended(scene());
  check::live_orders_bounded(scene(), process.engine());
  fold_.equals_book(scene(), process.engine());
}

void World::on_written(Process& process, const core::Changes& changes) {
  if (commits_ % read_back_every == 0) fold_.is_on_disk(scene(), changes, process.store().journal());
  if (commits_ % read_all_every == 0) fold_.live_are_on_disk(scene(), process.store().journal());
}

// A list that can be read, a denial, or nothing that counts.
void World::on_pos_list(bool menu, const PosReply& reply) {
  const PosListSaid* said = reply.status == 200 ? menu_.said_by(reply.body) : nullptr;
  if (said != nullptr || reply.status == 404) stock_watch_.on_list(scene(), clock_watch_, menu, said);
}

void World::on_reached(const Tag& tag) {
  if (tag.story == SIZE_MAX) return;
  if (tag.about == About::store) {
    ledger_.store_words()[tag.story].reached_ms = now_ms();
    return;
  }
  if (tag.about == About::availability)
    return stock_watch_.on_word(scene(), clock_, clock_watch_, tag.story, menu_.word(tag.story));
  if (tag.about == About::called) return check::call_reached(scene(), tag.story);
  Story& story = ledger_.story(tag.story);
  const auto first = [&](std::int64_t& at_ms) { at_ms = std::min(at_ms, now_ms()); };
  constexpr const char* ways[] = {"cloud", "partner", "person", "customer"};
  const char* way = ways[static_cast<std::size_t>(tag.way)];
  if (tag.about == About::release) first(story.release_reached_ms);
  if (tag.about == About::release) story.released_by.insert(way);
  if (tag.about == About::cancel) first(story.cancel_reached_ms);
  if (tag.about == About::cancel) story.cancelled_by.insert(way);
  if (tag.about == About::resolve) first(story.resolve_reached_ms);
  if (tag.about == About::resolve) story.answers_reached |= 1U << static_cast<unsigned>(tag.body);
  if (tag.about == About::resolve && tag.body != 0) story.send_again_reached_ms = now_ms();
  if (tag.about == About::whole) return on_whole_reached(story);
  if (tag.about != About::order) return;
  rates_.on_order(scene(), tag.story);
  if (story.over_mqtt)
    turn_shares_.on_message(story);
  else
    turn_shares_.on_order(scene(), tag.story);
  story.reached_before = true;
  story.bodies_reached |= 1U << static_cast<unsigned>(tag.body);
  if (now_ms() - story.reached_ms >= plan_.policy.order_id_reuse_ms - 2000) story.reborn = true;
  if (story.reached_ms == never) story.boot = clock_.boots();
  first(story.reached_ms);
  if (story.thin) {  // judged when it is here: on_fetched
    story.announced_ms = now_ms();
    return;
  }
  stock_watch_.on_order(scene(), clock_watch_, tag.story);
  if (story.acknowledged_ms == never) check::ClockWatch::on_reached(scene(), clock_, story);
}

// It is an order as any other, or what one that was announced waits for.
void World::on_whole_reached(Story& story) {
  rates_.on_whole(scene(), story);
  turn_shares_.on_whole(scene(), story);
  story.reached_before = true;
  if (now_ms() - story.reached_ms >= plan_.policy.order_id_reuse_ms - 2000) story.reborn = true;
  if (story.reached_ms == never) story.boot = clock_.boots();
  story.reached_ms = std::min(story.reached_ms, now_ms());
  story.whole_reached_ms = std::min(story.whole_reached_ms, now_ms());
  if (story.decided_ms != never) return;
  story.fetched_open_ms = now_ms();
  stock_watch_.on_fetched(scene(), clock_watch_, static_cast<std::size_t>(&story - ledger_.stories().data()));
  check::ClockWatch::on_reached(scene(), clock_, story);
}

// From then on it is kept that there are news.
void World::on_news_taken(const Tag& tag) {
  Story& story = ledger_.story(tag.story);
  std::int64_t& heard_ms = tag.news == News::courier ? story.courier_heard_ms : story.news_heard_ms;
  heard_ms = std::min(heard_ms, now_ms());
}

void World::on_clock_changed() {
  clock_watch_.on_changed(scene(), clock_);
  acceptance_.on_clock_changed(now_ms(), clock_);
}

void World::on_store_answered(StoreWord& word, const codec::HttpReply& reply) const {
  word.answered_ms = now_ms();
  word.taken = reply.status < 300;
  word.refused = reply.status >= 400 && reply.status < 500;
  if (trace_.telling()) tell("answer", "store " + std::to_string(reply.status) + " " + reply.body);
}

void World::on_puback_left(const Tag& tag) {
  if (tag.story == SIZE_MAX) return;
  trace_.note(Noted::answer, tag.about, tag.story);
  if (tag.about == About::availability) return;
  if (tag.about == About::called) return check::call_acknowledged(scene(), tag.story);
  Story& story = ledger_.story(tag.story);
  if (tag.about == About::order) turn_shares_.on_settled(story);
  if (tag.news != News::none) on_news_taken(tag);
  if (tag.about == About::stranger) strangers_.on_acknowledged(tag);
  if (tag.about == About::cancel)
    story.cancel_acknowledged_ms = std::min(story.cancel_acknowledged_ms, now_ms());
  if (tag.about == About::release)
    story.release_acknowledged_ms = std::min(story.release_acknowledged_ms, now_ms());
  if (tag.about != About::order || story.acknowledged_body >= 0) return;
  story.acknowledged_body = tag.body;
  story.acknowledged_ms = now_ms();
}

void World::on_answer_left(const Tag& tag, const codec::HttpReply& reply) {
  trace_.note(Noted::answer, tag.about, tag.story == SIZE_MAX ? -1 : static_cast<std::int64_t>(tag.story),
              reply.status);
  trace_.note_text(Noted::answer, reply.body);
  if (tag.story == SIZE_MAX || tag.about == About::availability) return;
  if (tag.about == About::store) return on_store_answered(ledger_.store_words()[tag.story], reply);
  if (tag.about == About::called && trace_.telling())
    tell("answer", "call " + std::to_string(tag.story) + " " + std::to_string(reply.status));
  if (tag.about == About::called && reply.status < 300) check::call_acknowledged(scene(), tag.story);
  if (tag.about == About::called) return;
  Story& story = ledger_.story(tag.story);
  if (trace_.telling())
    tell("answer", check::name_of(story) + " " + std::to_string(reply.status) + " " + reply.body);
  const bool too_late = member_text(reply.body, "phase") == "completed";  // the answer says so
  if (tag.about == About::cancel && reply.status < 300 && too_late) story.told_too_late = true;
  if (tag.about == About::cancel && reply.status < 300 && !too_late)
    story.cancel_acknowledged_ms = std::min(story.cancel_acknowledged_ms, now_ms());
  if (tag.about == About::release && reply.status < 300)
    story.release_acknowledged_ms = std::min(story.release_acknowledged_ms, now_ms());
  if (tag.about == About::release) check::release_answered(scene(), story, tag, reply);
  if (tag.about == About::resolve) check::resolved_moves(scene(), story, reply);
  if (tag.about == About::whole) {
    turn_shares_.on_settled(story);
    check::whole_answered(scene(), story, reply);
  }
  if (tag.about != About::order) return;
  turn_shares_.on_answer(scene(), tag.story, reply);
  rates_.on_answer(scene(), tag.story, reply);
  if (reply.status == 503 && reply.body.find("as many live orders") != std::string::npos)
    story.door_closed_ms = now_ms();
  check::order_answered(scene(), story, tag, reply);
  if (reply.status < 300 && !story.thin)
    check::Acceptance::told(scene(), story, member_text(reply.body, "phase"), reply.body);
  check::no_order_without_space(scene(), "I8", tag, reply, story, low_since_ms_, loaded_ms_);
  check::no_order_without_space(scene(), "size", tag, reply, story, size_.above_since_ms(), loaded_ms_);
  if (!storm_) check::answer_after_room(scene(), tag, reply, machine_.roomy_since_ms(), process_.serving());
}

void World::on_published(const core::EventRecord& record) {
  trace_.note(Noted::published, record.position.sequence, record.type);
  backlog_watch_.on_published(scene(), record,
                              [this] { return process_.engine().gateway().unwritten_orders(); });
}

void World::on_uplink(const core::Outbox& outbox) {
  alarm_watch_.on_connected(scene());
  const bool again = plan_.policy.wait_for_application_ack;
  const core::OutboxMarks& marks = outbox.marks();
  backlog_watch_.on_connected((again ? marks.acknowledged : marks.published).sequence,
                              outbox.last_written().sequence, again,
                              process_.engine().gateway().unwritten_orders());
}

void World::on_event(const Publication& event) {
  if (trace_.telling())
    tell("event", event.level + " " + std::string(member_text(event.payload, "sequence")) + " " +
                      std::string(member_text(event.payload, "partner_order_id")));
  on_decided(event);
  stream_.on_event(scene(), event, plan_.policy.wait_for_application_ack ? 0 : broker_.forgotten());
  cloud_.on_event(event);
}

void World::on_decided(const Publication& event) {
  if (event.level != "order.accepted" && event.level != "order.rejected") return;
  const std::string_view text = event.payload;
  const std::string_view data = text.substr(std::min(text.find("\"data\":"), text.size()));
  const Story* story = ledger_.find(member_text(data, "partner"), member_text(data, "partner_order_id"));
  if (story != nullptr) check::Acceptance::told(scene(), *story, member_text(data, "phase"), data);
}

void World::on_housekept(storage::Journal& journal, storage::Chore chore, const storage::Housekept& kept,
                         const storage::PruneLimits& limits) {
  using storage::Chore;
  if (chore == Chore::truncate) unwiped_ = 0;
  if (chore == Chore::erase || chore == Chore::prune) unwiped_ += kept.rows;
  if (chore == Chore::erase) erased_ += kept.rows;
  if (chore != Chore::prune) return;
  if (limits.by_size && kept.finished)
    check::SizeWatch::on_pruned(scene(), journal, limits, fold_.last_event());
  if (kept.rows == 0) return;
  if (limits.by_size) fault("pruned by size");
  // What went by size may be noticed later: its process died, or the look at the oldest rows ended before it.
  pruned_ += fold_.note_pruned(
      scene(), journal, plan_.policy.wait_for_application_ack ? cloud_.through() : -1, plan_.max_bytes > 0);
}

std::int64_t World::free_bytes() const {
  const auto capacity = disk_.capacity();
  return capacity ? *capacity - disk_.used_bytes() : INT64_MAX;
}

}  // namespace storegate::sim
