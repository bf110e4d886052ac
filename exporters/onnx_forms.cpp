// Running ONNX's other forms.
#include "exporters/onnx_forms.hpp"

#include <array>
#include <algorithm>
#include <cmath>
#include <limits>

#include "exporters/float_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/reference.hpp"
#include "exporters/verify.hpp"

namespace paretoforge {
namespace {

constexpr std::string_view int4_file = "model_int4.onnx", float16_file = "model_float16.onnx", dynamic_file = "model_dynamic.onnx";
constexpr std::array form_files = {int4_file, std::string_view("model_int16.onnx"), float16_file, dynamic_file};
/// Eleven bits of mantissa through some dozens of layers; a file of another network is off by more than 1.
constexpr double float16_difference = 0.02;
/// Eight bits for the range of a linear layer's input, between float layers.
constexpr double dynamic_difference = 0.05;
/// What activations of eight bits, which those of sixteen are compared with, may themselves be off by.
constexpr double int16_difference = 0.5;

}  // namespace

bool is_onnx_form(std::string_view file) { return std::find(form_files.begin(), form_files.end(), file) != form_files.end(); }

OnnxFormCheck check_onnx_form(const std::string& file, const std::string& bytes, std::span<const GoldenSample> samples, double allowed) {
  OnnxSession session = OnnxSession::from_bytes(bytes);
  OnnxFormCheck check{file, samples.size(), 0, 0, allowed};
  double difference = 0, size = 0;
  for (const GoldenSample& sample : samples) {
    const std::vector<float> found = session.run(sample.input);
    if (found.size() != sample.output.size())
      throw OnnxRuntimeError(file + " gives " + std::to_string(found.size()) + " numbers in place of " + std::to_string(sample.output.size()));
    if (same_answer(found, sample.output, sample.step)) ++check.agreeing;
    for (std::size_t k = 0; k < found.size(); ++k) {
      difference += std::pow(double{found[k]} - double{sample.output[k]}, 2);
      size += std::pow(double{sample.output[k]}, 2);
    }
  }
  if (difference > 0 || std::isnan(difference)) check.difference = size > 0 ? std::sqrt(difference / size) : std::numeric_limits<double>::infinity();
  if (std::isnan(check.difference)) check.difference = std::numeric_limits<double>::infinity();
  return check;
}

bool passed(const OnnxFormCheck& check) {
  return check.file == int4_file ? check.agreeing + check.samples / 1000 >= check.samples : check.difference <= check.allowed;
}

OnnxFormCheck proven_onnx_form(const std::string& file, const std::string& bytes, const Model& model, const IntegerModel& integer,
                               std::span<const float> samples) {
  std::vector<GoldenSample> golden = golden_samples(integer, samples);
  const OnnxFormCheck found = check_onnx_form(file, bytes, golden, int16_difference);
  OnnxFormCheck proof = found;
  if (file == float16_file || file == dynamic_file) {
    FloatInterpreter interpreter(file == float16_file ? model : with_rounded_linears(model));
    for (GoldenSample& sample : golden) sample.output = interpreter.run(sample.input);
    proof = check_onnx_form(file, bytes, golden, file == float16_file ? float16_difference : dynamic_difference);
  }
  if (!passed(proof))
    throw std::runtime_error(file + " in ONNX Runtime is not the network it was made from: " + std::to_string(proof.agreeing) + " of " + std::to_string(proof.samples) +
                             " samples agree, relative difference " + std::to_string(proof.difference));
  return found;
}

std::vector<GoldenSample> golden_samples(const IntegerModel& model, std::span<const float> samples) {
  IntegerInterpreter interpreter(model);
  const IntegerNode &input = model.nodes[0], &output = model.nodes[static_cast<std::size_t>(model.output)];
  const auto size = static_cast<std::size_t>(input.shape.elements());
  std::vector<GoldenSample> result;
  for (std::size_t i = 0; i + size <= samples.size(); i += size) {
    const auto image = quantised_input(model, samples.subspan(i, size));
    result.push_back({dequantised(input, image), dequantised(output, interpreter.run(image)), model.regression() ? double{output.output.scale} : 0});
  }
  return result;
}

}  // namespace paretoforge
