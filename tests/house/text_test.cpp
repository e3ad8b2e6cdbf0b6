// The rules on text and SQL, on the tree and on planted violations.
#include <doctest/doctest.h>

#include <algorithm>

#include "house/scratch_tree.hpp"
#include "house/text_rules.hpp"

using namespace storegate::house;

namespace {

bool found(const std::vector<Finding>& findings, const std::string& file, const std::string& what) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.file == file && finding.what.find(what) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("every source opens with a comment that says what it is for") {
  const auto findings = without_opening_comment(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("no file tells of unfinished work or of one machine") {
  const auto findings = forbidden_words(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("no backend is chosen by the preprocessor") {
  const auto findings = conditional_code(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("no room but the clock's file has a time that ends in 2038") {
  const auto findings = short_time(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("every SQL file holds one statement that is in use, and every table is STRICT") {
  const auto findings = sql_findings(read_tree(HOUSE_ROOT));
  CHECK_MESSAGE(findings.empty(), report(findings));
}

TEST_CASE("planted sources without an opening comment are found") {
  const ScratchTree tree;
  tree.write("storage/a.cpp", "#include <string>\n// late\n");
  tree.write("tests/b.hpp", "#pragma once\n// late\n");
  tree.write("storage/good.cpp", "\n// What it is for.\n");
  const auto findings = without_opening_comment(tree.read());
  CHECK(found(findings, "storage/a.cpp", "comment"));
  CHECK(found(findings, "tests/b.hpp", "comment"));
  CHECK(findings.size() == 2);
}

TEST_CASE("planted words are found in code, scripts and pages, with their lines") {
  const ScratchTree tree;
  tree.write("README.md",
             "fine\nclone it to /wo"
             "rk/main\n");
  tree.write("storage/a.cpp",
             "// TO"
             "DO: later\n");
  tree.write("tests/run",
             "# a place"
             "holder\n");
  tree.write("build/ignored.txt",
             "FIX"
             "ME\n");
  const auto findings = forbidden_words(tree.read());
  CHECK(findings.size() == 3);
  REQUIRE(found(findings, "README.md", "machine"));
  CHECK(findings[0].line == 2);
  CHECK(found(findings, "storage/a.cpp", "unfinished"));
  CHECK(found(findings, "tests/run", "unfinished"));
}

TEST_CASE("a planted time_t, clock or fstat is found; statx, a name and a comment are not") {
  const ScratchTree tree;
  tree.write("platform/log.cpp", "// a time_t\nstd::time_t now = 0;\nstruct statx status {};\n");
  tree.write("platform/clock.cpp", "// The clocks.\ntimespec time{};\n");
  tree.write("storage/a.cpp",
             "// Why.\n::fstat(1, &status);\n::statx(1, p, 0, 0, &status);\nReader::time(1);\n");
  tree.write("firmware/app/b.cpp",
             "// Why.\nauto t = std::chrono::system_clock::now();\nauto u = ::time (0);\n");
  tree.write("firmware/core/c.cpp", "// Why.\nstruct stat status {};\nauto why = \"no time_t\";\n");
  tree.write("tests/support/d.cpp", "// Tests may.\nstd::time_t now = 0;\n");
  tree.write("firmware/app/e.cpp",
             "// Why.\nauto size = std::filesystem::file_size(path);\nauto mode = fs::status(path);\n"
             "auto there = std::filesystem::exists(path);\nauto free = std::filesystem::space(path);\n");
  const auto findings = short_time(tree.read());
  REQUIRE_MESSAGE(findings.size() == 8, report(findings));
  CHECK(found(findings, "firmware/app/e.cpp", "file_size"));
  CHECK(found(findings, "firmware/app/e.cpp", "fs::status"));
  CHECK(found(findings, "firmware/app/e.cpp", "exists"));
  CHECK(found(findings, "platform/log.cpp", "std::time_t"));
  CHECK(found(findings, "storage/a.cpp", "fstat"));
  CHECK(found(findings, "firmware/app/b.cpp", "system_clock"));
  CHECK(found(findings, "firmware/app/b.cpp", "::time"));
  CHECK(found(findings, "firmware/core/c.cpp", "struct stat"));
}

TEST_CASE("a planted backend switch is found, the question for a sanitizer is not") {
  const ScratchTree tree;
  tree.write("platform/tls.cpp", "// A comment: #ifdef USE_OPENSSL\n#if USE_OPENSSL\n#else\n#endif\n");
  tree.write("platform/loop.cpp", "#  ifdef __SANITIZE_ADDRESS__\n#endif\n");
  // Two versions of one library may meet in one file, and nowhere else.
  const std::string versions = "#if MBEDTLS_VERSION_NUMBER >= 0x03000000\n#else\n#endif\n";
  tree.write("platform/tls_compat.hpp", versions + "#ifdef MBEDTLS_SSL_TLS_C\n#endif\n");
  tree.write("platform/tls_engine.cpp", versions);
  const auto findings = conditional_code(tree.read());
  REQUIRE_MESSAGE(findings.size() == 3, report(findings));
  CHECK(found(findings, "platform/tls.cpp", "USE_OPENSSL"));
  CHECK(found(findings, "platform/tls_compat.hpp", "MBEDTLS_SSL_TLS_C"));
  CHECK(found(findings, "platform/tls_engine.cpp", "MBEDTLS_VERSION_NUMBER"));
}

TEST_CASE("every planted SQL violation is found, and no good file") {
  const auto findings = sql_findings(read_tree(HOUSE_PLANTED "/sql"));
  CHECK(found(findings, "storage/sql/two_statements.sql", "2 statements"));
  CHECK(found(findings, "storage/sql/empty.sql", "0 statements"));
  CHECK(found(findings, "storage/sql/create_loose_table.sql", "STRICT"));
  CHECK(found(findings, "storage/sql/nobody_asks.sql", "no source"));
  CHECK_MESSAGE(findings.size() == 4, report(findings));
}
