// The lists of symbols, and the reading of nm's and readelf's output. The pure rooms have a list of what is
// permitted, so that a new way to the outside world is seen without anyone having thought of it.
#include "house/binary_rules.hpp"

#include <array>
#include <cstdio>
#include <regex>
#include <string_view>

namespace storegate::house {
namespace {

/// What any pure code may want, as patterns on demangled names: memory, strings, containers, numbers as text,
/// exceptions, and what compiler and sanitizers put in.
constexpr std::array pure = {
    R"(operator (new|delete)(\[\])?\(.*)",
    R"((mem(cpy|move|set|cmp|chr|rchr)|strlen|strn?cmp|bcmp)|__mem(cpy|move|set)_chk)",
    R"(abort|__assert_fail|__stack_chk_(fail|guard))",
    R"((fmod|fmodl|trunc|floor|ceil|round|llround|lround|pow|log|log2|exp|ldexp)[fl]?)",
    R"(__cxa_.*|__gxx_personality_v0|_Unwind_.*|__dso_handle|_ITM_.*|__gmon_start__|_GLOBAL_OFFSET_TABLE_)",
    // Of 32-bit ARM: division, copying and unwinding by the compiler's own library; types compared where x86 has it inlined.
    R"(__aeabi_.*|__(gnu|cxa)_unwind_.*|std::type_info::operator==.*)",
    // Of 64-bit ARM: a count that threads share, by the instruction that the processor at hand has.
    R"(__aarch64_(ldadd|ldclr|ldset|ldeor|swp|cas)[0-9]+_[a-z_]+)",
    R"(__tls_get_addr|__(u?div|u?mod|mul|add|sub|float|fix)[a-z0-9]*[td]i[0-9]?)",
    R"(__(asan|ubsan|tsan|sanitizer)_.*)",
    R"((vtable|typeinfo|VTT|typeinfo name) for (__cxxabiv1::.*|std::.*))",
    R"(std::__throw_.*|std::terminate\(\)|std::__glibcxx_assert_fail.*|std::uncaught_exceptions?\(\))",
    R"((std::)?exception.*|std::(bad_|logic_error|runtime_error|out_of_range|length_error|invalid_argument).*)",
    R"(std::(__cxx11::)?basic_string.*|std::__cxx11::to_string.*)",
    R"(std::(to_chars|from_chars)\(.*|std::__detail::__(to|from)_chars.*)",
    R"(std::_Rb_tree_.*|std::__detail::_Prime_rehash_policy.*|std::__detail::_List_node_base.*)",
    R"(std::_Hash_bytes.*|std::(allocator|vector|map|deque|optional|variant|function|tuple).*)",
    R"(std::nothrow|__libc_single_threaded)",
};

constexpr std::array codec_besides = {
    // Boost.System, inlined with Boost.JSON: the text of an error code.
    R"((__)?vsnprintf(_chk)?|strerror_r|strncpy)",
    R"(boost::json::.*|(typeinfo|vtable|VTT|guard variable) for boost::.*)",
    R"(boost::(system|source_location|container|throw_exception|exception|wrapexcept|assertion).*)",
};

/// A room's own names and those it may call.
std::string rooms_pattern(Purity purity) {
  const char* rooms = purity == Purity::core ? "core" : "(core|codec)";
  return std::string(R"re(((vtable|typeinfo|typeinfo name|VTT|guard variable) for )?storegate::)re") + rooms +
         "::.*";
}

/// What the worldly rooms may not want.
std::vector<std::string> forbidden_for(Purity purity) {
  if (purity == Purity::storage) {
    return {
        R"re((.*[ <:(&*])?storegate::(codec|platform|app)::.*)re",
        R"re(socket|socketpair|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|getaddrinfo)re"};
  }
  return {R"re((.*[ <:(&*])?storegate::(codec|storage|app)::.*)re"};
}

std::vector<std::regex> compiled(const std::vector<std::string>& patterns) {
  std::vector<std::regex> out;
  for (const std::string& pattern : patterns) out.emplace_back(pattern, std::regex::optimize);
  return out;
}

std::vector<std::string> permitted_for(Purity purity) {
  std::vector<std::string> patterns(pure.begin(), pure.end());
  if (purity == Purity::codec) patterns.insert(patterns.end(), codec_besides.begin(), codec_besides.end());
  patterns.push_back(rooms_pattern(purity));
  return patterns;
}

bool any_fits(const std::vector<std::regex>& patterns, const std::string& name) {
  for (const std::regex& pattern : patterns) {
    if (std::regex_match(name, pattern)) return true;
  }
  return false;
}

/// The lines a command prints; what it says on standard error goes to ours.
std::vector<std::string> output_of(const std::string& command) {
  std::vector<std::string> lines(1);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(c);
    }
  }
  if (pclose(pipe) != 0) return {};
  return lines;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

bool contains(const std::vector<std::string>& lines, const std::regex& pattern) {
  for (const std::string& line : lines) {
    if (std::regex_search(line, pattern)) return true;
  }
  return false;
}

bool file_contains(const std::filesystem::path& path, const std::string& text) {
  return read_file(path).find(text) != std::string::npos;
}

/// Whether functions sign their return address: the instruction paciasp, wherever in the file its four bytes stand in line.
bool signs_returns(const std::filesystem::path& program) {
  constexpr std::string_view paciasp = "\x3f\x23\x03\xd5";
  constexpr std::size_t instruction_bytes = 4;
  const std::string bytes = read_file(program);
  for (auto at = bytes.find(paciasp); at != std::string::npos; at = bytes.find(paciasp, at + 1))
    if (at % instruction_bytes == 0) return true;
  return false;
}

}  // namespace

