// store-day: some minutes of a store's day, played through the real programs: a broker, a POS and storegate.
// Exit status: 0 every order met its expected end, 1 not, 2 a port is in use or the arguments are wrong.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>

#include "demo_store.hpp"
#include "ledger.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::day {

using namespace std::chrono_literals;
using support::HttpAnswer;
using support::OrderShape;

namespace {

constexpr std::string_view webhook = "/v1/partners/doordash/webhook";
const support::HttpHeaders doordash_headers{{"Content-Type", "application/json"},
                                            {"Authorization", "demo-secret"}};

class Day {
 public:
  Day(DemoStore& store, Ledger& ledger) : store_(store), ledger_(ledger) {}

  void play() {
    at_the_counter();
    driver_is_near();
    cancelled_before_release();
    cancelled_after_placing();
    release_before_its_order();
    sent_twice();
    an_item_is_off();
    from_the_cloud();
    refused_by_the_pos();
    pos_and_broker_are_down();
    killed_in_the_middle();
  }

 private:
  void say(const std::string& line) const {
    const auto passed =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
    std::printf("[%3lld s] %s\n", static_cast<long long>(passed.count()), line.c_str());
    std::fflush(stdout);
  }
  static void must(bool met, const std::string& what) {
    if (!met) throw std::runtime_error(what);
  }
  HttpAnswer doordash(const std::string& body) {
    return store_.api().call("POST", webhook, doordash_headers, body);
  }
  HttpAnswer kiosk(const std::string& id, const OrderShape& shape = {}) {
    return store_.api().post("/v1/orders", support::canonical_order("kiosk", id, shape),
                             {{"Idempotency-Key", id}});
  }
  std::string new_doordash_order(const std::string& what, const std::string& last_event, std::size_t tickets,
                                 const std::string& ticket_status = "") {
    const std::string id = support::unique_id("DD");
    must(doordash(support::doordash_order(id)).is(202), "DoorDash's order " + id + " was not taken");
    ledger_.expect({"doordash", id, what, last_event, tickets, ticket_status});
    return id;
  }
  void release(const std::string& partner, const std::string& id) {
    store_.publish("stores/demo/in/release", support::release_command(partner, id));
  }
  void wait_for(const std::string& id, const std::string& event, std::chrono::milliseconds within = 20s) {
    support::eventually(
        id + " comes to " + event, within,
        [&] {
          for (const CloudEvent& seen : Ledger::events_of(store_.cloud().lines())) {
            if (seen.partner_order_id == id && seen.name == event) return true;
          }
          return false;
        },
        20ms);
  }
  std::size_t tickets_of(const std::string& partner_order_id) {
    const auto tickets = store_.pos().tickets();
    return static_cast<std::size_t>(
        std::count_if(tickets.begin(), tickets.end(),
                      [&](const support::PosTicket& t) { return t.partner_order_id == partner_order_id; }));
  }
  static std::string member(const HttpAnswer& answer, std::string_view name) {
    const auto value = boost::json::parse(answer.body).as_object().at(name);
    return value.is_string() ? std::string(value.as_string()) : std::string();
  }

