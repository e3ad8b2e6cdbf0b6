// told: where the store itself answers a partner, the partner hears what became of each order, once it is on disk, and
// nothing that contradicts what it was told before. Seen on the way to the partner's API and in the rows.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "core/messages.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

class TellWatch {
 public:
  /// A process has loaded the rows: no request is under way. What is owed was written, also by a commit that nobody saw
  /// succeed.
  void begin(const Scene& scene, const core::Loaded& loaded);
  /// `story` SIZE_MAX: of an order that nobody announced. `what`: the last part of the request's path.
  void asked(const Scene& scene, std::uint64_t call, std::size_t story, std::string_view what);
  void ended(std::uint64_t call) { open_.erase(call); }
  void written(const Scene& scene, const core::Changes& changes);
  /// The partner said that it has decided: its truth is fetched.
  static void decided(const Scene& scene, std::string_view partner, std::string_view id);
  /// Its partner had decided by itself, has no such order, or could not be told in time.
  static void on_untold(const Scene& scene, std::string_view data);
  /// `decided`: what the partner has of that order.
  static void judge_end(const Scene& scene, const Story& story, std::string_view decided);

 private:
  std::map<std::uint64_t, std::size_t> open_;
};

}  // namespace storegate::sim::check
