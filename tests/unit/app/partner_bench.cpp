// The toy partner and the loop around it.
#include "partner_bench.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "app/tls.hpp"

namespace storegate::app_test {

codec::HttpRequest ToyApi::fetch(const codec::ApiStore&, const codec::ApiOrder& order) const {
  codec::HttpRequest request;
  request.target =
      order.href.empty() ? "/orders/" + std::string(order.partner_order_id) : std::string(order.href);
  return request;
}

codec::Parsed<codec::FetchedOrder> ToyApi::read_fetched(std::string_view body, std::string_view,
                                                        const codec::ApiStore& store) const {
  codec::FetchedOrder fetched;
  fetched.other_store = store.store_id == "other-store";
  constexpr std::string_view cancelled = "cancelled";
  if (body.starts_with(cancelled)) {
    fetched.cancelled = true;
    fetched.cancel_text = "their kitchen is closed";
    body.remove_prefix(cancelled.size());
  }
  auto decoded = codec::decode_canonical(body);
  if (!decoded) return decoded.problem();
  fetched.decoded = std::move(*decoded);
  fetched.released = true;
  return fetched;
}

codec::HttpRequest ToyApi::pull(const codec::ApiStore& store, std::string_view cursor) const {
  codec::HttpRequest request;
  request.target = "/missed?store=" + std::string(store.store_id) + "&cursor=" + std::string(cursor);
  return request;
}

codec::Parsed<codec::PulledPage> ToyApi::read_pulled(std::string_view body, std::string_view partner,
                                                     const codec::ApiStore&) const {
  codec::PulledPage page;
  while (!body.empty()) {
    const auto line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    const auto word = line.substr(0, line.find(' '));
    const std::string rest(line.substr(std::min(word.size() + 1, line.size())));
    if (word == "order") {
      page.webhooks.emplace_back(codec::OrderAnnounced{std::string(partner), rest, "", true});
    } else if (word == "bad") {
      page.unreadable.push_back(rest);
    } else if (word == "forget") {
      page.forgets_unreadable = true;
    } else if (word == "then") {
      page.then.push_back({"DELETE", rest, {}, {}});
    } else if (word == "next") {
      page.next = rest;
    } else if (word == "left") {
      page.left = true;
    } else {
      return codec::Problem{codec::ProblemKind::invalid_document, "no such line", "", std::nullopt};
    }
  }
  return page;
}

codec::HttpRequest ToyApi::tell(const codec::ApiStore&, const core::TellPartner& what) const {
  codec::HttpRequest request;
  request.method = "POST";
  request.target = "/orders/" + what.partner_order_id + "/status";
  request.body = what.notice == core::Notice::ready ? "ready" : "accepted";
  return request;
}

PartnerBench::PartnerBench()
    : server(loop, {}, [this](platform::HttpRequest request, platform::Responder responder) {
        serve(std::move(request), std::move(responder));
      }) {
  platform::log_set_level(platform::LogLevel::error);
  const auto listener = server.listen(*platform::Endpoint::parse("127.0.0.1:0"));
  REQUIRE(listener.ok());
  port = server.bound_port(*listener);
  app::PartnerConfig partner;
  partner.name = "toy";
  partner.codec = &codec;
  app::PartnerApiConfig& speaks = partner.api.emplace();
  speaks.url = base() + "/base";
  speaks.token_url = base() + "/token";
  speaks.client_id = "who";
  speaks.client_secret = "client-s3cret";
  speaks.secret = "header-s3cret";
  speaks.store_id = "S1";
  speaks.timeout_ms = 5000;
  config.partners.push_back(std::move(partner));
}

void PartnerBench::serve(platform::HttpRequest request, platform::Responder responder) {
  const bool token = request.target == "/token";
  (token ? tokens_asked : heard).push_back(std::move(request));
  auto& answers = token ? token_script : script;
  if (token && silent) return unanswered.push_back(std::move(responder));
  if (answers.empty()) {
    answers.emplace_back();
    answers.back().status = 500;
  }
  if (!token && on_heard) on_heard();
  responder.answer(std::move(answers.front()));
  answers.pop_front();
}

void PartnerBench::restart() {
  lines.reset();
  memory.emplace(tokens_file(), [](std::function<void()> job) { job(); });
  lines.emplace(app::PartnerClientParts{loop, gauges, *memory, [this] { return clock; },
                                        [](const app::PartnerApiConfig& speaks, std::int64_t now_wall_ms) {
                                          return speaks.secret + "@" + std::to_string(now_wall_ms);
                                        }});
  lines->configure(config, {});
}

app::PartnerLine& PartnerBench::line() {
  if (!lines) restart();
  return *lines->find("toy");
}

void PartnerBench::answer(int status, std::string body, std::string retry_after) {
  platform::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = "application/json";
  if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
  script.push_back(std::move(response));
}

void PartnerBench::give_token(std::string bearer, int seconds) {
  platform::HttpResponse response;
  response.body = R"({"access_token":")" + bearer + R"(","token_type":"Bearer","expires_in":)" +
                  std::to_string(seconds) + "}";
  response.content_type = "application/json";
  token_script.push_back(std::move(response));
}

void PartnerBench::pass(core::Milliseconds ms) {
  clock.steady_ms += ms;
  clock.wall_ms += ms;
}

void PartnerBench::until(const std::function<bool()>& done) {
  bool late = false;
  const auto deadline = loop.after(std::chrono::seconds(10), [&] { late = true; });
  std::function<void()> look = [&] {
    if (done() || late) return loop.stop();
    loop.post(look);
  };
  loop.post(look);
  loop.run();
  REQUIRE_FALSE(late);
}

app::PartnerReply PartnerBench::call(std::string target) {
  std::optional<app::PartnerReply> reply;
  codec::HttpRequest request;
  request.target = std::move(target);
  line().client.call("fetch", std::move(request), [&](app::PartnerReply came) { reply = std::move(came); });
  REQUIRE_FALSE(reply.has_value());
  until([&] { return reply.has_value(); });
  return std::move(*reply);
}

LogCapture::LogCapture() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  reading_ = ends[0];
  writing_ = ends[1];
  platform::log_to(writing_, platform::LogFormat::json);
  platform::log_set_level(platform::LogLevel::debug);
}

LogCapture::~LogCapture() {
  platform::log_to(STDERR_FILENO, platform::LogFormat::json);
  platform::log_set_level(platform::LogLevel::error);
  ::close(reading_);
  ::close(writing_);
}

std::string LogCapture::take() {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t count = 0; (count = ::read(reading_, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(count));
  return text;
}

}  // namespace storegate::app_test
