// Judges by the unit tests' own restatement of the rules (tests/unit/codec/builders.cpp).
#include "oracle.hpp"

#include "codec/answers.hpp"
#include "codec/json.hpp"
#include "target.hpp"
#include "unit/codec/builders.hpp"

namespace storegate::fuzz {

void must_be_json(std::string_view text) {
  expect(codec::json::Document::parse(text).ok(), "what we write is JSON that we would take");
}

void must_say_why(const codec::Problem& problem) {
  expect(!problem.detail.empty(), "a problem has words");
  expect(problem.pointer.empty() || problem.pointer.front() == '/', "a problem's pointer is one");
  const auto reply = codec::problem_reply(problem);
  expect(reply.status >= 400, "a problem's status is one of refusal");
  must_be_json(reply.body);
}

void must_be_whole(const codec::Decoded& decoded) {
  const std::string broken = codec::test::broken_rule(decoded.order);
  expect(broken.empty(), "an order keeps every rule: " + broken);
  const auto again = codec::decode_canonical(decoded.body.canonical);
  expect(again.ok(), "a canonical encoding can be read");
  expect(again->order == decoded.order, "an order is the same when its encoding is read");
  expect(again->body.canonical == decoded.body.canonical, "equal orders have equal bytes");
  expect(again->body.shared == decoded.body.shared, "equal orders share the same bytes");
  must_be_json("{" + decoded.body.shared + "}");
  const auto erased = codec::erase_customer(decoded.body.canonical);
  expect(erased.ok(), "a customer can be erased");
  const auto without = codec::decode_canonical(*erased);
  expect(without.ok(), "an erased order can be read");
  expect(without->order.customer == core::Customer{}, "an erased order has no customer");
  for (const core::Item& item : without->order.items)
    expect(item.note.empty(), "an erased order has no notes");
  expect(without->body.shared == decoded.body.shared, "events share nothing that is erased");
}

}  // namespace storegate::fuzz
