// pos-double: a store's POS with faults on order. Command line and start; the rest is in this folder.
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/pos_double/server.hpp"

namespace {

namespace support = storegate::support;
namespace pos_double = storegate::pos_double;

constexpr const char* usage =
    "pos-double --listen HOST:PORT [--control HOST:PORT] [--deduplicates SECONDS] [--no-query] [--delay-ms "
    "N]\n"
    "           [--fault NAME:RATE ...] [--seed N] [--late-ms N] [--drip-ms N] [--retry-after S]\n"
    "           [--refuse-code CODE] [--tickets-file PATH]\n"
    "The faults are listed in tests/support/README.md.\n";

struct Options {
  std::string listen;
  std::string control;
  pos_double::PosOptions pos;
  pos_double::ServerTimes times;
  std::vector<pos_double::Fault> faults;
};

/// Bad usage; the text goes to the person.
struct BadUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename Number>
Number number_in(const std::string& option, const std::string& text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || number < Number{0})
    throw BadUsage(option + ": not a number: " + text);
  return number;
}

pos_double::Fault fault_in(const std::string& text) {
  const auto colon = text.rfind(':');
  auto fault = pos_double::fault_named(text.substr(0, colon));
  if (!fault) throw BadUsage("--fault: no such fault: " + text);
  const auto rate =
      colon == std::string::npos ? std::nullopt : pos_double::parse_rate(text.substr(colon + 1));
  if (!rate) throw BadUsage("--fault: a rate is 0 to 1 or a percentage: " + text);
  fault->rate = *rate;
  return *fault;
}

void take_option(Options& options, const std::string& name, const std::string& value) {
  using std::chrono::milliseconds;
  if (name == "--listen")
    options.listen = value;
  else if (name == "--control")
    options.control = value;
  else if (name == "--deduplicates")
    options.pos.deduplicates = std::chrono::duration<double>(number_in<double>(name, value));
  else if (name == "--delay-ms")
    options.pos.delay = milliseconds(number_in<int>(name, value));
  else if (name == "--fault")
    options.faults.push_back(fault_in(value));
  else if (name == "--seed")
    options.pos.seed = number_in<std::uint64_t>(name, value);
  else if (name == "--late-ms")
    options.times.late = milliseconds(number_in<int>(name, value));
  else if (name == "--drip-ms")
    options.times.drip = milliseconds(number_in<int>(name, value));
  else if (name == "--retry-after")
    options.pos.retry_after_s = number_in<int>(name, value);
  else if (name == "--refuse-code")
    options.pos.refuse_code = value;
  else if (name == "--tickets-file")
    options.pos.tickets_file = value;
  else
    throw BadUsage("no such option: " + name);
}

Options read_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--no-query") {
      options.pos.can_query = false;
      continue;
    }
    if (i + 1 == words.size()) throw BadUsage("no such option, or its value is missing: " + words[i]);
    take_option(options, words[i], words[i + 1]);
    ++i;
  }
  if (options.listen.empty()) throw BadUsage("--listen is missing");
  return options;
}

support::Descriptor open_door(const std::string& text, const char* says) {
  const auto address = support::Address::parse(text);
  support::Descriptor listener = support::listen_on(address);
  std::printf("%s on http://%s:%u\n", says, address.host.c_str(), unsigned{support::port_of(listener)});
  return listener;
}

/// SIGTERM and SIGINT end the loop; the double holds nothing that is not written yet.
support::Descriptor watch_signals(support::Loop& loop) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  support::Descriptor signals(::signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC));
  loop.watch(signals.get(), false, [&loop](support::Ready) { loop.stop(); });
  return signals;
}

void run(const Options& options) {
  support::Loop loop;
  const support::Descriptor signals = watch_signals(loop);
  pos_double::Pos pos(options.pos);
  pos.faults().replace(options.faults);
  pos_double::Server server(loop, pos, options.times);
  const support::Descriptor door = open_door(options.listen, "listening");
  server.serve(door, false);
  support::Descriptor control;
  if (!options.control.empty()) {
    control = open_door(options.control, "control");
    server.serve(control, true);
  }
  std::fflush(stdout);
  loop.run();
}

}  // namespace

int main(int count, char** words) {
  try {
    run(read_options({words + 1, words + count}));
    return 0;
  } catch (const BadUsage& bad) {
    std::fprintf(stderr, "pos-double: %s\n%s", bad.what(), usage);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "pos-double: %s\n", failed.what());
  }
  return 2;
}
