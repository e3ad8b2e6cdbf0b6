// A whole store's programs, its configuration, and what is read off the wire.
#include "tests/system/whole/whole_store.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <set>

#include <boost/json.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::system {

using namespace std::chrono_literals;
using namespace storegate::support;

namespace {

constexpr auto soon = 40s;

Heard heard_in(const MqttLine& line) {
  return {line.topic.substr(line.topic.rfind('/') + 1), value_at(line.payload, "/data/partner_order_id"),
          line.payload, line.arrived};
}

}  // namespace

std::string value_at(std::string_view json, std::string_view pointer) {
  boost::system::error_code broken;
  const auto whole = boost::json::parse({json.data(), json.size()}, broken);
  if (broken) return {};
  boost::system::error_code absent;
  const auto* value = whole.find_pointer({pointer.data(), pointer.size()}, absent);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->as_string()) : boost::json::serialize(*value);
}

std::string Heard::data(std::string_view member) const {
  return value_at(payload, "/data/" + std::string(member));
}

WholeStore::WholeStore(const WholeStoreOptions& options)
    : broker(options.broker),
      pos(options.pos_options, folder.file("tickets.jsonl")),
      api("127.0.0.1:1"),
      port_(free_port()) {
  broker.start();
  cloud.emplace(broker.port(), "whole-cloud", std::vector<std::string>{"stores/whole/out/#"});
  write_configuration(options);
  start();
  eventually("storegate has subscribed", soon,
             [&] { return value_at(api.get("/readyz").body, "/checks/uplink") == "pass"; });
}

WholeStore::~WholeStore() {
  if (gateway_) (void)gateway_->stop(10s);
}

void WholeStore::write_configuration(const WholeStoreOptions& options) const {
  write_file(folder.file("doordash.secret"), "s3cret\n");
  write_file(
      folder.file("storegate.toml"),
      "[store]\nid = \"whole\"\n[storage]\npath = \"" + folder.file("orders.db") +
          "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) + "\"\nsocket = \"" +
          folder.file("api.sock") + "\"\n[mqtt]\nurl = \"" + broker.url() + "\"\n" + options.mqtt_keys +
          "[pos]\nurl = \"" + pos.url() + "\"\n" + options.pos_keys +
          "[[partner]]\nname = \"doordash\"\nrelease = \"on_event\"\nrate_per_minute = 0\nsecret_files = "
          "[\"" +
          folder.file("doordash.secret") +
          "\"]\n[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\nrate_per_minute = 0\n");
}

void WholeStore::start(const std::vector<std::pair<std::string, std::string>>& environment) {
  gateway_.emplace(STOREGATE_PROGRAM,
                   std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                   ProcessOptions{.environment = environment, .stderr_path = folder.file("log")});
  api = HttpCaller("127.0.0.1:" + std::to_string(port_));
  eventually("storegate is ready", soon, [&] { return api.get("/readyz").is(200); });
}

void WholeStore::kill() {
  gateway_->kill();
  REQUIRE(gateway_->wait(10s));
}

std::string WholeStore::kiosk_order(const std::string& id) {
  const HttpAnswer answer = api.post("/v1/orders", canonical_order("kiosk", id), {{"Idempotency-Key", id}});
  REQUIRE_MESSAGE(answer.is(201), answer.body);
  return value_at(answer.body, "/id");
}

std::string WholeStore::doordash_order(const std::string& id) {
  const HttpAnswer answer = webhook(support::doordash_order(id));
  REQUIRE_MESSAGE(answer.is(202), answer.body);
  return value_at(answer.body, "/id");
}

HttpAnswer WholeStore::webhook(const std::string& body) {
  return api.post("/v1/partners/doordash/webhook", body, {{"Authorization", "s3cret"}});
}

void WholeStore::publish(const std::string& level, const std::string& payload) {
  MqttSender sender(broker.port(), "stores/whole/in/" + level);
  REQUIRE(sender.send(payload));
  REQUIRE(sender.finish());
}

Said WholeStore::command(std::vector<std::string> words) {
  words.insert(words.end(), {"--socket", folder.file("api.sock")});
  const std::string output = folder.file(unique_id("said"));
  Process run(STOREGATE_PROGRAM, words, ProcessOptions{.stdout_path = output, .stderr_path = output});
  const auto ended = run.wait(20s);
  return {ended ? ended->code : -1, read_file(output)};
}

std::string WholeStore::phase(const std::string& uuid) {
  return value_at(api.get("/v1/orders/" + uuid).body, "/phase");
}

void WholeStore::wait_for_phase(const std::string& uuid, const std::string& phase) {
  eventually("order " + uuid + " is " + phase, soon, [&] { return this->phase(uuid) == phase; });
}

std::uint64_t WholeStore::metric(const std::string& name) {
  const std::string text = api.get("/metrics").body;
  const auto at = text.find("\n" + name + " ");
  REQUIRE_MESSAGE(at != std::string::npos, name);
  return static_cast<std::uint64_t>(std::stod(text.substr(at + name.size() + 2)));
}

Heard WholeStore::hears(const std::string& id, const std::string& event, std::size_t from,
                        std::chrono::milliseconds within) const {
  return heard_in(cloud->wait_for((id.empty() ? "the store" : id) + " comes to " + event, within,
                                  [&](const MqttLine& line) {
                                    return line.topic.ends_with("/" + event) &&
                                           (id.empty() || heard_in(line).order == id);
                                  },
                                  from));
}

std::vector<Heard> WholeStore::heard(std::size_t from) const {
  std::vector<Heard> all;
  std::set<std::string> known;  // at least once: a repeat has the same id
  for (const MqttLine& line : cloud->lines(from))
    if (known.insert(value_at(line.payload, "/id")).second) all.push_back(heard_in(line));
  return all;
}

std::string WholeStore::story(const std::string& id) const {
  std::string told;
  for (const Heard& event : heard())
    if (event.order == id) told += (told.empty() ? "" : " ") + event.name.substr(event.name.find('.') + 1);
  return told;
}

std::string WholeStore::tickets(const std::string& id) {
  std::string standing;
  for (const PosTicket& ticket : pos.tickets())
    if (ticket.partner_order_id == id) standing += (standing.empty() ? "" : " ") + ticket.status;
  return standing;
}

std::string WholeStore::ticket(const std::string& id) {
  std::string reference;
  for (const PosTicket& ticket : pos.tickets())
    if (ticket.partner_order_id == id) reference = ticket.pos_reference;
  REQUIRE_FALSE(reference.empty());
  return reference;
}

void WholeStore::something_else_is_placed() {
  const std::string id = unique_id("K-else");
  kiosk_order(id);
  hears(id, "order.placed");
}

}  // namespace storegate::system
