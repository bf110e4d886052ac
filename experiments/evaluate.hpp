// From trained weights to the integer model that loses least, with its accuracy in the real runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "configs/config.hpp"
#include "experiments/training.hpp"
#include "exporters/integer_model.hpp"

namespace paretoforge {

/// What a model of batch `batch` gives for the samples, one after another. Throws OnnxRuntimeError where there is no ONNX
/// Runtime.
std::vector<float> onnx_outputs(const std::string& onnx, std::size_t batch, const LabelledSamples& samples);
/// What a score of one of a network's forms is called: "accuracy_float_pct" of accuracy_pct and float, "rmse_int8" of rmse.
std::string score_figure(const std::string& score, const std::string& form);

/// LabelledSamples in one run of a model that is evaluated.
inline constexpr std::size_t evaluation_batch = 100;

/// The main score of a model of batch `evaluation_batch`: of classes the accuracy in per cent, where the first of equal outputs
/// counts. Throws as onnx_outputs.
double onnx_score(const Training& training, const std::string& onnx, const LabelledSamples& samples);

/// Training images that calibration sees.
inline constexpr std::size_t calibration_images = 384;
/// Further training images, on which the best of several integer models is chosen.
inline constexpr std::size_t choosing_images = 3000;
LabelledSamples choosing_samples(const Model& model, const Training& training);
/// Of so many and more, those behind the ones that calibration sees; none where there are no more.
LabelledSamples choosing_part(const LabelledSamples& training_samples);

/// What the user asks of quantisation.
struct QuantiseWish {
  std::optional<RangeRule> calibration;  ///< none: each rule but entropy is tried
  std::string bits;                      ///< of weights: "8", "4", "mixed"; empty: as the architecture says
  double loss_pct = 0.3;                 ///< mixed: of the main score (accuracy, R2), points that may be lost to int8
  std::optional<double> most_bytes = {};  ///< mixed: weights and biases may take so much, and what of the score is lost is not asked
  bool operator==(const QuantiseWish&) const = default;
};
/// "8", "4" or "mixed"; throws ConfigError for anything else.
std::string find_weight_bits(std::string_view text);

struct Quantised {
  Model model;              ///< as given, with the bits that were chosen
  IntegerModel integer;
  std::string calibration;  ///< the rule that was best: mse, percentile, min_max or entropy; "trained" where training gave the ranges
};

/// How one network's weights are rounded: to nearest at eight bits, where second-order rounding gains nothing that can
/// be measured; by it below.
WeightRounding rounding_for(const Graph& graph);

/// A model that was trained quantised is quantised by the ranges that it brings, if the bits that are asked for are those it was
/// trained with and no rule is named. Any other, and it else:
/// calibrates a trained model on training images with the rule that is asked for, or with each, and keeps the integer model with the
/// best main score on further training images in ONNX Runtime; without one, the first rule.
/// `mixed`: layers are narrowed to four bits in the order of their sensitivity, as many as leave the score on those
/// images within `loss_pct` of int8's; the first and the last layer keep eight. With `most_bytes`: as few as make the weights
/// fit; std::runtime_error with the bytes where all of them do not.
Quantised quantised_best(const Model& model, const Training& training, const QuantiseWish& wish = {});
/// The same with one rule, on samples that are given: mse where none is named, as on the networks of
/// experiments/reports/quantisation those that `export` tries cannot be told apart. Only "mixed" asks for `choosing`, samples
/// on which it is judged how many layers can do with four bits; with `most_bytes` it does not. `bytes` says what the weights of
/// a graph with these bits take, where that is not its own weight_bytes.
Quantised quantised_once(const Model& model, const Training& training, const LabelledSamples& calibration, const QuantiseWish& wish = {}, const LabelledSamples& choosing = {},
                         const std::function<double(const Graph&)>& bytes = {});
/// The same where nothing is scored: "mixed" needs `most_bytes`.
Quantised quantised_unscored(const Model& model, const LabelledSamples& calibration, const QuantiseWish& wish, const std::function<double(const Graph&)>& bytes = {});

}  // namespace paretoforge
