// PartnerBench: a partner's API of a few lines on the test's own loop, a codec that speaks to it, and the parts that call it.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/gauges.hpp"
#include "app/partner_lines.hpp"
#include "codec/partners/partner_api.hpp"
#include "platform/http_server.hpp"
#include "platform/log.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::app_test {

/// An API that is whatever a test wants it to be. An order's body is canonical; "cancelled" in front says so.
class ToyApi final : public codec::PartnerApi {
 public:
  codec::ApiSignIn how = codec::ApiSignIn::client_credentials;
  bool thin = true;
  bool listed = true;
  std::int64_t interval_s = 0;
  bool by_json = false;
  core::Notices told_of = {core::Notice::accepted, core::Notice::ready};

  [[nodiscard]] codec::ApiSignIn sign_in() const noexcept override { return how; }
  [[nodiscard]] std::pair<std::string_view, std::string_view> secret_header() const noexcept override {
    return {"X-Key", "key "};
  }
  [[nodiscard]] bool asks_token_by_json() const noexcept override { return by_json; }
  [[nodiscard]] bool fetches() const noexcept override { return thin; }
  [[nodiscard]] codec::HttpRequest fetch(const codec::ApiStore& store,
                                         const codec::ApiOrder& order) const override;
  [[nodiscard]] codec::Parsed<codec::FetchedOrder> read_fetched(std::string_view body,
                                                                std::string_view partner,
                                                                const codec::ApiStore& store) const override;
  [[nodiscard]] bool pulls() const noexcept override { return listed; }
  [[nodiscard]] std::int64_t pull_interval_s() const noexcept override { return interval_s; }
  [[nodiscard]] codec::HttpRequest pull(const codec::ApiStore& store, std::string_view cursor) const override;
  /// Lines: "order ID" (announced), "bad WORDS", "forget" (those too), "then PATH", "next CURSOR", "left".
  [[nodiscard]] codec::Parsed<codec::PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                                             const codec::ApiStore& store) const override;
  /// Of "a,b,c" it is "b,c"; of the first page nothing is known.
  [[nodiscard]] std::optional<std::string> next_behind(std::string_view cursor) const override {
    if (cursor.empty()) return std::nullopt;
    const auto comma = cursor.find(',');
    return comma == std::string_view::npos ? std::string() : std::string(cursor.substr(comma + 1));
  }
  [[nodiscard]] core::Notices notices() const noexcept override { return told_of; }
  [[nodiscard]] codec::HttpRequest tell(const codec::ApiStore& store,
                                        const core::TellPartner& what) const override;
};

/// A codec for that API alone.
class ToyCodec final : public codec::PartnerCodec {
 public:
  ToyApi toy;
  [[nodiscard]] std::string_view name() const noexcept override { return "toy"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "shop"; }
  [[nodiscard]] bool authenticate(const codec::Delivery&) const override { return true; }
  /// The whole body is the id of an order that is announced, or, behind "news ", of one that is to be known.
  [[nodiscard]] codec::Parsed<codec::Webhook> read(const codec::Delivery& delivery,
                                                   std::optional<codec::WebhookKind>) const override {
    std::string_view id = delivery.body;
    constexpr std::string_view news = "news ";
    const bool is_new = !id.starts_with(news);
    if (!is_new) id.remove_prefix(news.size());
    return codec::Webhook{
        codec::OrderAnnounced{std::string(partner_of(delivery)), std::string(id), "", is_new}};
  }
  [[nodiscard]] std::string_view rejection_code(core::Reason) const noexcept override { return {}; }
  [[nodiscard]] const codec::PartnerApi* api() const noexcept override { return &toy; }
};

struct PartnerBench {
  platform::Loop loop;
  app::Gauges gauges{[] { return app::Levels{}; }};
  support::TempDir folder;
  core::Now clock{.steady_ms = 1'000'000, .wall_ms = 1'800'000'000'000, .wall_trusted = true};
  ToyCodec codec;
  app::Config config;

  std::vector<platform::HttpRequest> heard;         // by the API
  std::vector<platform::HttpRequest> tokens_asked;  // by its token endpoint
  std::deque<platform::HttpResponse> script;        // what the API answers, in order
  std::deque<platform::HttpResponse> token_script;
  std::vector<platform::Responder> unanswered;  // the token endpoint's callers while it is silent
  bool silent = false;
  std::function<void()> on_heard;
  platform::HttpServer server;
  std::uint16_t port = 0;

  std::optional<app::PartnerMemory> memory;
  std::optional<app::PartnerLines> lines;

  PartnerBench();

  [[nodiscard]] std::string base() const { return "http://127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] std::string tokens_file() const { return folder.file("orders.db.tokens"); }
  [[nodiscard]] app::PartnerApiConfig& api() { return *config.partners.front().api; }
  /// As a process that starts: what is remembered is read from disk. Called by the first line().
  void restart();
  [[nodiscard]] app::PartnerLine& line();
  void answer(int status, std::string body = {}, std::string retry_after = {});
  void give_token(std::string bearer, int seconds = 3600);
  void pass(core::Milliseconds ms);
  /// Turns the loop until it is true; fails the test after 10 s.
  void until(const std::function<bool()>& done);
  app::PartnerReply call(std::string target = "/orders");
  [[nodiscard]] std::string authorization(std::size_t request) const {
    return std::string(heard.at(request).headers.get("Authorization"));
  }

 private:
  void serve(platform::HttpRequest request, platform::Responder responder);
};

/// What is logged while it lives, from `debug` on.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  [[nodiscard]] std::string take();

 private:
  int reading_ = -1, writing_ = -1;
};

}  // namespace storegate::app_test
