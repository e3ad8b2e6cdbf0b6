// Certificates and keys in [http], [mqtt] and [pos]: the files are read once here, so that a person hears at check-config,
// and not at the first connection, that a key is another certificate's.
#include <string>
#include <string_view>
#include <utility>

#include "app/config_sections.hpp"
#include "app/tls.hpp"

namespace storegate::app {

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
  if (const auto context = listener_context(tls); !context) http.problem("tls", context.error().context);
}

void read_peer_tls(ConfigTable& table, const ConfigSurroundings& around, bool used, std::string alpn,
                   PeerTls& tls) {
  for (auto [key, path] : {std::pair("ca", &tls.ca), {"certificate", &tls.certificate}, {"key", &tls.key}}) {
    table.path(key, around, *path);
    if (!path->empty() && !used) table.warning(key, "is not used: the address in url is one without TLS");
  }
  if (tls.certificate.empty() != tls.key.empty())
    return table.problem(tls.key.empty() ? "certificate" : "key",
                         "certificate and key are needed together, or neither");
  if (!used) return;
  if (const auto context = peer_context(tls, std::move(alpn)); !context)
    table.problem("ca", context.error().context);
}

}  // namespace storegate::app
