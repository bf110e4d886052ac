#include "experiments/evaluate.hpp"

#include <algorithm>
#include <array>

#include "exporters/calibration.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t calibration_images = 384, choosing_images = 3000;

struct Rule {
  const char* name;
  CalibrationOptions options;
};
constexpr std::array<Rule, 3> rules = {Rule{"mse", {RangeRule::mse, 99.99}}, Rule{"percentile", {RangeRule::percentile, 99.99}},
                                       Rule{"min_max", {RangeRule::min_max, 100}}};

LabelledSamples slice(const LabelledSamples& all, std::size_t first, std::size_t last) {
  const std::size_t size = all.values.size() / std::max<std::size_t>(1, all.size());
  return {{all.values.begin() + static_cast<std::ptrdiff_t>(first * size), all.values.begin() + static_cast<std::ptrdiff_t>(last * size)},
          {all.labels.begin() + static_cast<std::ptrdiff_t>(first), all.labels.begin() + static_cast<std::ptrdiff_t>(last)}};
}

}  // namespace

double onnx_accuracy_pct(const std::string& onnx, std::size_t batch, const LabelledSamples& samples) {
  OnnxSession session = OnnxSession::from_bytes(onnx);
  const std::size_t size = session.input().size() / batch, classes = session.output().size() / batch;
  std::size_t right = 0;
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);  // what lies behind the last sample is ignored
    std::copy_n(samples.values.begin() + static_cast<std::ptrdiff_t>(first * size), count * size, session.input().begin());
    session.run();
    for (std::size_t i = 0; i < count; ++i) {
      const auto begin = session.output().begin() + static_cast<std::ptrdiff_t>(i * classes);
      right += static_cast<std::size_t>(std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes)) - begin) == samples.labels[first + i];
    }
  }
  return 100.0 * static_cast<double>(right) / static_cast<double>(samples.size());
}

Quantised quantised_best(const Model& model, const Training& training) {
  const LabelledSamples all = training.training_samples(model, calibration_images + choosing_images);
  const std::size_t calibrating = std::min(calibration_images, all.size());
  const LabelledSamples calibrated_on = slice(all, 0, calibrating), chosen_on = slice(all, calibrating, all.size());
  Quantised best;
  double best_accuracy = -1;
  for (const Rule& rule : rules) {
    IntegerModel integer = quantised(model, calibrated_on.values, rule.options);
    double accuracy = 0;
    if (OnnxRuntime::available() && chosen_on.size() > 0)
      accuracy = onnx_accuracy_pct(qdq_onnx(integer, {.batch = evaluation_batch}), evaluation_batch, chosen_on);
    if (accuracy <= best_accuracy) continue;
    best_accuracy = accuracy;
    best = {std::move(integer), rule.name};
  }
  return best;
}

}  // namespace paretoforge
