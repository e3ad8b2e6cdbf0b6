// Broker and POS, tried as the service would try them.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/doctor.hpp"
#include "codec/pos_rest.hpp"
#include "codec/times.hpp"
#include "platform/http_client.hpp"
#include "platform/loop.hpp"
#include "platform/mqtt_client.hpp"
#include "platform/random.hpp"

namespace storegate::app {
namespace {
using std::chrono::milliseconds;

constexpr milliseconds broker_within{12'000};
constexpr milliseconds leave_within{1'000};
constexpr milliseconds health_within{3'000};

bool has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

/// What to do about a connection that did not come about. `section` is the configuration's.
std::string advice_for(std::string_view why, const std::string& section) {
  if (has(why, "signed by nobody"))
    return "put the CA that signed it into a file, and name that in " + section +
           ".ca; or it is the wrong server";
  if (has(why, "for another name"))
    return "write the certificate's name in " + section + ".url, or give the server a right one";
  if (has(why, "not valid before")) return "set the clock: timedatectl set-ntp true";
  if (has(why, "expired") || has(why, "a CA's certificate")) return "the server needs a new certificate";
  if (has(why, "our certificate") || has(why, "wants a certificate"))
    return "put the certificate and key that you were given for this store into " + section +
           ".certificate and .key";
  if (has(why, "TLS") || has(why, "handshake"))
    return "does the server speak TLS at that port? " + section + ".url says so";
  return "is " + section + ".url right, the other side on, and the network plugged in?";
}

std::string advice_for_login(std::string_view why, const std::string& name) {
  if (has(why, "subscribing to"))
    return "the broker's list of rights must give this store its topics: see examples/mosquitto.acl";
  if (has(why, "uthori") || has(why, "user name") || has(why, "password") || has(why, "client identifier") ||
      has(why, "identifier rejected"))
    return "ask head office for mqtt.username and the content of mqtt.password_file of this store; or the "
           "broker "
           "lets nobody in as " +
           name + ", as the doctor calls itself: then the service's log says whether that one gets in";
  if (has(why, "another packet") || has(why, "not MQTT") || has(why, "closed the connection") ||
      has(why, "did not answer in time"))
    return "does an MQTT broker listen at that port? mqtt:// is 1883, mqtts:// 8883";
  return advice_for(why, "mqtt");
}

/// A name beside the service's, within what a client may have: cut between characters.
std::string name_beside(const std::string& client_id) {
  constexpr std::size_t bytes_max = 128;
  constexpr std::string_view suffix = "-doctor";
  std::size_t kept = std::min(client_id.size(), bytes_max - suffix.size());
  while (kept > 0 && kept < client_id.size() && (static_cast<unsigned char>(client_id[kept]) & 0xc0) == 0x80)
    --kept;
  return client_id.substr(0, kept).append(suffix);
}

/// As the service logs in, but under another name: the service's own session, and what waits in it, stay untouched.
platform::MqttOptions login_of(const Config& config, const SharedTls& tls) {
  platform::MqttOptions options;
  options.url = config.mqtt->url;
  options.tls = tls;
  options.version = config.mqtt->version;
  options.client_id = name_beside(config.mqtt->client_id);
  options.clean = true;  // or a 3.1.1 broker would keep this session, and fill it, for ever
  options.username = config.mqtt->username;
  options.password = config.mqtt->password;
  options.session_expiry = std::chrono::seconds(1);
  options.subscription = config.mqtt->prefix + "/" + config.store.id + "/in/+";
  options.jitter_seed = platform::random_seed();
  return options;
}

/// What the first attempt ended with: nothing = connected and subscribed.
std::optional<std::string> log_in(const Config& config, const SharedTls& tls) {
  platform::Loop loop;
  std::optional<std::string> why = "no answer within " + std::to_string(broker_within.count() / 1000) + " s";
  platform::MqttCallbacks callbacks;
  // The service, if it runs, has the same message in its own session; here it is only passed over.
  callbacks.on_message = [](platform::MqttMessage, platform::MqttReceipt receipt) { receipt.accept(); };
  callbacks.on_connected = [&](platform::MqttConnected) { why.reset(), loop.stop(); };
  callbacks.on_disconnected = [&](const core::Error& error, bool) { why = error.context, loop.stop(); };
  callbacks.on_published = [](std::uint64_t, const core::Result<void>&) {};
  auto client = platform::MqttClient::start(loop, login_of(config, tls), std::move(callbacks));
  if (!client) return client.error().context;
  const auto late = loop.after(broker_within, [&] { loop.stop(); });
  loop.run();
  if (!why) {
    (*client)->stop(leave_within, [&](bool) { loop.stop(); });
    loop.run();
  }
  return why;
}

/// A request of the driver's, as the service makes it.
platform::HttpOutcome ask(const PosConfig& pos, const SharedTls& tls, codec::HttpRequest request) {
  const auto url = platform::Url::parse(pos.url);
  platform::HttpCall call;
  call.method = std::move(request.method);
  call.origin = url->origin;
  call.target = url->path + request.target;
  for (const auto& [name, value] : request.headers) call.headers.add(name, value);
  if (!pos.token.empty()) call.headers.add("Authorization", "Bearer " + pos.token);
  call.timeout = milliseconds(pos.timeout_ms);
  platform::HttpClientOptions options;
  options.tls = tls;
  return platform::call_once(std::move(call), options);
}

codec::PosHttpOutcome http_of(const platform::HttpOutcome& outcome) {
  codec::PosHttpOutcome http;
  http.status = outcome.response->status;
  http.body = outcome.response->body;
  http.request_bytes_written = true;
  return http;
}

/// Of a Date header as RFC 9110 has it, "Sun, 06 Nov 1994 08:49:37 GMT": Unix milliseconds. Nothing for other text.
std::optional<std::int64_t> time_from_header(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return {};
  const auto month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return {};
  std::string same(text.substr(12, 4));  // as RFC 3339 has it
  same.append(month < 27 ? "-0" : "-").append(std::to_string(month / 3 + 1)).append("-");
  same.append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
  return codec::time_from(same);
}

/// What is wrong with a whole answer, if the driver did not understand it.
Diagnosis misunderstood(const PosConfig& pos, std::string_view asked, int status) {
  if (status == 401 || status == 403)
    return {"POS", Health::bad, pos.url + " refuses us (" + std::to_string(status) + ")",
            pos.token.empty() ? "name the file with the POS's token in pos.token_file"
                              : "put the POS's token into the file that pos.token_file names"};
  return {"POS", Health::bad,
          pos.url + " answers " + std::string(asked) + " with something else than the POS would (status " +
              std::to_string(status) + ")",
          "is pos.url the POS's API, with its path if it has one, and not another program or page?"};
}

}  // namespace

bool is_storegate_at(const std::string& address) {
  const auto url = platform::Url::parse("http://" + address);
  if (!url) return false;
  platform::HttpCall call;
  call.origin = url->origin;
  call.target = "/healthz";
  call.timeout = health_within;
  const auto outcome = platform::call_once(std::move(call));
  if (!outcome.ok()) return false;
  // With TLS it says so in plain words; beside an admin listener partners' paths are all that it knows.
  constexpr std::string_view own_words[] = {R"({"status":"pass"})", "this port speaks HTTPS, not plain HTTP",
                                            "There is nothing at this path."};
  return std::any_of(std::begin(own_words), std::end(own_words),
                     [&](std::string_view words) { return has(outcome.response->body, words); });
}

Diagnosis examine_broker(const Config& config, const TlsInUse& tls) {
  if (!config.mqtt) return {"broker", Health::good, "none is configured: events are kept and go nowhere"};
  const auto why = log_in(config, tls.mqtt);
  if (why)
    return {"broker", Health::bad, config.mqtt->url + ": " + *why,
            advice_for_login(*why, name_beside(config.mqtt->client_id))};
  return {"broker", Health::good, config.mqtt->url + " lets this store in"};
}

namespace {

/// `first`: what became of the question for its health.
Diagnosis examine_pos(const PosConfig& pos, const TlsInUse& tls, const platform::HttpOutcome& first) {
  if (!first.ok()) {
    const std::string& why = first.failure.context;
    const bool is_nonsense =
        first.failure.code == core::ErrorCode::invalid || has(why, "closed without a whole answer");
    if (is_nonsense && first.request_bytes_written)
      return {"POS", Health::bad, pos.url + " answers nonsense: " + why,
              "something else than the POS listens there: is the port in pos.url right?"};
    return {"POS", Health::bad, pos.url + ": " + why, advice_for(why, "pos")};
  }
  if (codec::outcome_of(core::CheckPosHealth{}, http_of(first)).outcome != core::PosOutcome::healthy)
    return misunderstood(pos, "GET /health", first.response->status);
  if (!pos.can_query) return {"POS", Health::good, pos.url + " says that it is well"};
  core::AskPos question;
  question.key = "storegate-doctor";
  const auto second = ask(pos, tls.pos, codec::request_of(question));
  if (!second.ok())
    return {"POS", Health::bad, pos.url + ", asked for an order: " + second.failure.context,
            advice_for(second.failure.context, "pos")};
  if (codec::outcome_of(question, http_of(second)).outcome != core::PosOutcome::not_found)
    return misunderstood(pos, "GET /orders?reference=", second.response->status);
  return {"POS", Health::good, pos.url + " says that it is well, and can be asked for orders"};
}

}  // namespace

PosVisit visit_pos(const PosConfig& pos, const TlsInUse& tls) {
  const auto first = ask(pos, tls.pos, codec::request_of(core::CheckPosHealth{}));
  PosVisit visit;
  if (first.ok()) visit.date = first.response->headers.get("Date");
  visit.pos = examine_pos(pos, tls, first);
  return visit;
}

std::optional<Diagnosis> examine_clock_beside(const std::string& who, std::string_view date,
                                              std::int64_t wall_ms) {
  constexpr std::int64_t apart_ms_max = 5LL * 60 * 1000;
  const auto theirs = time_from_header(date);
  if (!theirs || std::abs(*theirs - wall_ms) <= apart_ms_max) return {};
  return Diagnosis{
      "clock", Health::bad,
      "the clock shows " + codec::time_text(wall_ms) + ", that of " + who + " " + codec::time_text(*theirs),
      "timedatectl shows this one: if it is wrong, timedatectl set-ntp true; else set the other"};
}

}  // namespace storegate::app
