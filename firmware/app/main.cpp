// main: joins the command line to the real network, the real clock and the real service. Nothing is decided here.
#include <chrono>
#include <iostream>
#include <thread>

#include "app/cli.hpp"
#include "app/service.hpp"
#include "platform/clock.hpp"

namespace {

constexpr std::size_t answer_bytes_max = 32U * 1024 * 1024;  // a page of 1,000 events, each with its items

storegate::platform::HttpOutcome call(storegate::platform::HttpCall what) {
  storegate::platform::HttpClientOptions options;
  options.body_bytes_max = answer_bytes_max;
  return storegate::platform::call_once(std::move(what), options);
}

/// Nobody notices half a second, and two requests a second cost the service nothing. Ctrl-C ends it.
bool wait() {
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  return true;
}

}  // namespace

int main(int count, char** words) {
  storegate::app::CliWorld world{std::cout, std::cerr, call, storegate::app::run_service,
                                 storegate::platform::wall_now_ms};
  world.wait = wait;
  return storegate::app::run_cli(count, words, world);
}
