// A GPU as a device: networks with random weights, batch norms folded, run by LibTorch and timed.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/measuring.hpp"
#include "experiments/timing.hpp"

namespace paretoforge {

struct CudaMeasuring {
  std::string device = "cuda";     ///< its name in the table
  std::string card;                ///< the GPU's
  int batch = 1;                   ///< samples a run; latency and energy are those of a run
  std::string torch = "cuda";      ///< LibTorch's device
  std::string narrow = "float16";  ///< LibTorch's type of the form that is deployed
};

/// As measure_host, with float16 for int8 and LibTorch for ONNX Runtime; `batch` and `precision` stand in for threads.
/// The clock is the wall's: a thread that waits for a GPU need not have a core. A network that LibTorch cannot run
/// there (memory) is a failed row. Throws ConfigError where there is no such device, or no LibTorch.
MeasuringEnd measure_cuda(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, TimingOptions timing, const CudaMeasuring& how);

}  // namespace paretoforge
