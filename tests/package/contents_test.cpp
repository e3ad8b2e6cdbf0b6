// What is in the package: judged by lintian and systemd-analyze, and held against the program that it describes.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>

#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_store.hpp"

using namespace storegate::support;

namespace {

const std::string root = STOREGATE_ROOT;
const std::string package_file = STOREGATE_PACKAGE;

/// The package's files, unpacked.
struct Unpacked {
  Unpacked() { run_bash(folder, "dpkg-deb -x '" + package_file + "' ."); }
  [[nodiscard]] std::string file(const std::string& path) const { return folder.file(path); }
  [[nodiscard]] std::string unzipped(const std::string& path) const {
    return run_bash(folder, "gzip -dc '" + path + "'");
  }
  TempDir folder;
};

/// Every first group that the pattern finds.
std::set<std::string> all_of(const std::string& text, const std::string& pattern) {
  const std::regex words(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), words), end; at != end; ++at)
    found.insert((*at)[1].str());
  return found;
}

std::string sources_of(const std::string& folder, const std::string& begins) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/" + folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name.starts_with(begins) && (name.ends_with("pp")))
      all += read_file(entry.path());
  }
  return all;
}

/// What systemd-analyze gives a unit, 0 (nothing to fear) to 10.
double exposure(const TempDir& folder, const std::string& unit) {
  std::filesystem::create_directory(folder.file("judged"));
  write_file(folder.path() / "judged" / "storegate.service", unit);
  const std::string said =
      run_bash(folder, "systemd-analyze security --offline=true --no-pager judged/storegate.service");
  const auto level = all_of(said, "Overall exposure level for storegate.service: ([0-9.]+)");
  REQUIRE(level.size() == 1);
  return std::stod(*level.begin());
}

std::string without(const std::string& text, const std::string& line) {
  const auto at = text.find("\n" + line + "\n");
  REQUIRE(at != std::string::npos);
  return text.substr(0, at) + text.substr(at + 1 + line.size());
}

}  // namespace

TEST_CASE("lintian finds no error and no gap in the hardening") {
  const TempDir folder;
  const std::string said = run_bash(
      folder, "lintian --no-user-dirs --allow-root --display-info --fail-on none '" + package_file + "'",
      std::chrono::minutes(3));
  CHECK_MESSAGE(all_of(said, "(?:^|\n)(E: [^\n]*)").empty(), said);
  CHECK_MESSAGE(all_of(said, "(hardening-no-[a-z]*)").empty(), said);
  // It looked, and would have said so.
  CHECK(said.find("initial-upload-closes-no-bugs") != std::string::npos);
}

TEST_CASE("systemd-analyze gives the unit 1.1 at most, and more to one that leaves a guard out") {
  const Unpacked package;
  const TempDir folder;
  const std::string unit = read_file(package.file("usr/lib/systemd/system/storegate.service"));
  CHECK(exposure(folder, unit) <= 1.1);
  for (const char* guard : {"ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=",
                            "User=storegate", "SystemCallFilter=@system-service", "PrivateDevices=yes"}) {
    CAPTURE(guard);
    CHECK(exposure(folder, without(unit, guard)) > exposure(folder, unit));
  }
  // By IP addresses it is restricted in the example alone: which ones they are differs from store to store.
  CHECK(unit.find("IPAddress") == std::string::npos);
  const std::string example = read_file(package.file("usr/share/doc/storegate/examples/addresses.conf"));
  CHECK(exposure(folder, unit + example) < exposure(folder, unit));
  // To ask for the clock's state costs little: it cannot be set.
  const std::string asking = read_file(package.file("usr/share/doc/storegate/examples/clock.conf"));
  CHECK(exposure(folder, unit + asking) <= 1.4);
}

TEST_CASE("man page and completion name every command, storegate.toml(5) every key") {
  const Unpacked package;
  const std::string help = run_bash(package.folder, std::string(STOREGATE_PROGRAM) + " --help");
  const auto commands = all_of(help.substr(help.find("Subcommands:")), "\n  ([a-z-]+) ");
  REQUIRE(commands.size() > 8);
  const std::string page =
      std::regex_replace(package.unzipped("usr/share/man/man1/storegate.1.gz"), std::regex("\\\\-"), "-");
  const std::string completion = read_file(package.file("usr/share/bash-completion/completions/storegate"));
  for (const std::string& command : commands) {
    CAPTURE(command);
    CHECK(std::regex_search(page, std::regex("\n\\.(B|BR|BI) \"?" + command + "\\b")));
    CHECK(std::regex_search(completion, std::regex("choice=\"[^\"]*\\b" + command + "\\b")));
  }

  const std::string keys_page = package.unzipped("usr/share/man/man5/storegate.toml.5.gz");
  const auto keys = all_of(sources_of("firmware/app", "config_"),
                           "(?:\\.(?:text|integer|boolean|one_of|secret_files?|path|find|required)\\("
                           "|\\bread_(?:id|url)\\(table, ?)\"([a-z_]+)\"");
  REQUIRE(keys.size() > 70);
  REQUIRE(keys.contains("audience"));  // read by a word of its own
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(std::regex_search(keys_page, std::regex("\\b" + key + "\\b")));
  }
  CHECK(run_bash(package.folder,
                 "for page in usr/share/man/man?/*.gz; do man --warnings -l \"$page\" 2>&1 >/dev/null; done")
            .empty());
}

