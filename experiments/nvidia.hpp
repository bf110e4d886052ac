// What NVIDIA's driver says of a GPU. Its libraries are loaded at run time: nothing of them is there when this is compiled.
#pragma once

#include <optional>
#include <string>

#include "experiments/energy.hpp"

namespace paretoforge {

struct CudaCard {
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  std::string bus;   ///< where it is plugged in, "0000:01:00.0": CUDA and NVML may number cards differently
};
/// CUDA's first device, as its driver names it. Nothing where there is no driver or no card.
std::optional<CudaCard> first_cuda_card(const std::string& library = "libcuda.so.1");

/// The energy of the whole card at `bus`, by NVML's counter (Volta and later; NVML API, nvmlDeviceGetTotalEnergyConsumption).
EnergySource nvml_energy(const std::string& bus, const std::string& library = "libnvidia-ml.so.1");

}  // namespace paretoforge
