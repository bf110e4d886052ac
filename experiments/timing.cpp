#include "experiments/timing.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "exporters/onnx_runtime.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t counted_rounds = 3;

std::int64_t now_ns(TimingClock clock) {
  timespec time{};
  clock_gettime(clock == TimingClock::processor ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return std::int64_t{1'000'000'000} * time.tv_sec + time.tv_nsec;
}

double milliseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

/// The sample at a share of the way through the sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

/// Width of the 95 % interval of the median, by order statistics: no distribution is assumed.
double median_interval(const std::vector<double>& sorted) {
  const auto n = static_cast<double>(sorted.size());
  const double half = 0.98 * std::sqrt(n);
  const auto low = static_cast<std::size_t>(std::max(0.0, n / 2 - half));
  return quantile(sorted, (n / 2 + half) / n) - sorted[low];
}

bool median_settled(std::vector<double> times, double share) {
  if (times.size() < 25) return false;
  std::sort(times.begin(), times.end());
  return median_interval(times) < share * quantile(times, 0.5);
}

class TimedModel {
 public:
  explicit TimedModel(ModelRun run) : run_(std::move(run)) {}

  void round(const TimingOptions& options) {
    warm_up();
    const double joules = options.energy ? options.energy->joules() : 0;
    rounds_.push_back(timed_runs(options));
    const auto runs = static_cast<double>(rounds_.back().size());
    if (options.energy) energy_mj_.push_back(1e3 * (options.energy->joules() - joules) / runs);
  }

  bool settled(const TimingOptions& options) const { return summary(rounds_).interval_pct < 100 * options.settled; }

  /// Power hardly differs between rounds, and what disturbs one adds to it: the median of all.
  Latency result() const {
    Latency latency = summary(rounds_);
    std::vector<double> sorted = energy_mj_;
    std::erase_if(sorted, [](double mj) { return std::isnan(mj); });
    std::sort(sorted.begin(), sorted.end());
    if (!sorted.empty()) latency.energy_mj = quantile(sorted, 0.5);
    return latency;
  }

 private:
  /// Other models have run since: their weights are in the caches.
  void warm_up() {
    const std::int64_t begin = now_ns(TimingClock::wall);
    for (int i = 0; i < 3 || (i < 50 && milliseconds(now_ns(TimingClock::wall) - begin) < 5); ++i) run_();
  }

  std::vector<double> timed_runs(const TimingOptions& options) {
    const TimingClock clock = options.chosen_clock();
    const double least = options.energy ? 1e3 * options.energy->least_seconds() : 0;
    std::vector<double> times;
    const std::int64_t first = now_ns(clock);
    std::int64_t before = first;
    do {
      run_();
      const std::int64_t now = now_ns(clock);
      times.push_back(milliseconds(now - before));
      before = now;
    } while (times.size() < 5 || milliseconds(before - first) < least ||
             (milliseconds(before - first) < options.seconds_a_round * 1e3 &&
              (times.size() % 25 != 0 || !median_settled(times, options.settled))));
    return times;
  }

  ModelRun run_;
  std::vector<std::vector<double>> rounds_;
  std::vector<double> energy_mj_;
};

}  // namespace

std::string_view clock_name(TimingClock clock) { return clock == TimingClock::processor ? "processor" : "wall"; }

Latency summary(std::vector<std::vector<double>> rounds) {
  Latency latency;
  std::vector<std::pair<double, std::size_t>> medians;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    std::sort(rounds[i].begin(), rounds[i].end());
    medians.emplace_back(quantile(rounds[i], 0.5), i);
    latency.repeats += static_cast<std::int64_t>(rounds[i].size());
  }
  std::sort(medians.begin(), medians.end());
  medians.resize(std::min(medians.size(), counted_rounds));
  std::vector<double> times;
  for (const auto& [median, i] : medians) times.insert(times.end(), rounds[i].begin(), rounds[i].end());
  std::sort(times.begin(), times.end());
  latency.median_ms = quantile(times, 0.5), latency.p95_ms = quantile(times, 0.95), latency.p99_ms = quantile(times, 0.99);
  latency.interval_pct = 100 * std::max(median_interval(times), medians.back().first - medians.front().first) / latency.median_ms;
  return latency;
}

ModelRun onnx_run(const std::string& onnx, int threads, std::uint64_t seed) {
  auto session = std::make_shared<OnnxSession>(OnnxSession::from_bytes(onnx, {.threads = threads}));
  Random random(seed);
  for (float& value : session->input()) value = static_cast<float>(random.normal());
  return [session] { session->run(); };
}

std::vector<Latency> time_models(const std::vector<std::string>& models, const TimingOptions& options, std::uint64_t seed,
                                 const std::atomic<bool>* stop) {
  std::vector<ModelRun> runs;
  for (std::size_t i = 0; i < models.size(); ++i) runs.push_back(onnx_run(models[i], options.threads, derived_seed(seed, i)));
  return time_runs(std::move(runs), options, seed, stop);
}

std::vector<Latency> time_runs(std::vector<ModelRun> runs, const TimingOptions& options, std::uint64_t seed,
                               const std::atomic<bool>* stop) {
  std::vector<TimedModel> timed;
  timed.reserve(runs.size());
  for (ModelRun& run : runs) timed.emplace_back(std::move(run));
  std::vector<std::size_t> order(timed.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(seed);
  for (int round = 0; round < options.most_rounds && !order.empty(); ++round) {
    random.shuffle(order);
    for (const std::size_t i : order) {
      if (stop != nullptr && stop->load()) return {};
      timed[i].round(options);
    }
    if (round + 1 >= options.rounds) std::erase_if(order, [&](std::size_t i) { return timed[i].settled(options); });
  }
  std::vector<Latency> results;
  for (const TimedModel& model : timed) results.push_back(model.result());
  return results;
}

}  // namespace paretoforge
