// Zero added on the way to a QuantizeLinear: see `plus_zero` of the exporters.
#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

/// The number of a constant of rank 0.
std::optional<double> scalar(const Model& model, const std::string& name) {
  const auto found = model.constants.find(name);
  if (found == model.constants.end() || !found->second.dims.empty() || !found->second.numbers || found->second.numbers->size() != 1) return std::nullopt;
  return found->second.numbers->front();
}

bool dequantises_to_zero(const Model& model, const Step& step) {
  if (step.type != "DequantizeLinear" || step.in.size() != 3) return false;
  const auto number = scalar(model, step.in[0]);
  return number && number == scalar(model, step.in[2]);
}

}  // namespace

std::set<std::string> only_rescaled(const Model& model) {
  std::set<std::string> zeros, result;
  for (const Step& step : model.steps) {
    if (step.out.empty()) continue;
    if (dequantises_to_zero(model, step)) zeros.insert(step.out[0]);
    if (step.type == "Add" && step.in.size() == 2 && zeros.contains(step.in[1])) result.insert(step.out[0]);
  }
  return result;
}

}  // namespace paretoforge::onnx_in
