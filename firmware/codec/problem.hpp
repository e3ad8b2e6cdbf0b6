// What is wrong with bytes from outside, in words their sender can act on, and Parsed: a value or such a problem.
// A problem never repeats a value from the input: it may be logged and published, a customer's data may not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace storegate::codec {

/// The kinds of problem a caller is told apart; each has its HTTP status and its stable type URI (answers.hpp).
enum class ProblemKind : std::uint8_t {
  malformed_json,          // 400: not JSON, or JSON we refuse: duplicate members, bad UTF-8, too deep
  invalid_document,        // 400: JSON, but a member is missing, of the wrong type, or out of range
  wrong_kind,              // 400: another webhook than the one the URL fixes
  missing_key,             // 400: no Idempotency-Key
  unknown_partner,         // 400 on POST /v1/orders, 404 at a webhook
  not_authenticated,       // 401
  not_found,               // 404
  other_store,             // 404: a partner's order, and of another store than this one
  method_not_allowed,      // 405
  conflict,                // 409
  too_large,               // 413
  unsupported_media_type,  // 415
  too_many_requests,       // 429
  unavailable,             // 503
};

struct Problem {
  ProblemKind kind = ProblemKind::invalid_document;
  std::string detail;                 // a sentence without the value that is wrong
  std::string pointer;                // RFC 6901, into the body; "" = the whole body
  std::optional<std::size_t> offset;  // byte of the body, where the text itself is broken

  /// "/items/0/quantity: must be an integer …", for a log line or a MessageRefused.
  [[nodiscard]] std::string text() const;
};

/// A T, or the problem that stood in its way. Reading the side that is not there aborts, also in release.
template <typename T>
class [[nodiscard]] Parsed {
 public:
  Parsed(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Parsed(Problem problem) : state_(std::in_place_index<1>, std::move(problem)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & { return must_be(0), *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return must_be(0), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return must_be(0), std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] const Problem& problem() const& { return must_be(1), *std::get_if<1>(&state_); }
  [[nodiscard]] Problem&& problem() && { return must_be(1), std::move(*std::get_if<1>(&state_)); }

  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

 private:
  void must_be(std::size_t index) const {
    if (state_.index() != index) std::abort();
  }
  std::variant<T, Problem> state_;
};

}  // namespace storegate::codec