  void at_the_counter() {
    say("a guest orders at the kiosk");
    const std::string id = support::unique_id("K");
    must(kiosk(id).is(201), "the kiosk's order was not taken");
    ledger_.expect({"kiosk", id, "ordered at the kiosk, cooked at once", "order.placed", 1, "open"});
    wait_for(id, "order.placed");
  }
  void driver_is_near() {
    say("DoorDash sends an order; it is held until the driver is near");
    const std::string id =
        new_doordash_order("held, released by the cloud over MQTT", "order.placed", 1, "open");
    wait_for(id, "order.accepted");
    must(tickets_of(id) == 0, "a held order was sent to the POS");
    release("doordash", id);
    wait_for(id, "order.placed");
  }
  void cancelled_before_release() {
    say("DoorDash cancels before the driver is near");
    const std::string id =
        new_doordash_order("cancelled before its release: no ticket", "order.cancelled", 0);
    must(doordash(support::doordash_cancel(id)).is(200), "the cancel was not taken");
    release("doordash", id);
    wait_for(id, "order.cancelled");
  }
  void cancelled_after_placing() {
    say("a guest changes their mind after the kitchen has the ticket");
    const std::string id = support::unique_id("K");
    must(kiosk(id).is(201), "the kiosk's order was not taken");
    ledger_.expect(
        {"kiosk", id, "cancelled after placing: its ticket is voided", "order.cancelled", 1, "voided"});
    wait_for(id, "order.placed");
    store_.publish("stores/demo/in/cancel", support::cancel_command("kiosk", id));
    wait_for(id, "order.cancelled");
  }
  void release_before_its_order() {
    say("the driver was faster than the order");
    const std::string id = support::unique_id("DD");
    must(doordash(support::doordash_release(id)).is(200), "the early release was not taken");
    must(doordash(support::doordash_order(id)).is(202), "the order was not taken");
    ledger_.expect({"doordash", id, "its release came before it", "order.placed", 1, "open"});
    wait_for(id, "order.placed");
  }
  void sent_twice() {
    say("DoorDash sends an order twice");
    const std::string id = support::unique_id("DD");
    const std::string body = support::doordash_order(id);
    const HttpAnswer first = doordash(body);
    const HttpAnswer second = doordash(body);
    must(first.is(202) && second.is(202) && first.body == second.body, "the repeat got another answer");
    ledger_.expect({"doordash", id, "sent twice: the same answer, one ticket", "order.placed", 1, "open"});
    release("doordash", id);
    wait_for(id, "order.placed");
    must(doordash(body).body == first.body, "the repeat after placing got another answer");
  }
  void an_item_is_off() {
    say("nachos are off");
    must(store_.api().put("/v1/availability/nachos-99", R"({"available":false})").is(200),
         "the 86 list was not taken");
    const std::string id = support::unique_id("K");
    OrderShape shape;
    shape.first_item_id = "nachos-99";
    const HttpAnswer answer = kiosk(id, shape);
    must(answer.is(201) && member(answer, "phase") == "rejected" &&
             member(answer, "reason") == "item_unavailable",
         "an order for nachos was not rejected");
    ledger_.expect({"kiosk", id, "an item is off: rejected, said so at once", "order.rejected", 0, ""});
    must(store_.api().put("/v1/availability/nachos-99", R"({"available":true})").is(200),
         "the 86 list was not taken");
  }
  void from_the_cloud() {
    say("the cloud sends an order over MQTT");
    const std::string id = support::unique_id("K");
    store_.publish("stores/demo/in/order", support::canonical_order("kiosk", id));
    ledger_.expect({"kiosk", id, "sent by the cloud over MQTT", "order.placed", 1, "open"});
    wait_for(id, "order.placed");
  }
  void refused_by_the_pos() {
    say("the POS cannot read an order; the manager looks and decides");
    const std::string id = support::unique_id("K");
    store_.pos().set_faults(R"({"refuse-422":{"next":1}})");
    const HttpAnswer answer = kiosk(id);
    must(answer.is(201), "the kiosk's order was not taken");
    ledger_.expect(
        {"kiosk", id, "refused by the POS, parked, sent again by a person", "order.placed", 1, "open"});
    wait_for(id, "order.parked");
    const std::string output = (store_.folder() / "commands.txt").string();
    must(store_.command({"parked"}, output) == 0, "`storegate parked` failed: see " + output);
    must(store_.command({"orders", "resolve", member(answer, "id"), "--answer", "not-placed"}, output) == 0,
         "`storegate orders resolve` failed: see " + output);
    wait_for(id, "order.placed");
  }
  void pos_and_broker_are_down() {
    say("the POS goes down for 20 s, and the internet with it");
    const auto until = std::chrono::steady_clock::now() + 20s;
    std::vector<std::string> held;
    for (int i = 0; i < 3; ++i) {
      held.push_back(
          new_doordash_order("released while the POS was down: cooked once", "order.placed", 1, "open"));
    }
    store_.kill_pos();
    release("doordash", held[0]);
    for (const std::string& id : {held[1], held[2]}) {
      must(doordash(support::doordash_release(id)).is(200), "the release was not taken");
    }
    store_.stop_broker();
    for (int i = 0; i < 3; ++i) {
      const std::string id = support::unique_id("K");
      must(kiosk(id).is(201), "an order was not taken while offline");
      ledger_.expect({"kiosk", id, "taken while POS and internet were down", "order.placed", 1, "open"});
    }
    const std::string gone = new_doordash_order("taken and cancelled offline", "order.cancelled", 0);
    must(doordash(support::doordash_cancel(gone)).is(200), "the cancel was not taken");
    say("7 orders wait; the POS stays down until its 20 s are over");
    std::this_thread::sleep_until(until);
    say("the POS is back, then the internet");
    store_.restart_pos();
    store_.start_broker();
    wait_for(gone, "order.cancelled", 60s);
    for (const std::string& id : held) wait_for(id, "order.placed", 60s);
  }
  void killed_in_the_middle() {
    say("storegate is killed (SIGKILL) with orders held, waiting and on their way to the POS");
    store_.pos().set_delay(1500ms);
    const std::string held = new_doordash_order("held across a kill of storegate", "order.placed", 1, "open");
    for (int i = 0; i < 4; ++i) {
      const std::string id = support::unique_id("K");
      must(kiosk(id).is(201), "the kiosk's order was not taken");
      ledger_.expect(
          {"kiosk", id, "on its way to the POS at the kill: cooked once", "order.placed", 1, "open"});
    }
    support::eventually("the POS is working on them", 10s, [&] { return store_.pos().counts().orders >= 4; });
    store_.kill_gateway();
    store_.pos().set_delay(0ms);
    store_.start_gateway();
    say("storegate is back; it asks the POS what became of them before it sends anything again");
    release("doordash", held);
    wait_for(held, "order.placed", 60s);
  }

