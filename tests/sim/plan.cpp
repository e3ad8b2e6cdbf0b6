// Each fault has a draw of its own, so that a new one at the end leaves the others' draws as they were.
#include "sim/plan.hpp"

namespace storegate::sim {

namespace {

/// Off in half of the seeds, otherwise 1 to `most`.
std::uint64_t strength(Draws& draws, std::uint64_t most) {
  const bool on = draws.chance(500);
  const std::uint64_t drawn = draws.below(most) + 1;
  return on ? drawn : 0;
}

bool flag(Draws& draws, std::uint64_t of_1000) { return draws.chance(of_1000); }

void draw_faults(Draws draws, Faults& faults) {
  faults.calls_lost_of_1000 = strength(draws, 150);
  faults.calls_slow_ms = static_cast<std::int64_t>(strength(draws, 4000));
  faults.partitions = strength(draws, 4);
  faults.uplink_resets = strength(draws, 8);
  faults.broker_restarts = strength(draws, 4);
  faults.broker_forgets = flag(draws, 400);
  faults.broker_repeats_of_1000 = strength(draws, 100);
  faults.pos_outages = strength(draws, 4);
  faults.pos_refuses_of_1000 = strength(draws, 80);
  faults.pos_busy_of_1000 = strength(draws, 200);
  faults.pos_breaks_of_1000 = strength(draws, 120);
  faults.pos_silent_of_1000 = strength(draws, 150);
  faults.pos_late_of_1000 = strength(draws, 100);
  faults.pos_confused_of_1000 = strength(draws, 40);
  faults.void_too_late_of_1000 = strength(draws, 500);
  faults.repeats_of_1000 = strength(draws, 400);
  faults.other_bodies_of_1000 = strength(draws, 150);
  faults.cancels_of_1000 = strength(draws, 300);
  faults.early_of_1000 = strength(draws, 500);
  faults.menu_changes = strength(draws, 6);
  faults.kills = strength(draws, 8);
  faults.recovery_kills_of_1000 = strength(draws, 300);
  faults.power_cuts = strength(draws, 5);
  faults.torn = flag(draws, 500);
  faults.garbled = flag(draws, 300);
  faults.full_disks = strength(draws, 3);
  faults.disk_errors = strength(draws, 4);
  faults.failed_syncs = strength(draws, 2);
  faults.slow_disk_ms = static_cast<std::int64_t>(strength(draws, 400));
  faults.wall_jumps = strength(draws, 5);
  faults.boots_in_1970 = flag(draws, 300);
  faults.suspends = strength(draws, 3);
  faults.pos_lists_after_ms = static_cast<std::int64_t>(strength(draws, 4500));
  faults.pos_blind = strength(draws, 1);
  faults.long_cuts_of_1000 = strength(draws, 500);
  faults.failed_again_of_1000 = strength(draws, 1000);
  faults.pauses = strength(draws, 3);
  faults.stale_of_1000 = strength(draws, 200);
  faults.foreign_of_1000 = strength(draws, 40);
  faults.tests_of_1000 = strength(draws, 80);
  faults.wrong_tokens_of_1000 = strength(draws, 300);
  faults.unreadable = strength(draws, 4);
}

// What the POS is asked beside its orders, and what changes there.
void draw_stock(Draws draws, bool calm, Plan& plan) {
  core::PosPolicy& pos = plan.policy.pos;
  const bool asks = flag(draws, 700);
  const std::int64_t interval_s = static_cast<std::int64_t>(5 + draws.below(36));
  const bool asks_prices = flag(draws, 400);
  const std::int64_t menu_interval_s = static_cast<std::int64_t>(10 + draws.below(51));
  const bool checks_prices = flag(draws, 800);
  if (asks) pos.availability_poll_ms = interval_s * core::second_ms;
  if (asks_prices) pos.menu_poll_ms = menu_interval_s * core::second_ms;
  pos.check_prices = asks_prices && checks_prices;
  plan.pos_has_lists = !flag(draws, 150);
  const std::uint64_t until = strength(draws, 800), pos_changes = strength(draws, 8),
                      prices = strength(draws, 4), broken = strength(draws, 400);
  if (calm) return;
  plan.faults.until_of_1000 = until;
  plan.faults.pos_menu_changes = pos_changes;
  plan.faults.price_changes = prices;
  plan.faults.pos_lists_broken_of_1000 = broken;
}

// In every sixth world the cloud gives whole lists of what there is.
void draw_full_lists(Draws draws, Faults& faults) {
  const bool on = flag(draws, 170);
  const std::uint64_t lists = 1 + draws.below(4);
  if (on) faults.full_lists = lists;
}

// In every fourth world orders leave something to their partner's policy, or say more than that.
void draw_wishes(Draws draws, Faults& faults) {
  const bool on = flag(draws, 250);
  const std::uint64_t unsaid = 1 + draws.below(500), fallback_at = 1 + draws.below(500);
  if (!on) return;
  faults.unsaid_of_1000 = unsaid;
  faults.fallback_at_of_1000 = fallback_at;
}

// In every fourth world a person's answer comes twice: a button pressed again, a proxy that repeats.
void draw_answers(Draws draws, Faults& faults) {
  const bool on = flag(draws, 250);
  const std::uint64_t again = 200 + draws.below(600);
  if (on) faults.answers_again_of_1000 = again;
}

// In every fourth world partners call a person to orders that they could not give to the store.
void draw_called(Draws draws, Faults& faults) {
  const bool on = flag(draws, 250);
  const std::uint64_t called = 50 + draws.below(250);
  if (on) faults.called_of_1000 = called;
}

core::PartnerPolicy partner(core::ReleaseMode mode, Draws& draws) {
  core::PartnerPolicy policy;
  policy.release = mode;
  policy.fallback_ms = static_cast<std::int64_t>(draws.below(60)) * core::second_ms;
  policy.fallback_without_promise_ms = static_cast<std::int64_t>(60 + draws.below(180)) * core::second_ms;
  const std::uint64_t fallback = draws.below(10);
  policy.fallback = fallback < 6   ? core::FallbackPolicy::release
                    : fallback < 8 ? core::FallbackPolicy::park
                                   : core::FallbackPolicy::cancel;
  policy.rate_per_minute = draws.chance(200) ? 20 : 600;
  return policy;
}

void draw_policy(Draws draws, Plan& plan) {
  core::Policy& policy = plan.policy;
  policy.store = "store-042";
  policy.prep_ms = core::minute_ms;
  policy.wait_for_application_ack = flag(draws, 500);
  policy.live_orders_max = flag(draws, 100) ? 12 : 20'000;
  policy.partners[webhook_partner] = partner(core::ReleaseMode::on_event, draws);
  policy.partners[api_partner] = partner(core::ReleaseMode::immediate, draws);
  policy.partners[mqtt_partner] = partner(core::ReleaseMode::on_event, draws);
  policy.partners[thin_partner] = partner(core::ReleaseMode::on_event, draws);
  core::PosPolicy& pos = policy.pos;
  const std::uint64_t drawn_class = draws.below(5);
  plan.pos_class = drawn_class < 2   ? PosClass::deduplicates
                   : drawn_class < 4 ? PosClass::can_be_asked
                                     : PosClass::neither;
  pos.timeout_ms = static_cast<std::int64_t>(2 + draws.below(7)) * core::second_ms;
  pos.max_processing_ms = static_cast<std::int64_t>(5 + draws.below(26)) * core::second_ms;
  const std::int64_t window_s = static_cast<std::int64_t>(60 + draws.below(241));
  const bool both = flag(draws, 500);
  // Some remember a key hardly longer than a request takes.
  const std::int64_t short_window_ms = pos.timeout_ms + pos.max_processing_ms +
                                       static_cast<std::int64_t>(1 + draws.below(10)) * core::second_ms;
  const bool briefly = flag(draws, 400);
  const std::int64_t window_ms = briefly ? short_window_ms : window_s * core::second_ms;
  pos.deduplicates_ms = plan.pos_class == PosClass::deduplicates ? window_ms : 0;
  pos.can_query =
      plan.pos_class == PosClass::can_be_asked || (plan.pos_class == PosClass::deduplicates && both);
  pos.rate_per_s = flag(draws, 300) ? 5 : 50;
  pos.requests_max = flag(draws, 300) ? 2 : 16;
  const bool expires_soon = flag(draws, 200);
  const std::int64_t soon_ms = static_cast<std::int64_t>(60 + draws.below(90)) * core::second_ms;
  pos.expire_ms = expires_soon ? soon_ms : 10 * core::minute_ms;
  pos.complete_after_ms = 15 * core::minute_ms;
}

// A store whose days are minutes: orders end, are erased and pruned while others still come.
void draw_ages(Draws draws, Plan& plan) {
  const bool on = flag(draws, 200);
  const auto minutes = [&](std::int64_t from, std::uint64_t spread) {
    return from * core::minute_ms + static_cast<std::int64_t>(draws.below(spread * 60)) * core::second_ms;
  };
  const std::int64_t storm_ms = minutes(11, 6), reuse_ms = minutes(5, 2), retain_ms = minutes(1, 2),
                     erase_after_ms = minutes(1, 2), complete_after_ms = minutes(1, 2);
  if (!on) return;
  plan.storm_ms = storm_ms;
  plan.ages = {true, retain_ms, erase_after_ms, 80 * core::second_ms, 4 * core::minute_ms};
  plan.policy.order_id_reuse_ms = reuse_ms;
  plan.policy.pos.complete_after_ms = complete_after_ms;
  // What a broker forgets after its PUBACK may be pruned by then: where that can be, the cloud acknowledges.
  if (plan.faults.broker_forgets) plan.policy.wait_for_application_ack = true;
}

// What the store takes: its hours in a zone of its own, what its kitchen can do, whom it works with.
void draw_acceptance(Draws draws, Plan& plan) {
  core::Policy& policy = plan.policy;
  policy.currency = "USD";
  constexpr std::int64_t zones_min[] = {0, -360, 330, 540};
  plan.zone_ms = zones_min[draws.below(4)] * core::minute_ms;
  const bool has_hours = flag(draws, 250);
  const std::int64_t minutes = plan.storm_ms / core::minute_ms;
  const std::int64_t from =
      1 + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(minutes - 1)));
  if (has_hours) {
    plan.closed = {from * core::minute_ms, (from + 1) * core::minute_ms};
    const auto closes = static_cast<int>(12 * 60 + plan.zone_ms / core::minute_ms + from);
    policy.hours.emplace();
    for (auto& day : *policy.hours) day = {{0, closes}, {closes + 1, 24 * 60}};
  }
  const bool few_orders = flag(draws, 80);
  const auto orders = static_cast<std::int64_t>(4 + draws.below(12));
  if (few_orders) policy.kitchen_orders_max = orders;
  const bool few_items = flag(draws, 60);
  const auto items = static_cast<std::int64_t>(8 + draws.below(12));
  if (few_items) policy.kitchen_items_max = items;
  const std::uint64_t off = draws.below(30);
  if (off == 0) policy.partners.find(webhook_partner)->second.enabled = false;
  if (off == 1) policy.partners.find(mqtt_partner)->second.enabled = false;
  for (const char* name : {api_partner, mqtt_partner}) {
    const bool decides = flag(draws, 300);
    const auto within_s = static_cast<std::int64_t>(30 + draws.below(60));
    if (decides) policy.partners.find(name)->second.decide_within_ms = within_s * core::second_ms;
  }
  const std::uint64_t tests = draws.below(3);
  policy.test_orders = static_cast<core::TestOrders>(tests);
}

