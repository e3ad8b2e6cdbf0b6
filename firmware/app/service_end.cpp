// How a service ends, is reloaded, and shows that it is alive.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "app/failed_sync.hpp"
#include "app/service.hpp"
#include "platform/log.hpp"
#include "platform/systemd.hpp"

namespace storegate::app {

namespace {
using std::chrono::milliseconds;

// Together below the 5 s that SIGTERM is given.
constexpr milliseconds answers_within{2'500};  // commit under way, placements in flight
constexpr milliseconds close_within{3'000};    // connections
constexpr milliseconds presence_within{1'000};
constexpr milliseconds store_within{800};
constexpr milliseconds look_every{10};
// After a failed sync everyone hears 503 and /readyz says so for as long; then the supervisor starts us anew, and
// that start drops what the page cache holds wrongly.
constexpr milliseconds linger_after_failed_sync{10'000};
}  // namespace

Service::~Service() {
  server_.reset();
  uplink_.reset();
  pos_.reset();
  puller_.reset();
  lines_.reset();
  close_store();
}

void Service::stop() {
  loop_.post([this] { begin_end(); });
}

void Service::begin_end() {
  if (std::exchange(ending_begun_, true)) return;
  platform::systemd_stopping();
  platform::log_info("ending");
  end_since_ = std::chrono::steady_clock::now();
  housekeeping_->stop();
  space_->stop();
  pos_->close();
  puller_->close();
  lines_->close();
  if (uplink_) uplink_->close_door();
  server_->stop(close_within, [this] { server_closed_ = true; });
  look_for_end();
}

void Service::look_for_end() {
  const auto spent = std::chrono::steady_clock::now() - end_since_;
  if (spent >= answers_within) desk_->dismiss_all();
  const bool idle = !engine_->turn_open() && !engine_->wants_turn(turns_->now()) && desk_->waiting() == 0 &&
                    pos_->in_flight() == 0 && teller_->in_flight() == 0;
  if ((server_closed_ && idle) || spent >= close_within + look_every) return end_now();
  end_timer_ = loop_.after(look_every, [this] { look_for_end(); });
}

void Service::end_now() {
  desk_->dismiss_all();
  if (ending_ == Ending::running) ending_ = Ending::asked;
  if (!uplink_) return loop_.stop();
  uplink_->stop(presence_within, [this] { loop_.stop(); });
}

void Service::close_store() {
  if (!store_ || store_->stop(store_within)) return;
  // A card that hangs holds its thread in the kernel, and the process with it. The journal stands a cut at any
  // moment, so this end is as good as any other.
  platform::log_error("the disk does not answer: ending without it");
  std::_Exit(EXIT_FAILURE);
}

void Service::on_sync_failed() {
  platform::log_error("a sync to disk failed: nothing more is taken, a restart follows");
  if (auto left = leave_marker(failed_sync_marker(config_.http.socket)); !left)
    platform::log_error("the failed sync cannot be marked", {{"why", left.error().context}});
  ending_ = Ending::sync_failed;
  if (ending_begun_) return;  // already on its way out
  end_timer_ = loop_.after(linger_after_failed_sync, [this] { begin_end(); });
}

VitalSigns Service::vital_signs() const {
  VitalSigns signs;
  signs.at = std::chrono::steady_clock::now();
  signs.store_busy = store_->busy();
  signs.jobs = store_->jobs_done();
  signs.turn_open = engine_->turn_open();
  signs.commits = turns_->commits_told();
  signs.uplink_wanted = uplink_.has_value() && !ending_begun_;
  if (!uplink_) return signs;
  const auto uplink = uplink_->counters();
  signs.uplink_connected = uplink.connected;
  signs.uplink_in_flight = uplink_->awaits_acknowledgement();
  signs.uplink_moves =
      uplink.connects + uplink.attempts_failed + uplink.disconnects + uplink.received + uplink.acknowledged;
  return signs;
}

void Service::watch() {
  const auto interval = platform::watchdog_interval();
  // The end takes seconds, and a supervisor that listens no more would hold it up.
  if (interval <= interval.zero() || ending_begun_) return;
  // The timer shows that the loop turns.
  if (vitals_.get_on(vital_signs())) platform::systemd_alive();
  watch_timer_ = loop_.after(interval, [this] { watch(); });
}

// New connections take the new files; those that are there keep theirs. What is spoken where stays as it was at the start: an
// address that the new file makes one without TLS says nothing of whom to trust at the old one, used until then.
void Service::take_tls(TlsInUse tls) {
  const auto now = clock_.now();
  const auto take = [&now](std::string_view where, SharedTls& old, const SharedTls& fresh,
                           SharedTls& to_come) {
    to_come = nullptr;
    if (!old || !fresh) return;
    const SharedTls better = better_of(old, fresh, now);
    if (better != fresh) {
      to_come = kept_for_later(fresh, now);
      platform::log_error("the new certificate is not taken: the old one stays",
                          {{"where", where},
                           {"why", "it " + why_not_valid(fresh, now)},
                           {"then", to_come ? "it is taken within an hour of that" : "put another there"}});
    }
    old = better;
  };
  if ((tls.http == nullptr) != (tls_.http == nullptr))
    platform::log_error("http.tls is turned on and off at a start only: it stays as it was",
                        {{"listen", config_.http.listen}});
  take("http.tls", tls_.http, tls.http, tls_to_come_.http);
  take("pos", tls_.pos, tls.pos, tls_to_come_.pos);
  take("mqtt", tls_.mqtt, tls.mqtt, tls_to_come_.mqtt);
  tls_.partners = std::move(tls.partners);
  use_tls();
  certificates_->look();
}

void Service::take_what_has_begun() {
  const auto now = clock_.now();
  bool any = false;
  const auto take = [&](std::string_view where, SharedTls& in_use, SharedTls& kept) {
    if (!take_kept(in_use, kept, now)) return;
    any = true;
    platform::log_info("the certificate that was yet to begin is taken", {{"where", where}});
  };
  take("http.tls", tls_.http, tls_to_come_.http);
  take("pos", tls_.pos, tls_to_come_.pos);
  take("mqtt", tls_.mqtt, tls_to_come_.mqtt);
  if (any) use_tls();
}

void Service::use_tls() {
  for (const std::size_t listener : tls_listeners_) server_->replace_tls(listener, tls_.http);
  pos_->set_tls(tls_.pos);
  if (uplink_) uplink_->set_tls(tls_.mqtt);
}

// Where this process listens was fixed at its start: a file that may do without a token, since it names loopback alone, does
// not open the listener that is there to everyone.
void Service::take_token(std::string token) {
  if (token.empty() && beyond_loopback_ && !config_.http.admin_token.empty()) {
    platform::log_error("the admin token stays until a restart: others than this machine can connect",
                        {{"listen", config_.http.listen}});
    return;
  }
  config_.http.admin_token = std::move(token);
}

void Service::take_over(Config config, TlsInUse tls) {
  config_.partners = std::move(config.partners);
  take_token(std::move(config.http.admin_token));
  config_.log = config.log;
  config_.alarm = config.alarm;
  config_.store.prep_minutes = config.store.prep_minutes;
  config_.store.kitchen_capacity = config.store.kitchen_capacity;
  config_.store.kitchen_items = config.store.kitchen_items;
  config_.store.test_orders = config.store.test_orders;
  config_.store.hours = std::move(config.store.hours);
  take_tls(std::move(tls));
  lines_->configure(config_, tls_);
  config_.pos.push_token = std::move(config.pos.push_token);
  config_.pos.token = config.pos.token;
  pos_->set_token(std::move(config.pos.token));
  if (const auto level = platform::log_level_from(config_.log.level)) platform::log_set_level(*level);
  engine_->gateway().set_policy(policy_of(config_), turns_->now());
  puller_->look();
  turns_->wake();
  platform::log_info("configuration reloaded");
}

void Service::reload(Config config, TlsInUse tls, std::function<void()> done) {
  // The turn under way was decided by the old policy.
  turns_->between_turns(
      [this, config = std::move(config), tls = std::move(tls), done = std::move(done)]() mutable {
        if (!ending_begun_) take_over(std::move(config), std::move(tls));
        if (done) done();
      });
}

}  // namespace storegate::app
