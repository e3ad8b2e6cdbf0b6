// What was seen of orders: their events at the consumer, and what became of them at the POS.
#include <algorithm>

#include "sim/world.hpp"

namespace storegate::sim {

void World::on_kept(Story& story, std::string_view data) {
  check::event_follows(scene(), story);
  check::event_is_the_pos(scene(), story);
  stock_watch_.on_decided(scene(), story, story.last()->name, data);
  check::told_by_somebody(scene(), story);
  check::told_as_refused(scene(), story);
  check::parked_for_a_call(scene(), story);
  clock_watch_.hold_ended_in_time(scene(), clock_, story);
}

void World::on_partner_untold(std::string_view data) {
  if (member_text(data, "why") == "by_hand") return calls_told_.on_event(scene(), data);
  check::TellWatch::on_untold(scene(), data);
}

void World::on_wrong_token(const core::ReportWrongToken& wrong) {
  fault("wrong token reported");
  const std::string id = core::text_of(wrong.id);
  for (Story& story : ledger_.stories())
    if (story.order_id == id) check::wrong_token_reported(scene(), story);
}

void World::on_post(const std::string& key, std::string_view body) {
  Story* story = ledger_.find_key(key);
  if (story == nullptr) return scene().blame("I2", "a placement of an order that nobody sent: " + key);
  check::placement_is_whole(scene(), *story, body);
  check::placement_after_cancel(scene(), *story);
  check::placement_after_call(scene(), *story);
  check::placement_is_released(scene(), *story);
  check::placement_is_no_test(scene(), *story);
  clock_watch_.placement_is_in_time(scene(), clock_, *story);
  refusals_.on_post(scene(), *story);
  story->first_post_ms = std::min(story->first_post_ms, now_ms());
  if (storm_) story->last_storm_try_ms = now_ms();
  story->last_key = key;
  partners_.on_sent(static_cast<std::size_t>(story - ledger_.stories().data()));
}

void World::on_ticket(const std::string& key) {
  trace_.note_text(Noted::ticket, key);
  if (trace_.telling()) tell("ticket", key);
  Story* story = ledger_.find_key(key);
  if (story == nullptr) return;
  story->first_ticket_ms = std::min(story->first_ticket_ms, now_ms());
  check::ticket_cut(scene(), *story, key);
}

void World::on_void_asked(const std::string& key) {
  if (Story* story = ledger_.find_key(key)) story->last_void_asked_ms = now_ms();
}

void World::on_moved(const std::string& key, const std::string& reference, core::PosStatus status) {
  if (trace_.telling())
    tell("kitchen", reference + " of " + key + " is " + std::string(core::name_of(status)));
  Story* story = ledger_.find_key(key);
  if (story == nullptr) return;
  story->moves[reference].push_back({status, now_ms()});
  if (status == core::PosStatus::voided) ++story->voided;
}

void World::on_shown(const std::string& reference, core::PosStatus status) {
  Story* story = ledger_.find_key(pos_.key_of(reference));
  if (story == nullptr) return;
  std::int64_t& said_ms = story->said_ms[static_cast<std::size_t>(status)];
  said_ms = std::min(said_ms, now_ms());
}

void World::on_status_asked(std::uint64_t call, const std::string& reference) {
  questions_.asked(scene(), call, ledger_.find_key(pos_.key_of(reference)));
}

void World::on_placement_heard(const std::string& key, const PosReply& reply) {
  if (Story* story = ledger_.find_key(key)) refusals_.on_heard(scene(), *story, reply);
}

void World::on_fetch_asked(std::uint64_t call, std::size_t story) {
  fetches_.asked(scene(), call, story);
  if (story != SIZE_MAX) paces_.asked(scene(), check::ApiPaceWatch::Kind::fetch, call, ledger_.story(story));
}

void World::on_tell_asked(std::uint64_t call, std::size_t story, std::string_view what) {
  tells_.asked(scene(), call, story, what);
  if (story != SIZE_MAX) paces_.asked(scene(), check::ApiPaceWatch::Kind::tell, call, ledger_.story(story));
}

void World::on_api_heard(const ApiHeard& heard) {
  const bool not_now = heard.status == 429 || heard.status == 503;
  const std::int64_t later_s = not_now && !heard.retry_after.empty() ? std::stoll(heard.retry_after) : 0;
  paces_.heard(scene(), heard.call, heard.status, later_s);
}

// What it holds is judged by what is so from now on; before it came nothing was.
void World::on_fetched(const core::FetchOrder& asked, const core::OrderFetched& fetched) {
  Story* story = ledger_.find(asked.partner, asked.partner_order_id);
  if (story == nullptr)
    return scene().blame("fetch", "an order was fetched that nobody announced: " + asked.partner_order_id);
  const auto index = static_cast<std::size_t>(story - ledger_.stories().data());
  fetches_.heard(scene(), index, fetched);
  if (fetched.outcome != core::FetchOutcome::fetched || story->decided_ms != never) return;
  stock_watch_.on_fetched(scene(), clock_watch_, index);
  check::ClockWatch::on_reached(scene(), clock_, *story);
}

// Somebody guessed at an order's id, or at its token.
void World::on_stranger_answered(const codec::HttpReply& reply) { check::stranger_answered(scene(), reply); }

}  // namespace storegate::sim