void draw_follow_up(Draws draws, Plan& plan) {
  core::PosPolicy& pos = plan.policy.pos;
  FollowUp& follow = plan.follow_up;
  const bool watches = flag(draws, 850);
  const std::int64_t watch_ms = static_cast<std::int64_t>(5 + draws.below(26)) * core::second_ms;
  pos.watch_ms = watches ? watch_ms : 0;
  pos.watch_max = static_cast<std::int64_t>(1 + draws.below(4));
  follow.kitchen_works = flag(draws, 800);
  follow.voids_of_1000 = strength(draws, 200);
  follow.voids_once = flag(draws, 500);
  follow.shows_nothing = flag(draws, 100);
  follow.pos_tells = flag(draws, 350);
  follow.told_lost_of_1000 = strength(draws, 300);
  follow.backwards_of_1000 = strength(draws, 150);
}

// A small window makes a backlog of what others send at once.
void draw_uplink(Draws draws, Plan& plan, bool calm) {
  const bool small = flag(draws, 500);
  const std::size_t window = 4 + draws.index(6);
  const std::uint64_t outages = strength(draws, 2);
  plan.uplink_window = small ? window : 20;
  if (!calm) plan.faults.uplink_outages = outages;
}

// After the ages: only where rows grow old can a database be kept small.
void draw_space(Draws draws, Plan& plan) {
  const bool watched = flag(draws, 300);
  const std::uint64_t least = 40 + draws.below(100);
  const bool bounded = flag(draws, 300);
  const std::uint64_t most = 700 + draws.below(500);
  const bool keeps_long = flag(draws, 500);
  if (watched && plan.faults.full_disks > 0) plan.min_free_bytes = static_cast<std::int64_t>(least) * 1024;
  if (!bounded || !plan.ages.on) return;
  plan.max_bytes = static_cast<std::int64_t>(most) * 1024;
  if (keeps_long) plan.ages.retain_ms = Ages{}.retain_ms;  // then only the bound makes anything go
}

