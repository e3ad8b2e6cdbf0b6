// Sizes of files and functions, in the tree and as planted violations. Prints how long our functions are.
#include <doctest/doctest.h>

#include <algorithm>
#include <iostream>

#include "house/scratch_tree.hpp"
#include "house/size_rules.hpp"

using namespace storegate::house;

namespace {

std::string lines(std::size_t count, const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += line + "\n";
  return out;
}

SourceFile source(const std::string& text) { return {"a.cpp", text, without_comments_and_literals(text)}; }

std::vector<std::size_t> lengths(const std::string& text) {
  std::vector<std::size_t> out;
  for (const Function& function : functions_of(source(text))) out.push_back(function.lines);
  return out;
}

}  // namespace

TEST_CASE("no file and no function is larger than a reader can hold in view") {
  const auto findings = oversized(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("the product's functions are short, and their lengths are printed") {
  std::vector<Function> functions;
  for (const SourceFile& file : read_tree(HOUSE_ROOT)) {
    if (!file.is_cpp() || !(file.below("firmware") || file.below("storage") || file.below("platform")))
      continue;
    const auto more = functions_of(file);
    functions.insert(functions.end(), more.begin(), more.end());
  }
  REQUIRE(!functions.empty());
  std::cout << functions.size() << " functions in firmware, storage and platform: median "
            << percentile(functions, 0.5) << " lines, 90th percentile " << percentile(functions, 0.9)
            << ", longest " << percentile(functions, 1.0) << "\n";
  CHECK(percentile(functions, 0.5) <= 10);
  CHECK(percentile(functions, 0.9) <= 36);
}

TEST_CASE("a planted file of 501 lines is found, one of 500 is not") {
  const ScratchTree tree;
  tree.write("platform/full.cpp", lines(file_lines_max, "// line"));
  tree.write("tests/unit/too_full.cpp", lines(file_lines_max + 1, "// line"));
  const auto findings = oversized(tree.read());
  REQUIRE_MESSAGE(findings.size() == 1, report(findings));
  CHECK(findings[0].file == "tests/unit/too_full.cpp");
}

TEST_CASE("a planted function of 101 lines is found, one of 100 is not") {
  const ScratchTree tree;
  const std::string inside = "namespace x {\nclass Y {\n";
  tree.write("storage/full.hpp",
             inside + "void page() {\n" + lines(function_lines_max - 2, "  act();") + "}\n};\n}\n");
  tree.write("storage/over.hpp",
             inside + "void page() {\n" + lines(function_lines_max - 1, "  act();") + "}\n};\n}\n");
  const auto findings = oversized(tree.read());
  REQUIRE_MESSAGE(findings.size() == 1, report(findings));
  CHECK(findings[0].file == "storage/over.hpp");
  CHECK(findings[0].line == 3);
}

TEST_CASE("a function is what has a body: types, namespaces, initialisers and member lists are none") {
  CHECK(lengths("namespace a::b {\nstruct C { int x{1}; };\nenum class D { e };\n}\n").empty());
  CHECK(lengths("const int table[] = {\n1,\n2,\n};\nstd::array<int, size(2)> more = {1, 2};\n").empty());
  CHECK(lengths("template <class T>\nT f(T x) {\n  return x;\n}\n") == std::vector<std::size_t>{4});
  CHECK(lengths("C::C(int a) : a_{a}, b_(a) {\n  start();\n}\nint g() { return 1; }\n") ==
        std::vector<std::size_t>{3, 1});
  CHECK(lengths("TEST_CASE(\"a { brace\") {\n  // }\n  auto s = R\"(\n}\n)\";\n}\n") ==
        std::vector<std::size_t>{6});
  CHECK(lengths("#define M(x) {\nvoid h() const noexcept {\n  if (a) {\n  }\n}\n") ==
        std::vector<std::size_t>{4});
}

TEST_CASE("comments and literals are blanked, and offsets stay") {
  const std::string text = "a(\"x\\\"{\"); // }\nb('}', 1'000); /* {\n*/ c(R\"q({)q\");";
  const std::string code = without_comments_and_literals(text);
  CHECK(code.size() == text.size());
  CHECK(std::count(code.begin(), code.end(), '\n') == 2);
  CHECK(code.find_first_of("{}") == std::string::npos);
  CHECK(code.find("1'000); ") != std::string::npos);
}
