// One reading at a time; who asks meanwhile has the files read once more behind it.
#include "app/reloader.hpp"

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/log.hpp"
#include "platform/systemd.hpp"

namespace storegate::app {

/// Shared with the thread that reads.
struct Reloader::State {
  std::mutex mutex;
  platform::Loop* loop = nullptr;  // none once the Reloader is gone: the loop may be, too
  Reloader* owner = nullptr;       // the loop's thread only
};

FreshConfig read_fresh(const std::string& file) {
  TlsLoader loader;
  ConfigSurroundings around = ConfigSurroundings::of_process();
  around.tls = &loader;
  auto reading = load_config(file, around);
  FreshConfig fresh;
  fresh.problems = std::move(reading.problems);
  fresh.warnings = std::move(reading.warnings);
  if (!reading.config) return fresh;
  auto tls = loader.all(*reading.config);
  if (!tls) {
    fresh.problems.push_back({0, 0, "", tls.error().context});
    return fresh;
  }
  fresh.config = std::move(reading.config);
  fresh.tls = std::move(tls).value();
  return fresh;
}

Reloader::Reloader(Service& service, std::string file)
    : service_(service), file_(std::move(file)), state_(std::make_shared<State>()) {
  state_->loop = &service.loop();
  state_->owner = this;
}

Reloader::~Reloader() {
  const std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
  state_->owner = nullptr;
}

void Reloader::ask() {
  platform::systemd_reloading();
  if (reading_)
    asked_again_ = true;
  else
    begin();
}

void Reloader::begin() {
  reading_ = true;
  const auto read = [state = state_, file = file_] {
    const auto fresh = std::make_shared<FreshConfig>(read_fresh(file));
    const std::lock_guard lock(state->mutex);
    if (state->loop == nullptr) return;
    state->loop->post([state, fresh] {
      if (state->owner != nullptr) state->owner->ended(std::move(*fresh));
    });
  };
  try {
    std::thread(read).detach();
  } catch (const std::system_error&) {
    read();  // the loop waits for it: better than secrets that stay as they were
  }
}

void Reloader::ended(FreshConfig fresh) {
  for (const auto& problem : fresh.problems) platform::log_error(describe(problem, file_));
  for (const auto& warning : fresh.warnings) platform::log_warn(describe(warning, file_));
  if (fresh.config) {
    taking_over_ = true;
    service_.reload(std::move(*fresh.config), std::move(fresh.tls), [state = state_] {
      if (state->owner == nullptr) return;
      state->owner->taking_over_ = false;
      state->owner->say_ready();
    });
  } else {
    platform::log_error("configuration not reloaded: the old one stays");
  }
  reading_ = false;
  if (std::exchange(asked_again_, false)) begin();
  say_ready();
}

void Reloader::say_ready() const {
  if (!reading_ && !taking_over_) platform::systemd_ready();
}

}  // namespace storegate::app
