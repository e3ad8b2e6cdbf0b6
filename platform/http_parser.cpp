// The parsers over Beast's basic_parser. The only file that includes Beast: its headers take seconds to compile.
//
// Beast 1.81 by itself accepts, and this file refuses: Content-Length given twice (equal) or as a list,
// Transfer-Encoding other than exactly "chunked" (it would then see no body at all), chunked in HTTP/1.0,
// folded header lines, no or several Host lines. It waits for ever at a line that ends in a bare LF.
#include "platform/http_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "platform/http_header_scan.hpp"

namespace storegate::platform {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

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
  bool chunked = false;
  bool expects_continue = false;
  bool too_large = false;
  std::size_t refused_bytes = 0;

 private:
  void refuse(std::string_view why, ErrorCode& error, int status = 400) {
    failure = why;
    failure_status = status;
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       ErrorCode& error) override {
    is_1_0 = version == 10;
    if constexpr (is_request) {
      message_.method = std_view(method);
      if (!set_target(std_view(target)))
        refuse("the request target is neither a path nor an http:// URL", error);
    }
  }

  /// RFC 9112 3.2.2: the absolute form must be accepted; its authority says nothing here.
  bool set_target(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    if (target.size() > scheme.size() && same_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      const auto slash = target.find_first_of("/?", scheme.size());
      target = slash == std::string_view::npos ? std::string_view{} : target.substr(slash);
      if (!target.starts_with('/')) message_.target = "/";
    } else if (!target.starts_with('/') && target != "*" && message_.method != "CONNECT") {
      return false;
    }
    message_.target += target;
    return true;
  }

  void on_response_impl(int code, string_view, int version, ErrorCode&) override {
    is_1_0 = version == 10;
    if constexpr (!is_request) message_.status = code;
  }

  void on_field_impl(http::field name, string_view name_text, string_view value, ErrorCode& error) override {
    if (header_done) return;  // trailers are never merged into the headers (RFC 9110 6.5.1)
    switch (name) {
      case http::field::content_length: check_length(std_view(value), error); break;
      case http::field::transfer_encoding: check_coding(std_view(value), error); break;
      case http::field::host: ++hosts_; break;
      case http::field::expect: check_expectation(std_view(value), error); break;
      default: break;
    }
    message_.headers.add(std_view(name_text), std_view(value));
    if constexpr (!is_request) {
      if (name == http::field::content_type) message_.content_type = std_view(value);
    }
  }

  void check_length(std::string_view value, ErrorCode& error) {
    if (std::exchange(has_length_, true) || value.find(',') != std::string_view::npos) {
      refuse("Content-Length is given more than once", error);
    }
  }

  void check_coding(std::string_view value, ErrorCode& error) {
    chunked = true;
    if (is_1_0 || !same_ignoring_case(value, "chunked")) {
      refuse("the only Transfer-Encoding understood is \"chunked\", in HTTP/1.1", error);
    }
  }

  void check_expectation(std::string_view value, ErrorCode& error) {
    if (!is_request || is_1_0) return;
    if (!same_ignoring_case(value, "100-continue")) {
      return refuse("the only Expect understood is 100-continue", error, 417);
    }
    expects_continue = true;
  }

  void on_header_impl(ErrorCode& error) override {
    header_done = true;
    if (is_request && (hosts_ > 1 || (hosts_ == 0 && !is_1_0))) {
      return refuse("exactly one Host header is required", error);
    }
    const auto length = this->content_length();
    if (length && *length > limits_.body_bytes_max) refuse_body(*length);
  }

  void refuse_body(std::uint64_t bytes) {
    too_large = true;
    refused_bytes = static_cast<std::size_t>(bytes);
    message_.body = std::string();
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (length && !too_large) message_.body.reserve(static_cast<std::size_t>(*length));
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

  void on_chunk_header_impl(std::uint64_t, string_view extensions, ErrorCode& error) override {
    // Nobody needs them; long ones are a way to keep a server busy (one byte of body for kilobytes of line).
    if (extensions.size() > 128) refuse("the chunk extensions are too long", error);
  }

  void on_finish_impl(ErrorCode&) override {}

  Message& message_;
  const HttpParseLimits& limits_;
  unsigned hosts_ = 0;
  bool has_length_ = false;
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
    scan_ = HttpHeaderScan{};
    this->state_ = HttpParser::State::header;
    this->failure_ = {};
    this->body_too_large_ = false;
    this->body_bytes_refused_ = 0;
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

  std::size_t feed_header(std::string_view bytes) {
    const auto found = scan_.scan(bytes, limits_.header_bytes_max);
    if (found == HttpHeaderScan::Found::not_yet) return 0;
    if (found == HttpHeaderScan::Found::too_long) {
      fail("the request line and headers are larger than allowed", 431);
      return 0;
    }
    if (found == HttpHeaderScan::Found::malformed) {
      fail(scan_.why(), 400);
      return 0;
    }
    put(bytes.substr(scan_.begin(), scan_.end() - scan_.begin()));
    // Beast looks past the line's end for a version that is too short, and would wait for more.
    if (this->state_ == HttpParser::State::header) fail("the start line is malformed", 400);
    return scan_.end();
  }

  std::size_t feed_body(std::string_view bytes) {
    if (bytes.empty()) return 0;
    // Beast asserts that it sees the last chunk either alone or with two bytes more, so that "0\r\n" followed by
    // a single byte would abort. Any unfinished chunked body has five bytes to come ("0\r\n\r\n").
    if (grammar_->chunked && bytes.size() < 5) return 0;
    return put(bytes);
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
    if (error == http::error::bad_content_length)
      return "Content-Length is no number, or beside Transfer-Encoding";
    if (error == http::error::multiple_content_length) return "Content-Length is given more than once";
    if (error == http::error::bad_transfer_encoding)
      return "Transfer-Encoding is given twice, or beside Content-Length";
    if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension)
      return "a chunk is malformed";
    if (error == http::error::bad_method || error == http::error::bad_target)
      return "the request line is malformed";
    if (error == http::error::bad_status || error == http::error::bad_reason)
      return "the status line is malformed";
    return "a header line is malformed";
  }

  HttpParseLimits limits_;
  HttpHeaderScan scan_;
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
