// Plan: what a seed decides before the first step: the store's policy, how much happens, and which faults with which
// strength (swarm testing: each fault is off in many seeds, so that it cannot hide another). It must not act.
#pragma once

#include <cstdint>
#include <string>

#include "core/policy.hpp"
#include "support/disk/draws.hpp"

namespace storegate::sim {

using disk::Draws;

/// What a POS can do about a request whose reply was lost.
enum class PosClass : std::uint8_t { deduplicates, can_be_asked, neither };

/// Strengths; 0 = off. `…_of_1000` is a chance for each occasion, the others are how often it happens in the storm.
struct Faults {
  // links
  std::uint64_t calls_lost_of_1000 = 0;  // a partner's request or its answer
  std::int64_t calls_slow_ms = 0;        // further delay, up to
  std::uint64_t partitions = 0;          // of any link, one way or both
  std::uint64_t uplink_resets = 0;
  std::uint64_t uplink_outages = 0;  // for a minute or two: events pile up
  std::uint64_t broker_restarts = 0;
  bool broker_forgets = false;  // with its sessions and what it had taken
  std::uint64_t broker_repeats_of_1000 = 0;

  // POS
  std::uint64_t pos_outages = 0;
  std::uint64_t pos_refuses_of_1000 = 0;   // 409, 422, 401
  std::uint64_t pos_busy_of_1000 = 0;      // 429, 503
  std::uint64_t pos_breaks_of_1000 = 0;    // 500 before or after the ticket, half a body
  std::uint64_t pos_silent_of_1000 = 0;    // request or reply lost
  std::uint64_t pos_late_of_1000 = 0;      // cut after the caller has given up
  std::uint64_t pos_confused_of_1000 = 0;  // answers for another order
  std::uint64_t void_too_late_of_1000 = 0;
  std::int64_t pos_lists_after_ms =
      0;                        // a ticket is found by asking only so long after it was cut (below 5 s)
  std::uint64_t pos_blind = 0;  // for some time its lists are empty; its health says that it is not well

  // partners, cloud, people
  std::uint64_t repeats_of_1000 = 0;
  std::uint64_t other_bodies_of_1000 = 0;
  std::uint64_t cancels_of_1000 = 0;
  std::uint64_t early_of_1000 = 0;             // of the cancels and releases: sent before their order
  std::uint64_t menu_changes = 0;              // somebody says that an item is off, and on again
  std::uint64_t until_of_1000 = 0;             // of them: says at once until when
  std::uint64_t full_lists = 0;                // of the cloud: what is not named in one is unknown
  std::uint64_t pos_menu_changes = 0;          // the POS's own list
  std::uint64_t price_changes = 0;             // at the POS
  std::uint64_t pos_lists_broken_of_1000 = 0;  // its lists come garbled or not at all
  std::uint64_t pauses = 0;
  std::uint64_t stale_of_1000 = 0;         // ordered long ago
  std::uint64_t foreign_of_1000 = 0;       // in another currency
  std::uint64_t tests_of_1000 = 0;         // that only try the way
  std::uint64_t unsaid_of_1000 = 0;        // of mode and fallback: left to what the partner has configured
  std::uint64_t fallback_at_of_1000 = 0;   // say until when they are held
  std::uint64_t wrong_tokens_of_1000 = 0;  // of the orders: somebody guesses at their token
  std::uint64_t unreadable = 0;            // messages over MQTT that nobody can read
  std::uint64_t answers_again_of_1000 =
      0;                             // of a person's "not placed": the same request comes once more, later
  std::uint64_t called_of_1000 = 0;  // of the orders: their partner calls a person to key them in

  // the API of a partner that only announces
  std::uint64_t api_outages = 0;
  std::uint64_t api_lost_of_1000 = 0;     // of the requests, and of the answers
  std::uint64_t api_busy_of_1000 = 0;     // 429, 503, 500, 401
  std::uint64_t api_unknown_of_1000 = 0;  // 404 of an order that is there
  std::uint64_t api_garbled_of_1000 = 0;  // half an order, or another one
  std::uint64_t never_there_of_1000 = 0;  // of the orders: announced, and its API has no such order
  std::uint64_t elsewhere_of_1000 = 0;    // of the orders: accepted there by somebody else, on a tablet
  std::uint64_t news_of_1000 = 0;         // of the orders: cancelled there, and only announced again
  std::uint64_t couriers_of_1000 = 0;     // of the orders: a courier waits at the store, and its API says so
  std::uint64_t wholes_of_1000 = 0;       // of the orders: somebody else sends them as a whole

