// A pull is pages; a page is webhooks, stored one after the other, and then what its partner is told about them.
#include "app/puller.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "codec/commands.hpp"
#include "codec/pos_rest.hpp"
#include "platform/log.hpp"
#include "platform/random.hpp"

namespace storegate::app {

namespace {
constexpr core::Milliseconds backoff_first_ms = 5 * core::second_ms;
constexpr core::Milliseconds backoff_max_ms = 5 * core::minute_ms;
constexpr std::size_t pages_max = 1000;  // a cursor that runs in a circle must end
constexpr std::size_t unreadable_logged_max = 10;
constexpr std::size_t stored_pages_max = 8;            // some 150 KB each, at most
constexpr std::size_t letter_bytes_max = 1024 * 1024;  // as much as a message over MQTT

/// Whatever became of it is on disk, or would be the same the next time.
bool is_settled(core::AnswerKind kind) {
  using core::AnswerKind;
  switch (kind) {
    case AnswerKind::created:
    case AnswerKind::replayed:
    case AnswerKind::done:
    case AnswerKind::conflict:
    case AnswerKind::not_found: return true;
    case AnswerKind::unknown_partner:
    case AnswerKind::too_many:
    case AnswerKind::full:
    case AnswerKind::not_stored: return false;
  }
  return false;
}

/// What acknowledges a page names its events: one that it names again is the same page.
std::string name_of(const std::vector<codec::HttpRequest>& then) {
  std::string name;
  for (const codec::HttpRequest& request : then)
    name.append(request.method).append(1, ' ').append(request.target).append(1, ' ').append(request.body);
  return name;
}

/// Doubled with each failure, 75 to 125 % of it.
core::Milliseconds backoff_ms(std::size_t failures) {
  const auto whole = std::min(backoff_max_ms, backoff_first_ms << std::min<std::size_t>(failures, 10));
  return whole * 3 / 4 +
         static_cast<core::Milliseconds>(platform::random_seed() % static_cast<std::uint64_t>(whole / 2));
}

/// The partner was there and spoke of this request, so that another one may well succeed.
bool is_of_its_request(const PartnerReply& reply) {
  constexpr int too_many = 429;
  return reply.status && *reply.status != too_many;
}

std::string why_not(const PartnerReply& reply) {
  return reply.status ? "HTTP " + std::to_string(*reply.status) : reply.why;
}
}  // namespace

/// One partner's.
struct Puller::Pull {
  std::string partner;
  PartnerLine* line = nullptr;
  platform::Timer timer;
  bool running = false;
  bool again = false;  // there was an outage while it ran
  bool whole = false;  // it was asked to the end since it may be
  std::size_t failures = 0;
  /// Pages that could not be had, by what asked for them.
  struct Failed {
    std::size_t times = 0;
    std::chrono::steady_clock::time_point next;  // it is not asked for before
    bool lately = false;                         // listed since a pull came to its end
  };
  std::map<std::string, Failed> failed;

