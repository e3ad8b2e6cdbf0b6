// World: one seed's whole world in one thread: time, parts, the gateway among them, and who watches. Parts reach each
// other through it; what was seen goes to the ledger and the checkers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checks/acceptance.hpp"
#include "sim/checks/api_pace.hpp"
#include "sim/checks/checks.hpp"
#include "sim/checks/fairness.hpp"
#include "sim/checks/fetch.hpp"
#include "sim/checks/refused.hpp"
#include "sim/checks/stock.hpp"
#include "sim/checks/told.hpp"
#include "sim/clock.hpp"
#include "sim/gateway/process.hpp"
#include "sim/ledger.hpp"
#include "sim/parts/broker.hpp"
#include "sim/parts/cloud.hpp"
#include "sim/parts/kitchen.hpp"
#include "sim/parts/links.hpp"
#include "sim/parts/machine.hpp"
#include "sim/parts/manager.hpp"
#include "sim/parts/menu.hpp"
#include "sim/parts/partners.hpp"
#include "sim/parts/pos.hpp"
#include "sim/parts/thin_api.hpp"
#include "sim/plan.hpp"
#include "sim/timeline.hpp"
#include "sim/trace.hpp"
#include "storage/house_pass.hpp"
#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::sim {

/// What a seed's run was, in numbers.
struct Totals {
  std::uint64_t orders = 0;  // lives: rows that came to be
  std::uint64_t acknowledged = 0;
  std::uint64_t commits = 0;
  std::uint64_t kills = 0;
  std::uint64_t cuts = 0;
  std::uint64_t starts = 0;
  std::uint64_t events = 0;
  std::uint64_t tickets = 0;
  std::uint64_t steps = 0;
  std::uint64_t erased = 0;
  std::uint64_t pruned = 0;
  std::uint64_t turns_compared = 0;
  std::map<std::string, std::uint64_t> faults;
};

class World {
 public:
  /// `disk` is used anew: whatever was on it is gone.
  World(Plan plan, disk::Disk& disk, bool telling);

  /// The whole life of the world: storm, healing, the end of every order. Ends early at the first violation.
  void run();
  [[nodiscard]] Totals totals() const;

  // ---- the parts
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  [[nodiscard]] Timeline& timeline() noexcept { return timeline_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return timeline_.now_ms(); }
  [[nodiscard]] Trace& trace() noexcept { return trace_; }
  [[nodiscard]] Ledger& ledger() noexcept { return ledger_; }
  [[nodiscard]] Clock& clock() noexcept { return clock_; }
  [[nodiscard]] disk::Disk& disk() noexcept { return disk_; }
  [[nodiscard]] Process& process() noexcept { return process_; }
  [[nodiscard]] Broker& broker() noexcept { return broker_; }
  [[nodiscard]] Pos& pos() noexcept { return pos_; }
  [[nodiscard]] Kitchen& kitchen() noexcept { return kitchen_; }
  [[nodiscard]] PosLink& pos_link() noexcept { return pos_link_; }
  [[nodiscard]] WebLink& web() noexcept { return web_; }
  /// Of a partner that only announces its orders.
  [[nodiscard]] ThinApi& thin_api(std::string_view partner) noexcept {
    return partner == open_partner ? open_api_ : thin_api_;
  }
  [[nodiscard]] Partners& partners() noexcept { return partners_; }
  [[nodiscard]] Manager& manager() noexcept { return manager_; }
  [[nodiscard]] Menu& menu() noexcept { return menu_; }

  /// Faults may strike: the storm is on.
  [[nodiscard]] bool storm() const noexcept { return storm_; }
  void fault(std::string_view what);
  void tell(std::string_view who, std::string_view what) const { trace_.tell(timeline_.now_ms(), who, what); }

  // ---- for the gateway's process
  [[nodiscard]] std::int64_t disk_time_ms();
  [[nodiscard]] std::int64_t jittered_ms(std::int64_t ms);
  [[nodiscard]] std::int64_t free_bytes() const;
  [[nodiscard]] std::uint64_t fresh_seed() { return gateway_draws_.next(); }
  [[nodiscard]] storage::JournalOptions journal_options();
  /// The store's calendar and clock.
  [[nodiscard]] core::LocalTimeFunction local_time() const;
  [[nodiscard]] std::int64_t asleep_until_ms() const noexcept { return machine_.asleep_until_ms(); }
  void process_died() { machine_.process_died(); }
  void end_process() { machine_.end_process(); }
  void leave_marker() noexcept { machine_.leave_marker(); }

