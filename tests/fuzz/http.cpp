// The request and response reader: a peer decides how its bytes are portioned, so that portions must not matter; and what
// we send must be read as what we meant.
#include <algorithm>
#include <string>
#include <vector>

#include "platform/http_parser.hpp"
#include "platform/http_rules.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

using platform::HttpParser;

constexpr platform::HttpParseLimits limits{1024, 2048};

std::string told(const platform::HttpHeaders& headers) {
  std::string out;
  for (const auto line : headers) (out += line.name).append("=").append(line.value).append("\n");
  return out;
}

std::string told(platform::HttpRequestParser& parser) {
  return parser.request().method + " " + parser.request().target + "\n" + told(parser.request().headers) +
         (parser.expects_continue() ? "!" : "") + parser.request().body;
}

std::string told(platform::HttpResponseParser& parser) {
  return std::to_string(parser.response().status) + "\n" + told(parser.response().headers) +
         parser.response().body;
}

/// Every message in the bytes, and how it ends, `portion` bytes at a time as a connection does it.
template <typename Parser>
std::vector<std::string> read_all(std::string_view bytes, std::size_t portion) {
  const auto parser = Parser::make(limits);
  std::vector<std::string> messages;
  std::size_t used = 0;
  std::size_t there = 0;
  for (;;) {
    const auto state = parser->state();
    const auto step = parser->feed(bytes.substr(used, there - used));
    expect(step <= there - used, "no more is used up than there is");
    used += step;
    if (parser->state() == HttpParser::State::failed) break;
    if (parser->state() == HttpParser::State::complete) {
      messages.push_back(told(*parser) + (parser->body_too_large() ? " too large" : "") +
                         (parser->keep_alive() ? " keeps" : " ends"));
      if (messages.size() == 64) return messages;
      parser->reset();
      continue;
    }
    if (step > 0 || parser->state() != state) continue;
    if (there == bytes.size()) break;
    there = std::min(bytes.size(), there + portion);
  }
  parser->end_of_stream();
  if (parser->state() == HttpParser::State::failed) {
    expect(!parser->failure().empty(), "a refused message is refused in words");
    const int status = parser->failure_status();
    expect(status == 400 || status == 417 || status == 431 || status == 505,
           "a refused message has its status");
    messages.push_back("failed " + std::to_string(status));
  } else if (parser->state() == HttpParser::State::complete) {
    messages.push_back(told(*parser));
  }
  return messages;
}

/// What is sent on is one message, and the one that was meant.
void must_be_sent_whole(std::string_view bytes) {
  const auto parser = platform::HttpRequestParser::make(limits);
  parser->feed(bytes);
  if (parser->state() != HttpParser::State::complete || parser->body_too_large()) return;
  const auto& request = parser->request();
  platform::HttpHeaders headers;
  for (const auto line : request.headers)
    if (platform::is_http_token(line.name) && line.name.starts_with("X-")) headers.add(line.name, line.value);
  std::string sent;
  append_request(sent, request.method, "localhost", request.target, headers, request.body);
  const auto again = platform::HttpRequestParser::make({sent.size(), limits.body_bytes_max});
  expect(again->feed(sent) == sent.size() && again->state() == HttpParser::State::complete,
         "a request of ours is one whole message");
  expect(again->request().method == request.method && again->request().target == request.target &&
             again->request().body == request.body,
         "a request of ours is read as it was meant");
}

}  // namespace

/// A line "request|response PORTION", and what the peer sends.
void run_http(std::string_view input) {
  Cut cut(input);
  Cut first(cut.line());
  const bool requests = first.until(' ') != "response";
  const std::size_t portion = std::max<std::uint32_t>(first.number(), 1);
  const auto read = requests ? read_all<platform::HttpRequestParser> : read_all<platform::HttpResponseParser>;
  expect(read(cut.rest(), cut.rest().size() + 1) == read(cut.rest(), portion),
         "messages are the same in whatever portions they come");
  if (requests) must_be_sent_whole(cut.rest());
}

}  // namespace storegate::fuzz
