// Each order's events in their order, whichever order comes first. Where a broker may have lost some the sequence alone
// says so: what lies behind a gap waits then, and a gap that stays is asked for.
#include "sim/parts/cloud.hpp"

#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t acknowledge_after_ms = 4000;
constexpr std::int64_t ask_after_ms = 2000;
constexpr std::int64_t look_again_ms = 5000;
constexpr std::int64_t way_ms_most = 4500;  // of a request, see WebLink::delay_ms()
}  // namespace

void Cloud::on_event(const Publication& event) {
  const std::int64_t sequence = std::stoll(std::string(member_text(event.payload, "sequence")));
  epoch_ = member_text(event.payload, "epoch");
  const bool acknowledges = world_.plan().policy.wait_for_application_ack;
  if (sequence <= through_ || !ahead_.emplace(sequence, std::nullopt).second) return;
  if (acknowledges || world_.broker().forgotten() == 0)
    keep(event);
  else
    ahead_[sequence] = event;
  const std::int64_t before = through_;
  for (auto next = ahead_.begin(); next != ahead_.end() && next->first == through_ + 1;
       next = ahead_.erase(next)) {
    ++through_;
    if (next->second) keep(*next->second);
  }
  if (through_ > before && acknowledges) acknowledge();
  if (!ahead_.empty() && !acknowledges) ask_for_replay();
}

void Cloud::acknowledge() {
  if (std::exchange(acknowledging_, true)) return;
  world_.timeline().after(acknowledge_after_ms, [this] {
    acknowledging_ = false;
    world_.broker().send(
        {"ack", R"({"epoch":")" + epoch_ + R"(","through":)" + std::to_string(through_) + "}"}, {});
  });
}

// Only a broker that forgot can make one; with acknowledgements the gateway sends again by itself.
void Cloud::ask_for_replay() {
  if (std::exchange(asking_, true)) return;
  const std::int64_t seen = through_;
  world_.timeline().after(ask_after_ms, [this, seen] {
    asking_ = false;
    if (ahead_.empty() || world_.broker().forgotten() == 0) return;  // a backlog comes with gaps
    if (through_ > seen) return ask_for_replay();
    world_.fault("replay asked");
    world_.broker().send({"ack", R"({"replay_from":)" + std::to_string(through_ + 1) + "}"}, {});
  });
}

void Cloud::keep(const Publication& event) {
  if (event.level == "gateway.snapshot_requested") return world_.partners().send_again();
  const std::size_t at = event.payload.find("\"data\":");
  if (at == std::string::npos) return;
  if (event.level == "item.availability_changed")
    return world_.on_item_event(std::string_view(event.payload).substr(at));
  const std::string_view data = std::string_view(event.payload).substr(at);
  if (event.level == "store.status_changed") return world_.on_store_event(data);
  if (event.level == "gateway.partner_untold") return world_.on_partner_untold(data);
  if (event.level == "gateway.message_refused") {
    note_refusal(data);
    return world_.on_message_refused(data);
  }
  if (!event.level.starts_with("order.")) return;
  Story* story = world_.ledger().find(member_text(data, "partner"), member_text(data, "partner_order_id"));
  if (story == nullptr) return;  // the checker of events says so
  story->order_id = member_text(data, "id");
  if (const std::string_view token = member_text(data, "release_token"); !token.empty()) story->token = token;
  story->events.push_back({event.level.substr(6), std::string(member_text(data, "phase")),
                           std::string(member_text(data, "previous_phase")), world_.now_ms(),
                           std::string(member_text(data, "reason")), std::string(member_text(data, "by")),
                           std::string(member_text(data, "why"))});
  if (const std::string_view known = member_text(data, "pos_reference"); !known.empty())
    story->reference = known;
  world_.on_kept(*story, data);
  const auto index = static_cast<std::size_t>(story - world_.ledger().stories().data());
  if (story->last()->phase == "parked") look_at_parked(index, comes_after_ms(*story));
}

void Cloud::note_refusal(std::string_view data) {
  const std::string_view id = member_text(data, "order_id");
  if (Story* named =
          world_.ledger().find(member_text(data, "partner"), member_text(data, "partner_order_id")))
    ++named->refusals;
  for (Story& story : world_.ledger().stories())
    if (!id.empty() && story.order_id == id) ++story.refusals;
}