  // ---- what was seen
  void on_start_failed(const core::Error& error);
  void on_loaded(const storage::LoadReport& report);
  void on_damaged(const std::vector<storage::DamagedRow>& damaged);
  void on_commit_begins(const core::Changes& changes);
  void on_commit(const storage::CommitResult& result, const core::Changes& changes);
  void on_turn_ended(Process& process, bool written);
  void on_life_ended() { stock_watch_.on_life_ended(); }
  void on_pos_list(bool menu, const PosReply& reply);
  void on_written(Process& process, const core::Changes& changes);
  void on_reached(const Tag& tag);
  /// News of an order that its partner only announces will not be sent again.
  void on_news_taken(const Tag& tag);
  void on_puback_left(const Tag& tag);
  void on_answer_left(const Tag& tag, const codec::HttpReply& reply);
  void on_store_answered(StoreWord& word, const codec::HttpReply& reply) const;
  void on_decided(const Publication& event);
  /// `anew`: not the last one again, with nothing new. `whole`: no input was left for the next one.
  void on_turn_begins(bool anew, bool whole) {
    stock_watch_.on_turn_began(whole);
    fetches_.on_turn_begins(now_ms(), whole);
    paces_.on_turn_begins(scene(), whole, machine_.asleep_until_ms());
    if (anew) breaker_.on_turn_begins(whole);
    if (anew) backoff_.on_turn_begins(scene(), whole, fold_, machine_.asleep_until_ms());
  }
  /// `asks`: for an order, how the POS is, or to void one.
  void on_pos_asked(bool asks) {
    breaker_.on_ask(scene());
    backoff_.on_ask(scene());
    pos_shares_.on_ask(scene(), asks);
  }
  void on_pos_heard(core::PosRequest request, const PosReply& reply, const Exchange& when) {
    breaker_.on_heard(scene(), request, reply);
    backoff_.on_heard(scene(), request, reply, when);
    pos_shares_.on_heard(scene(), request, reply, when);
    alarm_watch_.on_pos_heard(scene(), request, reply);
  }
  void on_published(const core::EventRecord& record);
  void on_event(const Publication& event);
  void on_uplink(const core::Outbox& outbox);
  void on_uplink_lost() { backlog_watch_.stop(), alarm_watch_.on_lost(now_ms()); }
  void on_puback(core::Position position) { backlog_watch_.on_acknowledged(position.sequence); }
  void on_cloud_acknowledged(const core::EventsAcknowledged& said) {
    backlog_watch_.on_cloud_acknowledged(said);
  }
  void on_read_failed() { backlog_watch_.stop(); }
  void on_kept(Story& story, std::string_view data);
  void on_item_event(std::string_view data) { stock_watch_.on_item_event(scene(), data); }
  void on_store_event(std::string_view data) { store_told_.on_event(scene(), data); }
  void on_message_refused(std::string_view data) { strangers_.on_refused(data); }
  void on_stranger_answered(const codec::HttpReply& reply);
  void on_post(const std::string& key, std::string_view body);
  void on_placement_heard(const std::string& key, const PosReply& reply);
  void on_ticket(const std::string& key);
  void on_void_asked(const std::string& key);
  void on_moved(const std::string& key, const std::string& reference, core::PosStatus status);
  void on_shown(const std::string& reference, core::PosStatus status);
  void on_status_asked(std::uint64_t call, const std::string& reference);
  void on_status_answered(std::uint64_t call) { questions_.answered(call); }
  void on_questions_gone() { questions_.gone(); }
  void on_wrong_token(const core::ReportWrongToken& wrong);
  void on_fetch_asked(std::uint64_t call, std::size_t story);
  void on_tell_asked(std::uint64_t call, std::size_t story, std::string_view what);
  void on_api_ended(std::uint64_t call) { fetches_.ended(call), tells_.ended(call); }
  /// What came of a request to a partner's API is offered to the gateway.
  void on_api_heard(const ApiHeard& heard);
  /// The partner has taken the store's word.
  void on_partner_knows(std::size_t story, std::string_view what) {
    tells_.taken(ledger_.story(story), what);
  }
  void on_partner_decided(const std::string& partner, const std::string& id) {
    check::TellWatch::decided(scene(), partner, id);
  }
  void on_partner_untold(std::string_view data);
  void on_fetched(const core::FetchOrder& asked, const core::OrderFetched& fetched);
  void on_housekept(storage::Journal& journal, storage::Chore chore, const storage::Housekept& kept,
                    const storage::PruneLimits& limits);
  void on_measured(std::int64_t used_bytes) { size_.on_measured(scene(), used_bytes); }
  void on_clock_changed();

 private:
  void run_until(std::int64_t ms);
  void on_whole_reached(Story& story);
  void judge_healing(std::int64_t healed_ms);
  void judge_end();
  void judge_told(const Story& story);
  void judge_rows();
  [[nodiscard]] check::Scene scene() { return {ledger_, plan_, now_ms()}; }

  Plan plan_;
  Timeline timeline_;
  Trace trace_;
  Ledger ledger_;
  Clock clock_;
  disk::Disk& disk_;
  Draws gateway_draws_;
  Pos pos_;
  Kitchen kitchen_;
  PosLink pos_link_;
  WebLink web_;
  ThinApi thin_api_;
  ThinApi open_api_;
  Broker broker_;
  Cloud cloud_;
  Partners partners_;
  Manager manager_;
  Menu menu_;
  Machine machine_;
  Process process_;  // after the disk's user of it; it goes first
  check::EventStream stream_;
  check::BacklogWatch backlog_watch_;
  check::AlarmWatch alarm_watch_;
  check::Fold fold_;
  check::PhaseWatch phases_;
  check::ExpiryWatch expiry_;
  check::ClockWatch clock_watch_;
  check::Acceptance acceptance_;
  check::Questions questions_;
  check::StockWatch stock_watch_;
  check::PosShares pos_shares_;
  check::TurnShares turn_shares_;
  check::RateWatch rates_;
  check::BreakerWatch breaker_;
  check::RefusalWatch refusals_;
  check::StoreTold store_told_;
  check::Strangers strangers_;
  check::CallsTold calls_told_;
  check::BackoffWatch backoff_;
  check::SizeWatch size_;
  check::FetchWatch fetches_;
  check::TellWatch tells_;
  check::ApiPaceWatch paces_;
  bool storm_ = true;
  std::int64_t loaded_ms_ = 0;        // when the present process came up
  std::int64_t healed_since_ms_ = 0;  // nothing fails any more, and the process is up
  std::size_t probe_ = SIZE_MAX;      // the order sent when the faults are over
  std::uint64_t commits_ = 0, erased_ = 0, pruned_ = 0;
  std::uint64_t unwiped_ = 0;       // erased or pruned since the WAL was last truncated
  std::int64_t low_since_ms_ = -1;  // the disk has less free space than is kept; -1 = it has more
  std::int64_t last_sequence_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> faults_;
};

}  // namespace storegate::sim
