// What is planned, and how each kind of partner sends.
#include "sim/parts/partners.hpp"

#include <algorithm>
#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
constexpr std::int64_t seen_within_ms = 20 * s;
// Nobody sends an order again when its id may be given anew, nor so shortly before that it might arrive then.
constexpr std::int64_t no_repeats_before_reuse_ms = 120 * s;
}  // namespace

std::int64_t Partners::between(Draws& draws, std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(to - from) + 1));
}

// ---------------------------------------------------------------- the plan

void Partners::plan() {
  const std::int64_t storm_ms = world_.plan().storm_ms;
  const std::uint64_t orders = world_.plan().orders;
  // They come in flocks, as dinners do: so that inputs share commits, and lines form.
  std::int64_t at_ms = 3 * s;
  for (std::uint64_t i = 0; i < orders; ++i) {
    if (draws_.chance(130)) at_ms = between(draws_, 3 * s, storm_ms - 20 * s);
    at_ms += between(draws_, 0, 25);
    plan_order(at_ms);
  }
  plan_flood();
  plan_unreadable();
  plan_calls_of_nobody();
}

void Partners::plan_unreadable() {
  for (std::uint64_t i = 0; i < world_.plan().faults.unreadable; ++i) {
    const std::int64_t at_ms = between(draws_, 3 * s, world_.plan().storm_ms - 20 * s);
    world_.timeline().at(at_ms, [this, i] {
      world_.fault("unreadable message");
      world_.broker().send({"order", unreadable_body(i)}, {});
    });
  }
}

void Partners::note_wanted(Story& story, const std::string& item) {
  story.wanted = {{item, Menu::item_price}};
  if (!story.modifier.empty()) story.wanted.emplace_back(story.modifier, Menu::modifier_price);
  if (story.partner != webhook_partner && !story.thin) story.wanted.emplace_back("soda-01", Menu::soda_price);
}

Story Partners::draw_story(Path path, std::int64_t at_ms) {
  Story story;
  story.id = "o" + std::to_string(world_.ledger().stories().size() + 1);
  const bool is_thin = path == Path::thin || path == Path::thin_forwarded;
  story.partner = path == Path::api    ? api_partner
                  : path == Path::mqtt ? mqtt_partner
                  : is_thin            ? (others_.chance(400) ? open_partner : thin_partner)
                                       : webhook_partner;
  story.thin = is_thin;
  story.over_mqtt = path == Path::mqtt || path == Path::forwarded || path == Path::thin_forwarded;
  const core::PartnerPolicy& policy = world_.plan().policy.partners.find(story.partner)->second;
  story.mode = policy.release;
  story.fallback = policy.fallback;
  if (draws_.chance(800)) story.promised_ms = at_ms + between(draws_, 30 * s, 300 * s);
  if (path == Path::api || path == Path::mqtt) {
    const std::uint64_t mode = draws_.below(10);
    story.mode = mode < 4   ? core::ReleaseMode::immediate
                 : mode < 6 ? core::ReleaseMode::at_time
                            : core::ReleaseMode::on_event;
    const std::uint64_t fallback = draws_.below(10);
    story.fallback = fallback < 7   ? core::FallbackPolicy::release
                     : fallback < 9 ? core::FallbackPolicy::park
                                    : core::FallbackPolicy::cancel;
    if (story.mode == core::ReleaseMode::at_time && draws_.chance(700))
      story.at_ms = at_ms + between(draws_, 10 * s, 200 * s);
    const Faults& faults = world_.plan().faults;
    const bool stale = draws_.chance(faults.stale_of_1000);
    const std::int64_t ago_ms = stale ? between(draws_, 20 * s, 200 * s) : between(draws_, 0, 5 * s);
    if (draws_.chance(700)) story.placed_ms = std::max<std::int64_t>(0, at_ms - ago_ms);
    story.foreign_currency = draws_.chance(faults.foreign_of_1000);
    story.test = draws_.chance(faults.tests_of_1000);
    draw_wishes(story, at_ms);
  }
  return story;
}

