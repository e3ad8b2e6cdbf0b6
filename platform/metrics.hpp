// Metrics: counters, gauges and histograms, and their OpenMetrics 1.0 text. One thread (the loop) owns a registry:
// increments are plain additions without locks. It must not know what is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storegate::platform {

/// Name and value pairs of one series, in the order given. Names [a-zA-Z_][a-zA-Z0-9_]*, values any text.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Grows only. Written with the suffix _total.
class Counter {
 public:
  void add(double amount = 1) noexcept { value_ += amount; }  // amount >= 0
  /// For a figure counted elsewhere (another thread's counters, read in a collect callback); never less than before.
  void set_total(double total) noexcept { value_ = total > value_ ? total : value_; }
  [[nodiscard]] double value() const noexcept { return value_; }

 private:
  double value_ = 0;
};

class Gauge {
 public:
  void set(double value) noexcept { value_ = value; }
  void add(double amount) noexcept { value_ += amount; }
  [[nodiscard]] double value() const noexcept { return value_; }

 private:
  double value_ = 0;
};

/// Fixed buckets; observe() costs a short search and two additions.
class Histogram {
 public:
  /// Upper bounds (inclusive), strictly rising, finite; +Inf is added. Others: the process stops (our bug).
  explicit Histogram(std::vector<double> bounds);
  void observe(double value) noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] double sum() const noexcept { return sum_; }
  [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }
  [[nodiscard]] const std::vector<std::uint64_t>& buckets() const noexcept {
    return buckets_;
  }  // not cumulative

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> buckets_;
  double sum_ = 0;
};

/// The metrics of a process. References it gives stay valid as long as it lives. The same family and labels asked
/// for again give the same object; the same family with another kind, help, unit or buckets, a malformed name, or a
/// unit that is not the family name's end stop the process (our bug).
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `name` is the family's, without _total (storegate_orders); `unit` is "" or the last word of the name
  /// ("seconds" for storegate_commit_seconds).
  Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {},
                   std::string_view unit = "");
  Gauge& gauge(std::string_view name, std::string_view help, MetricLabels labels = {},
               std::string_view unit = "");
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       MetricLabels labels = {}, std::string_view unit = "");

  /// Called at the beginning of each write(), in the order given: the place to set gauges from live state.
  void on_collect(std::function<void()> collect);

  /// OpenMetrics 1.0 text, families in the order of their making, ending in "# EOF\n".
  [[nodiscard]] std::string write();

  static constexpr std::string_view content_type =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

 private:
  struct Family;
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  Family& family(Kind kind, std::string_view name, std::string_view help, std::string_view unit);
  std::vector<std::unique_ptr<Family>> families_;
  std::vector<std::function<void()>> collectors_;
};

}  // namespace storegate::platform
