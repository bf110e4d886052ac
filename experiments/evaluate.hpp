// From trained weights to the integer model that loses least, with its accuracy in the real runtime.
#pragma once

#include <string>

#include "experiments/training.hpp"
#include "exporters/integer_model.hpp"

namespace paretoforge {

/// Per cent of the samples whose greatest output is their label (the first of equal outputs counts). `onnx` is a model
/// of batch `batch`. Throws OnnxRuntimeError where there is no ONNX Runtime.
double onnx_accuracy_pct(const std::string& onnx, std::size_t batch, const LabelledSamples& samples);

/// LabelledSamples in one run of a model that is evaluated.
inline constexpr std::size_t evaluation_batch = 100;

struct Quantised {
  IntegerModel integer;
  std::string calibration;  ///< the rule that was best: mse, percentile or min_max
};

/// Calibrates a trained model on training images with each rule there is and keeps the integer model that gets most
/// of further training images right in ONNX Runtime; without one, the rule with the least squared error.
Quantised quantised_best(const Model& model, const Training& training);

}  // namespace paretoforge
