// What the doctor sees without a network: clock, files, disk, database, ports.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "app/config_files.hpp"
#include "app/doctor.hpp"
#include "codec/times.hpp"
#include "platform/clock.hpp"
#include "platform/endpoint.hpp"
#include "platform/http_server.hpp"
#include "platform/loop.hpp"
#include "storage/file_head.hpp"

namespace storegate::app {
namespace {

constexpr std::int64_t mib = 1024 * 1024;
constexpr fsfilcnt_t files_least = 16;  // the database's own are four, with what replaces one of them
constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
constexpr const char* state_folder = "/var/lib/storegate";  // of the package's unit

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// Why nobody can listen there; "" if somebody can.
std::string cannot_listen(const std::string& address) {
  const auto endpoint = platform::Endpoint::parse(address);
  if (!endpoint) return endpoint.error().context;
  platform::Loop loop;
  platform::HttpServer server(loop, {}, [](platform::HttpRequest, platform::Responder) {});
  const auto listener = server.listen(*endpoint);
  return listener ? std::string() : listener.error().context;
}

Diagnosis examine_port(const std::string& key, const std::string& address, bool is_running) {
  const std::string at = key + " " + address;
  const std::string why = cannot_listen(address);
  if (why.empty() && is_running)
    return {"port", Health::doubt, at + " is free: the running service does not listen there yet",
            "systemctl restart storegate"};
  if (why.empty()) return {"port", Health::good, at + " is free"};
  if (is_running && is_storegate_at(address)) return {"port", Health::good, at + " is the running service's"};
  if (why.find(std::strerror(EACCES)) != std::string::npos)
    return {"port", Health::bad, at + ": " + why,
            "ports below 1024 are not the service's to take: choose one from 1024 on, such as 8443, and let "
            "the router or a proxy lead the other there"};
  const std::string port = address.substr(address.rfind(':') + 1);
  return {
      "port", Health::bad, at + ": " + why,
      "ss -ltnp 'sport = :" + port + "' names who has the port: end that program, or choose another port"};
}

}  // namespace

TimeKeeper time_keeper() noexcept {
  if (::access(platform::timesyncd_mark, F_OK) == 0) return TimeKeeper::timesyncd;
  return platform::Clock::is_kept() ? TimeKeeper::another : TimeKeeper::nobody;
}

Diagnosis examine_clock(std::int64_t wall_ms, TimeKeeper keeper) {
  const std::string shows = "the clock shows " + codec::time_text(wall_ms);
  if (wall_ms < platform::wall_floor_ms)
    return {"clock", Health::bad, shows + ", which is long past",
            "timedatectl set-ntp true; without a network: timedatectl set-time 'YYYY-MM-DD HH:MM:SS'"};
  if (keeper == TimeKeeper::nobody)
    return {"clock", Health::doubt, shows + "; no time service says that it keeps it",
            "if that is wrong: timedatectl set-ntp true"};
  if (keeper == TimeKeeper::another)
    return {
        "clock", Health::doubt, shows + ", kept by another service than systemd-timesyncd",
        "the sandbox hides that from storegate, and then the age of signed webhooks is not judged, unless "
        "/usr/share/doc/storegate/examples/clock.conf is in /etc/systemd/system/storegate.service.d"};
  return {"clock", Health::good, shows + ", kept by a time service"};
}

Diagnosis examine_keys(const Config& config) {
  std::vector<std::string> keys{config.http.tls.key, config.pos.tls.key};
  if (config.mqtt) keys.push_back(config.mqtt->tls.key);
  for (const std::string& key : keys) {
    if (!key.empty() && everybody_reads(key))
      return {"permissions", Health::bad, key + " is a key that everybody may read",
              "chgrp storegate and chmod 640 that file"};
  }
  return {"permissions", Health::good, "every file that is named can be read, and no key by everybody"};
}

Diagnosis examine_certificates(const Config& config, const TlsInUse& tls, std::int64_t wall_ms) {
  const auto ends = tls.ends_at_wall_ms();
  if (!ends) return {"certificates", Health::good, "the store has none of its own"};
  const std::string when = "the first of the store's own ends at " + codec::time_text(*ends);
  const std::string renew = "put a new one in its place, then: systemctl reload storegate";
  if (*ends <= wall_ms) return {"certificates", Health::bad, when + ", which is past", renew};
  if (*ends - wall_ms < config.alarm.certificate_days * day_ms)
    return {"certificates", Health::doubt, when, renew};
  return {"certificates", Health::good, when};
}

Diagnosis examine_disk(const StorageConfig& storage) {
  const std::string folder = folder_of(storage.path);
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0)
    return {"disk", Health::bad, folder + ": " + std::strerror(errno),
            "make it the service's own: "
            "install -d -o storegate -g storegate -m 750 " +
                folder};
  if ((disk.f_flag & ST_RDONLY) != 0)
    return {"disk", Health::bad, folder + " is on a file system that cannot be written",
            "dmesg tells whether the card failed (then replace it); else put storage.path where it can be "
            "written"};
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return {"permissions", Health::bad, folder + " may not be written by the service",
            "chown storegate:storegate and chmod 750 that folder"};
  const auto free_mib =
      static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize) / mib;
  const std::string room = std::to_string(free_mib) + " MiB free at " + folder;
  const std::string least = "new orders are refused below " + std::to_string(storage.min_free_mib) + " MiB";
  const std::string clean =
      "free some: journalctl --vacuum-size=50M, apt clean; du -xh / | sort -h | tail shows what is large";
  if (free_mib < storage.min_free_mib) return {"disk", Health::bad, room + ": " + least, clean};
  if (free_mib < 4 * storage.min_free_mib) return {"disk", Health::doubt, room + ": " + least, clean};
  // A file system that makes inodes as it needs them counts none.
  if (disk.f_files > 0 && disk.f_favail < files_least)
    return {
        "disk", Health::bad, room + ", and for " + std::to_string(disk.f_favail) + " more files",
        "too many small files: df -i; find / -xdev -printf '%h\\n' | sort | uniq -c | sort -n | tail names "
        "the folders that have them"};
  return {"disk", Health::good, room};
}

