// Microcontrollers as devices of a search: what a network costs on a core, from real compiled code.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "exporters/mcu_runner.hpp"
#include "space/graph.hpp"

namespace paretoforge {

/// The core behind a device's name: "cortex_m4_qemu" is cortex_m4; nullptr where the name is none of these.
const McuCore* mcu_device(std::string_view device);

/// Counted and modelled, never measured times; see McuRun.
struct McuCosts {
  std::uint64_t instructions = 0;
  double modelled_cycles = 0;
  std::int64_t flash_bytes = 0, ram_bytes = 0;
};
/// The names of these four, as columns of a table of measurements.
inline constexpr std::array<std::string_view, 4> mcu_metrics = {"instructions", "modelled_cycles", "flash_bytes", "ram_bytes"};
std::array<double, 4> values(const McuCosts& costs);

/// One inference of a network (pruned or not, its batch norms are folded): random weights, quantised to int8, written
/// as C, compiled with -O3, run. The same arguments give the same costs. The bytes are compared with the reference's.
/// Throws std::runtime_error where a program is missing (missing_for_mcu says how to install it), where the network
/// does not fit the machine's memory, or the bytes differ; std::invalid_argument where it cannot be exported.
McuCosts mcu_costs(const Graph& graph, const McuCore& core, std::uint64_t seed = 1);

}  // namespace paretoforge
