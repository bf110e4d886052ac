// Devices of this computer: networks of a space timed on them, in two forms each, written as a table.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "experiments/measuring.hpp"
#include "experiments/timing.hpp"

namespace paretoforge {

/// One network cannot be run on a device; others may.
class CannotRun : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct TimedDevice {
  Cells same;                  ///< what must not differ between the rows of a file
  std::function<Cells()> now;  ///< what may
  /// A network with random weights as it is deployed, and in float. Throws CannotRun.
  std::function<std::array<ModelRun, 2>(const Graph& graph, std::uint64_t seed)> forms;
};

/// A column per decision, then latency_ms, latency_p95_ms, latency_p99_ms, repeats, interval_pct (of the form that is
/// deployed; energy_mj where there is a meter), float_latency_ms, ... (of float), then the cells of `same` and `now`, and
/// those of the reference, see measure_networks.
/// Rows that the file holds already are kept and not measured again; networks that cannot be run are failed rows.
/// Throws ConfigError where rows differ in a cell of `same`.
MeasuringEnd measure_timed(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const TimingOptions& timing, const TimedDevice& device);

}  // namespace paretoforge
