// Costs of a network on an emulated core: exported, compiled, run, counted.
#include "exporters/mcu_costs.hpp"

#include <stdexcept>
#include <string>

#include "exporters/formats.hpp"
#include "exporters/reference.hpp"
#include "space/random.hpp"

namespace paretoforge {

const McuCore* mcu_device(std::string_view device) {
  for (const McuCore& core : mcu_cores())
    if (device == std::string(core.name) + "_qemu") return &core;
  return nullptr;
}

std::array<double, 4> values(const McuCosts& costs) {
  return {static_cast<double>(costs.instructions), costs.modelled_cycles, static_cast<double>(costs.flash_bytes), static_cast<double>(costs.ram_bytes)};
}

McuCosts mcu_costs(const Graph& graph, const McuCore& core, std::uint64_t seed) {
  const Graph network = pruned(graph);
  check_exportable(network);
  Random random(seed);
  std::vector<float> sample(static_cast<std::size_t>(network.shape(0).elements()));
  for (float& value : sample) value = static_cast<float>(random.normal());
  const IntegerModel model = quantised(random_model(network, seed), sample);
  const CJob job = c_job(model, "network", sample);
  const McuRun run = run_on_mcu({&job, 1}, core)[0];
  if (run.outputs != IntegerInterpreter(model).run(job.inputs)) throw std::runtime_error("the exported C gives other bytes on " + std::string(core.name) + " than the reference");
  return {run.instructions[0], run.modelled_cycles, run.flash_bytes, run.ram_bytes()};
}

}  // namespace paretoforge
