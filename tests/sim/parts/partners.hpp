// Partners: who sends orders, releases and cancels, each the way its kind does: webhooks and the API with retries until
// answered, MQTT until an event is seen; repeats, other bodies, keys used again. They know only what they were told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/ledger.hpp"
#include "sim/parts/links.hpp"
#include "sim/plan.hpp"

namespace storegate::sim {

class World;

class Partners {
 public:
  Partners(World& world, Draws draws)
      : world_(world),
        draws_(draws),
        wishes_(draws.fork(1)),
        thin_(draws.fork(2)),
        couriers_(draws.fork(3)),
        others_(draws.fork(4)),
        calls_(draws.fork(5)) {}

  /// Plans everything that will be sent during the storm.
  void plan();
  /// One order for the gateway to show that it serves again; its index in the ledger.
  std::size_t send_probe();
  /// The gateway asked for a snapshot: what the cloud has asked for and has not seen done is sent again.
  void send_again();
  /// A placement of this story's order leaves for the POS.
  void on_sent(std::size_t story);
  /// Orders that somebody still tries to deliver.
  [[nodiscard]] std::size_t undelivered() const noexcept { return undelivered_; }

 private:
  // thin_forwarded: announced to the cloud, which passes it on.
  enum class Path : std::uint8_t { webhook, api, mqtt, forwarded, thin, thin_forwarded };
  struct Sender {
    Path path = Path::api;
    std::size_t story = 0;
    std::string key;
    std::string item;
    std::int64_t first_sent_ms = never;
    bool published = false;
    bool answered = false;
    bool released = false;  // a release over MQTT was sent
    bool cancelled = false;
  };

  [[nodiscard]] static std::int64_t between(Draws& draws, std::int64_t from, std::int64_t to);
  void plan_order(std::int64_t at_ms);
  void plan_release(std::size_t sender, std::int64_t at_ms);
  void plan_cancel(std::size_t sender, std::int64_t at_ms);
  void plan_call(std::size_t sender, std::int64_t at_ms);
  void plan_calls_of_nobody();
  void send_call(std::size_t call, std::size_t sender, std::int64_t wait_ms);
  void plan_repeats(std::size_t sender, std::int64_t at_ms);
  static void note_wanted(Story& story, const std::string& item);
  void plan_flood();
  void plan_unreadable();
  void send_of_flood(std::size_t sender);
  [[nodiscard]] Story draw_story(Path path, std::int64_t at_ms);
  void draw_wishes(Story& story, std::int64_t at_ms);
  void send_when_open(std::size_t sender);
  void send_order(std::size_t sender, int body, std::int64_t wait_ms, const std::string& key,
                  bool until_answered);
  [[nodiscard]] bool is_past(std::size_t sender) const;
  void settle(std::size_t sender);
  void publish_order(std::size_t sender, bool until_seen);
  void reuse_key(std::size_t sender, const std::string& key);
  void plan_news(std::size_t sender, std::int64_t at_ms);
  void plan_courier(std::size_t sender, std::int64_t at_ms);
  void plan_whole(std::size_t sender, std::int64_t at_ms);
  void tell_news(std::size_t sender, News news, std::int64_t wait_ms);
  void send_thin(const WebAsk& ask, const Story& story, Tag tag);
  void send_webhook(WebAsk ask, Tag tag, std::int64_t wait_ms);
  void release(std::size_t sender);
  void cancel(std::size_t sender);
  void command_by_api(std::size_t sender, About about, std::int64_t wait_ms);
  void plan_wrong_token(std::size_t sender, std::int64_t at_ms);
  void guess(std::size_t sender, bool cancel, std::size_t digit);
  void guess_id(const Story& story);
  void publish_command(const char* level, const Story& story, Tag tag, std::uint64_t how);
  [[nodiscard]] WebAsk order_ask(const Sender& sender, int body, const std::string& key) const;
  [[nodiscard]] std::int64_t retry_ms(const std::optional<codec::HttpReply>& reply, std::int64_t wait_ms);

  World& world_;
  Draws draws_;
  Draws wishes_;    // what an order says of its release
  Draws thin_;      // who only announces
  Draws couriers_;  // what becomes of what was announced, beside its cancels
  Draws others_;    // whose it is
  Draws calls_;     // to whom a person is called
  std::vector<Sender> senders_;
  std::set<std::string> heard_keys_;                   // a 2xx under them was heard
  std::map<std::size_t, std::size_t> called_as_sent_;  // by story: the call
  std::size_t undelivered_ = 0;
  int guesses_ = 0;
};

}  // namespace storegate::sim
