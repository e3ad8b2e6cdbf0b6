// Compares a host with the subject alternative names of a certificate (RFC 5280 4.2.1.6).
#include "platform/tls_names.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace storegate::platform {
namespace {

enum class Kind { dns = 2, address = 7 };  // GeneralName's tags; the others do not name a host

std::string_view bytes_of(const mbedtls_x509_buf& buffer) {
  return {reinterpret_cast<const char*>(buffer.p), buffer.len};
}

/// Calls back with each name of that kind until it says true.
template <typename Look>
bool any_name(const mbedtls_x509_crt& certificate, Kind kind, const Look& look) {
  for (const auto* each = &certificate.subject_alt_names; each != nullptr; each = each->next) {
    const bool fits = (each->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == static_cast<int>(kind);
    if (each->buf.p != nullptr && fits && look(bytes_of(each->buf))) return true;
  }
  return false;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool covers(std::string_view pattern, std::string_view host) {
  if (same_name(pattern, host)) return true;
  const auto dot = host.find('.');
  return pattern.starts_with("*.") && pattern.find('.', 2) != std::string_view::npos &&
         dot != std::string_view::npos && dot > 0 && same_name(pattern.substr(1), host.substr(dot));
}

/// The address's 4 or 16 bytes as they stand in a certificate; "" for a name.
std::string address_bytes(const std::string& host) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() != sizeof(in_addr) && bytes.size() != sizeof(in6_addr)) return "an odd address";
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

/// A stranger's bytes, on their way into a line that a person reads.
std::string printable(std::string_view name) {
  std::string text(name.substr(0, 100));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

bool is_ip_address(const std::string& host) { return !address_bytes(host).empty(); }

bool is_certificate_for(const mbedtls_x509_crt& certificate, const std::string& host) {
  const std::string address = address_bytes(host);
  if (!address.empty())
    return any_name(certificate, Kind::address, [&](std::string_view name) { return name == address; });
  return any_name(certificate, Kind::dns, [&](std::string_view name) { return covers(name, host); });
}

std::string names_in(const mbedtls_x509_crt& certificate) {
  constexpr std::size_t bytes_enough = 160;
  std::string all;
  const auto add = [&](const std::string& name) {
    all += (all.empty() ? "" : ", ") + name;
    return all.size() > bytes_enough;
  };
  any_name(certificate, Kind::dns, [&](std::string_view name) { return add(printable(name)); });
  any_name(certificate, Kind::address, [&](std::string_view name) { return add(address_text(name)); });
  return all;
}

}  // namespace storegate::platform
