// testssl.sh tries everything it knows on the partners' port. No finding of MEDIUM or above may be left, but for those
// that are named here with their reason.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "tests/support/openssl_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_store.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

/// What testssl.sh finds in every store of these tests, and why it is no fault of the port.
const std::map<std::string, std::string> excluded{
    {"cert_revocation", "the CA is the test's own: it publishes no list of revoked certificates"},
    {"security_headers", "they tell a browser what a page may do; this port serves programs, and no page"},
};

struct Finding {
  std::string severity;
  std::string text;
};

/// Findings by id of a run with the tests' CA trusted. Looks up no name and asks nobody but the server.
std::map<std::string, Finding> testssl(const TempDir& folder, const std::string& ca_file, std::uint16_t port,
                                       const std::string& options) {
  run_bash(folder,
           "rm -f findings.json; testssl --add-ca '" + ca_file +
               "' --jsonfile findings.json --color 0 --warnings batch --ip 127.0.0.1 --nodns none " +
               options + " localhost:" + std::to_string(port) + " >words 2>&1 || test -s findings.json",
           20min);
  std::map<std::string, Finding> findings;
  const auto list = boost::json::parse(read_file(folder.file("findings.json")));
  for (const auto& each : list.as_array())
    findings[std::string(each.at("id").as_string())] = {std::string(each.at("severity").as_string()),
                                                        std::string(each.at("finding").as_string())};
  return findings;
}

bool is_serious(const Finding& finding) {
  return finding.severity == "MEDIUM" || finding.severity == "HIGH" || finding.severity == "CRITICAL" ||
         finding.severity == "FATAL";
}

}  // namespace

TEST_CASE("5.5 testssl.sh has no finding of medium or above") {
  TlsStore store(STOREGATE_PROGRAM);
  const TempDir folder;
  const auto findings = testssl(folder, store.file("ca.pem"), store.port(), "");
  for (const auto& [id, finding] : findings) {
    if (excluded.contains(id)) continue;
    CAPTURE(id);
    CHECK_MESSAGE(!is_serious(finding), finding.severity << ": " << finding.text);
  }
  // It did try: what must be among the answers, and good.
  for (const char* id :
       {"TLS1_2", "PFS", "cert_chain_of_trust", "heartbleed", "CCS", "ticketbleed", "ROBOT",
        "secure_client_renego", "CRIME_TLS", "SWEET32", "FREAK", "LOGJAM", "BEAST", "LUCKY13", "RC4"}) {
    CAPTURE(id);
    REQUIRE(findings.contains(id));
    CHECK(findings.at(id).severity == "OK");
  }
  CHECK(HttpCaller(store.admin_address()).get("/readyz").is(200));
}

TEST_CASE("control: it has findings of a server that lets anybody in without a certificate") {
  const TempDir folder;
  make_certificates(folder);
  const OpensslServer server(folder, openssl_weak);
  const auto findings =
      testssl(folder, folder.file("ca.pem"), server.port(), "--protocols --std --server-defaults");
  REQUIRE(findings.contains("cipherlist_aNULL"));
  CHECK(is_serious(findings.at("cipherlist_aNULL")));
}
