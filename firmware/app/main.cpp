// main: joins the command line to the real network, the real clock and the real service. Nothing is decided here.
#include <chrono>
#include <iostream>

#include "app/cli.hpp"
#include "app/service.hpp"

namespace {

constexpr std::size_t answer_bytes_max = 32U * 1024 * 1024;  // a page of 1,000 events, each with its items

storegate::platform::HttpOutcome call(storegate::platform::HttpCall what) {
  storegate::platform::HttpClientOptions options;
  options.body_bytes_max = answer_bytes_max;
  return storegate::platform::call_once(std::move(what), options);
}

std::int64_t wall_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace

int main(int count, char** words) {
  storegate::app::CliWorld world{std::cout, std::cerr, call, storegate::app::run_service, wall_ms};
  return storegate::app::run_cli(count, words, world);
}
