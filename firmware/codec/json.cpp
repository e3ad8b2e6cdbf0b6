// Boost.JSON's event parser fills the flat tree; its own value type is not used because it keeps the last of two
// equal members silently and allocates for each container.
#include "codec/json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>

#include "codec/limits.hpp"
#include "codec/times.hpp"

namespace storegate::codec::json {

namespace {

/// Above this many members names are sorted instead of compared pairwise.
constexpr std::size_t pairwise_members_max = 24;

/// Offsets are 32 bits; no body comes near (body_max_kib, MQTT packets), so this is a door and not a limit to meet.
constexpr std::size_t text_bytes_max = std::numeric_limits<std::uint32_t>::max() / 2;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

}  // namespace

/// The parser's handler: appends nodes, closes containers, and finds members that stand twice.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  explicit Builder(std::string_view text) : text_(text) {
    document_.nodes_.reserve(std::min(text.size() / 12 + 16, json_nodes_max));
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) { return has_room(ec) && open(Kind::object); }
  bool on_array_begin(error_code& ec) { return has_room(ec) && open(Kind::array); }
  bool on_object_end(std::size_t count, error_code& ec) {
    if (find_duplicate()) {
      ec = boost::json::error::exception;  // any error stops the parser; duplicate() tells which it was
      return false;
    }
    return close(count);
  }
  bool on_array_end(std::size_t count, error_code&) { return close(count); }

  bool on_string_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_string(string_view part, std::size_t, error_code& ec) {
    return has_room(ec) && finish_string(part);
  }
  bool on_key_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_key(string_view part, std::size_t, error_code& ec) { return has_room(ec) && finish_string(part); }

  bool on_number_part(string_view part, error_code&) {
    fraction_ = fraction_ || has_fraction(part);
    in_parts_ = true;
    return true;
  }
  bool on_int64(std::int64_t value, string_view, error_code& ec) {
    return has_room(ec) && add_number(Kind::integer, value);
  }
  bool on_uint64(std::uint64_t, string_view, error_code& ec) {
    return has_room(ec) && add_number(Kind::huge, 0);
  }
  bool on_double(double, string_view part, error_code& ec) {
    const bool fraction = fraction_ || has_fraction(part);
    // A number in parts ends the whole text, and nobody reads one there.
    const std::string_view written =
        in_parts_ ? std::string_view{} : std::string_view{part.data(), part.size()};
    return has_room(ec) && add_number(fraction ? Kind::fraction : Kind::huge, 0, written);
  }
  bool on_bool(bool value, error_code& ec) {
    return has_room(ec) && add_number(Kind::boolean, value ? 1 : 0);
  }
  bool on_null(error_code& ec) { return has_room(ec) && add_number(Kind::null, 0); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  [[nodiscard]] Document take() && { return std::move(document_); }
  [[nodiscard]] bool duplicate() const { return duplicate_; }

  /// The pointer of what was being read: the open containers' members, the duplicate's name at its end.
  [[nodiscard]] std::string pointer() const;

 private:
  [[nodiscard]] std::uint32_t next() const { return static_cast<std::uint32_t>(document_.nodes_.size()); }
  static bool has_fraction(string_view part) { return part.find_first_of(".eE") != string_view::npos; }

  bool has_room(error_code& ec) {
    if (document_.nodes_.size() < json_nodes_max) return true;
    ec = boost::json::error::array_too_large;
    return false;
  }

  bool open(Kind kind) {
    open_.push_back(next());
    document_.nodes_.push_back({.kind = kind, .count = 0, .after = 0, .number = 0, .text = {}});
    return true;
  }

  bool close(std::size_t count) {
    Node& node = document_.nodes_[open_.back()];
    node.count = static_cast<std::uint32_t>(count);
    node.after = next();
    open_.pop_back();
    return true;
  }

  bool add_number(Kind kind, std::int64_t number, std::string_view written = {}) {
    fraction_ = in_parts_ = false;
    document_.nodes_.push_back(
        {.kind = kind, .count = 0, .after = next() + 1, .number = number, .text = written});
    return true;
  }

  /// A piece of a string with escapes, kept behind what is kept already.
  bool keep(string_view part) {
    if (part.empty()) return true;
    if (!document_.unescaped_) document_.unescaped_ = std::make_unique<char[]>(text_.size());
    assert(kept_ + part.size() <= text_.size());
    std::memcpy(document_.unescaped_.get() + kept_, part.data(), part.size());
    kept_ += part.size();
    return true;
  }

  bool finish_string(string_view last) {
    std::string_view text{last.data(), last.size()};
    const bool in_text = std::greater_equal<>{}(text.data(), text_.data()) &&
                         std::less_equal<>{}(text.data() + text.size(), text_.data() + text_.size());
    if (kept_ != string_begin_ || !in_text) {
      keep(last);
      text = {document_.unescaped_.get() + string_begin_, kept_ - string_begin_};
      string_begin_ = kept_;
    }
    document_.nodes_.push_back(
        {.kind = Kind::string, .count = 0, .after = next() + 1, .number = 0, .text = text});
    return true;
  }

  bool find_duplicate();

  std::string_view text_;
  Document document_;
  std::vector<std::uint32_t> open_;      // indices of the containers that are not closed
  std::vector<std::string_view> names_;  // of the object that closes; kept for its memory
  std::size_t kept_ = 0;                 // bytes used in unescaped_
  std::size_t string_begin_ = 0;         // where the string being read begins there
  std::string_view duplicate_name_;
  bool duplicate_ = false;
  bool fraction_ = false;
  bool in_parts_ = false;
};

