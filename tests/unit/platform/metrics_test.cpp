// The registry and the OpenMetrics text it writes.
#include <doctest/doctest.h>

#include <string>

#include "platform/metrics.hpp"

using namespace storegate::platform;

TEST_CASE("counters, gauges and histograms are written as OpenMetrics 1.0") {
  Metrics metrics;
  Counter& commits = metrics.counter("storegate_commits", "Commits of the journal");
  metrics.counter("storegate_requests", "Requests", {{"partner", "doordash"}, {"status", "202"}}).add();
  metrics.counter("storegate_requests", "Requests", {{"partner", "kiosk"}, {"status", "201"}}).add(2);
  Gauge& held = metrics.gauge("storegate_orders", "Orders by phase", {{"phase", "held"}});
  Histogram& wait =
      metrics.histogram("storegate_commit_seconds", "Time of a commit", {0.001, 0.25, 1}, {}, "seconds");
  commits.add();
  commits.add(2);
  held.set(7);
  wait.observe(0.001);  // on the bound: in the bucket
  wait.observe(0.2);
  wait.observe(0.5);
  wait.observe(30);
  CHECK(metrics.write() ==
        "# TYPE storegate_commits counter\n"
        "# HELP storegate_commits Commits of the journal\n"
        "storegate_commits_total 3\n"
        "# TYPE storegate_requests counter\n"
        "# HELP storegate_requests Requests\n"
        "storegate_requests_total{partner=\"doordash\",status=\"202\"} 1\n"
        "storegate_requests_total{partner=\"kiosk\",status=\"201\"} 2\n"
        "# TYPE storegate_orders gauge\n"
        "# HELP storegate_orders Orders by phase\n"
        "storegate_orders{phase=\"held\"} 7\n"
        "# TYPE storegate_commit_seconds histogram\n"
        "# UNIT storegate_commit_seconds seconds\n"
        "# HELP storegate_commit_seconds Time of a commit\n"
        "storegate_commit_seconds_bucket{le=\"0.001\"} 1\n"
        "storegate_commit_seconds_bucket{le=\"0.25\"} 2\n"
        "storegate_commit_seconds_bucket{le=\"1.0\"} 3\n"
        "storegate_commit_seconds_bucket{le=\"+Inf\"} 4\n"
        "storegate_commit_seconds_count 4\n"
        "storegate_commit_seconds_sum 30.701\n"
        "# EOF\n");
}

TEST_CASE("an empty registry is a complete document") { CHECK(Metrics().write() == "# EOF\n"); }

TEST_CASE("label values and help are escaped") {
  Metrics metrics;
  metrics.gauge("g", "a \"b\" \\ c\nd", {{"l", "x\"y\\z\n"}}).set(1);
  CHECK(metrics.write() ==
        "# TYPE g gauge\n# HELP g a \\\"b\\\" \\\\ c\\nd\ng{l=\"x\\\"y\\\\z\\n\"} 1\n# EOF\n");
}

TEST_CASE("the same family and labels are the same series") {
  Metrics metrics;
  Counter& one = metrics.counter("c", "h", {{"l", "1"}});
  CHECK(&one == &metrics.counter("c", "h", {{"l", "1"}}));
  CHECK(&one != &metrics.counter("c", "h", {{"l", "2"}}));
  Histogram& histogram = metrics.histogram("t", "h", {1, 2});
  for (int more = 0; more < 100; ++more) metrics.histogram("t" + std::to_string(more), "h", {1});
  CHECK(&histogram == &metrics.histogram("t", "h", {1, 2}));  // references stay where they were
}

TEST_CASE("figures from elsewhere are collected when written, and a counter never goes back") {
  Metrics metrics;
  Gauge& live = metrics.gauge("live", "h");
  Counter& total = metrics.counter("seen", "h");
  double figure = 5;
  metrics.on_collect([&] {
    live.set(figure);
    total.set_total(figure);
  });
  CHECK(metrics.write().find("live 5\n") != std::string::npos);
  figure = 3;
  const std::string text = metrics.write();
  CHECK(text.find("live 3\n") != std::string::npos);
  CHECK(text.find("seen_total 5\n") != std::string::npos);
}

TEST_CASE("a histogram counts every value once and leaves out what is no number") {
  Histogram histogram({0.1, 1, 10});
  for (const double value : {-1.0, 0.1, 0.11, 1.0, 9.9, 10.0, 10.1}) histogram.observe(value);
  histogram.observe(std::stod("nan"));
  CHECK(histogram.buckets() == std::vector<std::uint64_t>{2, 2, 2, 1});
  CHECK(histogram.count() == 7);
  CHECK(histogram.sum() == doctest::Approx(30.21));
}
