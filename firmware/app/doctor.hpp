// storegate doctor: tries what a configuration names (files, disk, clock, ports, broker, POS) and says what a person should do.
// It changes nothing, and takes no orders. What is looked at is looked at as the service's own user, but outside of the unit's
// sandbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.hpp"
#include "app/cli_request.hpp"
#include "app/config.hpp"
#include "app/tls.hpp"

namespace storegate::app {

/// good; doubt: it works, but somebody should know; bad: the store does not work until something is done.
enum class Health : std::uint8_t { good, doubt, bad };

/// One thing that was looked at.
struct Diagnosis {
  std::string what;  // "broker"
  Health health = Health::good;
  std::string found;
  std::string advice = {};  // what to do; "" where nothing is to be done
};

/// Who says that the wall clock is kept. The unit's sandbox leaves the service systemd-timesyncd's word alone
/// (platform::Clock::is_kept).
enum class TimeKeeper : std::uint8_t { nobody, timesyncd, another };
[[nodiscard]] TimeKeeper time_keeper() noexcept;

/// The device: nothing here leaves it. `is_running`: the service answers at its socket, and should have the ports.
[[nodiscard]] Diagnosis examine_clock(std::int64_t wall_ms, TimeKeeper keeper);
[[nodiscard]] Diagnosis examine_keys(const Config& config);
[[nodiscard]] Diagnosis examine_certificates(const Config& config, const TlsInUse& tls, std::int64_t wall_ms);
[[nodiscard]] Diagnosis examine_disk(const StorageConfig& storage);
/// What the unit's sandbox keeps from the service and nobody sees from outside; nothing = nothing.
[[nodiscard]] std::optional<Diagnosis> examine_sandbox(const StorageConfig& storage);
[[nodiscard]] Diagnosis examine_database(const StorageConfig& storage, bool is_running);
[[nodiscard]] std::vector<Diagnosis> examine_ports(const HttpConfig& http, bool is_running);

/// Whether a storegate answers at an address that is taken; it is asked without TLS, whatever it speaks. Up to 3 s.
[[nodiscard]] bool is_storegate_at(const std::string& address);

/// Logs in and subscribes under a name of its own, and leaves again; up to 12 s.
[[nodiscard]] Diagnosis examine_broker(const Config& config, const TlsInUse& tls);
struct PosVisit {
  Diagnosis pos;
  std::string date = {};  // the Date header of its first answer, whatever that was; "" = none
};
/// Asks for its health and, where it can be asked for orders, for one that there is not; up to twice pos.timeout_ms.
[[nodiscard]] PosVisit visit_pos(const PosConfig& pos, const TlsInUse& tls);
/// The clock beside that of somebody who has just answered with this Date header; nothing where the text is no date or
/// the two agree.
[[nodiscard]] std::optional<Diagnosis> examine_clock_beside(const std::string& who, std::string_view date,
                                                            std::int64_t wall_ms);

/// The command. done: nothing is bad; refused: something is; bad_usage: the configuration cannot be used.
[[nodiscard]] ExitStatus doctor(const CliRequest& request, CliWorld& world);

}  // namespace storegate::app
