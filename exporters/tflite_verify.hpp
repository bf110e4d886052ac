// Proof that an exported TFLite model does in real runtimes what the integer model says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "exporters/tflite_runner.hpp"
#include "exporters/tflite_writer.hpp"
#include "exporters/verify.hpp"

namespace paretoforge {

struct TfliteCase {
  const IntegerModel& model;
  std::string file;               ///< the model, serialised; where it ends in a softmax, another without it is run
  std::span<const float> images;  ///< one sample after another, channels × height × width, normalised
  TfliteWeights weights = TfliteWeights::bytes;  ///< as in the file
};

struct TfliteParity {
  Parity outputs;                   ///< int8 outputs, before the softmax
  std::vector<LayerParity> layers;  ///< each alone, fed with what the reference interpreter has there
  double layer_quanta() const;      ///< the greatest of them
};

/// Runs all cases in one process of the runtime. Throws TfliteRuntimeError where there is none, or where it refuses.
std::vector<TfliteParity> compare_tflite(const TfliteRuntime& runtime, std::span<const TfliteCase> cases);

}  // namespace paretoforge
