// The computer in front of you as a device: networks with random weights, exported, run in ONNX Runtime and timed.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "space/space.hpp"

namespace paretoforge {

/// Milliseconds of one run on one sample.
struct Latency {
  double median_ms = 0, p95_ms = 0, p99_ms = 0;
  std::int64_t repeats = 0;
};

struct TimingOptions {
  int threads = 1;               ///< within ONNX Runtime
  int rounds = 3;                ///< networks are timed in turns, so that a slow minute of the machine hits all of them
  double seconds_a_round = 0.12; ///< at most, per network and precision
  double settled = 0.02;         ///< a round ends when the 95 % interval of its median is narrower than this share of it
};

/// Times models (serialised ONNX) against drift: `rounds` rounds over all of them, in a new random order each.
/// Each round warms up first and repeats until its median settles. Gives nothing once `stop` is true.
std::vector<Latency> time_models(const std::vector<std::string>& models, const TimingOptions& options, std::uint64_t seed,
                                 const std::atomic<bool>* stop = nullptr);

/// A network with random weights, as the float and int8 ONNX models that are timed.
struct TimedForms {
  std::string float_onnx, int8_onnx;
};
TimedForms timed_forms(const Graph& graph, std::uint64_t seed);

struct HostMeasuring {
  std::size_t networks = 60;
  std::uint64_t seed = 1;
  TimingOptions timing;
  std::function<void(std::size_t done, std::size_t of)> on_progress = nullptr;
  const std::atomic<bool>* stop = nullptr;
};

/// Measures networks drawn from a space and writes them as a table: one column per decision, then
/// latency_ms, latency_p95_ms, latency_p99_ms, repeats (int8) and float_latency_ms, ... (float). Rows that the file
/// holds already are kept and not measured again. Returns false where `stop` ended it before all were measured; what
/// was measured is in the file. Throws OnnxRuntimeError where there is no ONNX Runtime.
bool measure_host(const Space& space, const std::filesystem::path& csv, const HostMeasuring& options);

}  // namespace paretoforge
