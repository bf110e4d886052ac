#include "experiments/timed_device.hpp"

#include <cmath>

#include "configs/table.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t together = 20;
const std::vector<std::string> drifting{"latency_ms", "float_latency_ms"};

void append(Cells& cells, const std::string& prefix, const Latency& latency) {
  cells.insert(cells.end(), {{prefix + "latency_ms", number_text(latency.median_ms)},
                             {prefix + "latency_p95_ms", number_text(latency.p95_ms)},
                             {prefix + "latency_p99_ms", number_text(latency.p99_ms)},
                             {prefix + "repeats", std::to_string(latency.repeats)},
                             {prefix + "interval_pct", number_text(std::round(latency.interval_pct * 100) / 100)}});
  if (!std::isnan(latency.energy_mj)) cells.emplace_back(prefix + "energy_mj", number_text(latency.energy_mj));
}

/// The state of the device and the machine.
Cells state(const TimedDevice& device) {
  Cells cells = device.same;
  const Cells now = device.now();
  cells.insert(cells.end(), now.begin(), now.end());
  return cells;
}

Cells row(const Latency& deployed, const Latency& in_float, const TimedDevice& device) {
  Cells cells;
  append(cells, "", deployed);
  append(cells, "float_", in_float);
  const Cells more = state(device);
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

/// Every column in its order, from a row that was never measured.
std::vector<std::string> columns(const TimingOptions& timing, const TimedDevice& device) {
  Latency none;
  if (timing.energy != nullptr) none.energy_mj = 0;
  std::vector<std::string> names;
  for (const auto& [name, value] : row(none, none, device)) names.push_back(name);
  for (const std::string& name : reference_columns(drifting)) names.push_back(name);
  return names;
}

}  // namespace

MeasuringEnd measure_timed(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const TimingOptions& timing, const TimedDevice& device) {
  Measurements table(space, csv, columns(timing, device));
  for (const auto& [column, value] : device.same) table.require_same(column, value);
  return measure_networks(space, table, options, together, drifting, [&](std::span<const Architecture> points, std::uint64_t seed, std::string&) {
    std::vector<std::optional<MeasuredNetwork>> found(points.size());
    std::vector<std::size_t> timed;  // those that can be run
    std::vector<ModelRun> runs;
    for (std::size_t i = 0; i < points.size(); ++i) try {
        for (ModelRun& run : device.forms(pruned(space.decode(points[i])), derived_seed(seed, i))) runs.push_back(std::move(run));
        timed.push_back(i);
      } catch (const CannotRun& why) {
        found[i] = MeasuredNetwork{state(device), why.what()};
      }
    const std::vector<Latency> results = time_runs(std::move(runs), timing, seed, options.stop);
    for (std::size_t i = 0; 2 * i < results.size(); ++i) found[timed[i]] = MeasuredNetwork{row(results[2 * i], results[2 * i + 1], device), ""};
    return found;
  });
}

}  // namespace paretoforge