  // process, power, disk
  std::uint64_t kills = 0;
  std::uint64_t recovery_kills_of_1000 = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t long_cuts_of_1000 = 0;  // of the power cuts: for minutes
  bool torn = false;
  bool garbled = false;
  std::uint64_t full_disks = 0;
  std::uint64_t disk_errors = 0;
  std::uint64_t failed_syncs = 0;
  std::uint64_t failed_again_of_1000 = 0;  // of the failed syncs: one of the next few fails too
  std::int64_t slow_disk_ms = 0;

  // clocks
  std::uint64_t wall_jumps = 0;
  bool boots_in_1970 = false;
  std::uint64_t suspends = 0;
};

/// How long things are kept where a world sees them grow old: minutes, where a store has days.
struct Ages {
  bool on = false;
  std::int64_t retain_ms = 30 * 24 * core::hour_ms;
  std::int64_t erase_after_ms = 48 * core::hour_ms;
  std::int64_t passes_every_ms = 2 * core::minute_ms;  // of housekeeping, in the storm
  // Nothing new to find when nothing fails any more; time there is long.
  std::int64_t passes_later_every_ms = 40 * core::minute_ms;
};

/// The store is closed then, by its hours: true time, whole minutes of the storm.
struct Closed {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
};

/// What becomes of tickets in the kitchen, and how the POS lets it out.
struct FollowUp {
  bool kitchen_works = false;           // tickets are made and handed over
  std::uint64_t voids_of_1000 = 0;      // of the tickets: voided by the kitchen's own people
  bool voids_once = false;              // a void of a voided ticket is answered "too late"
  bool shows_nothing = false;           // GET /orders/{pos_reference} is 404
  bool pos_tells = false;               // by itself
  std::uint64_t told_lost_of_1000 = 0;  // in the storm
  std::uint64_t backwards_of_1000 = 0;  // in the storm: an answer of before
};

/// One partner sends at fifty times its rate for a while, in flocks. flocks 0 = no flood.
struct Flood {
  std::uint64_t flocks = 0;
  std::uint64_t flock_orders = 0;
  std::int64_t every_ms = 0;
  std::int64_t begins_ms = 0;
};

struct Plan {
  std::uint64_t seed = 0;
  PosClass pos_class = PosClass::deduplicates;
  core::Policy policy;
  Faults faults;
  Ages ages;
  Closed closed;             // where policy.hours are set
  std::int64_t zone_ms = 0;  // the store's clock is so far ahead of UTC
  FollowUp follow_up;
  Flood flood;
  std::uint64_t orders = 0;
  std::int64_t storm_ms = 0;
  std::int64_t person_after_ms = 0;
  std::int64_t reserve_bytes = 0;   // held for a full disk; 0 = none
  std::size_t uplink_window = 20;   // publishes without PUBACK
  std::int64_t min_free_bytes = 0;  // below it no new order is taken; 0 = nobody looks
  std::int64_t max_bytes = 0;       // of the database: beyond it what has ended goes early; 0 = none
  std::uint64_t thin_of_1000 = 0;   // of the orders by webhook: they are announced and have to be fetched
  bool thin_is_told = false;        // by the store itself what became of them
  bool pos_has_lists = true;        // of what is off, and of prices
  std::int64_t pos_work_ms = 0;     // each placement takes so long there at least
};

/// A database that is too large keeps so many of the newest events all the same; a store's keeps thousands.
inline constexpr std::int64_t events_kept_by_size = 20;

/// `calm`: no faults at all.
[[nodiscard]] Plan plan_of(std::uint64_t seed, bool calm);
[[nodiscard]] std::string describe(const Plan& plan);

// The partners, as configured.
inline constexpr const char* webhook_partner = "doordash";  // HTTP webhooks, also passed on by the cloud
inline constexpr const char* thin_partner = "uber_eats";    // webhooks that announce, its orders are fetched
inline constexpr const char* open_partner = "open_delivery";  // the same; it is told more, and asks to cancel
inline constexpr const char* thin_partners[] = {thin_partner, open_partner};
inline constexpr const char* api_partner = "kiosk";   // POST /v1/orders
inline constexpr const char* flood_partner = "rush";  // POST /v1/orders, by the flock
inline constexpr const char* mqtt_partner = "hub";    // canonical orders over MQTT
inline constexpr const char* webhook_secret = "a-token-of-the-simulator";

}  // namespace storegate::sim
