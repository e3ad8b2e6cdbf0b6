// Shell: the command line as a person starts it, against a service whose answers are canned.
#pragma once

#include <cstdint>
#include <deque>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/cli.hpp"
#include "core/ids.hpp"

namespace storegate::app_test {

using platform::HttpCall;
using platform::HttpOutcome;

inline constexpr std::int64_t made_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z

inline std::string order_id(std::int64_t number) {
  core::Generator generator(7);
  return core::text_of(core::make_order_id(made_ms, core::OrderNumber{number}, generator));
}

/// A short answer as the API gives it.
inline std::string short_answer(std::int64_t number, const std::string& phase,
                                const std::string& reason = "null") {
  return R"({"id":")" + order_id(number) + R"(","partner":"kiosk","partner_order_id":"K-)" +
         std::to_string(number) + R"(","phase":")" + phase + R"(","release_token":"canary","reason":)" +
         reason + R"(,"pos_reference":null,"updated_at":"2026-11-23T12:04:00.000Z"})";
}

/// A program started once with words, and everything that came of it.
struct Shell {
  std::deque<HttpOutcome> answers;  // given in order; when they run out nobody is there
  std::vector<HttpCall> calls;
  std::string ran;
  std::ostringstream out;
  std::ostringstream err;
  std::string default_config = "/nonexistent/storegate.toml";
  int waits = 0;  // so often --follow asks again

  void answer(int status, std::string body) {
    HttpOutcome outcome;
    outcome.response.emplace();
    outcome.response->status = status;
    outcome.response->body = std::move(body);
    answers.push_back(std::move(outcome));
  }

  HttpOutcome next_answer(HttpCall call) {
    calls.push_back(std::move(call));
    HttpOutcome outcome;
    if (answers.empty()) {
      outcome.failure = {core::ErrorCode::unavailable, "connection refused"};
      return outcome;
    }
    outcome = std::move(answers.front());
    answers.pop_front();
    return outcome;
  }

  int run(std::vector<const char*> words) {
    words.insert(words.begin(), "storegate");
    app::CliWorld world{out,
                        err,
                        [this](HttpCall call) { return next_answer(std::move(call)); },
                        [this](const std::string& file) { return ran = file, 0; },
                        [] { return made_ms + 5 * 60'000; },
                        default_config,
                        [this] { return waits-- > 0; }};
    return app::run_cli(static_cast<int>(words.size()), words.data(), world);
  }
};

inline bool has(const std::ostringstream& stream, const std::string& text) {
  return stream.str().find(text) != std::string::npos;
}

}  // namespace storegate::app_test
