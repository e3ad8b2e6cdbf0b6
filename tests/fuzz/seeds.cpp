// Where the fuzzer begins: the corpus in the tree, and the tests' own samples and fixtures in each target's form, so that
// a new partner's fixtures are seeds as soon as they are there.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "codec/partners/partner.hpp"
#include "codec/partners/partner_api.hpp"
#include "target.hpp"
#include "unit/codec/builders.hpp"

namespace storegate::fuzz {

namespace {

namespace fs = std::filesystem;
using Seeds = std::vector<std::string>;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void add_files(Seeds& seeds, const fs::path& folder, const std::string& front) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) seeds.push_back(front + content_of(entry.path()));
}

/// Every partner's fixtures as its webhooks, and as what its API gives.
void add_webhooks(Seeds& seeds) {
  const fs::path fixtures = fs::path(STOREGATE_FIXTURES) / "partners";
  for (const auto* codec : codec::partner_codecs()) {
    const std::string name(codec->name());
    add_files(seeds, fixtures / name, name + "\n\n");
    seeds.push_back(name + " release\nAuthorization: new-secret\nX-Signature: 00\n\n{}");
  }
}

/// Every partner's fixtures as what its API answers.
void add_replies(Seeds& seeds) {
  const fs::path fixtures = fs::path(STOREGATE_FIXTURES) / "partners";
  for (const auto* codec : codec::partner_codecs()) {
    if (codec->api() == nullptr) continue;
    const std::string name(codec->name());
    if (codec->api()->can_ask()) add_files(seeds, fixtures / name, name + " fetched 0 200 1 \n");
    if (codec->api()->pulls()) add_files(seeds, fixtures / name, name + " pulled 0 200 1 \n");
  }
}

void add_commands(Seeds& seeds) {
  const std::string order = codec::test::canonical_text();
  seeds.push_back("order\n" + order);
  seeds.push_back(
      "order\n"
      R"({"specversion":"1.0","id":"1","source":"/cloud","type":"order.sent","data":)" +
      order + "}");
}

}  // namespace

std::vector<std::string> seeds_of(const Target& target) {
  Seeds seeds;
  add_files(seeds, fs::path(STOREGATE_FUZZ_CORPUS) / target.name, "");
  if (target.name == "partner") add_webhooks(seeds);
  if (target.name == "reply") add_replies(seeds);
  if (target.name == "command") add_commands(seeds);
  if (target.name == "canonical") seeds.push_back(codec::test::canonical_text());
  return seeds;
}

}  // namespace storegate::fuzz
