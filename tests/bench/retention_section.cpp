// Retention on a database of 100,000 orders: how long each step of housekeeping, and of the search through a backlog, keeps
// the store thread. The journal alone, as the service calls it; a step's time holds its commit.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sections.hpp"
#include "storage/journal.hpp"
#include "storage/sip_digest.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::bench {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t orders = 100'000;
constexpr std::int64_t events_each = 4;
constexpr std::int64_t orders_a_commit = 500;
constexpr std::size_t rows_a_step = 200;   // as firmware/app/housekeeping.cpp
constexpr std::size_t bodies_a_step = 50;  // and this
constexpr std::int64_t pages_a_step = 64;
constexpr double step_goal_ms = 20;
constexpr std::int64_t base_ms = 1'790'000'000'000;
constexpr std::int64_t apart_ms = 20'000;  // between two orders: 100,000 are 23 days
constexpr core::BootId boot{1};

core::Now now_at(std::int64_t since_ms) { return {since_ms, base_ms + since_ms, true, boot}; }

storage::JournalOptions options_on(const std::string& path) {
  storage::JournalOptions options;
  options.path = path;
  options.digest = storage::sip_digest;
  options.fresh_key.fill(7);
  options.fresh_epoch = "bench";
  options.wall_ms = base_ms;
  return options;
}

/// An order that has come to its end, with its events and a body as long as an ordinary one's.
void add_life(core::Changes& changes, std::int64_t number, std::int64_t& sequence) {
  const core::Now now = now_at(number * apart_ms);
  core::Order order;
  order.number = core::OrderNumber{number};
  order.id.bytes[0] = static_cast<std::uint8_t>(number);
  order.partner = "kiosk";
  order.partner_order_id = "R-" + std::to_string(number);
  order.business_day = "2026-11-23";
  order.idempotency_key = order.partner_order_id;
  order.phase = core::Phase::completed;
  order.arrived = core::stamp_of(now);
  order.updated_wall_ms = now.wall_ms;
  order.pos_reference = "P" + std::to_string(number);
  constexpr core::EventType types[] = {core::EventType::order_accepted, core::EventType::order_released,
                                       core::EventType::order_placed, core::EventType::order_completed};
  for (std::int64_t i = 0; i < events_each; ++i) {
    core::EventRecord event;
    event.position = {1, ++sequence};
    event.type = types[i];
    event.at_wall_ms = now.wall_ms;
    event.order = order.number;
    event.previous = order.last_event;
    event.phase = core::Phase::completed;
    event.pos_reference = order.pos_reference;
    order.last_event = event.position;
    changes.events.push_back(std::move(event));
  }
  changes.bodies.push_back({order.number, std::string(1500, 'c'), std::string(1100, 's'),
                            std::string(1500, 'r'), "application/json"});
  changes.orders.push_back(std::move(order));
}

void fill(storage::Journal& journal) {
  std::int64_t sequence = 0;
  for (std::int64_t number = 1; number <= orders;) {
    core::Changes changes;
    for (std::int64_t i = 0; i < orders_a_commit; ++i) add_life(changes, number++, sequence);
    if (const auto done = journal.commit(changes); !done.written)
      throw std::runtime_error(done.written.error().context);
    if (!journal.checkpoint_due()) continue;
    if (const auto done = journal.checkpoint(storage::CheckpointMode::passive); !done)
      throw std::runtime_error(done.error().context);
  }
}

struct Steps {
  std::vector<double> ms;
  std::size_t rows = 0;
};

/// Steps until the pass has ended, at most `steps_max`; a checkpoint when one is due is a job of its own.
Steps run_pass(storage::Journal& journal, std::size_t steps_max,
               const std::function<core::Result<storage::Housekept>()>& step,
               std::vector<double>& checkpoints) {
  Steps steps;
  for (std::size_t i = 0; i < steps_max; ++i) {
    const auto begun = Clock::now();
    const auto done = step();
    steps.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    if (!done) throw std::runtime_error(done.error().context);
    steps.rows += done->rows;
    if (journal.checkpoint_due()) {
      const auto copying = Clock::now();
      if (const auto copied = journal.checkpoint(storage::CheckpointMode::passive); !copied)
        throw std::runtime_error(copied.error().context);
      checkpoints.push_back(std::chrono::duration<double, std::milli>(Clock::now() - copying).count());
    }
    if (done->finished) break;
  }
  return steps;
}