bool Builder::find_duplicate() {
  names_.clear();
  const auto& nodes = document_.nodes_;
  for (std::size_t at = open_.back() + 1; at < nodes.size(); at = nodes[at + 1].after)
    names_.push_back(nodes[at].text);

  auto twice = names_.end();
  if (names_.size() <= pairwise_members_max) {
    for (auto name = names_.begin(); name != names_.end() && twice == names_.end(); ++name) {
      if (std::find(names_.begin(), name, *name) != name) twice = name;
    }
  } else {
    std::sort(names_.begin(), names_.end());
    twice = std::adjacent_find(names_.begin(), names_.end());
  }
  if (twice == names_.end()) return false;
  duplicate_ = true;
  duplicate_name_ = *twice;
  return true;
}

std::string Builder::pointer() const {
  std::string out;
  const auto& nodes = document_.nodes_;
  // Inside the innermost container the place is the container itself, so the walk ends one before it.
  for (std::size_t level = 1; level < open_.size(); ++level) {
    const std::size_t outer = open_[level - 1];
    const std::size_t inner = open_[level];
    std::size_t at = outer + 1;
    if (nodes[outer].kind == Kind::array) {
      std::size_t index = 0;
      for (; at != inner; at = nodes[at].after) ++index;
      append_pointer_token(out, std::to_string(index));
      continue;
    }
    while (at + 1 != inner) at = nodes[at + 1].after;
    if (nodes[at].text.size() > pointer_token_bytes_max) return out;
    append_pointer_token(out, nodes[at].text);
  }
  if (duplicate_ && duplicate_name_.size() <= pointer_token_bytes_max)
    append_pointer_token(out, duplicate_name_);
  return out;
}

namespace {

/// How many bytes the UTF-8 character at the front has; 0 if there is none (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto follows = [&](std::size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if ((first & 0xf0U) == 0xe0) {
    const bool wrong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f);
    return !wrong && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool wrong = (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
    return !wrong && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// The parser calls invalid UTF-8 a syntax error like any other; its sender is told which. Only on the way out.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string detail_of(const boost::json::error_code& ec, bool duplicate, std::string_view text) {
  using boost::json::error;
  if (duplicate) return "the member stands more than once in its object";
  if (ec == error::incomplete) return "the text ends inside a JSON value";
  if (ec == error::extra_data) return "there is text after the JSON value";
  if (ec == error::too_deep) return "nested deeper than " + std::to_string(json_depth_max) + " levels";
  if (ec == error::illegal_leading_surrogate || ec == error::illegal_trailing_surrogate ||
      ec == error::expected_utf16_escape) {
    return "a \\u escape that is no character";
  }
  if (ec == error::array_too_large)
    return "more than " + std::to_string(json_nodes_max) + " values and names";
  if (ec == error::exponent_overflow) return "a number with an exponent beyond every limit";
  if (!is_utf8(text)) return "the text is not valid UTF-8";
  return "not JSON (" + ec.message() + ")";
}

}  // namespace

Parsed<Document> Document::parse(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return Problem{ProblemKind::too_large, "the text is too large", "", std::nullopt};
  }
  boost::json::parse_options options;
  options.max_depth = json_depth_max;
  boost::json::basic_parser<Builder> parser(options, text);
  boost::json::error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = boost::json::error::extra_data;
  if (!ec) return std::move(parser.handler()).take();
  return Problem{ProblemKind::malformed_json, detail_of(ec, parser.handler().duplicate(), text),
                 parser.handler().pointer(), read};
}

void append_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!is_control(c) && c != '"' && c != '\\') continue;
    out.append(text, begin, at - begin);
    begin = at + 1;
    out += '\\';
    switch (c) {
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case '\n': out += 'n'; break;
      case '\r': out += 'r'; break;
      case '\t': out += 't'; break;
      default:
        out += "u00";
        out += hex[static_cast<unsigned char>(c) >> 4U];
        out += hex[static_cast<unsigned char>(c) & 0xfU];
    }
  }
  out.append(text, begin);
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_boolean(std::string& out, bool value) { out += value ? "true" : "false"; }

void append_time_string(std::string& out, std::int64_t wall_ms) {
  out += '"';
  append_time(out, wall_ms);
  out += '"';
}

void append_pointer_token(std::string& out, std::string_view token) {
  out += '/';
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace storegate::codec::json
