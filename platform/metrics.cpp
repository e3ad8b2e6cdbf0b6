// The registry and its OpenMetrics 1.0 writer.
#include "platform/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace storegate::platform {
namespace {

/// A metric that is made wrongly is our bug: say which and stop.
void must(bool condition, std::string_view name, const char* rule) {
  if (condition) return;
  std::fprintf(stderr, "metric %.*s: %s\n", static_cast<int>(name.size()), name.data(), rule);
  std::abort();
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), fits);
}

void append_number(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += std::isnan(value) ? "NaN" : (value > 0 ? "+Inf" : "-Inf");
    return;
  }
  char digits[40];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_count(std::string& text, std::uint64_t value) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// OpenMetrics escapes backslash, line feed and double quote, in label values and in help alike.
void append_escaped(std::string& text, std::string_view raw) {
  for (const char c : raw) {
    if (c == '\n')
      text += "\\n";
    else if (c == '\\')
      text += "\\\\";
    else if (c == '"')
      text += "\\\"";
    else
      text.push_back(c);
  }
}

/// a="1",b="2" without the braces.
std::string written_labels(const MetricLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text.push_back(',');
    text += name;
    text += "=\"";
    append_escaped(text, value);
    text.push_back('"');
  }
  return text;
}

void append_series(std::string& text, std::string_view name, std::string_view suffix,
                   std::string_view labels) {
  text += name;
  text += suffix;
  if (!labels.empty()) {
    text.push_back('{');
    text += labels;
    text.push_back('}');
  }
  text.push_back(' ');
}

void append_histogram(std::string& text, std::string_view name, const std::string& labels,
                      const Histogram& histogram) {
  std::uint64_t so_far = 0;
  for (std::size_t at = 0; at < histogram.buckets().size(); ++at) {
    so_far += histogram.buckets()[at];
    std::string with_bound = labels.empty() ? "" : labels + ",";
    with_bound += "le=\"";
    if (at < histogram.bounds().size()) {
      std::string bound;
      append_number(bound, histogram.bounds()[at]);
      if (bound.find_first_not_of("-0123456789") == std::string::npos)
        bound += ".0";  // the canonical form: a float
      with_bound += bound;
    } else {
      with_bound += "+Inf";
    }
    with_bound += "\"";
    append_series(text, name, "_bucket", with_bound);
    append_count(text, so_far);
    text.push_back('\n');
  }
  append_series(text, name, "_count", labels);
  append_count(text, so_far);
  text.push_back('\n');
  append_series(text, name, "_sum", labels);
  append_number(text, histogram.sum());
  text.push_back('\n');
}

template <typename Metric>
struct Series {
  std::string labels;
  std::unique_ptr<Metric> metric;
};

/// The series with these labels, made by `make` if there is none.
template <typename Metric, typename Make>
Metric& find_or_make(std::vector<Series<Metric>>& all, std::string labels, const Make& make) {
  for (Series<Metric>& series : all)
    if (series.labels == labels) return *series.metric;
  all.push_back({std::move(labels), make()});
  return *all.back().metric;
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1, 0) {
  const bool finite = std::all_of(bounds_.begin(), bounds_.end(), [](double b) { return std::isfinite(b); });
  const bool rising =
      std::adjacent_find(bounds_.begin(), bounds_.end(), std::greater_equal<>()) == bounds_.end();
  must(finite && rising, "histogram", "bounds are finite and strictly rising");
}

void Histogram::observe(double value) noexcept {
  if (std::isnan(value)) return;  // it would spoil the sum for ever
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++buckets_[static_cast<std::size_t>(bound - bounds_.begin())];
  sum_ += value;
}

std::uint64_t Histogram::count() const noexcept {
  std::uint64_t all = 0;
  for (const std::uint64_t bucket : buckets_) all += bucket;
  return all;
}

struct Metrics::Family {
  Kind kind;
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;  // the same in every series of a family
  std::vector<Series<Counter>> counters;
  std::vector<Series<Gauge>> gauges;
  std::vector<Series<Histogram>> histograms;

  void check_labels(const MetricLabels& labels) {
    std::vector<std::string> names;
    for (const auto& [label, value] : labels) {
      must(is_name(label) && label != "le" && std::find(names.begin(), names.end(), label) == names.end(),
           name, "label names are [a-zA-Z_][a-zA-Z0-9_]*, not le, each once");
      names.push_back(label);
    }
    const bool first = counters.empty() && gauges.empty() && histograms.empty();
    if (first) label_names = names;
    must(label_names == names, name, "every series of a family has the same labels in the same order");
  }

  void write(std::string& text) const {
    constexpr const char* kind_words[] = {" counter\n", " gauge\n", " histogram\n"};
    text += "# TYPE " + name + kind_words[static_cast<int>(kind)];
    if (!unit.empty()) text += "# UNIT " + name + " " + unit + "\n";
    text += "# HELP " + name + " ";
    append_escaped(text, help);
    text.push_back('\n');
    for (const auto& series : counters) {
      append_series(text, name, "_total", series.labels);
      append_number(text, series.metric->value());
      text.push_back('\n');
    }
    for (const auto& series : gauges) {
      append_series(text, name, "", series.labels);
      append_number(text, series.metric->value());
      text.push_back('\n');
    }
    for (const auto& series : histograms) append_histogram(text, name, series.labels, *series.metric);
  }
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family& Metrics::family(Kind kind, std::string_view name, std::string_view help,
                                 std::string_view unit) {
  for (const auto& known : families_) {
    if (known->name != name) continue;
    must(known->kind == kind && known->help == help && known->unit == unit, name,
         "made twice, and differently");
    return *known;
  }
  must(is_name(name), name, "names are [a-zA-Z_][a-zA-Z0-9_]*");
  for (const std::string_view reserved : {"_total", "_count", "_sum", "_bucket", "_created", "_info"})
    must(!name.ends_with(reserved), name, "the family's name has no reserved suffix");
  must(unit.empty() || name.ends_with("_" + std::string(unit)), name, "the name ends in its unit");
  families_.push_back(std::make_unique<Family>());
  Family& made = *families_.back();
  made.kind = kind;
  made.name = name;
  made.help = help;
  made.unit = unit;
  return made;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, MetricLabels labels,
                          std::string_view unit) {
  Family& of = family(Kind::counter, name, help, unit);
  of.check_labels(labels);
  return find_or_make(of.counters, written_labels(labels), [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, MetricLabels labels,
                      std::string_view unit) {
  Family& of = family(Kind::gauge, name, help, unit);
  of.check_labels(labels);
  return find_or_make(of.gauges, written_labels(labels), [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                              MetricLabels labels, std::string_view unit) {
  Family& of = family(Kind::histogram, name, help, unit);
  of.check_labels(labels);
  must(of.histograms.empty() || of.histograms.front().metric->bounds() == bounds, name,
       "one set of buckets a family");
  return find_or_make(of.histograms, written_labels(labels),
                      [&] { return std::make_unique<Histogram>(bounds); });
}

void Metrics::on_collect(std::function<void()> collect) { collectors_.push_back(std::move(collect)); }

std::string Metrics::write() {
  for (const auto& collect : collectors_) collect();
  std::string text;
  text.reserve(4096);
  for (const auto& family : families_) family->write(text);
  text += "# EOF\n";
  return text;
}

}  // namespace storegate::platform