// What it leaves unsaid is its partner's; a time of its own for the fallback counts before the promise.
void Partners::draw_wishes(Story& story, std::int64_t at_ms) {
  const Faults& faults = world_.plan().faults;
  const core::PartnerPolicy& policy = world_.plan().policy.partners.find(story.partner)->second;
  story.names_mode = !wishes_.chance(faults.unsaid_of_1000);
  story.names_fallback = !wishes_.chance(faults.unsaid_of_1000);
  const bool has_time = wishes_.chance(faults.fallback_at_of_1000);
  const std::int64_t fallback_at_ms = at_ms + between(wishes_, 5 * s, 200 * s);
  if (!story.names_mode) story.mode = policy.release;
  if (!story.names_fallback) story.fallback = policy.fallback;
  if (story.mode != core::ReleaseMode::at_time) story.at_ms.reset();
  if (has_time && story.mode == core::ReleaseMode::on_event) story.fallback_at_ms = fallback_at_ms;
}

void Partners::plan_order(std::int64_t at_ms) {
  const Faults& faults = world_.plan().faults;
  const std::uint64_t drawn = draws_.below(20);
  const bool announces = thin_.chance(world_.plan().thin_of_1000);
  const Path path = drawn < 8    ? (announces ? Path::thin : Path::webhook)
                    : drawn < 15 ? Path::api
                    : drawn < 18 ? Path::mqtt
                                 : (announces ? Path::thin_forwarded : Path::forwarded);
  Sender sender;
  sender.path = path;
  sender.item = "item-" + std::to_string(draws_.below(6));
  Story drawn_story = draw_story(path, at_ms);
  const bool has_modifier = draws_.chance(500);
  const std::uint64_t modifier = draws_.below(4);
  if (has_modifier) drawn_story.modifier = "mod-" + std::to_string(modifier);
  note_wanted(drawn_story, sender.item);
  sender.story = world_.ledger().add(std::move(drawn_story));
  sender.key = "key-" + std::to_string(sender.story);
  const std::size_t index = senders_.size();
  senders_.push_back(sender);
  ++undelivered_;
  const std::string key = senders_[index].key;
  const bool by_mqtt = world_.ledger().story(sender.story).over_mqtt;
  world_.timeline().at(at_ms, [this, index, key, by_mqtt] {
    if (by_mqtt)
      publish_order(index, true);
    else
      send_order(index, 0, s, key, true);
  });
  plan_repeats(index, at_ms);
  if (world_.ledger().story(sender.story).thin) plan_news(index, at_ms);
  const Story& story = world_.ledger().story(senders_[index].story);
  if (story.mode == core::ReleaseMode::on_event ? draws_.chance(800) : draws_.chance(50))
    plan_release(index, at_ms);
  if (draws_.chance(faults.cancels_of_1000)) plan_cancel(index, at_ms);
  if (draws_.chance(faults.wrong_tokens_of_1000)) plan_wrong_token(index, at_ms);
  plan_call(index, at_ms);
}

void Partners::plan_release(std::size_t sender, std::int64_t at_ms) {
  const bool early = draws_.chance(world_.plan().faults.early_of_1000);
  const std::int64_t when_ms =
      early ? at_ms - between(draws_, 0, 2 * s) : at_ms + between(draws_, 1 * s, 120 * s);
  world_.timeline().at(when_ms, [this, sender] { release(sender); });
  if (draws_.chance(100))
    world_.timeline().at(when_ms + between(draws_, 0, 60 * s), [this, sender] { release(sender); });
}

void Partners::plan_cancel(std::size_t sender, std::int64_t at_ms) {
  const bool early = draws_.chance(world_.plan().faults.early_of_1000);
  const std::int64_t when_ms =
      early ? at_ms - between(draws_, 0, 2 * s) : at_ms + between(draws_, 0, 120 * s);
  world_.timeline().at(when_ms, [this, sender] { cancel(sender); });
}

void Partners::plan_repeats(std::size_t sender, std::int64_t at_ms) {
  const Faults& faults = world_.plan().faults;
  const bool by_mqtt = world_.ledger().story(senders_[sender].story).over_mqtt;
  if (draws_.chance(faults.repeats_of_1000)) {
    const std::uint64_t copies = 1 + draws_.below(4);
    for (std::uint64_t i = 0; i < copies; ++i) {
      const bool at_once = draws_.chance(500);
      const std::int64_t when_ms = at_ms + (at_once ? between(draws_, 0, 30) : between(draws_, 0, 200 * s));
      // Another key with an equal body is the same order too.
      const std::string key = draws_.chance(300) ? senders_[sender].key + "-again" : senders_[sender].key;
      world_.timeline().at(when_ms, [this, sender, key, by_mqtt] {
        if (by_mqtt)
          publish_order(sender, false);
        else
          send_order(sender, 0, s, key, false);
      });
      const bool alias_reused =
          senders_[sender].path == Path::api && key != senders_[sender].key && draws_.chance(500);
      if (alias_reused)
        world_.timeline().at(when_ms + between(draws_, 1 * s, 100 * s),
                             [this, sender, key] { reuse_key(sender, key); });
    }
  }
  const bool thin = world_.ledger().story(senders_[sender].story).thin;
  if (draws_.chance(faults.other_bodies_of_1000) && !by_mqtt && !thin) {
    const std::int64_t when_ms = at_ms + between(draws_, 0, 100 * s);
    world_.timeline().at(
        when_ms, [this, sender, key = senders_[sender].key] { send_order(sender, 1, s, key, false); });
  }
}

