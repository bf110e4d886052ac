// Running networks over images: what training and evaluation share. Not public: includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "trainers/batch_internal.hpp"
#include "trainers/network_internal.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

/// Settings of the calling thread while it runs networks: one thread inside LibTorch, numbers too small to be normal
/// flushed to zero (they cost a hundred times as much; this one is put back at the end).
class ThreadSettings {
 public:
  ThreadSettings();
  ~ThreadSettings();
  ThreadSettings(const ThreadSettings&) = delete;
  ThreadSettings& operator=(const ThreadSettings&) = delete;

 private:
  [[maybe_unused]] unsigned control_ = 0;  ///< of the processor's floating point unit, as found
};

/// The device of that name in a `train:` section; throws ConfigError where there is none.
at::Device device_named(const std::string& name);

/// Throws ConfigError where the device does not multiply in this precision: bfloat16 on a processor without AVX512-BF16
/// or AMX or a GPU before compute capability 8.0, float16 on a processor.
void check_precision(Precision precision, at::Device device);
at::ScalarType type_of(Precision precision);

/// Uninitialised floats [count, channels, height, width] in the processor's memory, channels last; `pinned` where a GPU
/// reads them directly.
at::Tensor image_tensor(std::size_t count, const Shape& shape, bool pinned = false);

/// Outputs [images, classes]; `outputs` gives those of a batch, in evaluation. Images have the network's input shape.
std::vector<float> run_logits(const std::function<at::Tensor(const at::Tensor&)>& outputs, at::Device device, const ImageView& images,
                              const Normalisation& normalisation, const std::stop_token& stop);

}  // namespace paretoforge
