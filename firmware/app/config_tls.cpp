// Certificates and keys in [http], [mqtt] and [pos]: the files are read once here, so that a person hears at check-config,
// and not at the first connection, that a key is another certificate's, or a certificate's time is over.
#include <string>
#include <string_view>
#include <utility>

#include "app/config_files.hpp"
#include "app/config_sections.hpp"
#include "app/tls.hpp"
#include "platform/clock.hpp"

namespace storegate::app {

namespace {

void warn_of_own(ConfigTable& table, std::string_view at, const SharedTls& tls,
                 const std::string& certificate) {
  const std::string why = why_not_valid(tls, platform::Clock().now());
  if (!why.empty())
    table.warning(at, "the certificate " + certificate + " " + why +
                          ": who verifies it hangs up; put a valid one in its place and reload");
}

void warn_of_open_key(ConfigTable& table, std::string_view at, const std::string& key) {
  if (everybody_reads(key)) table.warning(at, open_to_everybody(key));
}

}  // namespace

void read_listener_tls(ConfigTable& http, const ConfigSurroundings& around, ListenerTls& tls) {
  const ConfigNode* node = http.find("tls", ConfigNode::Kind::table);
  if (node == nullptr) return;
  ConfigTable table = http.inner(*node, "tls");
  table.path("certificate", around, tls.certificate);
  table.path("key", around, tls.key);
  table.path("client_ca", around, tls.client_ca);
  table.report_unknown();
  if (tls.certificate.empty() != tls.key.empty())
    return http.problem("tls", "needs certificate and key together");
  if (!tls.is_on()) {
    if (!tls.client_ca.empty()) http.problem("tls", "client_ca asks for certificate and key too");
    return;
  }
  const auto context = around.tls->listener(tls);
  if (!context) return http.problem("tls", context.error().context);
  warn_of_own(table, "certificate", *context, tls.certificate);
  warn_of_open_key(table, "key", tls.key);
}

void read_peer_tls(ConfigTable& table, const ConfigSurroundings& around, bool used, const std::string& alpn,
                   PeerTls& tls) {
  for (auto [key, path] : {std::pair("ca", &tls.ca), {"certificate", &tls.certificate}, {"key", &tls.key}}) {
    table.path(key, around, *path);
    if (!path->empty() && !used) table.warning(key, "is not used: the address in url is one without TLS");
  }
  if (tls.certificate.empty() != tls.key.empty())
    return table.problem(tls.key.empty() ? "certificate" : "key",
                         "certificate and key are needed together, or neither");
  if (!used) return;
  const auto context = around.tls->peer(tls, alpn);
  if (!context) return table.problem("ca", context.error().context);
  warn_of_own(table, "certificate", *context, tls.certificate);
  if (!tls.key.empty()) warn_of_open_key(table, "key", tls.key);
}

}  // namespace storegate::app
