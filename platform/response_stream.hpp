// ResponseStream: the body of an answer that has no end yet. Whoever answers keeps it and writes; the connection takes
// what waits. Bounded: a reader that is slower than the writer is told apart by what waits, and cut by the server's
// deadline for writing. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace storegate::platform {

class ResponseStream {
 public:
  /// More than so many bytes never wait.
  static constexpr std::size_t bytes_max = 1024 * 1024;

  /// False, and nothing is taken: nobody reads any more, or it would be too much that waits.
  bool write(std::string_view bytes) {
    if (!open_ || waiting_.size() + bytes.size() > bytes_max) return false;
    waiting_ += bytes;
    if (wake_) wake_();
    return true;
  }
  /// The connection closes once what waits is sent.
  void end() {
    ended_ = true;
    if (wake_) wake_();
  }
  /// Bytes written and not yet handed to the kernel's buffer or on the way there.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size() + leaving_; }
  /// False once the connection has gone.
  [[nodiscard]] bool is_open() const noexcept { return open_; }

  /// Called when nothing waits any more, and when the connection has gone.
  std::function<void()> on_progress;

 private:
  friend class HttpConnection;
  std::string waiting_;
  std::size_t leaving_ = 0;
  bool open_ = true;
  bool ended_ = false;
  std::function<void()> wake_;
};

}  // namespace storegate::platform