// Nobody sends an order of a flood again: what is refused is not missed. Quiet partners send beside it.
void Partners::plan_flood() {
  const Flood& flood = world_.plan().flood;
  for (std::uint64_t flock = 0; flock < flood.flocks; ++flock) {
    const std::int64_t at_ms = flood.begins_ms + static_cast<std::int64_t>(flock) * flood.every_ms;
    for (std::uint64_t i = 0; i < flood.flock_orders; ++i) {
      Story story;
      story.id = "f" + std::to_string(world_.ledger().stories().size() + 1);
      story.partner = flood_partner;
      story.of_flood = true;
      note_wanted(story, "item-" + std::to_string(i % 6));
      Sender sender;
      sender.item = "item-" + std::to_string(i % 6);
      sender.story = world_.ledger().add(std::move(story));
      sender.key = "key-" + std::to_string(sender.story);
      const std::size_t index = senders_.size();
      senders_.push_back(sender);
      world_.timeline().at(at_ms, [this, index] { send_of_flood(index); });
    }
    plan_order(at_ms + between(draws_, 0, 30));
    plan_order(at_ms + between(draws_, 0, 30));
  }
}

void Partners::send_of_flood(std::size_t sender) {
  world_.web().ask(order_ask(senders_[sender], 0, senders_[sender].key),
                   {About::order, senders_[sender].story, 0}, [](const std::optional<codec::HttpReply>&) {});
}

std::size_t Partners::send_probe() {
  Story story;
  story.id = "probe";
  story.partner = api_partner;
  Sender sender;
  sender.item = "probe-item";
  sender.key = "key-probe";
  sender.story = world_.ledger().add(std::move(story));
  senders_.push_back(sender);
  ++undelivered_;
  send_when_open(senders_.size() - 1);
  return sender.story;
}

// The manager opens first: until that is answered, the store may still be paused.
void Partners::send_when_open(std::size_t sender) {
  if (world_.manager().settled()) return send_order(sender, 0, s, senders_[sender].key, true);
  world_.timeline().after(s / 2, [this, sender] { send_when_open(sender); });
}

// ---------------------------------------------------------------- orders

WebAsk Partners::order_ask(const Sender& sender, int body, const std::string& key) const {
  const Story& story = world_.ledger().story(sender.story);
  WebAsk ask;
  if (sender.path == Path::api) {
    ask.target = "/v1/orders";
    ask.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", key}};
    ask.body = canonical_body(story, sender.item, body);
  } else if (story.thin) {
    world_.thin_api(story.partner).announced(story.id);
    return story.partner == open_partner ? open_webhook("CREATED", story)
                                         : uber_webhook("orders.notification", story);
  } else {
    return doordash_webhook(doordash_body(story, sender.item, body));
  }
  return ask;
}

std::int64_t Partners::retry_ms(const std::optional<codec::HttpReply>& reply, std::int64_t wait_ms) {
  std::int64_t asked_ms = 0;
  if (reply)
    for (const auto& [name, value] : reply->headers)
      if (name == "Retry-After") asked_ms = std::stoll(value) * s;
  return std::max(asked_ms, wait_ms) + between(draws_, 0, 500);
}

bool Partners::is_past(std::size_t sender) const {
  return world_.now_ms() >
         senders_[sender].first_sent_ms + world_.plan().policy.order_id_reuse_ms - no_repeats_before_reuse_ms;
}

void Partners::settle(std::size_t sender) {
  if (std::exchange(senders_[sender].answered, true)) return;
  --undelivered_;
  world_.ledger().story(senders_[sender].story).settled_ms = world_.now_ms();
}

