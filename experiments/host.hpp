// The computer in front of you as a device: networks with random weights, exported, run in ONNX Runtime and timed.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/measuring.hpp"
#include "experiments/timing.hpp"

namespace paretoforge {

/// A network with random weights, as the float and int8 ONNX models that are timed.
struct TimedForms {
  std::string float_onnx, int8_onnx;
};
TimedForms timed_forms(const Graph& graph, std::uint64_t seed);

/// Measures networks of a space and writes them as a table: one column per decision, then latency_ms, latency_p95_ms,
/// latency_p99_ms, repeats, interval_pct (int8; energy_mj where there is a meter), float_latency_ms, ... (float), and
/// the state of the machine: threads, clock, processor, runtime, governor, load, measured_at. Rows that the file holds
/// already are kept and not measured again. Throws ConfigError where they were measured with other threads, by another
/// clock or on another processor; OnnxRuntimeError where there is no ONNX Runtime.
MeasuringEnd measure_host(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const TimingOptions& timing = {});

}  // namespace paretoforge
