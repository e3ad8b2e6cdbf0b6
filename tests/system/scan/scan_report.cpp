// sslscan's elements are one a line and have no children that matter: attributes by name are enough.
#include "scan_report.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "tests/support/tls_store.hpp"

namespace storegate::scan {
namespace {

/// The start tags of one name, each as it stands.
std::vector<std::string> tags(const std::string& xml, const std::string& name) {
  std::vector<std::string> found;
  std::istringstream lines(xml);
  for (std::string line; std::getline(lines, line);)
    if (const auto at = line.find("<" + name + " "); at != std::string::npos)
      found.push_back(line.substr(at));
  return found;
}

/// An attribute's value; "" if it is not there.
std::string attribute(const std::string& tag, const std::string& name) {
  const std::string start = " " + name + "=\"";
  const auto at = tag.find(start);
  if (at == std::string::npos) return {};
  const auto from = at + start.size();
  return tag.substr(from, tag.find('"', from) - from);
}

bool is_one_of(const std::string& value, std::initializer_list<std::string_view> good) {
  return std::find(good.begin(), good.end(), value) != good.end();
}

void judge_protocols(const std::string& xml, std::vector<std::string>& objections) {
  bool speaks_1_2 = false;
  for (const auto& tag : tags(xml, "protocol")) {
    if (attribute(tag, "enabled") == "0") continue;
    const std::string protocol = attribute(tag, "type") + " " + attribute(tag, "version");
    if (protocol == "tls 1.2")
      speaks_1_2 = true;
    else
      objections.push_back("protocol " + protocol);
  }
  if (!speaks_1_2) objections.emplace_back("no tls 1.2");
}

void judge_ciphers(const std::string& xml, std::vector<std::string>& objections) {
  const auto ciphers = tags(xml, "cipher");
  if (ciphers.empty()) objections.emplace_back("no cipher");
  for (const auto& tag : ciphers) {
    const std::string name = attribute(tag, "cipher");
    const bool is_aead = name.ends_with("-CHACHA20-POLY1305") || name.find("-GCM-SHA") != std::string::npos;
    if (attribute(tag, "sslversion") != "TLSv1.2" || !name.starts_with("ECDHE-ECDSA-") || !is_aead)
      objections.push_back("cipher " + attribute(tag, "sslversion") + " " + name);
    if (!is_one_of(attribute(tag, "curve"), {"25519", "P-256"}))
      objections.push_back("cipher " + name + " with curve " + attribute(tag, "curve"));
  }
  for (const auto& tag : tags(xml, "group"))
    if (!is_one_of(attribute(tag, "name"), {"x25519", "secp256r1 (NIST P-256)"}))
      objections.push_back("group " + attribute(tag, "name"));
}

void judge_certificate(const std::string& xml, std::vector<std::string>& objections) {
  const auto keys = tags(xml, "pk");
  if (keys.empty()) objections.emplace_back("no certificate");
  for (const auto& tag : keys)
    if (attribute(tag, "type") != "EC" || attribute(tag, "curve_name") != "prime256v1")
      objections.push_back("certificate " + attribute(tag, "type") + " " + attribute(tag, "curve_name"));
  if (xml.find("<signature-algorithm>ecdsa-with-SHA256<") == std::string::npos)
    objections.emplace_back("certificate not signed by ECDSA with SHA-256");
  if (xml.find("<expired>false<") == std::string::npos) objections.emplace_back("certificate expired");
}

/// What may be told in one attribute each. sslscan writes `compression` only where its OpenSSL could compress.
void judge_habits(const std::string& xml, std::vector<std::string>& objections) {
  const auto renegotiations = tags(xml, "renegotiation");
  if (renegotiations.empty()) objections.emplace_back("renegotiation not looked at");
  for (const auto& tag : renegotiations)
    if (attribute(tag, "supported") != "0") objections.emplace_back("renegotiation");
  const auto heartbeats = tags(xml, "heartbleed");
  if (heartbeats.empty()) objections.emplace_back("heartbleed not looked at");
  for (const auto& tag : heartbeats)
    if (attribute(tag, "vulnerable") != "0") objections.emplace_back("heartbleed");
  for (const auto& tag : tags(xml, "compression"))
    if (attribute(tag, "supported") != "0") objections.emplace_back("compression");
}

}  // namespace

std::string sslscan_xml(const support::TempDir& folder, std::uint16_t port) {
  support::run_bash(folder, "rm -f scan.xml; sslscan --no-colour --show-times --xml=scan.xml 127.0.0.1:" +
                                std::to_string(port));
  const std::string xml = support::read_file(folder.file("scan.xml"));
  if (xml.find("<ssltest ") == std::string::npos) throw std::runtime_error("sslscan saw no server: " + xml);
  return xml;
}

std::vector<std::string> objections_to(const std::string& xml) {
  std::vector<std::string> objections;
  judge_protocols(xml, objections);
  judge_ciphers(xml, objections);
  judge_certificate(xml, objections);
  judge_habits(xml, objections);
  return objections;
}

}  // namespace storegate::scan