// Until there is an answer that says what became of it: 2xx, or a 4xx that would not change.
void Partners::send_order(std::size_t sender, int body, std::int64_t wait_ms, const std::string& key,
                          bool until_answered) {
  const Tag tag{About::order, senders_[sender].story, body};
  senders_[sender].first_sent_ms = std::min(senders_[sender].first_sent_ms, world_.now_ms());
  if (is_past(sender)) return until_answered ? settle(sender) : void();
  world_.web().ask(
      order_ask(senders_[sender], body, key), tag,
      [this, sender, body, wait_ms, key, until_answered](const std::optional<codec::HttpReply>& reply) {
        const bool again = !reply || reply->status == 503 || reply->status == 429;
        if (reply && reply->status < 300) heard_keys_.insert(key);
        if (!until_answered) return;
        if (!again) {
          settle(sender);
          return;
        }
        const std::int64_t next_ms = std::min<std::int64_t>(wait_ms * 2, 16 * s);
        world_.timeline().after(retry_ms(reply, wait_ms), [this, sender, body, next_ms, key] {
          send_order(sender, body, next_ms, key, true);
        });
      });
}

// The cloud's way: published until an event about the order is seen.
void Partners::publish_order(std::size_t sender, bool until_seen) {
  senders_[sender].first_sent_ms = std::min(senders_[sender].first_sent_ms, world_.now_ms());
  if (is_past(sender)) return until_seen ? settle(sender) : void();
  Sender& self = senders_[sender];
  Story& story = world_.ledger().story(self.story);
  if (!std::exchange(self.published, true) && draws_.chance(500)) story.sent_ms = world_.now_ms();
  const Tag tag{About::order, self.story, 0};
  if (story.thin) {
    send_thin(order_ask(self, 0, {}), story, tag);
  } else {
    const std::string body = self.path == Path::mqtt ? canonical_body(story, self.item, 0)
                                                     : forwarded_doordash(doordash_body(story, self.item, 0));
    world_.broker().send({"order", sent_on(story, body)}, tag);
  }
  if (!until_seen) return;
  world_.timeline().after(seen_within_ms, [this, sender] {
    if (world_.ledger().story(senders_[sender].story).events.empty()) return publish_order(sender, true);
    settle(sender);
  });
}

// A key that belongs to an order, with another order: it must be refused, whatever happened in between.
void Partners::reuse_key(std::size_t sender, const std::string& key) {
  if (!heard_keys_.contains(key) || is_past(sender)) return;
  Story thief;
  thief.partner = api_partner;
  thief.id = "t" + std::to_string(world_.ledger().stories().size() + 1);
  thief.must_be_refused = true;
  const std::size_t story = world_.ledger().add(std::move(thief));
  Sender copy;
  copy.story = story;
  copy.item = senders_[sender].item;
  world_.fault("key used again");
  world_.web().ask(order_ask(copy, 0, key), {About::order, story, 0},
                   [](const std::optional<codec::HttpReply>&) {});
}

// ---------------------------------------------------------------- releases and cancels

void Partners::publish_command(const char* level, const Story& story, Tag tag, std::uint64_t how) {
  std::string payload;
  if (how == 0 && !story.token.empty())
    payload = R"({"release_token":")" + story.token + "\"}";
  else if (how == 1 && !story.order_id.empty())
    payload = R"({"id":")" + story.order_id + "\"}";
  else
    payload = "{" + by_pair(story) + "}";
  if (tag.way == Way::customer) payload.insert(payload.size() - 1, R"(,"by":"customer")");
  world_.broker().send({level, std::move(payload)}, tag);
}

void Partners::send_webhook(WebAsk ask, Tag tag, std::int64_t wait_ms) {
  world_.web().ask(ask, tag, [this, ask, tag, wait_ms](const std::optional<codec::HttpReply>& reply) {
    if (reply && reply->status < 300) return;
    const std::int64_t next_ms = std::min<std::int64_t>(wait_ms * 2, 16 * s);
    world_.timeline().after(retry_ms(reply, wait_ms),
                            [this, ask, tag, next_ms] { send_webhook(ask, tag, next_ms); });
  });
}

void Partners::release(std::size_t sender) {
  const std::uint64_t how = draws_.below(4);
  const std::size_t index = senders_[sender].story;
  const Story& story = world_.ledger().story(index);
  const Tag tag{About::release, index, 0};
  if (story.partner == webhook_partner && how < 2)
    return send_webhook(
        doordash_webhook(R"({"external_order_id":")" + story.id + R"(","distance_from_store":240})"),
        {About::release, index, 0, Way::partner}, s);
  if (story.partner == thin_partner && how < 2)
    return send_thin(uber_webhook("orders.release", story), story, {About::release, index, 0, Way::partner});
  if (how == 3 && !story.order_id.empty()) return command_by_api(sender, About::release, s);
  senders_[sender].released = true;
  publish_command("release", story, tag, how);
}

