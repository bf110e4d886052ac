#include "experiments/mcu_device.hpp"

#include "configs/table.hpp"
#include "exporters/mcu_costs.hpp"

namespace paretoforge {
namespace {

/// One image is made for each network: there is nothing to gain from measuring several together, and little lost.
constexpr std::size_t together = 1;

MeasuredNetwork measured(const Graph& graph, const McuCore& core, const Cells& same) {
  MeasuredNetwork result;
  try {
    const auto costs = values(mcu_costs(graph, core));
    for (std::size_t i = 0; i < costs.size(); ++i) result.cells.emplace_back(mcu_metrics[i], number_text(costs[i]));
    result.cells.insert(result.cells.end(), same.begin(), same.end());
  } catch (const std::exception& error) {
    result.failure = error.what();
  }
  return result;
}

}  // namespace

MeasuringEnd measure_mcu(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const McuCore& core) {
  if (const std::string missing = missing_for_mcu(); !missing.empty()) throw ConfigError("error: programs are missing that compile for microcontrollers and emulate them\n   = " + missing);
  const Cells same{{"device", std::string(core.name) + "_qemu"}, {"compiler", "gcc " + mcu_compiler_version()}};
  std::vector<std::string> columns(mcu_metrics.begin(), mcu_metrics.end());
  for (const auto& [column, value] : same) columns.push_back(column);
  Measurements table(space, csv, columns);
  for (const auto& [column, value] : same) table.require_same(column, value);
  return measure_networks(space, table, options, together, {}, [&](std::span<const Architecture> points, std::uint64_t, std::string&) {
    std::vector<std::optional<MeasuredNetwork>> found;
    for (const Architecture& point : points) found.emplace_back(measured(space.decode(point), core, same));
    return found;
  });
}

}  // namespace paretoforge
