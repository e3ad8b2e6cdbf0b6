// storegate-proof-page TEMPLATE FIGURES [--check PAGE]: prints the page, or says whether PAGE is it. Exit 0: printed, or
// the same. 1: another. 2: a file cannot be read, or a figure is missing; the reason is printed.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "proof/page.hpp"

namespace {

std::optional<std::string> content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot be read: %s\n", path);
    return {};
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int count, char** words) {
  const bool checks = count == 5 && std::string_view(words[3]) == "--check";
  if (count != 3 && !checks) {
    std::fputs("storegate-proof-page TEMPLATE FIGURES [--check PAGE]\n", stderr);
    return 2;
  }
  const auto form = content_of(words[1]);
  const auto lines = content_of(words[2]);
  if (!form || !lines) return 2;
  storegate::proof::Figures figures;
  if (const auto read = figures.read(*lines); !read) {
    std::fprintf(stderr, "%s: %s\n", words[2], read.error().context.c_str());
    return 2;
  }
  const auto page = storegate::proof::page_of(*form, figures);
  if (!page) {
    std::fprintf(stderr, "%s\n", page.error().context.c_str());
    return 2;
  }
  if (!checks) return std::fputs(page->c_str(), stdout) < 0 ? 2 : 0;
  const auto there = content_of(words[4]);
  if (!there) return 2;
  if (*there == *page) return 0;
  std::fprintf(stderr, "%s is not what %s makes of %s\n", words[4], words[1], words[2]);
  return 1;
}
