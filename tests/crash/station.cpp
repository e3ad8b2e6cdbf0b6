// The loop of the product, as firmware/app has it, without threads.
#include "crash/station.hpp"

#include <cstdlib>
#include <utility>
#include <variant>

#include "codec/answers.hpp"
#include "codec/canonical.hpp"
#include "codec/events.hpp"
#include "codec/pos_rest.hpp"
#include "crash/allocations.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::crash {

namespace {
constexpr std::size_t uplink_window = 8;
constexpr std::int64_t checkpoint_pages = 48;  // small, so that a short run has several checkpoints

/// The order as its sender writes it, and as the gateway reads it.
void pass_through_codec(core::OrderArrived& input) {
  const std::string text = codec::encode_canonical(input.order);
  auto decoded = own([&] { return codec::decode_canonical(text); });
  if (!decoded) std::abort();
  input.order = std::move(decoded->order);
  input.body = std::move(decoded->body);
  input.body.content_type = "application/json";
}

/// No lane is full here.
void give(core::Engine& engine, core::Input input) {
  if (engine.offer(std::move(input))) std::abort();
}

/// Answers about an ended order are filled from its row first, which the station does not do.
bool is_filled(const core::Answer& answer) {
  using core::AnswerKind;
  const bool of_order = answer.kind == AnswerKind::created || answer.kind == AnswerKind::replayed ||
                        answer.kind == AnswerKind::done;
  return answer.order.has_value() || !of_order;
}
}  // namespace

storage::JournalOptions options_on(const disk::Disk& disk) {
  storage::JournalOptions options;
  options.path = database_path;
  options.vfs = disk.name();
  options.digest = storage::sip_digest;
  for (std::size_t index = 0; index < options.fresh_key.size(); ++index)
    options.fresh_key[index] = static_cast<std::uint8_t>(index * 11 + 5);
  options.fresh_epoch = "epoch-of-the-cut";
  options.wall_ms = TrueTime{}.now().wall_ms;
  options.checkpoint_pages = checkpoint_pages;
  return options;
}

core::Result<void> Station::start() {
  const storage::JournalOptions options = options_on(disk_);
  core::Result<storage::Journal> journal = own([&] { return storage::Journal::open(options); });
  if (!journal) return std::move(journal).error();
  core::Result<storage::LoadReport> report = own([&] { return journal->load({}); });
  if (!report) return std::move(report).error();
  damaged_ = std::move(report->damaged);
  start(std::move(*journal), std::move(report->loaded));
  return {};
}

void Station::start(storage::Journal journal, core::Loaded loaded) {
  fold_ = Fold(loaded);
  outside_.rows = {fold_.print(), {}};
  core::GatewayStarted started;
  started.epoch = loaded.epoch;
  started.previous_epoch = loaded.previous_epoch;
  started.why = loaded.created ? "created" : "started";
  started.version = "0";
  journal_.emplace(std::move(journal));
  core::Policy policy = policy_for(class_);
  const core::Generator generator(outside_.draws.next());
  own([&] {
    engine_.emplace(
        std::move(policy), std::move(loaded), generator,
        [](std::int64_t) {
          return core::LocalTime{"2026-11-23", 0, 720};
        },
        outside_.time.now());
    give(*engine_, std::move(started));
    engine_->outbox().on_connected(uplink_window);
    give(*engine_, core::UplinkConnected{true});
  });
}

void Station::offer(core::Input input) {
  if (auto* order = std::get_if<core::OrderArrived>(&input); order != nullptr && codecs_)
    pass_through_codec(*order);
  own([&] { give(*engine_, std::move(input)); });
}

void Station::run() {
  for (int rounds = 0; rounds < 1000; ++rounds) {
    if (disk_.dead()) return;
    if (engine_->wants_turn(outside_.time.now())) {
      turn();
    } else if (engine_->outbox().wanted_read() && !must_end_) {
      read_events();
    } else {
      return;
    }
  }
  outside_.cloud.fault = "the engine never came to rest";
}

void Station::turn() {
  core::Changes changes = own([&] { return engine_->begin_turn(outside_.time.now()); });
  if (!changes.writes_nothing() || !changes.bodies_wanted.empty()) return commit(std::move(changes));
  finish_turn({});
}

void Station::finish_turn(core::Committed committed) {
  std::vector<core::Effect> effects =
      own([&] { return engine_->finish_turn(std::move(committed), outside_.time.now()); });
  for (core::Effect& effect : effects) act(std::move(effect));
}

