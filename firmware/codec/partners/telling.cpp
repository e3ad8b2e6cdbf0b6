// JSON bodies by the appenders of json.hpp, sentences for reasons, and a scanner that only knows where a value ends.
#include "codec/partners/telling.hpp"

#include <algorithm>
#include <utility>

#include "codec/json.hpp"

namespace storegate::codec {

namespace {

using core::Reason;

constexpr std::int64_t minute_ms = 60'000;

std::string_view sentence_of(Reason reason) {
  switch (reason) {
    case Reason::item_unavailable: return "Out of stock";
    case Reason::item_unknown: return "Not on the store's menu";
    case Reason::price_mismatch: return "Another price than the store's";
    case Reason::store_closed: return "The store is closed";
    case Reason::pos_offline: return "The POS is offline";
    case Reason::too_busy: return "The kitchen is too busy";
    case Reason::invalid_order: return "The order is not valid";
    case Reason::timed_out: return "The order came too late";
    case Reason::too_late: return "The food is being made";
    default: return "The store cannot make the order";
  }
}

bool names_item(const core::Refusal& refusal) {
  const bool about_item = refusal.reason == Reason::item_unavailable ||
                          refusal.reason == Reason::item_unknown || refusal.reason == Reason::price_mismatch;
  return about_item && !refusal.subject.empty();
}

std::vector<core::Refusal> refusals_of(const core::TellPartner& what) {
  return core::unpack_refusals(what.refusals).value_or(std::vector<core::Refusal>{});
}

// ---- the scanner ----

constexpr auto nowhere = std::string_view::npos;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

std::string_view without_blanks_behind(std::string_view value) {
  return value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
}

/// The index behind the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return nowhere;
}

/// The index behind the value that begins at `at`; nowhere if it is empty or has no end.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      if (at == nowhere) return nowhere;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    const bool closes = c == ']' || c == '}';
    if (depth == 0 && (closes || c == ',')) break;
    if (closes) --depth;
    ++at;
  }
  return depth == 0 && at > begin ? at : nowhere;
}

/// Calls `each(at)` where a part of the array or object at `at` begins and goes on where it says that the part ends.
/// Whether the text ends properly.
template <typename Each>
bool each_part(std::string_view text, std::size_t at, Each each) {
  const char close = text[at] == '[' ? ']' : '}';
  at = skip_blanks(text, at + 1);
  if (at < text.size() && text[at] == close) return true;
  while (at < text.size()) {
    at = each(at);
    if (at == nowhere) return false;
    at = skip_blanks(text, at);
    if (at == text.size()) return false;
    if (text[at] == close) return true;
    if (text[at] != ',') return false;
    at = skip_blanks(text, at + 1);
  }
  return false;
}

/// Where the value of that member of the object at `at` begins. Names with escapes are other names.
std::size_t find_member(std::string_view text, std::size_t at, std::string_view name) {
  std::size_t found = nowhere;
  each_part(text, at, [&](std::size_t key) {
    if (text[key] != '"') return nowhere;
    const std::size_t behind = end_of_string(text, key);
    if (behind == nowhere) return nowhere;
    const std::size_t colon = skip_blanks(text, behind);
    if (colon == text.size() || text[colon] != ':') return nowhere;
    const std::size_t value = skip_blanks(text, colon + 1);
    if (text.substr(key + 1, behind - key - 2) == name) found = value;
    return end_of_value(text, value);
  });
  return found;
}

}  // namespace

std::string& JsonObject::member(std::string_view name) {
  out_ += out_.empty() ? '{' : ',';
  json::append_string(out_, name);
  out_ += ':';
  return out_;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  json::append_string(member(name), value);
  return *this;
}

JsonObject& JsonObject::integer(std::string_view name, std::int64_t value) {
  json::append_integer(member(name), value);
  return *this;
}

JsonObject& JsonObject::time(std::string_view name, std::int64_t wall_ms) {
  json::append_time_string(member(name), wall_ms);
  return *this;
}

std::string JsonObject::take() {
  if (out_.empty()) out_ += '{';
  out_ += '}';
  return std::exchange(out_, {});
}

HttpRequest json_request(std::string method, std::string target, JsonObject& body) {
  return {std::move(method), std::move(target), {{"Content-Type", "application/json"}}, body.take()};
}

std::vector<std::string> out_of_stock(const core::TellPartner& what) {
  std::vector<std::string> ids;
  for (core::Refusal& refusal : refusals_of(what))
    if (refusal.reason == Reason::item_unavailable && !refusal.subject.empty())
      ids.push_back(std::move(refusal.subject));
  return ids;
}

std::string refusal_words(const core::TellPartner& what) {
  std::string words;
  Reason last = Reason::none;
  bool named = false;  // the sentence that is being written names an item already
  for (const core::Refusal& refusal : refusals_of(what)) {
    const bool goes_on = refusal.reason == last;
    const bool names = names_item(refusal);
    if (goes_on && !names) continue;
    std::string part;
    if (!goes_on) part.append(words.empty() ? "" : "; ").append(sentence_of(refusal.reason));
    if (names) part.append(goes_on && named ? ", " : ": ").append(refusal.subject);
    if (words.size() + part.size() > refusal_words_bytes_max) break;
    words += part;
    named = names;
    last = refusal.reason;
  }
  return words.empty() ? std::string(sentence_of(what.reason)) : words;
}

std::optional<std::int64_t> minutes_to_ready(const core::TellPartner& what) {
  if (!what.ready_at_wall_ms || *what.ready_at_wall_ms <= what.at_wall_ms) return std::nullopt;
  return (*what.ready_at_wall_ms - what.at_wall_ms + minute_ms - 1) / minute_ms;
}

std::optional<std::vector<std::string_view>> array_elements(std::string_view text, std::string_view member) {
  std::size_t at = skip_blanks(text, 0);
  if (at < text.size() && text[at] == '{') at = find_member(text, at, member);
  if (at >= text.size() || text[at] != '[') return std::nullopt;
  std::vector<std::string_view> elements;
  const bool whole = each_part(text, at, [&](std::size_t begin) {
    const std::size_t end = end_of_value(text, begin);
    if (end != nowhere) elements.push_back(without_blanks_behind(text.substr(begin, end - begin)));
    return end;
  });
  if (!whole) return std::nullopt;
  return elements;
}

}  // namespace storegate::codec
