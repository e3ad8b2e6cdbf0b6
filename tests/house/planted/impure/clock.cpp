// Planted: reads a clock.
#include <chrono>
#include <ctime>

long long planted_clock() {
  return std::chrono::steady_clock::now().time_since_epoch().count() + std::time(nullptr);
}
