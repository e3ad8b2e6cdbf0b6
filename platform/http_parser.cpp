// The parsers over Beast's basic_parser. The only file that includes Beast: its headers take seconds to compile.
//
// Beast 1.81 by itself is lenient: it takes Content-Length twice, any Transfer-Encoding (and then sees no body at all),
// folded lines, no or several Host lines, and waits for ever at a bare line feed. So no byte gets to it that
// http_header_scan or http_chunk_scan has not passed; tests/unit/platform/http_attacks_test.cpp shows the difference.
#include "platform/http_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "platform/http_buffer.hpp"
#include "platform/http_chunk_scan.hpp"
#include "platform/http_header_scan.hpp"

namespace storegate::platform {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

// What is announced is a stranger's word: no more is held for it than this before it comes.
constexpr std::uint64_t reserved_bytes_max = 64 * 1024;

std::string_view std_view(string_view text) noexcept { return {text.data(), text.size()}; }

/// One message's grammar: Beast calls back with each part. What is wrong is left in `failure` beside Beast's code.
template <bool is_request, typename Message>
class Grammar final : public http::basic_parser<is_request> {
 public:
  Grammar(Message& into, const HttpParseLimits& limits) : message_(into), limits_(limits) {
    // Both limits are ours: the header block comes in one piece of known size, the body is counted below.
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(boost::none);
    this->eager(true);
  }

  std::string_view failure;
  int failure_status = 400;
  bool header_done = false;
  bool is_1_0 = false;
  bool expects_continue = false;
  bool too_large = false;
  std::size_t refused_bytes = 0;
  std::optional<std::uint64_t> announced;

 private:
  void refuse(std::string_view why, ErrorCode& error, int status = 400) {
    failure = why;
    failure_status = status;
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version, ErrorCode&) override {
    is_1_0 = version == 10;
    if constexpr (is_request) {
      message_.method = std_view(method);
      message_.target = path_of(std_view(target));
    }
  }

  /// Of an absolute form too: its authority is the Host header's, which the rules have seen to.
  static std::string path_of(std::string_view target) {
    if (target.starts_with('/') || target == "*") return std::string(target);
    const auto authority = target.find("://") + std::string_view("://").size();
    const auto rest = std::min(target.find_first_of("/?", authority), target.size());
    std::string path(target.substr(rest));
    if (!path.starts_with('/')) path.insert(0, 1, '/');
    return path;
  }

  void on_response_impl(int code, string_view, int version, ErrorCode&) override {
    is_1_0 = version == 10;
    if constexpr (!is_request) message_.status = code;
  }

  void on_field_impl(http::field name, string_view name_text, string_view value, ErrorCode& error) override {
    if (header_done) return;  // trailers are never merged into the headers (RFC 9110 6.5.1)
    if (name == http::field::expect) check_expectation(std_view(value), error);
    message_.headers.add(std_view(name_text), std_view(value));
    if constexpr (!is_request) {
      if (name == http::field::content_type) message_.content_type = std_view(value);
    }
  }

  void check_expectation(std::string_view value, ErrorCode& error) {
    if (!is_request || is_1_0) return;
    if (!same_ignoring_case(value, "100-continue")) {
      return refuse("the only Expect understood is 100-continue", error, 417);
    }
    expects_continue = true;
  }

  void on_header_impl(ErrorCode&) override {
    header_done = true;
    if (const auto length = this->content_length()) announced = *length;
    if (announced.value_or(0) > limits_.body_bytes_max) refuse_body(*announced);
  }

  void refuse_body(std::uint64_t bytes) {
    too_large = true;
    refused_bytes = static_cast<std::size_t>(bytes);
    give_back(message_.body);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (length && !too_large)
      message_.body.reserve(static_cast<std::size_t>(std::min(*length, reserved_bytes_max)));
  }

  std::size_t take_body(string_view part) {
    if (too_large) {
      seen_refused_ += part.size();
      refused_bytes = std::max(refused_bytes, seen_refused_);
    } else if (message_.body.size() + part.size() > limits_.body_bytes_max) {
      seen_refused_ = message_.body.size() + part.size();
      refuse_body(seen_refused_);
    } else {
      message_.body.append(part.data(), part.size());
    }
    return part.size();
  }

  std::size_t on_body_impl(string_view part, ErrorCode&) override { return take_body(part); }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, ErrorCode&) override {
    return take_body(part);
  }

  void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  Message& message_;
  const HttpParseLimits& limits_;
  std::size_t seen_refused_ = 0;
};

/// Joins the header scan and the grammar; Base is one of the two public parsers, which holds the message.
template <bool is_request, typename Base, typename Message>
class ParserOf : public Base {
 public:
  explicit ParserOf(HttpParseLimits limits) : limits_(limits) { ParserOf::reset(); }

  void reset() override {
    message() = Message{};
    grammar_.emplace(message(), limits_);
    scan_ = HttpHeaderScan(is_request, limits_.header_bytes_max, limits_.header_lines_max);
    chunks_ = HttpChunkScan(limits_.header_bytes_max, limits_.header_lines_max);
    scanned_ = 0;
    this->state_ = HttpParser::State::header;
    this->failure_ = {};
    this->body_too_large_ = false;
    this->body_bytes_refused_ = 0;
    this->announced_.reset();
  }