  // of the pull under way
  std::string cursor;
  std::string target;     // of the request for the page
  bool passed = false;    // a page was left out that is to be asked for again
  std::size_t pages = 0;  // that came
  std::size_t taken = 0;  // webhooks
  std::string content_type;
  std::deque<std::string> refused;  // why each of what cannot be read and will be forgotten
  std::string letter;               // what a dead letter keeps of the page
  std::deque<codec::Webhook> waiting;
  std::deque<codec::HttpRequest> then;
  std::string next;
  std::string page;              // named by what acknowledges it; "" = nothing does
  std::set<std::string> stored;  // pages that are, and could not be acknowledged yet
};

Puller::Puller(PullerParts parts) : parts_(std::move(parts)) {}
Puller::~Puller() = default;

bool Puller::may(const Pull& pull) const {
  return open_ && pull.line->client.open() && pull.line->config.enabled && pull.line->api->pulls();
}

void Puller::look() {
  for (auto& [name, line] : parts_.lines.all()) {
    auto& pull = pulls_[name];
    if (pull == nullptr) {
      pull = std::make_unique<Pull>();
      pull->partner = name;
      pull->line = line.get();
      line->client.on_return([this, pull = pull.get()] { wake(*pull); });
      begin(*pull);
      continue;
    }
    if (!may(*pull)) pull->whole = false;  // whoever comes back later has been away until then
    if (!pull->timer.pending() && (!pull->whole || line->config.api->pull_interval_s > 0)) begin(*pull);
  }
}

void Puller::look_again() {
  for (auto& [name, pull] : pulls_) wake(*pull);
}

void Puller::close() {
  open_ = false;
  for (auto& [name, pull] : pulls_) pull->timer.cancel();
}

// A pull whose first page is still out sees all that was missed.
void Puller::wake(Pull& pull) {
  if (pull.running)
    pull.again = pull.again || pull.pages > 0;
  else
    begin(pull);
}

void Puller::begin(Pull& pull) {
  if (pull.running || !may(pull)) return;
  pull.timer.cancel();
  pull.running = true;
  pull.again = false;
  pull.cursor.clear();
  pull.passed = false;
  pull.pages = 0;
  pull.taken = 0;
  ask(pull);
}

void Puller::ask(Pull& pull) {
  auto request = pull.line->api->pull(pull.line->store(), pull.cursor);
  while (auto behind = behind_failed(pull, request.target)) {
    if (behind->empty()) return succeed(pull);
    pull.cursor = std::move(*behind);
    request = pull.line->api->pull(pull.line->store(), pull.cursor);
  }
  pull.target = request.target;
  pull.line->client.call("pull", std::move(request),
                         [this, &pull](PartnerReply reply) { take_page(pull, std::move(reply)); });
}

void Puller::take_page(Pull& pull, PartnerReply reply) {
  if (!reply.is_good()) return fail_page(pull, why_not(reply), reply);
  auto page = pull.line->api->read_pulled(reply.body, pull.partner, pull.line->store());
  if (!page) return fail_page(pull, page.problem().text(), reply);
  pull.page = name_of(page->then);
  if (pull.stored.contains(pull.page)) {  // what it brought is known: all that is left is to say so
    page->webhooks.clear();
    page->unreadable.clear();
  }
  for (std::size_t i = 0; i < page->unreadable.size() && i < unreadable_logged_max; ++i)
    platform::log_warn("an order that was asked for cannot be understood",
                       {{"partner", pull.partner}, {"what", page->unreadable[i]}});
  pull.refused.clear();
  if (page->forgets_unreadable && !page->unreadable.empty()) {
    pull.refused.assign(page->unreadable.begin(), page->unreadable.end());
    pull.letter = codec::letter_bytes_of(reply.body).substr(0, letter_bytes_max);
  }
  ++pull.pages;
  pull.content_type = std::move(reply.content_type);
  pull.waiting.assign(std::make_move_iterator(page->webhooks.begin()),
                      std::make_move_iterator(page->webhooks.end()));
  pull.then.assign(std::make_move_iterator(page->then.begin()), std::make_move_iterator(page->then.end()));
  pull.next =
      page->left ? pull.line->api->next_behind(pull.cursor).value_or(std::string()) : std::move(page->next);
  offer_next(pull);
}

// Nothing: it is to be asked for. It has failed a moment ago: what is behind it.
std::optional<std::string> Puller::behind_failed(Pull& pull, const std::string& target) const {
  const auto failed = pull.failed.find(target);
  if (failed == pull.failed.end() || failed->second.next <= std::chrono::steady_clock::now()) return {};
  auto behind = pull.line->api->next_behind(pull.cursor);
  if (!behind) return {};
  failed->second.lately = true;
  pull.passed = true;
  return behind;
}

// One that cannot be had stays with its partner and is asked for again, less and less often; what came later does not wait
// for it, where it can be asked for without it.
void Puller::fail_page(Pull& pull, std::string_view why, const PartnerReply& reply) {
  auto behind = pull.line->api->next_behind(pull.cursor);
  if (!behind || !is_of_its_request(reply))
    return give_up(pull, why, codec::retry_after_ms(reply.retry_after).value_or(0));
  Pull::Failed& failed = pull.failed[pull.target];
  failed.lately = true;
  failed.next = std::chrono::steady_clock::now() + std::chrono::milliseconds(backoff_ms(failed.times));
  if (failed.times++ == 0)
    platform::log_warn(
        "what a partner has listed cannot be had: it is left there, and what came later is taken",
        {{"partner", pull.partner}, {"request", pull.target}, {"why", why}});
  pull.passed = true;
  ++pull.pages;
  pull.page.clear();
  pull.next = std::move(*behind);
  end_page(pull);
}

// One after the other: an order before its cancel, and no flood of a partner's own before its live orders.
void Puller::offer_next(Pull& pull) {
  if (!pull.refused.empty()) return refuse_next(pull);
  codec::Commands commands;
  while (commands.empty() && !pull.waiting.empty()) {
    commands = codec::commands_of(std::move(pull.waiting.front()), core::Source::webhook);
    pull.waiting.pop_front();
  }
  if (commands.empty()) {
    if (pull.stored.size() >= stored_pages_max) pull.stored.clear();
    if (!pull.page.empty()) pull.stored.insert(pull.page);
    return acknowledge(pull);
  }
  ++pull.taken;
  const auto caller = parts_.seat([this, &pull](const core::Answer& answer) { answered(pull, answer); });
  std::visit([&](auto& input) { input.caller = caller; }, commands.back());
  if (auto* order = std::get_if<core::OrderArrived>(&commands.back()))
    order->body.content_type = pull.content_type;
  for (auto& command : commands) std::visit([&](auto& input) { parts_.offer(std::move(input)); }, command);
}

// Its partner will have it no more: whoever looks for it finds it here.
void Puller::refuse_next(Pull& pull) {
  core::MessageRefused refused;
  refused.letter = {"webhook/" + pull.partner, pull.letter};
  refused.why = std::move(pull.refused.front());
  pull.refused.pop_front();
  refused.caller = parts_.seat([this, &pull](const core::Answer& answer) { answered(pull, answer); });
  parts_.offer(std::move(refused));
}

void Puller::answered(Pull& pull, const core::Answer& answer) {
  if (!is_settled(answer.kind))
    return give_up(pull, answer.why.empty() ? "not everything could be stored" : answer.why,
                   answer.retry_after_s * core::second_ms);
  if (answer.kind == core::AnswerKind::conflict)
    platform::log_warn("what was asked for contradicts what is stored",
                       {{"partner", pull.partner}, {"why", answer.why}});
  offer_next(pull);
}

// The page is on disk: its partner may forget it.
void Puller::acknowledge(Pull& pull) {
  if (!may(pull)) return give_up(pull, "closed", 0);
  if (pull.then.empty()) return end_page(pull);
  auto request = std::move(pull.then.front());
  pull.then.pop_front();
  pull.line->client.call("acknowledge", std::move(request), [this, &pull](PartnerReply reply) {
    // Gone is what it was to become.
    if (reply.is_good() || reply.is_gone()) return acknowledge(pull);
    give_up(pull, why_not(reply), codec::retry_after_ms(reply.retry_after).value_or(0));
  });
}

void Puller::end_page(Pull& pull) {
  pull.stored.erase(pull.page);
  if (pull.next.empty()) return succeed(pull);
  if (pull.next == pull.cursor) return give_up(pull, "its pages have no end", backoff_max_ms);
  if (pull.pages >= pages_max) return give_up(pull, "there is more than is taken at once", 0);
  pull.cursor = std::move(pull.next);
  ask(pull);
}

void Puller::succeed(Pull& pull) {
  pull.running = false;
  pull.stored.clear();
  for (auto failed = pull.failed.begin(); failed != pull.failed.end();)
    failed = std::exchange(failed->second.lately, false) ? std::next(failed) : pull.failed.erase(failed);
  if (pull.taken > 0 || pull.failures > 0)
    platform::log_info("a partner was asked for missed orders",
                       {{"partner", pull.partner}, {"webhooks", pull.taken}});
  pull.failures = 0;
  pull.whole = true;
  const auto interval_ms = pull.line->config.api->pull_interval_s * core::second_ms;
  if (pull.again)
    begin(pull);
  else if (interval_ms > 0)
    arm(pull, interval_ms);
  else if (pull.passed)
    arm(pull, backoff_max_ms);
}

void Puller::give_up(Pull& pull, std::string_view why, core::Milliseconds wait_ms) {
  pull.running = false;
  pull.refused.clear();
  pull.waiting.clear();
  pull.then.clear();
  if (!open_) return;
  if (pull.failures == 0)
    platform::log_warn("a partner cannot be asked for missed orders: it is tried again",
                       {{"partner", pull.partner}, {"why", why}});
  arm(pull, std::max(backoff_ms(pull.failures++), wait_ms));
}

void Puller::arm(Pull& pull, core::Milliseconds wait_ms) {
  if (!open_) return;
  pull.timer = parts_.loop.after(std::chrono::milliseconds(wait_ms), [this, &pull] { begin(pull); });
}

}  // namespace storegate::app