std::vector<Finding> impure_symbols(const std::filesystem::path& archive, Purity purity) {
  const bool by_permission = purity == Purity::core || purity == Purity::codec;
  const auto patterns = compiled(by_permission ? permitted_for(purity) : forbidden_for(purity));
  // `U` is wanted, `w` and `v` are wanted if somebody has them.
  static const std::regex undefined(R"re(^\s+[Uwv] (.*)$)re");
  static const std::regex heading(R"re(^(\S+\.o(bj)?):$)re");
  std::vector<Finding> findings;
  std::string object = archive.filename().string();
  std::size_t symbols = 0;
  for (const std::string& line : output_of("nm -uC " + quoted(archive))) {
    std::smatch match;
    if (std::regex_match(line, match, heading)) object = match[1].str();
    if (!std::regex_match(line, match, undefined)) continue;
    ++symbols;
    if (any_fits(patterns, match[1].str()) != by_permission) findings.push_back({object, 0, match[1].str()});
  }
  if (symbols == 0) findings.push_back({object, 0, "nm shows no symbol: nothing was checked"});
  return findings;
}

std::vector<Finding> unhardened(const std::filesystem::path& program,
                                const std::filesystem::path& source_root) {
  const std::string name = program.filename().string();
  const auto headers = output_of("readelf -hlW " + quoted(program));
  const auto dynamic = output_of("readelf -dW " + quoted(program));
  const auto symbols = output_of("readelf --dyn-syms -W " + quoted(program));
  std::vector<Finding> findings;
  const auto require = [&](bool holds, const char* what) {
    if (!holds) findings.push_back({name, 0, what});
  };
  require(contains(headers, std::regex("Type: +DYN")), "not position independent (PIE)");
  require(contains(headers, std::regex("GNU_RELRO")), "no RELRO segment");
  require(contains(dynamic, std::regex("BIND_NOW|FLAGS.*NOW")), "lazy binding: RELRO is not full");
  require(contains(headers, std::regex("GNU_STACK.* RW +0x")), "the stack can be executed");
  require(contains(symbols, std::regex("__stack_chk_(fail|guard)")), "no stack canary");
  require(contains(symbols, std::regex("__[a-z]+_chk(@| |$)")), "no fortified call");
  // Not read off the note for BTI and PAC: Debian 12's startup objects bear none, so the linker gives it to no program there.
  require(!contains(headers, std::regex("Machine: +AArch64")) || signs_returns(program),
          "no return address is signed (PAC)");
  require(source_root.empty() || !file_contains(program, source_root.string() + "/"),
          "holds the builder's path");
  return findings;
}

}  // namespace storegate::house
