// The strict parser, the reader's pointers and the writer.
#include "codec/json.hpp"

#include <doctest/doctest.h>

#include "codec/limits.hpp"
#include "codec/reader.hpp"

namespace storegate::codec::json {
namespace {

Problem problem_in(std::string_view text) {
  const auto document = Document::parse(text);
  REQUIRE_FALSE(document.ok());
  return document.problem();
}

TEST_CASE("every kind of value is parsed, and knows where it ends") {
  const std::string text =
      R"({"a":[1,-2,true,null,"x\u00e9\n"],"b":{"c":""},"d":1.0,"e":1e2,"f":18446744073709551615})";
  const auto document = Document::parse(text);
  REQUIRE(document.ok());
  Reading reading(*document);
  const Place root(reading);
  std::string seen;
  root.member("a").elements(0, 9, [&](const Place& element) {
    seen += element.is(Kind::integer)   ? 'i'
            : element.is(Kind::boolean) ? 'b'
            : element.is(Kind::null)    ? 'n'
                                        : 's';
  });
  CHECK(seen == "iibns");
  const Place b = root.member("b");
  CHECK(b.member("c").text({}).empty());
  CHECK(root.member("d").is(Kind::fraction));
  CHECK(root.member("e").is(Kind::fraction));
  CHECK(root.member("f").is(Kind::huge));
  CHECK_FALSE(root.member("g").present());
  CHECK_FALSE(reading.failed());
}

// What is wrong in a member is told with its parents' names, so a parent that would be gone must not compile.
template <typename Parent>
concept HasMembers = requires(Parent place) {
  static_cast<Parent>(place).member("name");
};
static_assert(HasMembers<const Place&>);
static_assert(!HasMembers<Place&&>);
static_assert(!HasMembers<const Place&&>);

TEST_CASE("a member that stands twice is refused at every level, with its pointer") {
  CHECK(problem_in(R"({"a":1,"a":1})").pointer == "/a");
  CHECK(problem_in(R"({"x":{"y":[0,{"a/b~":1,"c":2,"a\u002fb~":3}]}})").pointer == "/x/y/1/a~1b~0");
  std::string wide = "{";
  for (int i = 0; i < 500; ++i) wide += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  CHECK(Document::parse(wide + R"("z":0})").ok());
  const Problem problem = problem_in(wide + R"("k250":0})");
  CHECK(problem.pointer == "/k250");
  CHECK(problem.kind == ProblemKind::malformed_json);
  CHECK(problem.detail == "the member stands more than once in its object");
}

TEST_CASE("what is not JSON is refused with the place where it breaks") {
  struct Row {
    std::string text;
    std::string says;
  };
  const Row rows[] = {
      {"", "ends inside"},
      {"{\"a\":", "ends inside"},
      {"{} {}", "after the JSON value"},
      {"{}x", "after the JSON value"},
      {"{\"a\":1,}", "not JSON"},
      {"{'a':1}", "not JSON"},
      {"[01]", "not JSON"},
      {"[+1]", "not JSON"},
      {"[NaN]", "not JSON"},
      {"// c\n{}", "not JSON"},
      {"\xef\xbb\xbf{}", "not JSON"},
      {"{\"a\":\"\xff\"}", "not valid UTF-8"},
      {"{\"a\":\"\xc0\xaf\"}", "not valid UTF-8"},
      {"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
      {"{\"a\":\"\xf4\x90\x80\x80\"}", "not valid UTF-8"},
      {"[\"a\x01\"]", "not JSON"},
      {R"(["\ud800"])", "not JSON"},
      {R"(["\ud800\u0041"])", "no character"},
      {R"(["\udc00"])", "no character"},
      {R"(["\x41"])", "not JSON"},
      {"[1e999999999999]", "exponent"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Problem problem = problem_in(row.text);
    CHECK(problem.detail.find(row.says) != std::string::npos);
    REQUIRE(problem.offset);
    CHECK(*problem.offset <= row.text.size());
  }
}

TEST_CASE("a hundred levels are refused, the limit itself is not") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(Document::parse(nested(json_depth_max)).ok());
  CHECK(problem_in(nested(100)).detail == "nested deeper than 64 levels");
  CHECK(problem_in(std::string(1'000'000, '[')).detail == "nested deeper than 64 levels");
}

TEST_CASE("a text of too many small values is refused before it takes memory") {
  std::string text = "[0";
  for (std::size_t value = 1; value < json_nodes_max - 1; ++value) text += ",0";
  CHECK(Document::parse(text + "]").ok());
  CHECK(problem_in(text + ",0]").detail == "more than 200000 values and names");
  CHECK(problem_in(text + ",{\"a\":1}]").detail == "more than 200000 values and names");
}

TEST_CASE("only the first problem is kept, with its pointer and never the value") {
  const auto document = Document::parse(R"({"items":[{"quantity":1},{"quantity":99999}],"name":5})");
  Reading reading(*document);
  const Place root(reading);
  root.member("items").elements(1, 10,
                                [](const Place& item) { (void)item.member("quantity").integer(1, 10'000); });
  (void)root.member("name").text({.min = 0, .max = 9});
  REQUIRE(reading.failed());
  const Problem problem = reading.take_problem();
  CHECK(problem.text() == "/items/1/quantity: must be an integer from 1 to 10000");
}

TEST_CASE("numbers with a fraction, an exponent or too many digits are no integers") {
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {"[1.0]", "/0: must be an integer from 1 to 9, written without fraction and exponent"},
      {"[1e2]", "/0: must be an integer from 1 to 9, written without fraction and exponent"},
      {"[123456789012345678901234567890]", "/0: must be an integer from 1 to 9"},
      {"[10]", "/0: must be an integer from 1 to 9"},
      {"[\"1\"]", "/0: must be an integer from 1 to 9"},
      {"[true]", "/0: must be an integer from 1 to 9"},
      {"[null]", "/0: must be an integer from 1 to 9"},
  };
  for (const Row& row : rows) {
    const auto document = Document::parse(row.text);
    REQUIRE(document.ok());
    Reading reading(*document);
    Place(reading).elements(0, 9, [](const Place& element) { (void)element.integer(1, 9); });
    REQUIRE(reading.failed());
    CHECK(reading.take_problem().text() == row.says);
  }
}

TEST_CASE("text rules hold sizes, control characters and U+0000") {
  const auto refused = [](std::string_view text, const TextRule& rule) {
    const auto document = Document::parse(text);
    Reading reading(*document);
    (void)Place(reading).text(rule);
    return reading.failed();
  };
  CHECK_FALSE(refused(R"("a\nb")", {.min = 1, .max = 3}));
  CHECK(refused(R"("a\nb")", {.min = 1, .max = 3, .printable = true}));
  CHECK(refused("\"a\x7f\"", {.min = 1, .max = 3, .printable = true}));
  CHECK(refused(R"("a\u0000")", {.min = 1, .max = 3}));
  CHECK(refused(R"("")", {.min = 1, .max = 3}));
  CHECK(refused(R"("abcd")", {.min = 1, .max = 3}));
}

TEST_CASE("a very long member name is left out of the pointer") {
  const std::string name(5000, 'n');
  const Problem problem = problem_in("{\"a\":{\"" + name + "\":1,\"" + name + "\":2}}");
  CHECK(problem.pointer == "/a");
}

TEST_CASE("what the writer escapes comes back as it was") {
  std::string text;
  for (int c = 1; c < 128; ++c) text += static_cast<char>(c);
  text += "é日🌮";
  std::string written;
  append_string(written, text);
  const auto document = Document::parse(written);
  REQUIRE(document.ok());
  CHECK(document->root().text == text);
}

}  // namespace
}  // namespace storegate::codec::json