void Partners::cancel(std::size_t sender) {
  const std::uint64_t how = draws_.below(4);
  const std::size_t index = senders_[sender].story;
  const Story& story = world_.ledger().story(index);
  world_.fault("cancel");
  if (story.partner == webhook_partner && how < 2)
    return send_webhook(doordash_webhook(R"({"external_order_id":")" + story.id + R"(","is_asap":true})"),
                        {About::cancel, index, 0, Way::partner}, s);
  if (story.thin && how < 2) {
    if (!world_.thin_api(story.partner).cancel(story.id)) return;
    return send_thin(story.partner == open_partner ? open_webhook("ORDER_CANCELLATION_REQUEST", story)
                                                   : uber_webhook("orders.cancel", story),
                     story, {About::cancel, index, 0, Way::partner});
  }
  if (how == 3 && !story.order_id.empty()) return command_by_api(sender, About::cancel, s);
  senders_[sender].cancelled = true;
  const bool by_customer = draws_.chance(300);
  publish_command("cancel", story, {About::cancel, index, 0, by_customer ? Way::customer : Way::cloud}, how);
}

void Partners::command_by_api(std::size_t sender, About about, std::int64_t wait_ms) {
  const std::size_t index = senders_[sender].story;
  WebAsk ask;
  ask.target = "/v1/orders/" + world_.ledger().story(index).order_id +
               (about == About::cancel ? "/cancel" : "/release");
  world_.web().ask(std::move(ask), {about, index, 0, Way::person},
                   [this, sender, about, wait_ms](const std::optional<codec::HttpReply>& reply) {
                     if (reply && reply->status < 500 && reply->status != 429) return;
                     const std::int64_t next_ms = std::min<std::int64_t>(wait_ms * 2, 16 * s);
                     world_.timeline().after(retry_ms(reply, wait_ms), [this, sender, about, next_ms] {
                       command_by_api(sender, about, next_ms);
                     });
                   });
}

// Somebody who saw a token once and has a digit of it wrong, or has another store's.
void Partners::plan_wrong_token(std::size_t sender, std::int64_t at_ms) {
  const std::int64_t when_ms = at_ms + between(draws_, 0, 120 * s);
  const bool cancels = draws_.chance(300);
  const std::size_t digit = draws_.index(32);
  world_.timeline().at(when_ms, [this, sender, cancels, digit] { guess(sender, cancels, digit); });
}

void Partners::guess(std::size_t sender, bool cancel, std::size_t digit) {
  Story& story = world_.ledger().story(senders_[sender].story);
  std::string token = story.token.empty() ? std::string("00000fffff-") + std::string(32, 'a') : story.token;
  char& wrong = token[token.size() - 1 - digit];
  wrong = wrong == '7' ? '8' : '7';
  if (!story.token.empty()) ++story.wrong_tokens;
  world_.fault("wrong token");
  const Tag tag = cancel ? Tag{} : Tag{About::stranger, senders_[sender].story, ++guesses_};
  world_.broker().send({cancel ? "cancel" : "release", R"({"release_token":")" + token + "\"}"}, tag);
  if (digit % 8 == 0 && !story.order_id.empty()) guess_id(story);
}

// The order's number is right in it, and a digit beside it is not.
void Partners::guess_id(const Story& story) {
  constexpr std::size_t beside = 22;
  std::string id = story.order_id;
  id[beside] = id[beside] == '7' ? '8' : '7';
  WebAsk ask;
  ask.target = "/v1/orders/" + id + "/release";
  world_.fault("wrong id");
  world_.web().ask(std::move(ask), {}, [this](const std::optional<codec::HttpReply>& reply) {
    if (reply) world_.on_stranger_answered(*reply);
  });
}

void Partners::send_again() {
  for (std::size_t sender = 0; sender < senders_.size(); ++sender) {
    const Sender& self = senders_[sender];
    const Story& story = world_.ledger().story(self.story);
    const Seen* last = story.last();
    if (last != nullptr && is_end_phase(last->phase)) continue;
    if (self.cancelled) publish_command("cancel", story, {About::cancel, self.story, 0}, 2);
    if (self.released) publish_command("release", story, {About::release, self.story, 0}, 2);
  }
}

}  // namespace storegate::sim