void Station::commit(core::Changes changes) {
  Fold next = fold_;
  next.apply(changes);
  outside_.rows.coming = next.print();
  step();
  storage::CommitResult result = own([&] { return journal_->commit(changes); });
  core::Committed committed;
  committed.written = result.written.ok();
  if (committed.written) {
    ++commits_;
    fold_ = std::move(next);
    outside_.rows = {fold_.print(), {}};
    committed.bodies = std::move(result.bodies);
    committed.bodies_unread = !result.read.ok();
  } else {
    ++failed_commits_;
    committed.sync_failed = result.written.error().code == core::ErrorCode::sync_failed;
    committed.disk_full = result.written.error().code == core::ErrorCode::disk_full;
  }
  step();
  finish_turn(std::move(committed));
  if (!journal_->checkpoint_due()) return;
  const auto copied = own([&] { return journal_->checkpoint(storage::CheckpointMode::passive); });
  if (!copied && copied.error().code == core::ErrorCode::sync_failed) engine_->stop();
}

void Station::act(core::Effect&& effect) {
  if (disk_.dead()) return;  // the process is gone: nothing of this leaves any more
  if (codecs_) write_out(effect);
  if (const auto* answer = std::get_if<core::Answer>(&effect)) {
    outside_.hear(*answer);
  } else if (auto* placing = std::get_if<core::PlaceOrder>(&effect)) {
    place(std::move(*placing));
  } else if (auto* ask = std::get_if<core::AskPos>(&effect)) {
    outside_.pos.receive({core::PosRequest::ask, ask->order, ask->attempt, std::move(ask->key), {}});
  } else if (const auto* health = std::get_if<core::CheckPosHealth>(&effect)) {
    outside_.pos.receive({core::PosRequest::check_health, health->order, health->attempt, {}, {}});
  } else if (auto* voiding = std::get_if<core::VoidOrder>(&effect)) {
    outside_.pos.receive(
        {core::PosRequest::cancel, voiding->order, voiding->attempt, {}, std::move(voiding->pos_reference)});
  } else if (auto* watch = std::get_if<core::WatchOrder>(&effect)) {
    outside_.pos.receive(
        {core::PosRequest::watch, watch->order, watch->attempt, {}, std::move(watch->pos_reference)});
  }
  step();
}

/// The bytes that go on the wire; the world needs none of them.
void Station::write_out(const core::Effect& effect) const {
  own([&] {
    if (const auto* answer = std::get_if<core::Answer>(&effect)) {
      if (is_filled(*answer)) static_cast<void>(codec::order_reply(*answer));
    } else if (const auto* placing = std::get_if<core::PlaceOrder>(&effect)) {
      static_cast<void>(codec::request_of(*placing));
    } else if (const auto* ask = std::get_if<core::AskPos>(&effect)) {
      static_cast<void>(codec::request_of(*ask));
    } else if (const auto* voiding = std::get_if<core::VoidOrder>(&effect)) {
      static_cast<void>(codec::request_of(*voiding));
    } else if (const auto* watch = std::get_if<core::WatchOrder>(&effect)) {
      static_cast<void>(codec::request_of(*watch));
    }
  });
}

void Station::place(core::PlaceOrder&& effect) {
  for (auto& [identity, known] : outside_.orders) {
    if (!effect.key.starts_with(known.key)) continue;
    const bool same = effect.key.size() == known.key.size() || effect.reprint;
    if (!same) continue;
    ++known.sent;
    known.given_back = false;
  }
  outside_.pos.receive({core::PosRequest::place, effect.order, effect.attempt, std::move(effect.key), {}});
}

void Station::read_events() {
  const core::OutboxRead read = own([&] { return engine_->outbox().on_read_started(); });
  core::Result<storage::EventPage> page = own([&] { return journal_->read_for(read); });
  const bool of_briefs = read.kind == core::OutboxRead::Kind::briefs;
  if (!page || (page->events.empty() && page->damaged.empty() && !of_briefs)) {
    engine_->outbox().on_read({});
    must_end_ = true;  // the product tries again in a second; here the next process does
    return;
  }
  own([&] {
    engine_->on_events_read({std::move(page->events), page->through, std::move(page->briefs), false});
  });
  publish();
}

void Station::publish() {
  while (const auto event = own([&] { return engine_->outbox().next_to_publish(); })) {
    if (codecs_) own([&] { static_cast<void>(codec::encode_event("cut", *event)); });
    outside_.publish(*event);
    unanswered_.push_back(event->record.position);
    step();
  }
}

void Station::acknowledge(std::size_t at_most) {
  for (; at_most > 0 && !unanswered_.empty(); --at_most) {
    const core::Position position = unanswered_.front();
    unanswered_.erase(unanswered_.begin());
    own([&] { engine_->on_published(position, true); });
    publish();
  }
}

}  // namespace storegate::crash
