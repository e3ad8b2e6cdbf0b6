// The kind of an exception is its type.
#include "platform/http_mishaps.hpp"

#include <boost/core/demangle.hpp>
#include <typeinfo>

#include "platform/log.hpp"

namespace storegate::platform {
namespace {

std::string type_of(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& error) {
    return boost::core::demangle(typeid(error).name());
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace

void HttpMishaps::tell(const std::exception_ptr& what, std::string_view doing,
                       Clock::time_point now) noexcept {
  try {
    const std::string type = type_of(what);
    const auto [told, is_new] = told_.try_emplace(type + " " + std::string(doing), now);
    if (!is_new && now - told->second < told_again_after) return;
    told->second = now;
    log_error("an HTTP connection was ended by an exception", {{"type", type}, {"while", doing}});
  } catch (...) {  // no memory to say so: it is counted
    return;
  }
}

}  // namespace storegate::platform
