// What a stranger with sslscan sees of the partners' port; and the same eyes on servers that have something to see.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scan_report.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/openssl_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_store.hpp"

using namespace storegate;
using namespace storegate::support;

namespace {

bool has(const std::vector<std::string>& objections, const std::string& objection) {
  return std::find(objections.begin(), objections.end(), objection) != objections.end();
}

}  // namespace

TEST_CASE("5.5 sslscan sees TLS 1.2 with ECDHE and AEAD on P-256, and nothing else") {
  TlsStore store(STOREGATE_PROGRAM);
  const TempDir folder;
  const std::string xml = scan::sslscan_xml(folder, store.port());
  CAPTURE(xml);
  CHECK(scan::objections_to(xml) == std::vector<std::string>{});
  CHECK(HttpCaller(store.admin_address()).get("/readyz").is(200));
}

TEST_CASE("control: a server with old protocols, CBC and renegotiation is objected to") {
  const TempDir folder;
  make_certificates(folder);
  const OpensslServer server(folder, openssl_weak);
  const auto objections = scan::objections_to(scan::sslscan_xml(folder, server.port()));
  CHECK(has(objections, "protocol tls 1.0"));
  CHECK(has(objections, "protocol tls 1.1"));
  CHECK(has(objections, "protocol tls 1.3"));
  CHECK(has(objections, "cipher TLSv1.2 ECDHE-ECDSA-AES256-SHA384"));
  CHECK(has(objections, "group secp384r1 (NIST P-384)"));
  CHECK(has(objections, "renegotiation"));
}

TEST_CASE("control: keys that are no P-256 are objected to, each alone") {
  for (const char* key : {"rsa:2048", "ec -pkeyopt ec_paramgen_curve:secp384r1"}) {
    CAPTURE(key);
    const TempDir folder;
    make_certificates(folder, key);
    const OpensslServer server(folder, openssl_strict);
    const auto objections = scan::objections_to(scan::sslscan_xml(folder, server.port()));
    CHECK(has(objections,
              std::string(key).starts_with("rsa") ? "certificate RSA " : "certificate EC secp384r1"));
  }
}

TEST_CASE("control: a server of another kind with the same rules finds no objection but its way to refuse") {
  const TempDir folder;
  make_certificates(folder);
  const OpensslServer server(folder, openssl_strict);
  const auto objections = scan::objections_to(scan::sslscan_xml(folder, server.port()));
  CHECK(std::all_of(objections.begin(), objections.end(),
                    [](const std::string& objection) { return objection == "renegotiation"; }));
}