  std::size_t feed(std::string_view bytes) override {
    std::size_t used = 0;
    if (this->state_ == HttpParser::State::header) used = feed_header(bytes);
    if (this->state_ == HttpParser::State::body) used += feed_body(bytes.substr(used));
    return used;
  }

  void end_of_stream() override {
    if (this->state_ != HttpParser::State::body) return;
    ErrorCode error;
    grammar_->put_eof(error);
    if (error) return fail("the message ends before its announced length", 400);
    this->state_ = HttpParser::State::complete;
  }

  [[nodiscard]] bool keep_alive() const override {
    return grammar_->is_header_done() && grammar_->keep_alive();
  }

 protected:
  void skip_body() { grammar_->skip(true); }

 private:
  Message& message() noexcept {
    if constexpr (is_request) {
      return this->request_;
    } else {
      return this->response_;
    }
  }

  void fail(std::string_view why, int status) {
    this->state_ = HttpParser::State::failed;
    this->failure_ = why;
    this->failure_status_ = status;
  }

  void fail(const HttpFault& fault) { fail(fault.why, fault.status); }

  std::size_t feed_header(std::string_view bytes) {
    const auto found = scan_.scan(bytes);
    if (found == HttpHeaderScan::Found::refused) fail(scan_.fault());
    if (found != HttpHeaderScan::Found::whole) return 0;
    put(bytes.substr(scan_.begin(), scan_.end() - scan_.begin()));
    // Beast looks past the line's end for a version that is too short, and would wait for more.
    if (this->state_ == HttpParser::State::header) fail("the start line is malformed", 400);
    return scan_.end();
  }

  std::size_t feed_body(std::string_view bytes) {
    return grammar_->chunked() ? feed_chunks(bytes) : bytes.empty() ? 0 : put(bytes);
  }

  /// What the scan has passed and no more. Both must see the end at the same byte.
  std::size_t feed_chunks(std::string_view bytes) {
    scanned_ += chunks_.take(bytes.substr(scanned_));
    if (const auto fault = chunks_.fault()) return fail(*fault), 0;
    // Beast asserts that it sees the last chunk either alone or with two bytes more, so that "0\r\n" followed by
    // a single byte would abort. Any unfinished chunked body has five bytes to come ("0\r\n\r\n").
    if (scanned_ < 5) return 0;
    const auto used = put(bytes.substr(0, scanned_));
    scanned_ -= used;
    const bool is_complete = this->state_ == HttpParser::State::complete;
    const bool is_agreed = is_complete == chunks_.is_complete() && (!is_complete || scanned_ == 0);
    if (this->state_ != HttpParser::State::failed && !is_agreed) fail("a chunk is malformed", 400);
    return used;
  }

  std::size_t put(std::string_view bytes) {
    ErrorCode error;
    const auto used = grammar_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    note_progress();
    if (error && error != http::error::need_more) {
      if (!grammar_->failure.empty()) {
        fail(grammar_->failure, grammar_->failure_status);
      } else {
        fail(words_for(error), error == http::error::bad_version ? 505 : 400);
      }
    }
    return used;
  }

  void note_progress() {
    this->body_too_large_ = grammar_->too_large;
    this->body_bytes_refused_ = grammar_->refused_bytes;
    this->announced_ = grammar_->announced;
    if (grammar_->is_done()) {
      this->state_ = HttpParser::State::complete;
    } else if (grammar_->is_header_done()) {
      this->state_ = HttpParser::State::body;
    }
    if constexpr (is_request) {
      this->expects_continue_ = grammar_->expects_continue;
      this->is_http_1_0_ = grammar_->is_1_0;
    }
  }

  static std::string_view words_for(const ErrorCode& error) {
    if (error == http::error::bad_version) return "only HTTP/1.0 and HTTP/1.1 are understood";
    if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension)
      return "a chunk is malformed";
    if (error == http::error::bad_status || error == http::error::bad_reason)
      return "the status line is malformed";
    return "a header line is malformed";
  }

  HttpParseLimits limits_;
  HttpHeaderScan scan_{is_request, 0, 0};
  HttpChunkScan chunks_{0, 0};
  std::size_t scanned_ = 0;  // bytes of a chunked body that the scan has passed and Beast has not used up
  std::optional<Grammar<is_request, Message>> grammar_;
};

using RequestParser = ParserOf<true, HttpRequestParser, HttpRequest>;

class ResponseParser final : public ParserOf<false, HttpResponseParser, HttpResponse> {
 public:
  using ParserOf::ParserOf;
  void expect_no_body() override { skip_body(); }
};

}  // namespace

std::unique_ptr<HttpRequestParser> HttpRequestParser::make(HttpParseLimits limits) {
  return std::make_unique<RequestParser>(limits);
}

std::unique_ptr<HttpResponseParser> HttpResponseParser::make(HttpParseLimits limits) {
  return std::make_unique<ResponseParser>(limits);
}

}  // namespace storegate::platform