// Sooner than a store would: a storm lasts minutes.
void draw_alarms(Draws draws, Plan& plan) {
  const bool uplink = flag(draws, 500);
  const std::uint64_t after_s = 5 + draws.below(40);
  const bool backlog = flag(draws, 500);
  const std::uint64_t events = 20 + draws.below(60);
  if (uplink) plan.policy.alarms.uplink_after_ms = static_cast<std::int64_t>(after_s) * core::second_ms;
  if (backlog) plan.policy.alarms.backlog_events = static_cast<std::int64_t>(events);
  const bool pos = flag(draws, 500);
  const std::uint64_t pos_after_s = 4 + draws.below(20);
  if (pos) plan.policy.pos_alarm_after_ms = static_cast<std::int64_t>(pos_after_s) * core::second_ms;
}

// Weights, and in every fourth world a flood before a POS that takes one or two a second: lines form, at it and at the door.
void draw_load(Draws draws, Plan& plan) {
  core::Policy& policy = plan.policy;
  core::PartnerPolicy& rush = policy.partners[flood_partner];
  rush.release = core::ReleaseMode::immediate;
  rush.rate_per_minute = static_cast<std::int64_t>(20 + draws.below(21));
  for (auto& [name, partner] : policy.partners)
    partner.weight = static_cast<std::int64_t>(1 + draws.below(3));
  const bool on = flag(draws, 250);
  const std::int64_t rate_per_s = static_cast<std::int64_t>(1 + draws.below(2));
  const bool small_turns = flag(draws, 700);
  const std::int64_t expire_ms = static_cast<std::int64_t>(40 + draws.below(51)) * core::second_ms;
  const bool expires_soon = flag(draws, 300);
  const std::uint64_t flocks = 4 + draws.below(8);
  const std::int64_t begins_ms = static_cast<std::int64_t>(10 + draws.below(90)) * core::second_ms;
  const bool short_lanes = flag(draws, 300);
  if (!on) return;
  policy.pos.rate_per_s = rate_per_s;
  if (small_turns) policy.load.inputs_per_turn_max = 8;
  if (short_lanes) policy.load.lane_orders_max = 16;
  if (expires_soon) policy.pos.expire_ms = expire_ms;
  const auto flock_orders = static_cast<std::uint64_t>(rush.rate_per_minute);
  plan.flood = {flocks, flock_orders, 60'000 / 50, begins_ms};  // a minute's worth, fifty times a minute
}

// In every third of the worlds with a flood the POS has no rate and is slow instead, whatever it answers.
void draw_slow_pos(Draws draws, Plan& plan) {
  const bool on = flag(draws, 330);
  // Well within what it may take at most.
  const std::int64_t half_ms = std::min(plan.policy.pos.timeout_ms, plan.policy.pos.max_processing_ms) / 2;
  const std::int64_t work_ms =
      half_ms / 2 + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(half_ms)));
  const auto requests = static_cast<std::int64_t>(1 + draws.below(2));
  const std::int64_t expire_ms = static_cast<std::int64_t>(30 + draws.below(31)) * core::second_ms;
  if (!on || plan.flood.flocks == 0) return;
  plan.pos_work_ms = work_ms;
  core::PosPolicy& pos = plan.policy.pos;
  pos.rate_per_s = 50;
  pos.requests_max = requests;
  pos.expire_ms = expire_ms;
  plan.faults.pos_refuses_of_1000 = plan.faults.pos_breaks_of_1000 = plan.faults.pos_silent_of_1000 = 0;
}

