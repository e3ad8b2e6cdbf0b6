// What our client's first words to a server are.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tls_pair.hpp"

namespace storegate::tests {
namespace {

std::string hello_to(const TlsFolder& folder, const std::string& host) {
  const auto client = made(TlsEngine::connect(folder.client(), host, 443));
  const auto over = client->handshake();
  REQUIRE(over.ok());
  REQUIRE_FALSE(*over);
  return std::string(client->to_send());
}

/// As numbers go over the wire.
std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}

TEST_CASE(
    "5.5 SNI: the server is named as it is configured (RFC 6066 3), so that one address can have several") {
  const TlsFolder folder;
  for (const std::string name : {"localhost", "store-api.partner.example"}) {
    CAPTURE(name);
    const std::string entry = std::string(1, '\0') + two_bytes(name.size()) + name;  // 0 = a host's name
    const std::string list = two_bytes(entry.size()) + entry;
    const std::string extension = two_bytes(0) + two_bytes(list.size()) + list;
    CHECK(hello_to(folder, name).find(extension) != std::string::npos);
  }
  for (const std::string address : {"127.0.0.1", "2001:db8::1"}) {
    CAPTURE(address);
    CHECK(hello_to(folder, address).find(address) == std::string::npos);  // an address is no name to be sent
  }
}

}  // namespace
}  // namespace storegate::tests
