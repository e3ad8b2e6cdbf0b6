// Service: `storegate run`. Builds every part from a configuration, joins them, and takes them down again in order.
// It must not decide anything about an order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/api.hpp"
#include "app/certificate_watch.hpp"
#include "app/config.hpp"
#include "app/desk.hpp"
#include "app/event_streams.hpp"
#include "app/fetcher.hpp"
#include "app/gauges.hpp"
#include "app/housekeeping.hpp"
#include "app/partner_lines.hpp"
#include "app/partner_memory.hpp"
#include "app/pos_driver.hpp"
#include "app/puller.hpp"
#include "app/space_watch.hpp"
#include "app/stock.hpp"
#include "app/store_thread.hpp"
#include "app/teller.hpp"
#include "app/tls.hpp"
#include "app/turns.hpp"
#include "app/uplink.hpp"
#include "app/vitals.hpp"
#include "core/engine.hpp"
#include "core/result.hpp"
#include "platform/clock.hpp"
#include "platform/http_server.hpp"
#include "platform/loop.hpp"
#include "storage/counting_vfs.hpp"

namespace storegate::app {

/// How a service ended.
enum class Ending : std::uint8_t { running, asked, sync_failed };

/// One store's gateway in this process. The thread that calls run() is the loop's.
class Service {
 public:
  explicit Service(Config config, HousekeepingPace housekeeping = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Opens the journal, folds the rows, listens, begins to connect. On an error nothing is left running.
  [[nodiscard]] core::Result<void> start();

  /// Serves until stop() has been carried out or a failed sync ends it.
  void run();

  /// Begins the orderly end: no new callers, the commit under way and placements in flight end, everyone is
  /// answered. Within 5 s. Any thread; a second call does nothing.
  void stop();

  /// Takes over what can change while running: partners, tokens, certificates, the log level, alarms, limits of the policy.
  /// Everything else stays as it was at start. At once, or when the turn under way has ended; then `done` is called. One that
  /// waits gives way to the next call's, and its `done` is not called. `tls` is what `config` names. Loop thread.
  void reload(Config config, TlsInUse tls, std::function<void()> done = {});

  /// The port of `http.listen`; for a configuration that left the choice to the system.
  [[nodiscard]] std::uint16_t port() const { return server_->bound_port(public_listener_); }
  [[nodiscard]] platform::Loop& loop() noexcept { return loop_; }
  [[nodiscard]] Ending ending() const noexcept { return ending_; }

 private:
  // service.cpp
  [[nodiscard]] core::Result<void> open_rows();
  void join_parts();
  void join_partners();
  [[nodiscard]] core::Result<void> listen();
  [[nodiscard]] core::Result<void> connect();
  void carry_out(core::Effect&& effect);
  void report(const core::ReportWrongToken& wrong);
  [[nodiscard]] Levels levels();
  [[nodiscard]] std::vector<Check> readiness() const;

  // service_end.cpp
  void begin_end();
  void look_for_end();
  void end_now();
  void on_sync_failed();
  void watch();
  [[nodiscard]] VitalSigns vital_signs() const;
  void close_store();
  void take_over(Config config, TlsInUse tls);
  void take_tls(TlsInUse tls);
  void take_what_has_begun();
  void use_tls();
  void take_token(std::string token);

  Config config_;
  platform::Loop loop_;
  platform::Clock clock_;
  std::optional<storage::CountingVfs> vfs_;
  std::optional<Gauges> gauges_;
  std::optional<StoreThread> store_;
  std::optional<core::Engine> engine_;
  std::optional<Desk> desk_;
  std::optional<Turns> turns_;
  std::optional<PosDriver> pos_;
  std::optional<PartnerMemory> memory_;
  std::optional<PartnerLines> lines_;
  std::optional<Fetcher> fetcher_;
  std::optional<Teller> teller_;
  std::optional<Puller> puller_;
  std::optional<Uplink> uplink_;
  TlsInUse tls_;
  TlsInUse tls_to_come_;  // was not taken, since its certificates are yet to begin
  std::optional<CertificateWatch> certificates_;
  std::optional<EventStreams> streams_;
  std::optional<Api> api_;
  HousekeepingPace housekeeping_pace_;
  core::DigestFunction digest_;
  std::optional<SpaceWatch> space_;
  std::optional<Housekeeping> housekeeping_;
  std::optional<platform::HttpServer> server_;
  std::size_t public_listener_ = 0;
  core::GatewayStarted started_;

  Ending ending_ = Ending::running;
  bool ending_begun_ = false;
  bool server_closed_ = false;
  std::chrono::steady_clock::time_point end_since_;
  platform::Timer end_timer_;
  std::vector<std::size_t> tls_listeners_;
  bool beyond_loopback_ = false;  // others than this machine can reach a listener
  platform::Timer watch_timer_;
  Vitals vitals_;
};

/// Reads the configuration, runs a Service under the process's signals, reloads on SIGHUP. Logs everything a person
/// must know. The process's exit status: 0 ended as asked, 1 could not start or had to end, 2 the configuration is
/// not usable.
[[nodiscard]] int run_service(const std::string& config_file);

}  // namespace storegate::app
