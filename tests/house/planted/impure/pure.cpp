// The counter-example beside the planted ones: containers, strings, numbers as text, an exception; nothing of it
// may be called impure.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

std::string pure_text(const std::map<std::string, std::vector<int>>& orders, std::function<int(int)> price) {
  std::unordered_map<std::string, std::shared_ptr<int>> seen;
  std::variant<int, std::string> last = 0;
  std::string out;
  for (const auto& [id, lines] : orders) {
    std::vector<int> sorted = lines;
    std::stable_sort(sorted.begin(), sorted.end());
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, price(sorted.at(0))).ptr;
    out += id + '=' + std::string(digits, end) + std::to_string(sorted.size());
    seen.emplace(id, std::make_shared<int>(1));
    last = id;
  }
  if (std::get<std::string>(last).empty()) throw std::invalid_argument("no id");
  if (seen.empty()) std::abort();
  return out;
}
