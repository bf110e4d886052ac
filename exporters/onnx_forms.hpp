// ONNX's other forms, in the real runtime: int4 weights, 16-bit activations, float16, linear layers quantised as they run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// How far a file is from what is expected of golden samples.
struct OnnxFormCheck {
  std::string file;
  std::size_t samples = 0, agreeing = 0;  ///< those run, and those with the answer that is expected: see same_answer
  double difference = 0;  ///< root mean square over that of the expected outputs; infinity where one is NaN
  double allowed = 0;     ///< of the difference; of int4 files the answer must agree instead
};
/// What goes into a network and what is expected of it, real numbers, channels first.
struct GoldenSample {
  std::vector<float> input, output;
  double step = 0;  ///< of a regression's output; 0: of classes
};

/// model_int4.onnx, model_int16.onnx, model_float16.onnx and model_dynamic.onnx.
bool is_onnx_form(std::string_view file);
/// Runs the samples through a file's bytes. Throws OnnxRuntimeError where there is no ONNX Runtime or it refuses them.
OnnxFormCheck check_onnx_form(const std::string& file, const std::string& bytes, std::span<const GoldenSample> samples, double allowed = 0);
bool passed(const OnnxFormCheck& check);

/// A file against what it was made from, on samples (channels × height × width, normalised): float16 against the float
/// network, dynamic against that with its linear layers' weights rounded, the others against the integer model. `difference` is from the integer model for all of them, as is what
/// verifying later measures. Throws std::runtime_error where the file is not what it should be.
OnnxFormCheck proven_onnx_form(const std::string& file, const std::string& bytes, const Model& model, const IntegerModel& integer,
                               std::span<const float> samples);
/// The samples with what the reference interpreter makes of them.
std::vector<GoldenSample> golden_samples(const IntegerModel& model, std::span<const float> samples);

}  // namespace paretoforge