  DemoStore& store_;
  Ledger& ledger_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void print_where(const DemoStore& store) {
  std::printf(
      "\nThe store stays open until Ctrl-C.\n"
      "  API and health   http://127.0.0.1:%u/v1/orders  /readyz  /metrics\n"
      "  events           mosquitto_sub -p %u -t 'stores/demo/#' -v\n"
      "  tickets          http://127.0.0.1:%u/tickets\n"
      "  logs and data    %s\n",
      gateway_port, broker_port, pos_port, store.folder().c_str());
  std::fflush(stdout);
}

void wait_for_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int caught = 0;
  sigwait(&signals, &caught);
}

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int play_day(bool once) {
  if (const auto port = DemoStore::port_in_use()) {
    std::fprintf(stderr,
                 "store-day: port %u of 127.0.0.1 is in use; stop what listens there and start again\n",
                 *port);
    return 2;
  }
  const auto programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  DemoStore store(programs.parent_path() / "demo", programs);
  Ledger ledger;
  store.start_broker();
  store.start_pos();
  store.start_gateway();
  try {
    Day(store, ledger).play();
    support::eventually(
        "every order meets its expected end", 60s,
        [&] { return ledger.all_ended(Ledger::events_of(store.cloud().lines())); }, 50ms);
  } catch (const std::exception& error) {
    std::printf("BAD  %s\n", error.what());
    (void)ledger.report(Ledger::events_of(store.cloud().lines()), store.pos().tickets());
    return 1;
  }
  const std::size_t complaints =
      ledger.report(Ledger::events_of(store.cloud().lines()), store.pos().tickets());
  if (!once) {
    print_where(store);
    wait_for_signal();
  }
  const int ended = store.stop_gateway();
  if (ended != 0) std::printf("BAD  storegate did not end cleanly: exit status %d\n", ended);
  store.stop_broker();
  std::printf("\n%s\n",
              complaints == 0 && ended == 0 ? "every order met its expected end" : "the day went wrong");
  return complaints == 0 && ended == 0 ? 0 : 1;
}

}  // namespace

}  // namespace storegate::day

int main(int argc, char** argv) {
  bool once = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--once") == 0) {
      once = true;
    } else {
      std::fprintf(stderr, "usage: store-day [--once]\n");
      return 2;
    }
  }
  storegate::day::block_signals();
  try {
    return storegate::day::play_day(once);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store-day: %s\n", error.what());
    return 1;
  }
}
