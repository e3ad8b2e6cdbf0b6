// Certificates for tests, made while they run: a CA that issues what it is asked for, in PEM. Nothing is checked in and
// nothing expires. Knows nothing of the code under test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace storegate::tests {

inline constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

/// Now by the system's clock, Unix time in milliseconds: for peers that judge by it (curl, openssl, mosquitto).
[[nodiscard]] std::int64_t system_now_ms();

struct CertificateWish {
  std::string subject = "CN=store-7";
  std::vector<std::string> names{"localhost"};      // subject alternative names
  std::vector<std::string> addresses{"127.0.0.1"};  // ... the IPv4 ones
  std::int64_t from_ms = system_now_ms() - day_ms;
  std::int64_t until_ms = system_now_ms() + 30 * day_ms;
  bool rsa = false;   // else ECDSA on P-256
  bool p384 = false;  // ECDSA on P-384
  bool is_ca = false;
};

struct IssuedCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

class TestCa {
 public:
  /// A root of its own. The wish's subject, dates and key count.
  explicit TestCa(CertificateWish wish = {.subject = "CN=test root"});
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  [[nodiscard]] const std::string& certificate() const noexcept { return own_.certificate; }
  /// Throws std::runtime_error if mbedTLS cannot make it.
  [[nodiscard]] IssuedCertificate issue(const CertificateWish& wish = {}) const;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
  IssuedCertificate own_;
};

}  // namespace storegate::tests