std::optional<Diagnosis> examine_sandbox(const StorageConfig& storage) {
  const std::string folder = std::filesystem::path(folder_of(storage.path)).lexically_normal().string();
  const std::string own = state_folder;
  if (folder == own || folder.starts_with(own + "/")) return {};
  return Diagnosis{"sandbox", Health::doubt,
                   folder + " is outside of " + own + ": the package's unit may not write there by itself",
                   "systemctl edit storegate, and there under [Service]: ReadWritePaths=" + folder +
                       " in a drop-in; if it is there already, all is well"};
}

Diagnosis examine_database(const StorageConfig& storage, bool is_running) {
  const std::string& file = storage.path;
  for (const char* part : {"", "-wal"}) {
    const std::string path = file + part;
    if (::access(path.c_str(), F_OK) == 0 && ::access(path.c_str(), R_OK | W_OK) != 0)
      return {"permissions", Health::bad, path + " may not be written by the service",
              "chown storegate:storegate that file"};
  }
  const auto head = storage::read_head(file);
  if (!head && head.error().code == core::ErrorCode::not_found)
    return {"database", Health::good, file + " is made at the first start"};
  if (!head) return {"database", Health::bad, head.error().context, "name a file in storage.path"};
  if (head->in_use && is_running) return {"database", Health::good, file + " is the running service's"};
  if (head->in_use)
    return {"database", Health::doubt, file + " is open in another program, or the service is just starting",
            "fuser " + file + " names it (package psmisc): the service cannot start beside it"};
  if (head->empty) return {"database", Health::good, file + " is empty: nothing was stored yet"};
  if (head->is_database && !head->has_tables && head->application_id == 0)
    return {"database", Health::good, file + " is new: nothing was stored yet"};
  if (!head->is_ours())
    return {"database", Health::bad, file + " is no database of storegate",
            "if it was one: stop the service, then storegate salvage " + file +
                "; else choose another storage.path"};
  if (head->is_newer())
    return {"database", Health::bad,
            file + " is of schema version " + std::to_string(head->schema_version) +
                ", written by a newer storegate",
            "install that version again; this one leaves the file as it is"};
  return {"database", Health::good, file + " is storegate's"};
}

std::vector<Diagnosis> examine_ports(const HttpConfig& http, bool is_running) {
  std::vector<Diagnosis> ports{examine_port("http.listen", http.listen, is_running)};
  if (!http.admin_listen.empty())
    ports.push_back(examine_port("http.admin_listen", http.admin_listen, is_running));
  return ports;
}

}  // namespace storegate::app