TEST_CASE("the SBOM names what is loaded and whose headers are in it, with installed versions and licenses") {
  const Unpacked package;
  const auto bill = boost::json::parse(read_file(package.file("usr/share/doc/storegate/sbom.cdx.json")));
  CHECK(bill.at("bomFormat").as_string() == "CycloneDX");
  std::map<std::string, std::string> versions, uses;
  for (const auto& each : bill.at("components").as_array()) {
    const std::string name(each.at("name").as_string());
    versions[name] = std::string(each.at("version").as_string());
    uses[name] = std::string(each.at("properties").at(0).at("value").as_string());
    CAPTURE(name);
    for (const auto& one : each.at("licenses").as_array())
      CHECK(one.at("license").at("name").as_string().size() > 1);
    CHECK_FALSE(each.at("licenses").as_array().empty());
    const std::string purl(each.at("purl").as_string());
    CHECK_MESSAGE(purl.find('+') == std::string::npos, purl);  // it is escaped, as in libstdc++6
  }

  // Depends is dpkg-shlibdeps's own finding of what the program names; ldd follows what those load.
  const std::string depends = run_bash(package.folder, "dpkg-deb -f '" + package_file + "' Depends");
  const auto libraries = all_of(depends, "\\b(lib[a-z0-9.+-]+)");
  REQUIRE(libraries.size() > 6);
  std::set<std::string> direct;
  for (const auto& [name, use] : uses)
    if (use == "loaded") direct.insert(name);
  CHECK(direct == libraries);
  std::set<std::string> wanted =
      all_of(run_bash(package.folder,
                      std::string("ldd ") + STOREGATE_PROGRAM +
                          " | sed -n 's|.*[[:space:]]\\(/[^ ]*\\) (.*|*\\1|p' | xargs dpkg-query --search"),
             "(?:^|\n)(lib[a-z0-9.+-]+):amd64: ");
  CHECK(wanted.size() > libraries.size());
  const std::string sources =
      sources_of("firmware", "") + sources_of("storage", "") + sources_of("platform", "");
  const std::pair<const char*, const char*> headers[] = {{"#include <boost/", "libboost1.81-dev"},
                                                         {"#include <CLI/", "libcli11-dev"},
                                                         {"toml++/", "libtomlplusplus-dev"}};
  for (const auto& [header, owner] : headers)
    if (sources.find(header) != std::string::npos) wanted.insert(owner);
  for (const std::string& name : wanted) {
    CAPTURE(name);
    REQUIRE(versions.contains(name));
    CHECK(versions.at(name) == run_bash(package.folder, "dpkg-query -W -f '${Version}' " + name +
                                                            ":amd64 2>/dev/null ||"
                                                            " dpkg-query -W -f '${Version}' " +
                                                            name));
  }
  CHECK(versions.size() == wanted.size());
}

TEST_CASE(
    "the shipped configuration is refused for its empty values alone, and is good when they are filled in") {
  const Unpacked package;
  const std::string check = std::string(STOREGATE_PROGRAM) + " check-config --config ";
  const std::string said = run_bash(package.folder, check + "etc/storegate/storegate.toml 2>&1 || true");
  CHECK(all_of(said, "storegate.toml:\\d+:\\d+: ([a-z.0-9\\[\\]]+): is empty") ==
        std::set<std::string>{"store.id", "mqtt.url", "pos.url", "partner[1].name"});
  CHECK(said.find("problems: 4") != std::string::npos);
  run_bash(package.folder, R"sh(sed 's/^store.id = ""/store.id = "s"/; s|^mqtt.url = ""|mqtt.url = "mqtt://b"|
    s|^pos.url = ""|pos.url = "http://p"|; s/^name = ""/name = "kiosk"/' etc/storegate/storegate.toml >filled.toml)sh");
  CHECK(run_bash(package.folder, check + "filled.toml").ends_with(": good\n"));
}
