// Objects are flattened: a member of a member is found by both names with a dot between.
#include "proof/figures.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace storegate::proof {

namespace {

namespace json = boost::json;
using core::Error;
using core::ErrorCode;
using core::Result;
using Values = std::map<std::string, std::string, std::less<>>;

std::string with_commas(std::string digits) {
  const std::size_t first = !digits.empty() && digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (const double* fraction = value.if_double()) {
    char text[40];
    std::snprintf(text, sizeof text, "%.1f", *fraction);
    return text;
  }
  return with_commas(json::serialize(value));
}

std::string member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr ? std::string() : text_of(*found);
}

void flatten(const std::string& prefix, const json::object& object, Values& into) {
  for (const auto& [name, value] : object) {
    const std::string path = prefix + "." + std::string(name);
    if (value.is_object())
      flatten(path, value.get_object(), into);
    else
      into[path] = text_of(value);
  }
}

}  // namespace

Result<void> Figures::read(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!line.starts_with('{')) continue;
    if (Result<void> done = read_line(line); !done) return done;
  }
  const auto by_name = [](const Control& a, const Control& b) {
    return std::pair(a.harness, a.name) < std::pair(b.harness, b.name);
  };
  std::sort(controls_.begin(), controls_.end(), by_name);
  const auto by_definitions = [](const Search& a, const Search& b) { return a.definitions < b.definitions; };
  std::sort(searches_.begin(), searches_.end(), by_definitions);
  return {};
}

Result<void> Figures::read_line(std::string_view line) {
  json::error_code failed;
  const json::value value = json::parse(json::string_view(line.data(), line.size()), failed);
  if (failed || !value.is_object())
    return Error{ErrorCode::invalid, "not a line of figures: " + std::string(line)};
  const json::object& object = value.get_object();
  const std::string suite = member(object, "suite");
  if (suite.empty()) return Error{ErrorCode::invalid, "it names no suite: " + std::string(line)};
  if (suite == "control") {
    controls_.push_back({member(object, "harness"), member(object, "name"), member(object, "caught"),
                         member(object, "where")});
    return {};
  }
  if (suite == "model") {
    searches_.push_back({member(object, "definitions"), member(object, "found"), member(object, "states")});
    return {};
  }
  const std::string part = member(object, "part");
  const std::string name = part.empty() ? suite : part;
  if (const auto known = values_.lower_bound(name + ".");
      known != values_.end() && known->first.starts_with(name + "."))
    return Error{ErrorCode::invalid, "two lines of figures of " + name};
  flatten(name, object, values_);
  return {};
}

const std::string* Figures::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, std::string>> Figures::members(std::string_view name) const {
  const std::string prefix = std::string(name) + ".";
  std::vector<std::pair<std::string, std::string>> found;
  for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix); ++at)
    found.emplace_back(at->first.substr(prefix.size()), at->second);
  return found;
}

}  // namespace storegate::proof
