// Certificates by mbedTLS's own writer, which knows no subject alternative names: those are written byte by byte.
#include "tls_certificates.hpp"

#include <arpa/inet.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "platform/random.hpp"
#include "platform/tls_inner.hpp"

namespace storegate::tests {
namespace {

using platform::tls_random;
using platform::TlsKey;
using Writer =
    platform::TlsOwned<mbedtls_x509write_cert, mbedtls_x509write_crt_init, mbedtls_x509write_crt_free>;
using Number = platform::TlsOwned<mbedtls_mpi, mbedtls_mpi_init, mbedtls_mpi_free>;

void must(int code, const char* doing) {
  if (code != 0) throw std::runtime_error(std::string(doing) + ": mbedTLS says " + std::to_string(code));
}

std::string date_text(std::int64_t unix_ms) {
  const std::chrono::sys_time at{std::chrono::milliseconds(unix_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u%02ld%02ld%02ld", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<long>(time.hours().count()), static_cast<long>(time.minutes().count()),
                static_cast<long>(time.seconds().count()));
  return text.data();
}

void make_key(const CertificateWish& wish, TlsKey& key) {
  must(mbedtls_pk_setup(key.get(), mbedtls_pk_info_from_type(wish.rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)),
       "a key");
  if (wish.rsa)
    return must(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key.get()), tls_random, nullptr, 2048, 65'537),
                "an RSA key");
  const auto curve = wish.p384 ? MBEDTLS_ECP_DP_SECP384R1 : MBEDTLS_ECP_DP_SECP256R1;
  must(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key.get()), tls_random, nullptr), "an ECDSA key");
}

/// One DER element of less than 64 KiB.
std::string element(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() >= 128) {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8U);
  }
  out += static_cast<char>(content.size() & 0xffU);
  return out + content;
}

std::string alternative_names(const CertificateWish& wish) {
  std::string all;
  for (const auto& name : wish.names) all += element(0x82, name);
  for (const auto& text : wish.addresses) {
    std::array<char, 4> bytes{};
    inet_pton(AF_INET, text.c_str(), bytes.data());
    all += element(0x87, {bytes.data(), bytes.size()});
  }
  return all.empty() ? all : element(0x30, all);
}

void write_names(const CertificateWish& wish, Writer& writer) {
  const std::string names = alternative_names(wish);
  if (names.empty() || wish.is_ca) return;
  must(mbedtls_x509write_crt_set_extension(
           writer.get(), MBEDTLS_OID_SUBJECT_ALT_NAME, MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
           reinterpret_cast<const unsigned char*>(names.data()), names.size()),
       "its names");
}

std::string sign(const CertificateWish& wish, const std::string& issuer, TlsKey& key, TlsKey& issuer_key) {
  Writer writer;
  Number serial;
  const auto random = platform::random_bytes<8>();
  must(mbedtls_mpi_read_binary(serial.get(), random.data(), random.size()), "a serial number");
  must(mbedtls_mpi_set_bit(serial.get(), 63, 0), "a serial number");
  must(mbedtls_x509write_crt_set_serial(writer.get(), serial.get()), "a serial number");
  mbedtls_x509write_crt_set_version(writer.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(writer.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(writer.get(), key.get());
  mbedtls_x509write_crt_set_issuer_key(writer.get(), issuer_key.get());
  must(mbedtls_x509write_crt_set_subject_name(writer.get(), wish.subject.c_str()), "its subject");
  must(mbedtls_x509write_crt_set_issuer_name(writer.get(), issuer.c_str()), "its issuer");
  must(mbedtls_x509write_crt_set_validity(writer.get(), date_text(wish.from_ms).c_str(),
                                          date_text(wish.until_ms).c_str()),
       "its dates");
  must(mbedtls_x509write_crt_set_basic_constraints(writer.get(), wish.is_ca ? 1 : 0, -1), "what it is");
  write_names(wish, writer);
  std::array<unsigned char, 8192> pem{};
  must(mbedtls_x509write_crt_pem(writer.get(), pem.data(), pem.size(), tls_random, nullptr), "a certificate");
  return reinterpret_cast<const char*>(pem.data());
}

std::string key_text(TlsKey& key) {
  std::array<unsigned char, 8192> pem{};
  must(mbedtls_pk_write_key_pem(key.get(), pem.data(), pem.size()), "a key");
  return reinterpret_cast<const char*>(pem.data());
}

}  // namespace

std::int64_t system_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct TestCa::Inner {
  std::string subject;
  mutable TlsKey key;
};

TestCa::TestCa(CertificateWish wish) : inner_(std::make_unique<Inner>()) {
  wish.is_ca = true;
  inner_->subject = wish.subject;
  make_key(wish, inner_->key);
  own_ = {sign(wish, wish.subject, inner_->key, inner_->key), key_text(inner_->key)};
}

TestCa::~TestCa() = default;

IssuedCertificate TestCa::issue(const CertificateWish& wish) const {
  TlsKey key;
  make_key(wish, key);
  return {sign(wish, inner_->subject, key, inner_->key), key_text(key)};
}

}  // namespace storegate::tests
