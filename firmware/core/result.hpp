// Result: a value, or an error with its code and context. What failed in the world travels as a value;
// what is our own bug stops the process. Knows nothing else.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace storegate::core {

/// The kinds of failure a caller acts on differently.
enum class ErrorCode {
  invalid,      // the bytes or values given cannot be used; the context says what to change
  not_found,    // nothing by that name
  conflict,     // it contradicts what is already there
  unavailable,  // the other side is away or busy; trying again may help
  timed_out,    // no answer within the limit
  disk_full,    // SQLITE_FULL or ENOSPC
  sync_failed,  // a sync to disk failed: see storage/README.md before doing anything else
  damaged,      // a digest does not match: the row must not be used
  failed,       // anything else
};

[[nodiscard]] constexpr const char* name_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::disk_full: return "disk_full";
    case ErrorCode::sync_failed: return "sync_failed";
    case ErrorCode::damaged: return "damaged";
    case ErrorCode::failed: return "failed";
  }
  return "failed";
}

/// What went wrong, in words a person can act on.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::failed;
  std::string context;

  /// The same error with what was being done put in front.
  [[nodiscard]] Error in(std::string_view doing) && {
    context.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }
};

/// A T, or why there is none. Reading the side that is not there aborts, also in release.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & { return must_have_value(), std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return must_have_value(), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return must_have_value(), std::get<0>(std::move(state_)); }
  [[nodiscard]] const Error& error() const& { return must_have_error(), std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return must_have_error(), std::get<1>(std::move(state_)); }

  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

 private:
  void must_have_value() const {
    if (!ok()) std::abort();
  }
  void must_have_error() const {
    if (ok()) std::abort();
  }
  std::variant<T, Error> state_;
};

/// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  [[nodiscard]] const Error& error() const& {
    if (ok_) std::abort();
    return error_;
  }
  [[nodiscard]] Error&& error() && {
    if (ok_) std::abort();
    return std::move(error_);
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace storegate::core
