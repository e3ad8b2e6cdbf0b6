// One epoll loop for all of them. The beginning of a head is sent at once, so that it is the head that is waited for.
#include "slow_crowd.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace storegate::bench {

using namespace std::chrono_literals;

SlowCrowd::SlowCrowd(support::Address door, const std::string& ca_file, std::string target,
                     std::size_t clients)
    : door_(std::move(door)), context_(tls_client(ca_file)), target_(std::move(target)), clients_(clients) {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);  // a descriptor each
  constexpr std::array kinds{Kind::head, Kind::head, Kind::body, Kind::handshake, Kind::handshake,
                             Kind::head, Kind::head, Kind::body, Kind::body,      Kind::handshake};
  for (std::size_t i = 0; i < clients; ++i) {
    clients_[i].kind = kinds[i % kinds.size()];
    loop_.after(5000ms * i / clients, [this, i] { come(clients_[i]); });
    loop_.after(5000ms * i / clients + 1s, [this, i] { drip(clients_[i]); });
  }
  thread_ = std::thread([this] { run(); });
}

SlowCrowd::~SlowCrowd() {
  stopping_ = true;
  thread_.join();
}

void SlowCrowd::run() {
  while (!stopping_) loop_.turn(100ms);
}

void SlowCrowd::come(Client& client) {
  auto engine = platform::TlsEngine::connect(context_, "localhost", door_.port);
  client.socket = support::begin_connect(door_);
  if (!engine || !client.socket.open()) {
    client.socket.close();
    loop_.after(1s, [this, &client] { come(client); });
    return;
  }
  client.engine = std::move(engine).value();
  client.is_open = false;
  ++open_;
  (void)client.engine->handshake();
  if (client.kind == Kind::handshake) {
    client.to_drip = client.engine->to_send();
    client.engine->sent(client.to_drip.size());
  }
  loop_.watch(client.socket.get(), true, [this, &client](support::Ready ready) { on_ready(client, ready); });
}

void SlowCrowd::go(Client& client) {
  loop_.forget(client.socket.get());
  client.socket.close();
  client.engine.reset();
  --open_;
  ++turned_away_;
  loop_.after(1s, [this, &client] { come(client); });
}

/// Once a second for each, connected or not.
void SlowCrowd::drip(Client& client) {
  loop_.after(1s, [this, &client] { drip(client); });
  if (!client.socket.open() || client.to_drip.empty()) return;
  const std::string byte(1, client.to_drip.front());
  if (client.kind == Kind::handshake) {
    if (::send(client.socket.get(), byte.data(), 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
      client.to_drip.erase(0, 1);
  } else if (client.is_open && client.engine->write(byte)) {
    client.to_drip.erase(0, 1);
    if (!send(client)) go(client);
  }
}

void SlowCrowd::on_ready(Client& client, support::Ready ready) {
  if (ready.readable) {
    std::array<char, 17 * 1024> bytes;
    const auto count = ::recv(client.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return go(client);
    if (count > 0) client.engine->take_in({bytes.data(), static_cast<std::size_t>(count)});
  }
  if (!work(client) || !send(client)) return go(client);
  loop_.want(client.socket.get(), true, !client.engine->to_send().empty());
}

/// Goes on with the handshake, then begins a request; what comes back is thrown away. False: it is over.
bool SlowCrowd::work(Client& client) {
  if (client.kind == Kind::handshake) return true;
  if (!client.is_open) {
    const auto over = client.engine->handshake();
    if (!over || !*over) return over.ok();
    client.is_open = true;
    const std::string head = "POST " + target_ + " HTTP/1.1\r\nHost: localhost\r\n";
    const std::string more =
        client.kind == Kind::body ? "Content-Type: application/json\r\nContent-Length: 4096\r\n\r\n" : "";
    if (!client.engine->write(head + more)) return false;
    client.to_drip = client.kind == Kind::body ? std::string(4096, ' ') : "X-Slow: " + std::string(4096, 'x');
  }
  std::array<char, 4096> plain;
  while (true) {
    const auto got = client.engine->read(plain.data(), plain.size());
    if (!got || client.engine->has_ended()) return false;
    if (*got == 0) return true;
  }
}

bool SlowCrowd::send(Client& client) {
  while (!client.engine->to_send().empty()) {
    const auto waiting = client.engine->to_send();
    const auto count =
        ::send(client.socket.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) return errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS;
    client.engine->sent(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace storegate::bench
