// Admission: the inputs that wait for a turn. New orders wait in a lane for each partner and come in by deficit round
// robin; everything else goes before them in the order it came. Decides nothing about an order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/fair_queue.hpp"
#include "core/messages.hpp"
#include "core/policy.hpp"

namespace storegate::core {

class Admission {
 public:
  /// Takes an input in. False: it is a new order over HTTP and its partner has as many waiting as `policy` lets it have
  /// (load.lane_orders_max); nothing was taken. Over MQTT nothing is refused: there one message waits at a time.
  [[nodiscard]] bool add(Input input, const LoadPolicy& policy);
  /// Inputs of a turn that was undone come again before all others, as they were.
  void put_back(std::vector<Input> inputs);

  /// The inputs of a turn, at most load.inputs_per_turn_max, and what was put back first. Where orders wait they have a
  /// quarter of the turn at least, so that a flood of commands does not shut them out.
  [[nodiscard]] std::vector<Input> take(const Policy& policy);
  /// Those that were put back, alone.
  [[nodiscard]] std::vector<Input> take_put_back();

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return again_.size() + commands_.size() + orders_; }
  /// Whether `is_one` is true of every input that waits.
  [[nodiscard]] bool all_of(const std::function<bool(const Input&)>& is_one) const;

 private:
  [[nodiscard]] const std::string* lane_of(const Input& input) const;
  void take_order(const Policy& policy, std::vector<Input>& taken);

  std::deque<Input> again_;     // of turns that were undone
  std::deque<Input> commands_;  // all but new orders and what follows one of them
  std::map<std::string, std::deque<Input>, std::less<>> lanes_;  // none of them empty
  std::unordered_map<std::string, std::size_t>
      named_;               // identities that inputs in the lanes bring or name, and how often
  std::size_t orders_ = 0;  // in the lanes
  FairTurn turn_;
};

}  // namespace storegate::core
