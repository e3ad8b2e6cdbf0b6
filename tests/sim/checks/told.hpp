// told: where the store itself answers a partner, the partner hears what became of each order, once that is on disk, in its
// order, and nothing that contradicts what it was told before; or an event says that it could not be told. Seen on the way
// to the partners' APIs and in the rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/messages.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

/// What a partner has of an order at the end.
struct PartnersView {
  std::string_view decided;     // as ThinApi::decided()
  bool is_ready = false;        // it heard that the food is
  bool waits_for_word = false;  // it asked for a cancel, and heard nothing
};

class TellWatch {
 public:
  /// A process has loaded the rows: no request is under way. What is owed was written, also by a commit that nobody saw
  /// succeed.
  void begin(const Scene& scene, const core::Loaded& loaded);
  /// `story` SIZE_MAX: of an order that nobody announced. `what`: the last part of the request's path.
  void asked(const Scene& scene, std::uint64_t call, std::size_t story, std::string_view what);
  void ended(std::uint64_t call) { open_.erase(call); }
  /// The partner believed it.
  static void taken(Story& story, std::string_view what);
  void written(const Scene& scene, const core::Changes& changes);
  /// The partner said that it has decided, or has no such order: its truth is fetched.
  static void decided(const Scene& scene, std::string_view partner, std::string_view id);
  /// Its partner had decided by itself, has no such order, or could not be told in time.
  static void on_untold(const Scene& scene, std::string_view data);
  static void judge_end(const Scene& scene, const Story& story, const PartnersView& view);

 private:
  void given_up(const Scene& scene, const core::EventRecord& event) const;

  std::map<std::uint64_t, std::size_t> open_;
  std::int64_t loaded_ms_ = 0;
};

}  // namespace storegate::sim::check