// In two of five worlds some orders by webhook, and some that the cloud passes on, are of a partner that only announces them.
void draw_thin(Draws draws, Plan& plan, bool calm) {
  core::PartnerPolicy& thin = plan.policy.partners.find(thin_partner)->second;
  thin.fetches = true;
  const bool on = flag(draws, 400);
  const std::uint64_t share = 200 + draws.below(700);
  const bool hurries = flag(draws, 300);
  const auto within_s = static_cast<std::int64_t>(40 + draws.below(100));
  const std::uint64_t outages = strength(draws, 3), lost = strength(draws, 150), busy = strength(draws, 250),
                      unknown = strength(draws, 150), garbled = strength(draws, 80),
                      never_there = strength(draws, 60), news = strength(draws, 300);
  const bool told = flag(draws, 600);
  const std::uint64_t elsewhere = strength(draws, 100);
  const std::uint64_t couriers = strength(draws, 400), wholes = strength(draws, 200);
  const bool decides = flag(draws, 400);
  const auto decide_within_s = static_cast<std::int64_t>(20 + draws.below(100));
  if (hurries) thin.fetch_within_ms = within_s * core::second_ms;
  if (decides) thin.decide_within_ms = decide_within_s * core::second_ms;
  core::PartnerPolicy& open = plan.policy.partners[open_partner] = thin;
  if (!on) return;
  plan.thin_of_1000 = share;
  plan.thin_is_told = told;
  using enum core::Notice;
  if (told) thin.tells = {accepted, rejected, cancelled};
  if (told) open.tells = {accepted, rejected, ready, cancelled, cancel_agreed, cancel_refused};
  if (calm) return;
  Faults& faults = plan.faults;
  faults.api_outages = outages;
  faults.api_lost_of_1000 = lost;
  faults.api_busy_of_1000 = busy;
  faults.api_unknown_of_1000 = unknown;
  faults.api_garbled_of_1000 = garbled;
  faults.never_there_of_1000 = never_there;
  faults.news_of_1000 = news;
  faults.elsewhere_of_1000 = told ? elsewhere : 0;
  faults.couriers_of_1000 = couriers;
  faults.wholes_of_1000 = wholes;
}

