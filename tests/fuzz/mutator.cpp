// Tokens are numbers, texts in quotes, words, and single bytes of anything else: enough for JSON, TOML and HTTP.
#include "mutator.hpp"

#include <algorithm>
#include <cctype>
#include <random>
#include <vector>

namespace storegate::fuzz {

namespace {

enum class Kind { number, quoted, word, other };
struct Token {
  Kind kind = Kind::other;
  std::string text;
};

bool is(int (*test)(int), char c) { return test(static_cast<unsigned char>(c)) != 0; }
bool in_number(char c) { return is(std::isdigit, c) || c == '.'; }
bool in_word(char c) { return is(std::isalnum, c) || c == '_'; }

std::size_t end_of_quoted(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

Token first_token(std::string_view text) {
  const auto while_in = [text](Kind kind, std::size_t from, bool (*in)(char)) {
    return Token{
        kind, std::string(text.substr(
                  0, static_cast<std::size_t>(
                         std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), in) -
                         text.begin())))};
  };
  if (text[0] == '"') return {Kind::quoted, std::string(text.substr(0, end_of_quoted(text)))};
  if (text[0] == '-' && text.size() > 1 && is(std::isdigit, text[1]))
    return while_in(Kind::number, 1, in_number);
  if (is(std::isdigit, text[0])) return while_in(Kind::number, 0, in_number);
  if (in_word(text[0])) return while_in(Kind::word, 0, in_word);
  return {Kind::other, std::string(1, text[0])};
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    tokens.push_back(first_token(text));
    text.remove_prefix(tokens.back().text.size());
  }
  return tokens;
}

/// What a sender may mean, or may not, in place of a token of that kind.
std::string other_for(Kind kind, std::mt19937_64& random) {
  static const std::vector<std::string> numbers = {"0",
                                                   "-1",
                                                   "1",
                                                   "10001",
                                                   "2147483648",
                                                   "1000000001",
                                                   "-1000000001",
                                                   "9007199254740993",
                                                   "9223372036854775807",
                                                   "-9223372036854775808",
                                                   "18446744073709551616",
                                                   "0.5",
                                                   "1.005",
                                                   "1e9"};
  static const std::vector<std::string> texts = {"\"\"",        "\"\\u0000\"", "\"\\ud83c\\udf2e\"",
                                                 "\"-5.25\"",   "\"12\"",      "\"1970-01-01T00:00:00Z\"",
                                                 "\"\xc3\xa9\""};
  static const std::vector<std::string> words = {"null", "true", "false", "0", "chunked", "close"};
  static const std::vector<std::string> others = {"{", "}", "[", "]", ",", ":", "\r\n", "\n", "null"};
  const auto& from = kind == Kind::number   ? numbers
                     : kind == Kind::quoted ? texts
                     : kind == Kind::word   ? words
                                            : others;
  const auto drawn = random() % (from.size() + 1);
  if (drawn == from.size()) return kind == Kind::quoted ? '"' + std::string(200, 'x') + '"' : std::string();
  return from[drawn];
}

void change(std::vector<Token>& tokens, std::mt19937_64& random) {
  const auto any = [&] { return static_cast<std::size_t>(random() % tokens.size()); };
  // Single bytes are the most by far: what means something is looked for a few times.
  std::size_t at = any();
  for (int look = 0; look < 6 && tokens[at].kind == Kind::other; ++look) at = any();
  const auto place = tokens.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 6) {
    case 0:
    case 1: place->text = other_for(place->kind, random); return;
    case 2: place->text = other_for(random() % 2 == 0 ? Kind::number : Kind::quoted, random); return;
    case 3: place->text = tokens[any()].text; return;
    case 4: tokens.erase(place); return;
    default: break;
  }
  const std::size_t count = std::min<std::size_t>(1 + random() % 24, tokens.size() - at);
  const std::vector<Token> again(place, place + static_cast<std::ptrdiff_t>(count));
  tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(any()), again.begin(), again.end());
}

}  // namespace

std::string mutated(std::string_view text, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Token> tokens = tokens_of(text);
  for (auto changes = 1 + random() % 3; changes > 0 && !tokens.empty(); --changes) change(tokens, random);
  std::string out;
  for (const Token& token : tokens) out += token.text;
  return out;
}

}  // namespace storegate::fuzz
