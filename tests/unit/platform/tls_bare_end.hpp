// One end of TLS by mbedTLS itself, in memory: it says what our own engine never would, such as warnings in the midst
// of talk. For the tests of those who have to listen to it.
#pragma once

#include <mbedtls/ssl.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "platform/tls_inner.hpp"
#include "tls_pair.hpp"

namespace storegate::tests {

/// The one alert that mbedTLS tells its caller of although it is no end.
inline constexpr unsigned char no_renegotiation = MBEDTLS_SSL_ALERT_MSG_NO_RENEGOTIATION;
/// A warning as it looks before there are keys, and that is passed over: user_canceled.
inline constexpr std::string_view plain_warning{"\x15\x03\x03\x00\x02\x01\x5a", 7};

class TlsBareEnd {
 public:
  explicit TlsBareEnd(Context context) : context_(std::move(context)) {
    REQUIRE(mbedtls_ssl_setup(ssl_.get(), context_->inner().config.get()) == 0);
    if (!context_->is_server()) REQUIRE(mbedtls_ssl_set_hostname(ssl_.get(), "localhost") == 0);
    mbedtls_ssl_set_bio(ssl_.get(), this, send, receive, nullptr);
  }
  TlsBareEnd(const TlsBareEnd&) = delete;
  TlsBareEnd& operator=(const TlsBareEnd&) = delete;

  /// True: the handshake is over.
  bool shake_hands() { return mbedtls_ssl_handshake(ssl_.get()) == 0; }
  void warn(unsigned char alert, int times = 1) {
    for (; times > 0; --times)
      REQUIRE(mbedtls_ssl_send_alert_message(ssl_.get(), MBEDTLS_SSL_ALERT_LEVEL_WARNING, alert) == 0);
  }
  void say(std::string_view text) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    REQUIRE(mbedtls_ssl_write(ssl_.get(), bytes, text.size()) == static_cast<int>(text.size()));
  }
  void hear(std::string_view bytes) { in_ += bytes; }
  /// What was said since the last call, as it goes over the wire.
  [[nodiscard]] std::string said() { return std::exchange(out_, {}); }

 private:
  static int send(void* self, const unsigned char* bytes, std::size_t size) {
    static_cast<TlsBareEnd*>(self)->out_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<int>(size);
  }
  static int receive(void* self, unsigned char* into, std::size_t size) {
    auto& in = static_cast<TlsBareEnd*>(self)->in_;
    if (in.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    size = std::min(size, in.size());
    std::memcpy(into, in.data(), size);
    in.erase(0, size);
    return static_cast<int>(size);
  }

  Context context_;
  platform::TlsOwned<mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free> ssl_;
  std::string in_;
  std::string out_;
};

}  // namespace storegate::tests