double longest(const std::vector<double>& ms) {
  return ms.empty() ? 0 : *std::max_element(ms.begin(), ms.end());
}

Row row_of(const std::string& what, const Steps& steps) {
  return {what + ": longest step, at most " + decimal_text(step_goal_ms, 0) + " ms",
          decimal_text(longest(steps.ms)) + " ms (median " + decimal_text(median_of(steps.ms)) + " ms, " +
              std::to_string(steps.ms.size()) + " steps, " + std::to_string(steps.rows) + " rows)",
          "-", verdict_of(longest(steps.ms) <= step_goal_ms), "rows a step"};
}

core::Result<storage::Housekept> as_step(const core::Result<void>& done) {
  if (!done) return done.error();
  return storage::Housekept{0, false, {}};
}

}  // namespace

std::vector<Row> measure_retention(Bench&) {
  std::fprintf(stderr, "retention: a database of 100,000 orders\n");
  const support::TempDir folder;
  auto journal = storage::Journal::open(options_on(folder.file("orders.db")));
  if (!journal) throw std::runtime_error(journal.error().context);
  fill(*journal);
  const double mib =
      static_cast<double>(journal->database_bytes().ok() ? *journal->database_bytes() : 0) / (1024.0 * 1024);
  const core::Now now = now_at(orders * apart_ms + 10 * 24 * core::hour_ms);
  const auto loading = Clock::now();
  if (const auto loaded = journal->load({now, 48 * core::hour_ms}); !loaded)
    throw std::runtime_error(loaded.error().context);
  const double load_ms = std::chrono::duration<double, std::milli>(Clock::now() - loading).count();

  std::vector<double> checkpoints;
  core::Position before{1, orders * events_each + 1};
  std::size_t briefs = 0;
  Steps search = run_pass(
      *journal, 1'000'000,
      [&]() -> core::Result<storage::Housekept> {
        core::OutboxRead read;
        read.kind = core::OutboxRead::Kind::briefs;
        read.before = before;
        read.limit = core::briefs_per_read;
        const auto page = journal->read_for(read);
        if (!page) return page.error();
        briefs += page->briefs.size();
        if (!page->briefs.empty()) before = page->briefs.back().position;
        return storage::Housekept{page->briefs.size(), page->briefs.empty(), {}};
      },
      checkpoints);
  const storage::EraseLimits erase{now, 48 * core::hour_ms, bodies_a_step};
  const Steps erased = run_pass(
      *journal, 1'000'000,
      [&] {
        return journal->erase_customer_data(
            erase, [](std::string_view canonical) { return std::string(canonical.substr(0, 700)); });
      },
      checkpoints);
  storage::PruneLimits limits;
  limits.now = now;
  limits.retain_ms = 25 * 24 * core::hour_ms;  // a third of them is older
  limits.reuse_ms = 48 * core::hour_ms;
  limits.events_through = {1, orders * events_each};
  limits.rows_max = rows_a_step;
  const Steps pruned = run_pass(
      *journal, 1'000'000, [&] { return journal->prune(limits); }, checkpoints);
  const Steps verified = run_pass(
      *journal, 500,
      [&] {
        auto step = journal->verify(rows_a_step);
        if (step) step->finished = false;
        return step;
      },
      checkpoints);
  const Steps shrunk = run_pass(
      *journal, 200, [&] { return as_step(journal->shrink(pages_a_step)); }, checkpoints);
  const auto truncating = Clock::now();
  if (const auto done = journal->checkpoint(storage::CheckpointMode::truncate); !done)
    throw std::runtime_error(done.error().context);
  const double truncate_ms = std::chrono::duration<double, std::milli>(Clock::now() - truncating).count();
  const std::string of = " on 100,000 orders (" + decimal_text(mib, 0) + " MiB)";
  return {row_of("Erasing customers" + of, erased),
          row_of("Pruning orders and events" + of, pruned),
          row_of("Looking at digests" + of, verified),
          row_of("Giving pages back" + of, shrunk),
          row_of("Searching " + std::to_string(briefs) + " waiting events for live orders'", search),
          {"Housekeeping" + of + ": checkpoints between the steps, and the truncating one at the end",
           "longest " + decimal_text(longest(checkpoints)) + " ms of " + std::to_string(checkpoints.size()) +
               ", truncating " + decimal_text(truncate_ms) + " ms",
           "load at start: " + decimal_text(load_ms, 0) + " ms", Verdict::told, ""}};
}

}  // namespace storegate::bench