void append(std::string& text, const char* name, std::uint64_t value) {
  if (value == 0) return;
  text.append(" ").append(name).append("=").append(std::to_string(value));
}

}  // namespace

Plan plan_of(std::uint64_t seed, bool calm) {
  Plan plan;
  plan.seed = seed;
  const Draws root(seed);
  draw_policy(root.fork(1), plan);
  if (!calm) draw_faults(root.fork(2), plan.faults);
  Draws size = root.fork(3);
  plan.orders = 60 + size.below(81);
  plan.storm_ms = static_cast<std::int64_t>(150 + size.below(150)) * core::second_ms;
  plan.reserve_bytes = plan.faults.full_disks > 0 && size.chance(700) ? 512 * 1024 : 0;
  draw_ages(root.fork(4), plan);
  draw_acceptance(root.fork(5), plan);
  draw_follow_up(root.fork(40), plan);
  draw_stock(root.fork(12), calm, plan);
  if (!calm) draw_full_lists(root.fork(61), plan.faults);
  draw_wishes(root.fork(62), plan.faults);
  draw_uplink(root.fork(50), plan, calm);
  draw_space(root.fork(51), plan);
  draw_alarms(root.fork(52), plan);
  draw_load(root.fork(6), plan);
  draw_slow_pos(root.fork(63), plan);
  if (!calm) draw_answers(root.fork(64), plan.faults);
  draw_thin(root.fork(65), plan, calm);
  if (!calm) draw_called(root.fork(66), plan.faults);
  plan.person_after_ms = static_cast<std::int64_t>(5 + size.below(60)) * core::second_ms;
  return plan;
}

