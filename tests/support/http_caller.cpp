// The blocking client: connect, write, read one answer, each against one deadline.
#include "tests/support/http_caller.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "tests/support/http_text.hpp"

namespace storegate::support {

namespace {

bool carries_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// A kept connection that the server has closed meanwhile, or on which bytes came unasked.
bool stale(const Descriptor& socket) {
  char byte = 0;
  const ssize_t got = ::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void fill(HttpAnswer& answer, AnswerBytes&& parsed) {
  answer.status = parsed.status;
  answer.closes = parsed.closes;
  answer.body = std::move(parsed.body);
  answer.headers.clear();
  each_field(parsed.head, [&](std::string_view name, std::string_view value) {
    answer.headers.emplace_back(name, value);
  });
}

}  // namespace

const char* name_of(Reach reach) noexcept {
  switch (reach) {
    case Reach::not_connected: return "not connected";
    case Reach::nothing_written: return "nothing written";
    case Reach::partly_written: return "partly written";
    case Reach::written: return "written, nothing came back";
    case Reach::partly_answered: return "partly answered";
    case Reach::answered: return "answered";
  }
  return "?";
}

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [its_name, value] : headers)
    if (same_word(its_name, name)) return value;
  return {};
}

std::string http_request(std::string_view method, std::string_view target, const HttpHeaders& headers,
                         std::string_view body) {
  std::string text;
  text.reserve(256 + body.size());
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || carries_body(method))
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

HttpAnswer HttpCaller::call(std::string_view method, std::string_view target, const HttpHeaders& headers,
                            std::string_view body) {
  return call_raw(http_request(method, target, headers, body), method == "HEAD");
}

HttpAnswer HttpCaller::post(std::string_view target, std::string_view json, HttpHeaders more) {
  more.emplace_back("Content-Type", "application/json");
  return call("POST", target, more, json);
}

HttpAnswer HttpCaller::call_raw(std::string_view bytes, bool head) {
  const Until until = std::chrono::steady_clock::now() + deadline_;
  HttpAnswer answer;
  if (socket_.open() && stale(socket_)) socket_.close();
  received_.clear();
  if (!socket_.open() && !connect(until, answer)) return answer;
  if (write_all(bytes, until, answer) || answer.reach == Reach::partly_written)
    read_answer(head, until, answer);
  if (!answer.answered() || answer.closes) socket_.close();
  return answer;
}

bool HttpCaller::connect(Until until, HttpAnswer& answer) {
  socket_ = begin_connect(address_);
  int reason = socket_.open() ? 0 : errno;
  if (socket_.open() && !support::wait_for(socket_, POLLOUT, until))
    reason = ETIMEDOUT;
  else if (socket_.open())
    reason = connect_error(socket_);
  if (reason == 0) return true;
  answer.error = std::string("connect: ") + std::strerror(reason);
  socket_.close();
  return false;
}

bool HttpCaller::write_all(std::string_view bytes, Until until, HttpAnswer& answer) {
  answer.reach = Reach::nothing_written;
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put > 0) {
      answer.reach = Reach::partly_written;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (support::wait_for(socket_, POLLOUT, until)) continue;
      answer.error = "write: deadline";
      return false;
    } else {
      answer.error = std::string("write: ") + std::strerror(errno);
      return false;  // an early answer (413) may have come all the same
    }
  }
  answer.reach = Reach::written;
  return true;
}

void HttpCaller::read_answer(bool head, Until until, HttpAnswer& answer) {
  bool closed = false;
  while (true) {
    if (auto parsed = parse_answer(received_, head, closed)) {
      const bool interim = parsed->complete && parsed->status < 200 && !parsed->malformed;
      const bool whole = parsed->complete && !parsed->malformed;
      const std::size_t size = parsed->size;
      if (parsed->malformed) answer.error = "malformed answer";
      fill(answer, std::move(*parsed));
      answer.reach = whole ? Reach::answered : Reach::partly_answered;
      if (interim) {
        received_.erase(0, size);
        continue;
      }
      if (whole) return answer.error.clear();
      if (!answer.error.empty() && answer.error.starts_with("malformed")) return;
    } else if (!received_.empty()) {
      answer.reach = Reach::partly_answered;
    }
    if (closed) return;
    if (!support::wait_for(socket_, POLLIN, until)) {
      answer.error = "read: deadline";
      return;
    }
    char bytes[16384];
    const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got > 0) {
      received_.append(bytes, static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EAGAIN) {
      closed = true;
      answer.closes = true;
      answer.error = got == 0 ? "closed by the server" : std::string("read: ") + std::strerror(errno);
    }
  }
}

}  // namespace storegate::support
