// The order of the start, and what the parts tell each other.
#include "app/service.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>
#include <variant>

#include "app/version.hpp"
#include "app/webhooks.hpp"
#include "platform/endpoint.hpp"
#include "platform/local_time.hpp"
#include "platform/log.hpp"
#include "platform/random.hpp"
#include "platform/systemd.hpp"

namespace storegate::app {

namespace {

// SQLite knows a VFS by name in the whole process: one name for each service in it.
std::string vfs_name() {
  static std::atomic<int> count{0};
  return "storegate-" + std::to_string(++count);
}

core::Generator fresh_generator() {
  return core::Generator(std::array<std::uint64_t, 4>{platform::random_seed(), platform::random_seed(),
                                                      platform::random_seed(), platform::random_seed()});
}

core::Result<core::LocalTimeFunction> local_times(const std::string& timezone) {
  auto zone = platform::LocalZone::load(timezone);
  if (!zone) return std::move(zone).error().in("store.timezone");
  return core::LocalTimeFunction([zone = std::move(*zone)](std::int64_t wall_ms) {
    platform::LocalMoment moment = zone.moment(wall_ms);
    return core::LocalTime{std::move(moment.date), moment.weekday, moment.minute};
  });
}

core::Now now_of(const platform::ClockReading& reading) {
  return {reading.steady_ms, reading.wall_ms, reading.wall_trusted, reading.boot_id};
}

}  // namespace

Service::Service(Config config, HousekeepingPace housekeeping)
    : config_(std::move(config)), housekeeping_pace_(housekeeping) {}

core::Result<void> Service::start() {
  auto tls = load_tls(config_);
  if (!tls) return std::move(tls).error();
  tls_ = std::move(tls).value();
  if (auto opened = open_rows(); !opened) return opened;
  join_parts();
  if (auto listening = listen(); !listening) return listening;
  if (auto connecting = connect(); !connecting) return connecting;
  turns_->offer(std::move(started_));
  space_->start();
  housekeeping_->start();
  certificates_->look();
  puller_->look();
  watch();
  platform::systemd_ready();
  platform::log_info("ready", {{"version", version()}, {"store", config_.store.id}, {"port", port()}});
  return {};
}

core::Result<void> Service::open_rows() {
  auto times = local_times(config_.store.timezone);
  if (!times) return std::move(times).error();
  auto vfs = storage::CountingVfs::over(vfs_name());
  if (!vfs) return std::move(vfs).error();
  vfs_.emplace(std::move(*vfs));
  const auto now = now_of(clock_.now());
  auto stock = open_stock(config_, *vfs_, now);
  if (!stock) return std::move(stock).error();
  started_.epoch = stock->loaded.epoch;
  started_.previous_epoch = stock->loaded.previous_epoch;
  started_.why = stock->loaded.created ? "created" : "started";
  started_.version = version();
  platform::log_info("rows loaded", {{"live", stock->loaded.live.size()},
                                     {"ended", stock->loaded.ended.size()},
                                     {"epoch", stock->loaded.epoch},
                                     {"sequence", stock->loaded.last_event.sequence}});
  gauges_.emplace([this] { return levels(); });
  gauges_->rows_damaged(stock->damaged.size());
  engine_.emplace(policy_of(config_), std::move(stock->loaded), fresh_generator(), std::move(*times), now);
  digest_ = std::move(stock->digest);
  store_.emplace(std::move(stock->journal), loop_);
  return {};
}

void Service::join_parts() {
  desk_.emplace(*store_, *gauges_);
  TurnHooks hooks;
  hooks.carry_out = [this](core::Effect&& effect) { carry_out(std::move(effect)); };
  hooks.events_ready = [this] {
    if (uplink_) uplink_->drain();
    if (streams_) streams_->look();
  };
  hooks.sync_failed = [this] { on_sync_failed(); };
  turns_.emplace(*engine_, *store_, loop_, clock_, *gauges_, digest_, std::move(hooks));
  pos_.emplace(loop_, config_.pos, *gauges_, [this](core::Input input) { turns_->offer(std::move(input)); });
  pos_->set_tls(tls_.pos);
  join_partners();
  space_.emplace(config_, loop_, *store_, *turns_);
  certificates_.emplace(
      config_, loop_, *turns_, [this] { return tls_.ends_at_wall_ms(); }, [this] { take_what_has_begun(); });
  housekeeping_.emplace(config_, loop_, *store_, *turns_, *gauges_, *space_, housekeeping_pace_);
  streams_.emplace(loop_, *turns_, *store_, config_);
  api_.emplace(ApiParts{config_, *turns_, *desk_, *store_, *gauges_, started_.epoch,
                        [this] { return readiness(); }, *streams_});
}

void Service::join_partners() {
  const auto offer = [this](core::Input input) { turns_->offer(std::move(input)); };
  const auto now = [this] { return turns_->now(); };
  // The loop waits for no disk: the store's thread writes when it has nothing else to do.
  memory_.emplace(config_.storage.path + ".tokens", [this](std::function<void()> job) {
    store_->submit(Urgency::spare, [job = std::move(job)](storage::Journal&) -> Completion {
      job();
      return {};
    });
  });
  lines_.emplace(PartnerClientParts{loop_, *gauges_, *memory_, now, signed_token});
  lines_->configure(config_, tls_);
  fetcher_.emplace(*lines_, offer);
  teller_.emplace(*lines_, offer);
  puller_.emplace(
      PullerParts{loop_, *lines_, offer, [this](Hearer hear) { return desk_->seat(std::move(hear)); }});
}

core::Result<void> Service::listen() {
  platform::HttpServerOptions options;
  options.body_bytes_max = config_.http.body_bytes_max();
  options.bodies_bytes_max = config_.http.bodies_bytes_max();
  options.connections_max = config_.http.connections_limit();
  options.on_refusal = [this](int status, std::string_view target) {
    return api_->refused_by_server(status, target);
  };
  server_.emplace(loop_, options, [this](platform::HttpRequest request, platform::Responder responder) {
    api_->handle(std::move(request), std::move(responder));
  });
  const auto listen_on = [&](const std::string& address) -> core::Result<std::size_t> {
    auto endpoint = platform::Endpoint::parse(address);
    if (!endpoint) return std::move(endpoint).error().in(address);
    const bool speaks_tls = tls_.http && (address == config_.http.listen || !endpoint->is_loopback());
    auto listener = server_->listen(*endpoint, speaks_tls ? tls_.http : nullptr);
    if (listener && speaks_tls) tls_listeners_.push_back(*listener);
    if (!listener) return std::move(listener).error().in(address);
    beyond_loopback_ = beyond_loopback_ || !endpoint->is_loopback();
    return listener;
  };
  auto public_listener = listen_on(config_.http.listen);
  if (!public_listener) return std::move(public_listener).error().in("http.listen");
  public_listener_ = *public_listener;
  if (!config_.http.admin_listen.empty()) {
    if (auto admin = listen_on(config_.http.admin_listen); !admin)
      return std::move(admin).error().in("http.admin_listen");
    api_->restrict_listener(public_listener_);
  }
  if (config_.http.socket.empty()) return {};
  if (auto socket = listen_on("unix:" + config_.http.socket); !socket)
    platform::log_warn("no Unix socket: the command line needs --api", {{"why", socket.error().context}});
  return {};
}

core::Result<void> Service::connect() {
  if (!config_.mqtt) return {};
  uplink_.emplace(config_, loop_, clock_, *turns_, *desk_, *gauges_);
  uplink_->on_return([this] { puller_->look_again(); });
  if (auto started = uplink_->start(tls_.mqtt); !started) return std::move(started).error().in("mqtt");
  return {};
}

void Service::run() { loop_.run(); }

void Service::carry_out(core::Effect&& effect) {
  if (auto* answer = std::get_if<core::Answer>(&effect)) return desk_->answer(std::move(*answer));
  if (const auto* wrong = std::get_if<core::ReportWrongToken>(&effect)) return report(*wrong);
  if (auto* place = std::get_if<core::PlaceOrder>(&effect)) return pos_->carry_out(std::move(*place));
  if (auto* ask = std::get_if<core::AskPos>(&effect)) return pos_->carry_out(std::move(*ask));
  if (auto* check = std::get_if<core::CheckPosHealth>(&effect)) return pos_->carry_out(*check);
  if (auto* watch = std::get_if<core::WatchOrder>(&effect)) return pos_->carry_out(std::move(*watch));
  if (const auto* list = std::get_if<core::AskPosList>(&effect)) return pos_->carry_out(*list);
  if (auto* fetch = std::get_if<core::FetchOrder>(&effect)) return fetcher_->carry_out(std::move(*fetch));
  if (auto* tell = std::get_if<core::TellPartner>(&effect)) return teller_->carry_out(std::move(*tell));
  pos_->carry_out(std::get<core::VoidOrder>(std::move(effect)));
}

// Never the token itself: it may be nearly right.
void Service::report(const core::ReportWrongToken& wrong) {
  constexpr std::array<std::string_view, 3> sources{"api", "webhook", "mqtt"};
  gauges_->token_refused();
  platform::log_warn(
      "a token that is not this order's was used",
      {{"order", core::text_of(wrong.id)}, {"source", sources[static_cast<std::size_t>(wrong.source)]}});
}

Levels Service::levels() {
  Levels levels;
  const auto& gateway = engine_->gateway();
  const auto counts = gateway.book().count_by_phase();
  for (std::size_t i = 0; i < counts.size() && i < levels.orders_by_phase.size(); ++i)
    levels.orders_by_phase[i] = counts[i];
  const auto& outbox = engine_->outbox();
  levels.events_waiting = static_cast<std::uint64_t>(std::max<std::int64_t>(outbox.waiting(), 0));
  levels.events_ahead = outbox.ahead();
  const Space& space = space_->space();
  if (space.oldest_waiting_wall_ms && levels.events_waiting > 0)
    levels.oldest_event_seconds =
        static_cast<double>(std::max<std::int64_t>(0, clock_.now().wall_ms - *space.oldest_waiting_wall_ms)) /
        1000;
  levels.database_bytes = space.database;
  levels.unused_bytes = space.unused;
  levels.wal_bytes = space.wal;
  levels.reserve_bytes = space.reserve;
  levels.free_bytes = space.free;
  levels.room = gateway.room();
  levels.certificates_end_wall_ms = certificates_->ends_at_wall_ms().value_or(0);
  levels.erased_at_wall_ms = housekeeping_->erased_at_wall_ms();
  levels.events_in_flight = outbox.in_flight();
  levels.early_marks = gateway.book().early_count();
  levels.kitchen_orders = gateway.book().kitchen().orders;
  levels.kitchen_items = gateway.book().kitchen().items;
  levels.orders_watched = gateway.book().watched();
  levels.items_off = gateway.book().stock().count_off();
  levels.callers_waiting = desk_->waiting();
  levels.inputs_waiting = engine_->inputs_waiting();
  levels.orders_turned_away = engine_->orders_turned_away();
  levels.pos_line_due = gateway.book().pos_line().due();
  levels.pos_line_backlog = gateway.book().pos_line().backlog();
  levels.pos_probes = gateway.pos_probes();
  levels.disk = vfs_->counters();
  levels.pos_up = gateway.pos_reachable();
  levels.uplink_up = uplink_ && uplink_->connected();
  levels.stopped = engine_->stopped();
  levels.wall_trusted = clock_.now().wall_trusted;
  levels.http = server_->counters();
  if (uplink_) levels.mqtt = uplink_->counters();
  return levels;
}

std::vector<Check> Service::readiness() const {
  const auto room = engine_->gateway().room();
  const auto live = static_cast<std::int64_t>(engine_->gateway().book().live());
  const core::StoreNow store = engine_->gateway().store_now(turns_->now());
  return {{"serving", !ending_begun_, true},
          {"journal", !engine_->stopped(), true},
          {"disk", room != core::StorageRoom::disk_low, true},
          {"database", room != core::StorageRoom::database_full, true},
          {"orders", live < engine_->gateway().policy().live_orders_max, true},
          {"pos", engine_->gateway().pos_reachable(), false},
          {"uplink", !config_.mqtt || (uplink_ && uplink_->connected()), false},
          {"clock", clock_.now().wall_trusted, false},
          {"hours", store.within_hours, false},
          {"pause", !store.paused, false}};
}

}  // namespace storegate::app
