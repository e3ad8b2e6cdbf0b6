// TLS contexts from the files that a configuration names. It must not know who listens or calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "app/config.hpp"
#include "core/result.hpp"
#include "platform/clock.hpp"
#include "platform/tls_context.hpp"

namespace storegate::app {

using SharedTls = std::shared_ptr<const platform::TlsContext>;

/// Whom a peer's certificate is trusted by where the configuration says nothing: Debian's package ca-certificates.
inline constexpr const char* system_ca_file = "/etc/ssl/certs/ca-certificates.crt";
/// What HTTP and MQTT peers are told that we speak (RFC 7301).
inline constexpr const char* http_alpn = "http/1.1";
inline constexpr const char* mqtt_alpn = "";

/// Whether the address is one with TLS, by whichever of its names.
[[nodiscard]] bool speaks_tls(const PosConfig& pos);
[[nodiscard]] bool speaks_tls(const MqttConfig& mqtt);
[[nodiscard]] bool speaks_tls(const PartnerApiConfig& api);

/// Everything a service speaks TLS with; nullptr where it does not.
struct TlsInUse {
  SharedTls http, pos, mqtt;
  std::map<std::string, SharedTls>
      partners;  // to their APIs, by the file of whom to trust; "" = the system's
  /// When the first of our own certificates ends, Unix time in milliseconds; nothing = there is none.
  [[nodiscard]] std::optional<std::int64_t> ends_at_wall_ms() const;
};

/// Reads the files of one configuration. What several peers are verified by is read, and takes memory, once: the system's
/// bundle is a hundred certificates and more.
class TlsLoader {
 public:
  /// nullptr if it is not on. Errors of all three: invalid, which file and what is wrong with it; failed, no memory.
  [[nodiscard]] core::Result<SharedTls> listener(const ListenerTls& tls);
  [[nodiscard]] core::Result<SharedTls> peer(const PeerTls& tls, const std::string& alpn);
  [[nodiscard]] core::Result<TlsInUse> all(const Config& config);

 private:
  std::map<std::tuple<std::string, std::string, std::string>, core::Result<SharedTls>> listeners_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, core::Result<SharedTls>> peers_;
};

/// TlsLoader::all, by a loader of its own.
[[nodiscard]] core::Result<TlsInUse> load_tls(const Config& config);

/// Why our own certificate is of no use now: "has ended on …", "begins on …"; "" if it is valid, if we have none, or if nobody
/// knows what time it is.
[[nodiscard]] std::string why_not_valid(const SharedTls& tls, const platform::ClockReading& now);

/// Which of the two goes on: the fresh one, unless its certificate is of no use now and the old one's is good.
[[nodiscard]] SharedTls better_of(const SharedTls& old, const SharedTls& fresh,
                                  const platform::ClockReading& now);

/// What is kept of a fresh one that is not taken: itself if its certificate is yet to begin, else nothing.
[[nodiscard]] SharedTls kept_for_later(const SharedTls& fresh, const platform::ClockReading& now);
/// Puts what was kept into its place once that is better. True: it did, and nothing is kept any more.
[[nodiscard]] bool take_kept(SharedTls& in_use, SharedTls& kept, const platform::ClockReading& now);

}  // namespace storegate::app
