// Networks ready to run in LibTorch, for those who time them.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "space/model.hpp"

namespace paretoforge {

/// LibTorch cannot run this network there: an op that the device lacks in this type, too little memory.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct RunSettings {
  std::string device = "cuda";   ///< cuda (the first GPU) or cpu
  std::string type = "float32";  ///< of weights and values: float32, float16 or bfloat16
  std::int32_t batch = 1;        ///< samples a run
  std::uint64_t seed = 1;        ///< of the input, which is normally distributed
};

/// Throws ConfigError where this LibTorch has no such device.
void require_device(const std::string& device);

/// The model on its device, run once already. Each call runs it on one input, in evaluation and without gradients, and
/// returns when the outputs (those before a final softmax) are there. Not for two threads at once. Throws RunError;
/// std::invalid_argument for another device or type; ConfigError where there is no GPU.
std::function<void()> ready_to_run(const Model& model, const RunSettings& settings);

}  // namespace paretoforge
