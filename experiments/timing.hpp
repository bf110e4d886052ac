// Models timed on this computer, in ONNX Runtime or whatever runs them, against drift and against whatever else runs on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "experiments/energy.hpp"

namespace paretoforge {

/// What one run costs.
struct Latency {
  double median_ms = 0, p95_ms = 0, p99_ms = 0;
  std::int64_t repeats = 0;  ///< of all rounds
  double interval_pct = 0;   ///< of the median, see TimingOptions::settled
  double energy_mj = std::numeric_limits<double>::quiet_NaN();  ///< NaN where there is no meter
};

/// `processor` counts the time that the calling thread was on a core: what other programs take of the core is left
/// out, and the rest is what the wall clock shows on a quiet machine. Only right where one thread does all the work.
enum class TimingClock { processor, wall };
std::string_view clock_name(TimingClock clock);

struct TimingOptions {
  int threads = 1;                ///< within ONNX Runtime
  int rounds = 5;                 ///< at least; networks are timed in turns, a slow minute of the machine hits all
  int most_rounds = 20;           ///< for those that have not settled before
  double seconds_a_round = 0.04;  ///< at most, per model; longer where the meter needs it
  /// A model has settled when the interval of its median is narrower than this share of it. Other programs can only
  /// add time, so the three rounds with the least medians count: together they give the median and its 95 % interval
  /// (by order statistics). Where the medians of the three lie farther apart, that is the interval.
  double settled = 0.02;
  std::optional<TimingClock> clock = std::nullopt;  ///< absent: processor with one thread, else wall
  EnergyMeter* energy = nullptr;                    ///< read around the timed runs

  TimingClock chosen_clock() const { return clock.value_or(threads == 1 ? TimingClock::processor : TimingClock::wall); }
};

/// The summary of rounds of times in milliseconds, as `settled` says. No round may be empty.
Latency summary(std::vector<std::vector<double>> rounds);

/// A model that is ready: each call runs it once, to its end.
using ModelRun = std::function<void()>;

/// Times models: rounds over all of them, in a new random order each, then further rounds over those
/// that have not settled. Each warms up first. Gives nothing once `stop` is true.
std::vector<Latency> time_runs(std::vector<ModelRun> runs, const TimingOptions& options, std::uint64_t seed,
                               const std::atomic<bool>* stop = nullptr);

/// A serialised ONNX model in ONNX Runtime, on one random input.
ModelRun onnx_run(const std::string& onnx, int threads, std::uint64_t seed);
/// The same of many.
std::vector<Latency> time_models(const std::vector<std::string>& models, const TimingOptions& options, std::uint64_t seed,
                                 const std::atomic<bool>* stop = nullptr);

}  // namespace paretoforge
