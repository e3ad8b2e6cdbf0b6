// What 64 senders show: syncs, throughput, CPU and bytes, from the same runs; and the syncs of a life by itself.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "sections.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

Reading difference(const Reading& before, const Reading& after) {
  Reading used = after;
  used.commits -= before.commits;
  used.commit_syncs -= before.commit_syncs;
  used.checkpoint_syncs -= before.checkpoint_syncs;
  used.other_syncs -= before.other_syncs;
  used.written_bytes -= before.written_bytes;
  used.commit_inputs -= before.commit_inputs;
  used.commit_s -= before.commit_s;
  used.gateway.cpu_s -= before.gateway.cpu_s;
  used.gateway.write_bytes -= before.gateway.write_bytes;
  used.gateway_user_s -= before.gateway_user_s;
  used.gateway_system_s -= before.gateway_system_s;
  used.broker_cpu_s -= before.broker_cpu_s;
  used.pos_cpu_s -= before.pos_cpu_s;
  used.senders_cpu_s -= before.senders_cpu_s;
  for (auto& [name, cpu_s] : used.thread_cpu_s) {
    const auto earlier = before.thread_cpu_s.find(name);
    if (earlier != before.thread_cpu_s.end()) cpu_s -= earlier->second;
  }
  return used;
}

double writes_per_commit(const LoadRun& run) { return 3 * run.lives / std::max(1.0, run.used.commits); }
double cpu_ms_per_life(const LoadRun& run) { return run.used.gateway.cpu_s * 1000 / run.lives; }
double syncs_per_life(const LoadRun& run) { return run.used.commit_syncs / run.lives; }

double commit_ms(const LoadRun& run) { return run.used.commit_s * 1000 / std::max(1.0, run.used.commits); }

std::string percent_of_core(double cpu_s, double seconds) {
  return decimal_text(100 * cpu_s / seconds, 0) + " %";
}

std::string sync_cause(const LoadRun& run, Way way) {
  const std::string group = decimal_text(writes_per_commit(run), 1) + " changes to a commit";
  if (way != Way::own_message) return group;
  return group +
         "; the next release reaches the loop only after the last one's PUBACK, and a commit of orders and "
         "placements is often under way by then";
}

std::string threads_text(const LoadRun& run) {
  std::string text;
  for (const auto& [name, cpu_s] : run.used.thread_cpu_s) {
    if (cpu_s < 0.005 * run.seconds) continue;
    text += (text.empty() ? "" : ", ") + name + " " + percent_of_core(cpu_s, run.seconds);
  }
  return text;
}

std::string where_cpu_goes(const LoadRun& run) {
  return "storegate takes " + percent_of_core(run.used.gateway.cpu_s, run.seconds) + " of a core (user " +
         percent_of_core(run.used.gateway_user_s, run.seconds) + ", system " +
         percent_of_core(run.used.gateway_system_s, run.seconds) + "; " + threads_text(run) +
         "); a commit takes " + decimal_text(commit_ms(run)) + " ms, the floor's " +
         decimal_text(run.floor.commit_ms);
}

/// At least 2 s, and until the WAL has started over: before that each commit makes its file longer, which costs the
/// file system a sync of its own journal and happens once in a store's life.
void warm_up(BenchStore& store, LifeLoad& load) {
  load.run_for(2s);
  for (int more = 0; more < 90 && store.read().checkpoint_syncs < 3; ++more) load.run_for(1s);
}

}  // namespace

const LoadRun& Bench::load_run(Way way) {
  if (const auto known = runs_.find(way); known != runs_.end()) return known->second;
  std::fprintf(stderr, "64 senders, %s\n", std::string(name_of(way)).c_str());
  BenchStore store(program_);
  LifeLoad load(store, {.way = way});
  load.begin();
  warm_up(store, load);
  const Reading before = store.read();
  const std::uint64_t lives_before = load.lives();
  load.run_for(std::chrono::milliseconds(static_cast<int>(seconds_ * 1000)));
  const Reading after = store.read();
  LoadRun run;
  run.lives = static_cast<double>(load.lives() - lives_before);
  run.seconds = std::chrono::duration<double>(after.at - before.at).count();
  run.used = difference(before, after);
  run.peak_rss_mib = static_cast<double>(after.gateway.peak_rss_bytes) / (1024.0 * 1024);
  load.finish();
  store.stop();
  run.floor = replay_lives(store.database(), store.file("floor.db"), writes_per_commit(run), seconds_ / 2);
  return runs_[way] = run;
}