namespace {

void append_thin(std::string& text, const Plan& plan) {
  const Faults& f = plan.faults;
  append(text, "thin", plan.thin_of_1000);
  append(text, "fetch_within_ms",
         static_cast<std::uint64_t>(plan.policy.partners.find(thin_partner)->second.fetch_within_ms));
  append(text, "api_outages", f.api_outages);
  append(text, "api_lost", f.api_lost_of_1000);
  append(text, "api_busy", f.api_busy_of_1000);
  append(text, "api_unknown", f.api_unknown_of_1000);
  append(text, "api_garbled", f.api_garbled_of_1000);
  append(text, "never_there", f.never_there_of_1000);
  append(text, "news", f.news_of_1000);
  append(text, "couriers", f.couriers_of_1000);
  append(text, "wholes", f.wholes_of_1000);
  append(text, "told", plan.thin_is_told ? 1 : 0);
  append(text, "thin_decide_within_ms",
         static_cast<std::uint64_t>(plan.policy.partners.find(thin_partner)->second.decide_within_ms));
  append(text, "elsewhere", f.elsewhere_of_1000);
}

}  // namespace

std::string describe(const Plan& plan) {
  const Faults& f = plan.faults;
  constexpr const char* classes[] = {"deduplicates", "can be asked", "neither"};
  std::string text = "POS ";
  text += classes[static_cast<std::size_t>(plan.pos_class)];
  append(text, "orders", plan.orders);
  append(text, "storm_ms", static_cast<std::uint64_t>(plan.storm_ms));
  append(text, "ages", plan.ages.on ? 1 : 0);
  append(text, "watch_ms", static_cast<std::uint64_t>(plan.policy.pos.watch_ms));
  append(text, "watch_max", static_cast<std::uint64_t>(plan.policy.pos.watch_max));
  append(text, "kitchen_works", plan.follow_up.kitchen_works ? 1 : 0);
  append(text, "kitchen_voids", plan.follow_up.voids_of_1000);
  append(text, "voids_once", plan.follow_up.voids_once ? 1 : 0);
  append(text, "shows_nothing", plan.follow_up.shows_nothing ? 1 : 0);
  append(text, "pos_tells", plan.follow_up.pos_tells ? 1 : 0);
  append(text, "told_lost", plan.follow_up.told_lost_of_1000);
  append(text, "backwards", plan.follow_up.backwards_of_1000);
  append(text, "application_ack", plan.policy.wait_for_application_ack ? 1 : 0);
  append(text, "flood_orders", plan.flood.flocks * plan.flood.flock_orders);
  append(text, "calls_lost", f.calls_lost_of_1000);
  append(text, "calls_slow_ms", static_cast<std::uint64_t>(f.calls_slow_ms));
  append(text, "partitions", f.partitions);
  append(text, "uplink_resets", f.uplink_resets);
  append(text, "min_free_bytes", static_cast<std::uint64_t>(plan.min_free_bytes));
  append(text, "max_bytes", static_cast<std::uint64_t>(plan.max_bytes));
  append(text, "uplink_window", plan.uplink_window);
  append(text, "uplink_outages", f.uplink_outages);
  append(text, "broker_restarts", f.broker_restarts);
  append(text, "broker_forgets", f.broker_forgets ? 1 : 0);
  append(text, "broker_repeats", f.broker_repeats_of_1000);
  append(text, "pos_outages", f.pos_outages);
  append(text, "pos_refuses", f.pos_refuses_of_1000);
  append(text, "pos_busy", f.pos_busy_of_1000);
  append(text, "pos_breaks", f.pos_breaks_of_1000);
  append(text, "pos_silent", f.pos_silent_of_1000);
  append(text, "pos_late", f.pos_late_of_1000);
  append(text, "pos_confused", f.pos_confused_of_1000);
  append(text, "void_too_late", f.void_too_late_of_1000);
  append(text, "pos_work_ms", static_cast<std::uint64_t>(plan.pos_work_ms));
  append(text, "requests_max", static_cast<std::uint64_t>(plan.policy.pos.requests_max));
  append(text, "expire_ms", static_cast<std::uint64_t>(plan.policy.pos.expire_ms));
  append(text, "pos_alarm_after_ms", static_cast<std::uint64_t>(plan.policy.pos_alarm_after_ms));
  append(text, "answers_again", f.answers_again_of_1000);
  append(text, "called", f.called_of_1000);
  append(text, "pos_lists_after_ms", static_cast<std::uint64_t>(f.pos_lists_after_ms));
  append(text, "pos_blind", f.pos_blind);
  append(text, "repeats", f.repeats_of_1000);
  append(text, "other_bodies", f.other_bodies_of_1000);
  append(text, "cancels", f.cancels_of_1000);
  append(text, "early", f.early_of_1000);
  append(text, "menu_changes", f.menu_changes);
  append(text, "until", f.until_of_1000);
  append(text, "full_lists", f.full_lists);
  append(text, "pos_menu_changes", f.pos_menu_changes);
  append(text, "price_changes", f.price_changes);
  append(text, "pos_lists_broken", f.pos_lists_broken_of_1000);
  append(text, "availability_poll_ms", static_cast<std::uint64_t>(plan.policy.pos.availability_poll_ms));
  append(text, "menu_poll_ms", static_cast<std::uint64_t>(plan.policy.pos.menu_poll_ms));
  append(text, "pos_has_no_lists", plan.pos_has_lists ? 0 : 1);
  append(text, "wrong_tokens", f.wrong_tokens_of_1000);
  append(text, "unreadable", f.unreadable);
  append_thin(text, plan);
  append(text, "kills", f.kills);
  append(text, "recovery_kills", f.recovery_kills_of_1000);
  append(text, "power_cuts", f.power_cuts);
  append(text, "long_cuts", f.long_cuts_of_1000);
  append(text, "torn", f.torn ? 1 : 0);
  append(text, "garbled", f.garbled ? 1 : 0);
  append(text, "full_disks", f.full_disks);
  append(text, "disk_errors", f.disk_errors);
  append(text, "failed_syncs", f.failed_syncs);
  append(text, "failed_again", f.failed_again_of_1000);
  append(text, "slow_disk_ms", static_cast<std::uint64_t>(f.slow_disk_ms));
  append(text, "wall_jumps", f.wall_jumps);
  append(text, "boots_in_1970", f.boots_in_1970 ? 1 : 0);
  append(text, "suspends", f.suspends);
  append(text, "pauses", f.pauses);
  append(text, "stale", f.stale_of_1000);
  append(text, "foreign", f.foreign_of_1000);
  append(text, "tests", f.tests_of_1000);
  append(text, "unsaid", f.unsaid_of_1000);
  append(text, "fallback_at", f.fallback_at_of_1000);
  append(text, "closed_from_ms", static_cast<std::uint64_t>(plan.closed.from_ms));
  append(text, "kitchen_orders", static_cast<std::uint64_t>(plan.policy.kitchen_orders_max));
  append(text, "kitchen_items", static_cast<std::uint64_t>(plan.policy.kitchen_items_max));
  return text;
}

}  // namespace storegate::sim
