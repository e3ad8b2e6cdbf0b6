// What the rows must say, told independently of the storage room: the changes of each commit folded here, and the
// same print taken of what was loaded. Equal prints mean: live orders, marks, positions and numbers are the same to
// the last member.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "core/messages.hpp"
#include "crash/fingerprint.hpp"

namespace storegate::crash {

[[nodiscard]] Print print_of(const core::Order& order);
[[nodiscard]] Print print_of(const core::Loaded& loaded);

/// The fold of every change that was committed.
class Fold {
 public:
  Fold() = default;
  /// Goes on from what was loaded.
  explicit Fold(const core::Loaded& loaded);
  void apply(const core::Changes& changes);
  [[nodiscard]] Print print() const;

 private:
  std::map<core::OrderNumber, Print> live_;
  std::map<std::tuple<core::EarlyKind, std::string, std::string>, Print> early_;
  std::map<std::string, core::OrderNumber> aliases_;
  std::map<std::pair<core::StockLayer, std::string>, Print> availability_;
  bool availability_full_ = false;
  core::OutboxMarks outbox_;
  core::StoreState store_;
  core::Position last_event_;
  core::OrderNumber last_number_ = core::no_order;
};

}  // namespace storegate::crash