std::vector<Row> measure_syncs(Bench& bench) {
  std::vector<Row> rows;
  {
    std::fprintf(stderr, "syncs of lives that have the store to themselves\n");
    constexpr std::uint64_t lives = 20;
    BenchStore store(bench.program());
    LifeLoad load(store, {.way = Way::http, .senders = 1, .lives_max = lives, .pause = 150ms});
    const Reading before = store.read();
    load.begin();
    load.finish();
    load.run_for(6s);  // what was put off is written by now
    const Reading used = difference(before, store.read());
    store.stop();
    rows.push_back(
        {"Idle: syncs of commits per order's whole life, at most 3", decimal_text(used.commit_syncs / lives),
         "3 changes of state; checkpoints " + decimal_text(used.checkpoint_syncs / lives) + ", other " +
             decimal_text(used.other_syncs / lives),
         verdict_of(used.commit_syncs / lives <= 3.0),
         "acknowledged events are marked by a write of their own when nothing comes within a minute"});
  }
  for (const Way way : all_ways) {
    const LoadRun& run = bench.load_run(way);
    const double goal = way == Way::own_message ? 1.3 : 0.3;
    rows.push_back({"64 senders, " + std::string(name_of(way)) + ": syncs of commits per life, at most " +
                        decimal_text(goal, 1),
                    decimal_text(syncs_per_life(run)),
                    (way == Way::own_message ? std::string("1: a PUBACK for each commit")
                                             : std::string("0.05: a commit for 64 changes")) +
                        "; checkpoints " + decimal_text(run.used.checkpoint_syncs / run.lives, 3),
                    verdict_of(syncs_per_life(run) <= goal), sync_cause(run, way)});
  }
  return rows;
}

std::vector<Row> measure_throughput(Bench& bench) {
  std::vector<Row> rows;
  for (const Way way : all_ways) {
    const LoadRun& run = bench.load_run(way);
    const double rate = run.lives / run.seconds;
    const double goal = std::min(run.floor.lives_per_s / 4, 3600.0);
    const bool one_core = run.used.gateway.cpu_s >= 0.9 * run.seconds && cpu_ms_per_life(run) <= 0.25;
    rows.push_back(
        {"64 senders, " + std::string(name_of(way)) +
             ": whole lives a second, at least a quarter of the floor or one core at 0.25 ms a life",
         decimal_text(rate, 0) + "/s, ratio " + decimal_text(rate / run.floor.lives_per_s) + "; " +
             decimal_text(writes_per_commit(run), 1) + " changes to a commit of " +
             decimal_text(commit_ms(run)) + " ms; CPU of a core: storegate " +
             percent_of_core(run.used.gateway.cpu_s, run.seconds) + ", mosquitto " +
             percent_of_core(run.used.broker_cpu_s, run.seconds) + ", POS double " +
             percent_of_core(run.used.pos_cpu_s, run.seconds) + ", senders " +
             percent_of_core(run.used.senders_cpu_s, run.seconds),
         "bare SQLite, same rows and group: " + decimal_text(run.floor.lives_per_s, 0) + "/s at " +
             decimal_text(run.floor.cpu_ms_per_life) + " ms of CPU, " + decimal_text(run.floor.commit_ms) +
             " ms a commit; goal: " + decimal_text(goal, 0) + "/s",
         verdict_of(rate >= goal || one_core), where_cpu_goes(run)});
  }
  return rows;
}

std::vector<Row> measure_cpu(Bench& bench) {
  std::vector<Row> rows;
  for (const Way way : all_ways) {
    const LoadRun& run = bench.load_run(way);
    rows.push_back(
        {"64 senders, " + std::string(name_of(way)) + ": CPU of storegate per 1,000 lives, at most 0.25 s",
         decimal_text(cpu_ms_per_life(run), 3) + " s (user " +
             decimal_text(run.used.gateway_user_s * 1000 / run.lives, 3) + ", system " +
             decimal_text(run.used.gateway_system_s * 1000 / run.lives, 3) + ")",
         "the commits alone: " + decimal_text(run.floor.cpu_ms_per_life, 3) + " s; mosquitto took " +
             decimal_text(run.used.broker_cpu_s * 1000 / run.lives, 3) + ", the POS double " +
             decimal_text(run.used.pos_cpu_s * 1000 / run.lives, 3),
         verdict_of(cpu_ms_per_life(run) <= 0.25), where_cpu_goes(run)});
  }
  return rows;
}

std::vector<Row> measure_bytes(Bench& bench) {
  std::vector<Row> rows;
  for (const Way way : all_ways) {
    const LoadRun& run = bench.load_run(way);
    const double kb = run.used.written_bytes / run.lives / 1000;
    const double goal = way == Way::own_message ? 70 : 30;
    rows.push_back(
        {"64 senders, " + std::string(name_of(way)) +
             ": bytes written per life, checkpoints included, at most " + decimal_text(goal, 0) + " KB",
         decimal_text(kb, 1) + " KB",
         "the kernel's count: " +
             decimal_text(static_cast<double>(run.used.gateway.write_bytes) / run.lives / 1000, 1) + " KB",
         verdict_of(kb <= goal),
         decimal_text(writes_per_commit(run), 1) + " changes share a commit's pages"});
  }
  return rows;
}

}  // namespace storegate::bench
