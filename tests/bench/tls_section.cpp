// What TLS costs: handshakes, full and resumed, each with a request, against nginx with the same certificate, cipher and
// curve, in turns; and the memory of connections that are open and say nothing.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

#include "nginx.hpp"
#include "sections.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/tls_store.hpp"
#include "tls_line.hpp"

namespace storegate::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int turns = 20;
constexpr int full_a_turn = 10;
constexpr int resumed_a_turn = 100;
constexpr int warm_up = 20;
constexpr std::size_t idle_connections = 200;
constexpr double idle_bytes_goal = 36 * 1024;

const std::string& request() {
  static const std::string text = support::http_request("GET", "/", {}, {});
  return text;
}

/// A server under measurement, and what was measured of it in one kind of handshake.
struct Side {
  support::Address address;
  support::Process& process;
  TlsShared returning;
  std::vector<double> took_us = {};
  double cpu_s = 0;

  void visit(const TlsShared& context, bool is_resumed) {
    TlsLine line(address, context);
    const auto answer = line.ask(request());
    if (answer.status != 404) throw std::runtime_error("answered " + std::to_string(answer.status));
    if (line.engine().is_resumed() != is_resumed)
      throw std::runtime_error(is_resumed ? "a session was not resumed" : "a session was resumed");
    if (line.engine().suite() != "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256")
      throw std::runtime_error("another cipher: " + line.engine().suite());
  }
  /// `count` visits, one after the other, from the connect to the whole answer.
  void take_turn(const std::string& ca_file, int count, bool is_resumed) {
    for (int i = 0; i < count; ++i) {
      const TlsShared context = is_resumed ? returning : tls_client(ca_file);
      const double cpu_before = process.usage().cpu_s;
      const auto begun = Clock::now();
      visit(context, is_resumed);
      took_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
      cpu_s += process.usage().cpu_s - cpu_before;
    }
  }
  [[nodiscard]] double cpu_us() const { return cpu_s * 1e6 / static_cast<double>(took_us.size()); }
};

std::vector<Row> handshake_rows(Side& ours, Side& theirs, const std::string& ca_file, bool is_resumed) {
  for (Side* side : {&ours, &theirs}) {
    side->took_us.clear();
    side->cpu_s = 0;
    for (int i = 0; is_resumed && i < warm_up; ++i) side->visit(side->returning, i > 0);
  }
  const int count = is_resumed ? resumed_a_turn : full_a_turn;
  for (int turn = 0; turn < turns; ++turn)
    for (Side* side : {&ours, &theirs}) side->take_turn(ca_file, count, is_resumed);
  const auto row = [&](const std::string& of, double our_us, double their_us) {
    const double ratio = their_us / our_us;
    const std::string name =
        (is_resumed ? "Resumed" : "Full") + std::string(" handshake and request over TLS, ") + of;
    return Row{name + (is_resumed ? ": at least half as fast as nginx" : ""),
               decimal_text(our_us, 0) + " us, ratio " + decimal_text(ratio),
               "nginx, same certificate, cipher and curve: " + decimal_text(their_us, 0) + " us",
               is_resumed ? verdict_of(ratio >= 0.5) : Verdict::told,
               decimal_text(our_us - their_us, 0) + " us more"};
  };
  return {row("connect to answer, p50", median_of(ours.took_us), median_of(theirs.took_us)),
          row("CPU of the server", ours.cpu_us(), theirs.cpu_us())};
}

/// Memory that is a process's own and holds something, in bytes.
double own_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == "Anonymous:" && file >> kib) return kib * 1024;
  }
  throw std::runtime_error("smaps_rollup cannot be read");
}

/// What each of many connections takes that have made a request and are silent since.
double bytes_per_idle(Side& side) {
  std::vector<std::unique_ptr<TlsLine>> lines;
  const auto fill = [&](std::size_t count) {
    while (lines.size() < count) {
      lines.push_back(std::make_unique<TlsLine>(side.address, side.returning));
      (void)lines.back()->ask(request());
    }
  };
  fill(warm_up);
  const double before = own_bytes(side.process.pid());
  fill(warm_up + idle_connections);
  return (own_bytes(side.process.pid()) - before) / idle_connections;
}

Row idle_row(Side& ours, Side& theirs) {
  const double bytes = bytes_per_idle(ours);
  return {"Memory of an idle TLS connection that has made a request, " + std::to_string(idle_connections) +
              " of them: at most 36,864 bytes",
          decimal_text(bytes, 0) + " bytes",
          "nginx at the same: " + decimal_text(bytes_per_idle(theirs), 0) + " bytes",
          verdict_of(bytes <= idle_bytes_goal), "mbedTLS's two record buffers are 33.4 kB"};
}

}  // namespace

std::vector<Row> measure_tls(Bench& bench) {
  std::fprintf(stderr, "handshakes against nginx, and idle connections\n");
  support::TlsStore store(bench.program());
  const std::string ca_file = store.file("ca.pem");
  const auto body = TlsLine(store.address(), tls_client(ca_file)).ask(request()).body;
  Nginx nginx(store.file("server.crt"), store.file("server.key"), body.size());
  Side ours{store.address(), store.process(), tls_client(ca_file)};
  Side theirs{nginx.address(), nginx.process(), tls_client(ca_file)};
  std::vector<Row> rows = handshake_rows(ours, theirs, ca_file, true);
  for (Row& row : handshake_rows(ours, theirs, ca_file, false)) rows.push_back(std::move(row));
  rows.push_back(idle_row(ours, theirs));
  return rows;
}

}  // namespace storegate::bench
