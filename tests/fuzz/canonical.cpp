// POST /v1/orders and whatever else has a canonical order in it.
#include "oracle.hpp"
#include "target.hpp"

namespace storegate::fuzz {

/// The body.
void run_canonical(std::string_view input) {
  const auto decoded = codec::decode_canonical(input);
  if (!decoded) return must_say_why(decoded.problem());
  expect(decoded->body.raw == input, "the bytes are kept as they came");
  must_be_whole(*decoded);
}

}  // namespace storegate::fuzz
