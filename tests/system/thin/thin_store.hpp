// ThinStore: storegate with one partner that only announces its orders: webhooks signed by openssl, and a double of its API
// behind TLS.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/system/thin/partner_api.hpp"
#include "tests/unit/platform/tls_certificates.hpp"

namespace storegate::thin_test {

using namespace storegate::support;

inline constexpr std::chrono::seconds soon{30};
inline constexpr const char* secret = "the-secret-of-the-test";

/// How one of the partners that only announce their orders speaks.
struct Partner {
  std::string name;
  std::string order_id;      // of its fixtures
  std::string path;          // of its API, in front of the order's id
  std::string announcement;  // its webhook, of the fixtures
  std::string signature;     // the header with the hexadecimal HMAC of the body
  std::string api;           // keys of [partner.api] beside url and ca
  std::string promise;       // the member of its order whose time is over by now
  std::string currency = "USD";
  bool answers_directly = true;
};

/// Keys to sign in with for a token; the secret's file is filled in.
inline constexpr const char* by_client =
    "client_id = \"store\"\nclient_secret_file = \"SECRET\"\ntoken_url = \"URL/oauth/token\"\n";

inline const Partner uber_eats{
    "uber_eats",
    "7b1f6c0a-52d4-4a5e-9c1b-0f3e2d4c5a61",
    "/v2/eats/order/",
    "notification.json",
    "X-Uber-Signature",
    by_client + std::string("store_id = \"e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11\"\n"),
    "estimated_ready_for_pickup_at"};
inline const Partner rbi{"rbi",
                         "ord-7Q4",
                         "/orders/channel/",
                         "order_updated.json",
                         "X-Signature",
                         "secret_file = \"TOKEN\"\n",
                         "readyInSeconds",
                         "USD",
                         false};
inline const Partner open_delivery{
    "open_delivery",
    "3c9e1f57-8a2d-4b6c-b1d0-7f8e9a0b1c23",
    "/v1/orders/",
    "created.json",
    "X-App-Signature",
    by_client + std::string("merchant_id = \"12345678000199-0c1d\"\npull_interval_s = 0\n"),
    "estimatedDeliveryDateTime",
    "BRL"};

inline std::string fixture(const Partner& partner, const std::string& name) {
  return std::string(STOREGATE_FIXTURES) + "/partners/" + partner.name + "/" + name;
}

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, what);
  return text.replace(at, what.size(), with);
}

class ThinStore {
 public:
  /// `more`: further sections of the configuration.
  explicit ThinStore(Partner which = uber_eats, std::string more = {})
      : more_(std::move(more)), partner(std::move(which)) {
    const auto own = root_.issue();
    write("ca.pem", root_.certificate());
    write("api.crt", own.certificate);
    write("api.key", own.key);
    write("secret", std::string(secret) + "\n");
    write("token", "token-7\n");
    api.emplace(folder_.file("api.crt"), folder_.file("api.key"));
  }

  /// What the partner's section says, with its API where the double listens.
  [[nodiscard]] std::string section() const {
    std::string keys = partner.api;
    for (const auto& [word, value] :
         {std::pair("URL", api->url()), {"SECRET", folder_.file("secret")}, {"TOKEN", folder_.file("token")}})
      if (keys.find(word) != std::string::npos) keys = replaced(keys, word, value);
    return "[[partner]]\nname = \"" + partner.name + "\"\nrelease = \"on_event\"\nsecret_files = [\"" +
           folder_.file("secret") + "\"]\nanswer = \"" + (partner.answers_directly ? "direct" : "cloud") +
           "\"\n[partner.api]\nurl = \"" + api->url() + "\"\n" + keys + "ca = \"" + folder_.file("ca.pem") +
           "\"\n";
  }
  void configure(const std::string& http_keys, const std::string& sections) {
    write("storegate.toml",
          "[store]\nid = \"thin\"\ncurrency = \"" + partner.currency + "\"\n[storage]\npath = \"" +
              folder_.file("orders.db") +
              "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
              "\"\nsocket = \"\"\n" + http_keys + "[pos]\nurl = \"http://127.0.0.1:9\"\n" + more_ + sections);
  }

  /// With the partner, unless another configuration was written.
  void start(const ProcessOptions& with = {}) {
    if (read_file(folder_.file("storegate.toml")).empty()) configure("", section());
    ProcessOptions options = with;
    options.stderr_path = folder_.file("log");
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")}, options);
    eventually("storegate is ready", soon, [&] { return admin.get("/readyz").is(200); });
  }
  void kill() {
    ::kill(gateway_->pid(), SIGKILL);
    REQUIRE(gateway_->wait(soon));
    admin.close();
  }

  /// The status of a webhook that openssl signed.
  int webhook(const std::string& name) {
    const std::string output = folder_.file("signature");
    write("signature", "");
    Process sign("bash",
                 {"-c", "openssl dgst -sha256 -hmac \"$SECRET\" -r \"$1\" | cut -d' ' -f1 | tr -d '\\n'",
                  "bash", fixture(partner, name)},
                 ProcessOptions{.environment = {{"SECRET", secret}}, .stdout_path = output});
    const auto ended = sign.wait(soon);
    REQUIRE(ended);
    REQUIRE(ended->clean());
    return admin
        .post("/v1/partners/" + partner.name + "/webhook", read_file(fixture(partner, name)),
              {{partner.signature, read_file(output)}})
        .status;
  }

  /// The only order's phase, "" = there is none.
  std::string phase() {
    const std::string body = admin.get("/v1/orders?partner=" + partner.name).body;
    constexpr std::string_view member = R"("phase":")";
    const auto at = body.find(member);
    if (at == std::string::npos) return {};
    CHECK(body.find(member, at + 1) == std::string::npos);
    const auto from = at + member.size();
    return body.substr(from, body.find('"', from) - from);
  }
  void until(const std::string& wanted) {
    std::string last;
    try {
      eventually("the order is " + wanted, soon, [&] { return (last = phase()) == wanted; });
    } catch (const std::exception&) {
      FAIL("the order is '" << last << "', and was to be " << wanted << ": "
                            << admin.get("/v1/orders?partner=" + partner.name).body << log());
    }
  }
  /// The path by which its order is asked for, or something of it told.
  [[nodiscard]] std::string order_path(const std::string& what = {}) const {
    return partner.path + partner.order_id + what;
  }
  /// The order without the time that it was promised for, which is over by now.
  [[nodiscard]] std::string order_text() const {
    return replaced(read_file(fixture(partner, "order.json")), partner.promise, "a_member_that_nobody_knows");
  }
  [[nodiscard]] std::string log() const { return read_file(folder_.file("log")); }
  [[nodiscard]] pid_t pid() const { return gateway_->pid(); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  void write(const std::string& name, const std::string& content) {
    write_file(folder_.path() / name, content);
  }
  TempDir folder_;
  tests::TestCa root_;
  std::uint16_t port_ = free_port();
  std::optional<Process> gateway_;
  std::string more_;

 public:
  const Partner partner;
  std::optional<tests::PartnerApi> api;
  HttpCaller admin{"127.0.0.1:" + std::to_string(port_)};
};

}  // namespace storegate::thin_test