// ---------------------------------------------------------------- the person

// Whoever was called to key it in may have something else to do first.
std::int64_t Cloud::comes_after_ms(const Story& story) {
  constexpr std::uint64_t later_most_ms = 60'000;
  const bool later = story.last()->reason == "by_hand" && hands_.chance(300);
  return world_.plan().person_after_ms + (later ? static_cast<std::int64_t>(hands_.below(later_most_ms)) : 0);
}

// Answers truthfully: what is in the kitchen is in the kitchen, and while a request may still come nobody is sure.
void Cloud::look_at_parked(std::size_t story, std::int64_t wait_ms) {
  world_.timeline().after(wait_ms, [this, story] {
    const Story& order = world_.ledger().story(story);
    if (order.last()->phase != "parked") return;
    const std::string key = order.last_key;
    const std::uint64_t mind = draws_.below(10);
    if (world_.pos().may_come(key)) return look_at_parked(story, look_again_ms);
    if (order.keyed_in) return resolve(story, "placed");
    const bool is_called = order.last()->reason == "by_hand" && !order.reborn;
    if (is_called && !world_.pos().has_ticket(key)) return see_to_called(story, mind < 3);
    if (world_.pos().has_ticket(key))
      resolve(story, mind == 0 ? "reprint" : "placed");
    else
      resolve(story, mind < 3 ? "reprint" : "not_placed");
  });
}

// Nothing of it is in the kitchen, and nothing comes: it is keyed in, and then it is there; or it is sent after all, or
// given up. An answer that is under way may still send it: whoever has given one does not key it in.
void Cloud::see_to_called(std::size_t story, bool reprints) {
  Story& order = world_.ledger().story(story);
  const std::uint64_t does = hands_.below(10);
  if (does < 5 && order.tickets_in_all() == 0 && !given_back_.contains(story)) {
    order.keyed_in = true;
    world_.fault("keyed in by hand");
    return resolve(story, "placed");
  }
  if (given_back_.insert(story).second && does < 7) return cancel(story);
  resolve(story, reprints ? "reprint" : "not_placed");
}

// It stays parked until somebody has said that it is not there.
void Cloud::cancel(std::size_t story) {
  WebAsk ask;
  ask.target = "/v1/orders/" + world_.ledger().story(story).order_id + "/cancel";
  world_.fault("cancelled by hand");
  world_.web().ask(
      std::move(ask), {About::cancel, story, 0, Way::person},
      [this, story](const std::optional<codec::HttpReply>&) { look_at_parked(story, look_again_ms); });
}

// The same again, at most so late that nobody can have looked since. What was true then must not decide now.
void Cloud::repeat(const WebAsk& ask, const Tag& tag) {
  const std::uint64_t of_1000 = world_.plan().faults.answers_again_of_1000;
  const std::int64_t most_ms = world_.plan().policy.pos.max_processing_ms - way_ms_most;
  const bool may_sleep = world_.plan().faults.suspends > 0;  // between its coming and its turn
  if (of_1000 == 0 || most_ms <= 0 || may_sleep || !draws_.chance(of_1000)) return;
  world_.timeline().after(static_cast<std::int64_t>(draws_.below(static_cast<std::uint64_t>(most_ms))),
                          [this, ask, tag] {
                            world_.fault("answer again");
                            world_.web().ask(ask, tag, [](const std::optional<codec::HttpReply>&) {});
                          });
}

void Cloud::resolve(std::size_t story, const std::string& answer) {
  WebAsk ask;
  ask.target = "/v1/orders/" + world_.ledger().story(story).order_id + "/resolve";
  ask.headers = {{"Content-Type", "application/json"}};
  ask.body = R"({"answer":")" + answer + "\"}";
  if (answer == "reprint") ++world_.ledger().story(story).reprints_asked;
  if (answer != "placed") given_back_.insert(story);
  world_.fault("resolved " + answer);
  const int which = answer == "placed" ? 0 : answer == "not_placed" ? 1 : 2;
  if (which == 1) repeat(ask, {About::resolve, story, which});
  world_.web().ask(
      std::move(ask), {About::resolve, story, which},
      [this, story](const std::optional<codec::HttpReply>&) { look_at_parked(story, look_again_ms); });
}

}  // namespace storegate::sim
