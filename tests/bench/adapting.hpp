// One partner's order of 4 KB as it comes, with its signature, and what a store does with it before it decides: check
// who sent it, and adapt it. Made of the tests' fixtures. No socket and no database.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/partners/partner.hpp"

namespace storegate::bench {

/// The names of the partners that send whole orders.
[[nodiscard]] std::vector<std::string> adapted_partners();

class Adapting {
 public:
  /// Throws std::runtime_error for an unknown partner, or if its order is not let in and read.
  explicit Adapting(std::string_view partner);

  /// Authenticates and adapts once. How long the canonical order is.
  std::size_t adapt() const;
  /// HMAC-SHA-256 of the body, and the parse of its JSON: of both adapting is made.
  void sign_alone() const;
  void parse_alone() const;
  [[nodiscard]] bool is_signed() const { return is_signed_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  const codec::PartnerCodec* codec_;
  std::string body_;
  std::vector<std::pair<std::string, std::string>> header_texts_;
  std::vector<codec::HeaderView> headers_;
  std::vector<std::string> secrets_;
  bool is_signed_ = false;
};

}  // namespace storegate::bench
