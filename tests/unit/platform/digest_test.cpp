// SHA-256 against FIPS 180-2's examples and HMAC-SHA-256 against RFC 4231's cases.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "platform/digest.hpp"

using namespace storegate::platform;

namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("sha256 gives the standard's digests") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("the keyed digest gives RFC 4231's figures") {
  struct Case {
    const char* name;
    std::string key;
    std::string data;
    std::string digest;
  };
  const std::string counted = [] {
    std::string key;
    for (char byte = 1; byte <= 25; ++byte) key.push_back(byte);
    return key;
  }();
  for (const Case& c :
       {Case{"1", std::string(20, '\x0b'), "Hi There",
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        Case{"2", "Jefe", "what do ya want for nothing?",
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        Case{"3", std::string(20, '\xaa'), std::string(50, '\xdd'),
             "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        Case{"4", counted, std::string(50, '\xcd'),
             "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        Case{"6", std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        Case{"7", std::string(131, '\xaa'),
             "This is a test using a larger than block-size key and a larger than block-size data. The key "
             "needs to "
             "be hashed before being used by the HMAC algorithm.",
             "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}}) {
    CAPTURE(c.name);
    const KeyedDigest digest(bytes_of(c.key));
    CHECK(to_hex(digest.full(c.data)) == c.digest);
    CHECK(to_hex(digest(c.data)) == c.digest.substr(0, 32));
    const KeyedDigest copy = digest;
    CHECK(copy(c.data) == digest(c.data));  // and a second call is not changed by the first
  }
  const std::string key(20, '\x0c');  // case 5 is about truncation to 16 bytes
  CHECK(to_hex(KeyedDigest(bytes_of(key))("Test With Truncation")) == "a3b6167473100ee06e0c796c2955552b");
}

TEST_CASE("digests of data that ends around a block's end agree with the plain construction") {
  const std::string key = "0123456789abcdef0123456789abcdef";
  const KeyedDigest digest(bytes_of(key));
  std::string inner_pad(64, '\x36');
  std::string outer_pad(64, '\x5c');
  for (std::size_t at = 0; at < key.size(); ++at) {
    inner_pad[at] = static_cast<char>(inner_pad[at] ^ key[at]);
    outer_pad[at] = static_cast<char>(outer_pad[at] ^ key[at]);
  }
  for (const std::size_t size : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 119U, 128U, 300U}) {
    CAPTURE(size);
    const std::string data(size, 'd');
    const Sha256 inner = sha256(inner_pad + data);
    const Sha256 expected = sha256(outer_pad + std::string(inner.begin(), inner.end()));
    CHECK(digest.full(data) == expected);
  }
}

TEST_CASE("equality sees every byte and the length") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secret", "secre"));
  CHECK_FALSE(equal_in_constant_time("Secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secret", "secreT"));
}

TEST_CASE("hexadecimal has two lower-case digits a byte") {
  const std::vector<std::uint8_t> bytes{0x00, 0x0f, 0xa5, 0xff};
  CHECK(to_hex(bytes) == "000fa5ff");
}
