// What a dead letter may keep of a message. Credentials come in the headers of a webhook that the cloud passes on; how it
// wraps and spells them is its own business, and a message that ends here is one that was not understood.
#include <algorithm>
#include <array>
#include <cstdint>

#include "codec/commands.hpp"
#include "codec/json.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Document;
using json::Kind;
using json::Node;

constexpr char plain(char c) noexcept {
  if (c == '_') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_word_char(char c) noexcept {
  const char small = plain(c);
  return (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
}

bool begins_with(std::string_view text, std::string_view word) noexcept {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char wanted, char c) { return plain(c) == wanted; });
}

bool is_word(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size() && begins_with(text, word);
}

/// The words with which the name of a credential, or of what holds some, begins, or a part of that name.
bool begins_secret(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 6> words{"header",    "authorization", "cookie",
                                                  "signature", "hmac",          "credential"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return begins_with(text, word); });
}

bool ends_with(std::string_view text, std::string_view word) noexcept {
  return text.size() >= word.size() && is_word(text.substr(text.size() - word.size()), word);
}

/// Names under which a message holds header values, or one header's. "x-" are all that partners make up themselves.
bool is_header(std::string_view name) noexcept {
  return begins_with(name, "x-") || is_word(name, "authorization") || is_word(name, "proxy-authorization");
}

bool holds_secrets(std::string_view name) noexcept {
  if (is_header(name) || ends_with(name, "signature")) return true;
  for (std::size_t at = 0; at < name.size(); ++at)
    if ((at == 0 || !is_word_char(name[at - 1])) && begins_secret(name.substr(at))) return true;
  return false;
}

// ---- text of any kind ----

/// A longer name is taken for a credential's without being read to its end, or "x-x-x-…" would be read once for each "x-".
constexpr std::size_t name_bytes_max = 128;

/// What is looked at: a text of which nothing is known, or the string of a document, where a comma behind a bare word is
/// somebody's prose ("a cookie, please").
enum class Within : std::uint8_t { anything, string };

/// Whether a header's name, or what holds headers, begins here: a word of those, then what a value stands behind.
bool is_secret_at(std::string_view text, Within within) noexcept {
  if (!begins_secret(text) && !begins_with(text, "x-") && !begins_with(text, "data-base64")) return false;
  std::size_t end = 0;
  while (end < text.size() && (is_word_char(text[end]) || plain(text[end]) == '-'))
    if (++end > name_bytes_max) return true;
  const std::size_t at = text.find_first_not_of("\"'\\ \t\r\n", end);
  if (at == std::string_view::npos) return false;
  if (text[at] == ':' || text[at] == '=') return true;
  const bool is_quoted = text.substr(end, at - end).find_first_of("\"'") != std::string_view::npos;
  return text[at] == ',' && (is_quoted || within == Within::anything);
}

/// Where the first credential may stand; npos if none can. An escaped ASCII letter or a NUL may spell any name.
std::size_t first_secret(std::string_view text, Within within = Within::anything) noexcept {
  bool in_word = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\0' || (c == '\\' && begins_with(text.substr(at), "\\u00"))) return at;
    const bool is_escape =
        at > 0 && text[at - 1] == '\\' && std::string_view("bfnrt").find(c) != std::string_view::npos;
    const bool is_word_now = is_word_char(c) && !is_escape;  // "\nCookie" is a line's beginning
    if (is_word_now && !in_word && is_secret_at(text.substr(at), within)) return at;
    in_word = is_word_now;
  }
  return std::string_view::npos;
}

/// Whether a string has a credential in it: it may be a whole message, JSON or HTTP, that somebody put into a string.
bool has_secret(std::string_view text) noexcept {
  return is_header(text) || first_secret(text, Within::string) != std::string_view::npos;
}

// ---- a document ----

/// The object that holds them, however deep; nullptr if there is none.
const Node* holder_of_secrets(const Document& document, const Node& node) {
  const Node* at = &node + 1;
  for (std::size_t index = 0; index < node.count; ++index) {
    const Node* value = node.kind == Kind::object ? at + 1 : at;
    if (node.kind == Kind::object && holds_secrets(at->text)) return &node;
    // Of the root it is read; deeper nobody looks into it.
    if (node.kind == Kind::object && &node != &document.root() && is_word(at->text, "data-base64"))
      return &node;
    if (value->kind == Kind::string && has_secret(value->text)) return &node;
    if (value->kind == Kind::object || value->kind == Kind::array)
      if (const Node* found = holder_of_secrets(document, *value)) return found;
    at = document.at(value->after);
  }
  return nullptr;
}

const Node* member_of(const Document& document, const Node& object, std::string_view name) {
  if (object.kind != Kind::object) return nullptr;
  const Node* at = &object + 1;
  for (std::size_t index = 0; index < object.count; ++index) {
    if (at->text == name) return at + 1;
    at = document.at((at + 1)->after);
  }
  return nullptr;
}

/// Of the webhook what is no secret: the names of its headers, whose it is, its body.
std::string without_values(const Document& document, const Node& webhook) {
  std::string out = "{\"headers\":[";
  const Node* headers = member_of(document, webhook, "headers");
  if (headers != nullptr && headers->kind == Kind::object) {
    const Node* at = headers + 1;
    for (std::size_t index = 0; index < headers->count; ++index) {
      if (index > 0) out += ',';
      json::append_string(out, at->text);
      at = document.at((at + 1)->after);
    }
  }
  out += ']';
  for (const std::string_view name : {"partner", "body_base64"}) {
    const Node* member = member_of(document, webhook, name);
    if (member == nullptr || member->kind != Kind::string || has_secret(member->text)) continue;
    out += ',';
    json::append_string(out, name);
    out += ':';
    json::append_string(out, member->text);
  }
  out += '}';
  return out;
}

std::string cut(std::string_view text, std::size_t at) {
  return std::string(text.substr(0, at)) + "(cut here: what follows may hold credentials)";
}

}  // namespace

std::string letter_bytes_of(std::string_view payload) {
  const std::size_t at = first_secret(payload);
  if (at == std::string_view::npos) return std::string(payload);  // the common case, without a parse
  const auto document = Document::parse(payload);
  if (!document || document->root().kind == Kind::string) return cut(payload, at);
  if (const Node* webhook = holder_of_secrets(*document, document->root()))
    return without_values(*document, *webhook);
  const Node* encoded = member_of(*document, document->root(), "data_base64");
  if (encoded == nullptr || encoded->kind != Kind::string) return std::string(payload);
  const auto data = base64_decoded(encoded->text);
  if (!data) return cut(payload, at);
  return first_secret(*data) == std::string_view::npos ? std::string(payload) : letter_bytes_of(*data);
}

}  // namespace storegate::codec
