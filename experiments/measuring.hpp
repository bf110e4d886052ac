// Measuring the networks of a space on any device: which ones, in which parts, and what is kept when it is stopped.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/measurements.hpp"
#include "space/space.hpp"

namespace paretoforge {

struct MeasuringOptions {
  std::size_t networks = 60;  ///< drawn with the seed: different ones, the same for the same seed
  std::uint64_t seed = 1;
  std::vector<Architecture> points = {};  ///< where there are any, these and not drawn ones
  std::function<void(std::size_t done, std::size_t of)> on_progress = nullptr;
  const std::atomic<bool>* stop = nullptr;
};

/// What measuring one network gave: its cells; or, where it failed, why.
struct MeasuredNetwork {
  Cells cells;
  std::string failure;
};

/// Measures some networks together. An empty place is a network that was not measured because `stop` is set, or
/// because `give_up` was: a text that says why there is no point in going on.
using MeasureTogether = std::function<std::vector<std::optional<MeasuredNetwork>>(std::span<const Architecture> points, std::uint64_t seed, std::string& give_up)>;

struct MeasuringEnd {
  bool whole = true;    ///< every network was tried
  std::string give_up;  ///< why it ended early, empty where it did not or was stopped
  std::size_t complete = 0, failed = 0;  ///< of those tried now
  std::string first_failure;
  double drift_pct = 0;  ///< how far the reference was from its first measurement, the worst of all parts and columns
};

/// The columns of a file in which each row says how the reference was when the row was measured: `reference`, the labels
/// of that network, and reference_COLUMN for each column that may drift.
std::vector<std::string> reference_columns(const std::vector<std::string>& drifting);

/// Measures those networks that the table does not hold, `together` at a time: enough to interleave them, few enough
/// that little is lost when the program is killed. The file is written after each part, whatever becomes of the next.
/// Where columns may be `drifting`, the network of the file's first complete row is the reference: it is measured
/// again among those of each part, and their rows hold what it took then.
MeasuringEnd measure_networks(const Space& space, Measurements& table, const MeasuringOptions& options, std::size_t together, const std::vector<std::string>& drifting, const MeasureTogether& measure);

}  // namespace paretoforge
