#include "experiments/evaluate.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "configs/table.hpp"
#include "exporters/calibration.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

LabelledSamples slice(const LabelledSamples& all, std::size_t first, std::size_t last) {
  const std::size_t size = all.values.size() / std::max<std::size_t>(1, all.size()), targets = all.targets.size() / std::max<std::size_t>(1, all.size());
  return {{all.values.begin() + static_cast<std::ptrdiff_t>(first * size), all.values.begin() + static_cast<std::ptrdiff_t>(last * size)},
          {all.labels.begin() + static_cast<std::ptrdiff_t>(first), all.labels.begin() + static_cast<std::ptrdiff_t>(last)},
          {all.targets.begin() + static_cast<std::ptrdiff_t>(first * targets), all.targets.begin() + static_cast<std::ptrdiff_t>(last * targets)}};
}

}  // namespace

std::vector<float> onnx_outputs(const std::string& onnx, std::size_t batch, const LabelledSamples& samples) {
  OnnxSession session = OnnxSession::from_bytes(onnx);
  const std::size_t size = session.input().size() / batch, classes = session.output().size() / batch;
  std::vector<float> outputs;
  outputs.reserve(samples.size() * classes);
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);  // what lies behind the last sample is ignored
    std::copy_n(samples.values.begin() + static_cast<std::ptrdiff_t>(first * size), count * size, session.input().begin());
    session.run();
    const auto given = session.output().first(count * classes);
    outputs.insert(outputs.end(), given.begin(), given.end());
  }
  return outputs;
}

std::string score_figure(const std::string& score, const std::string& form) {
  const std::string unit = "_pct";
  return score.ends_with(unit) ? score.substr(0, score.size() - unit.size()) + "_" + form + unit : score + "_" + form;
}

double onnx_score(const Training& training, const std::string& onnx, const LabelledSamples& samples) {
  return training.score(training.score_names().front(), onnx_outputs(onnx, evaluation_batch, samples), samples);
}

LabelledSamples choosing_part(const LabelledSamples& training_samples) {
  return slice(training_samples, std::min(calibration_images, training_samples.size()), training_samples.size());
}

LabelledSamples choosing_samples(const Model& model, const Training& training) {
  return choosing_part(training.training_samples(model, calibration_images + choosing_images));
}

std::string find_weight_bits(std::string_view text) {
  if (text == "8" || text == "4" || text == "mixed") return std::string(text);
  throw ConfigError("error: no weight bits '" + std::string(text) + "'; there is: 8, 4, mixed");
}

WeightRounding rounding_for(const Graph& graph) {
  for (const NodeId layer : weighted_layers(graph))
    if (weight_bits(graph.op(layer)) < 8) return WeightRounding::second_order;
  return WeightRounding::nearest;
}

namespace {

Quantised quantised_by(const Model& model, RangeRule rule, const LabelledSamples& calibration) {
  IntegerModel integer = quantised(model, calibration.values, {.calibration = {.rule = rule}, .rounding = rounding_for(model.graph)});
  return {model, std::move(integer), std::string(range_rule_name(rule))};
}

/// The model with the bits that are asked for.
Model as_wished(const Model& model, const QuantiseWish& wish) {
  return wish.bits.empty() ? model : with_weight_bits(model, weighted_layers(model.graph), wish.bits == "4" ? 4 : 8);
}

/// These layers at four bits, all others at eight.
Model narrowed(const Model& model, const std::vector<LayerSensitivity>& order, std::size_t count) {
  std::vector<NodeId> layers;
  for (std::size_t i = 0; i < count; ++i) layers.push_back(order[i].layer);
  return with_weight_bits(with_weight_bits(model, weighted_layers(model.graph), 8), layers, 4);
}

std::vector<LayerSensitivity> narrowing_order(const Model& model, RangeRule rule, const LabelledSamples& calibration) {
  return sensitivities(model, calibration.values, {.calibration = {.rule = rule}, .rounding = WeightRounding::second_order});
}

/// As few layers at four bits as make the weights fit.
Model fitting(const Model& model, RangeRule rule, const LabelledSamples& calibration, double most, const std::function<double(const Graph&)>& bytes) {
  Model found = narrowed(model, {}, 0);
  if (bytes(found.graph) <= most) return found;
  const auto order = narrowing_order(model, rule, calibration);
  for (std::size_t count = 1; count <= order.size() && bytes(found.graph) > most; ++count) found = narrowed(model, order, count);
  if (const double taken = bytes(found.graph); taken > most)
    throw std::runtime_error("weights and biases take " + number_text(taken) + " bytes with 4 bits in every layer but the first and the last, and may take " + number_text(most));
  return found;
}

/// Integer models of one trained network, and how they score.
class Chooser {
 public:
  Chooser(const Training& training, const LabelledSamples& calibration, const LabelledSamples& choosing, const QuantiseWish& wish)
      : training_(training), calibrated_on_(calibration), chosen_on_(choosing), wish_(wish) {}

  /// The best of the rules that are asked for.
  Quantised best(const Model& model) {
    std::optional<Quantised> best;
    double best_score = -std::numeric_limits<double>::infinity();
    for (const auto& [rule, name] : range_rules()) {
      // Entropy was the worst rule on every network of experiments/reports/quantisation: only who names it gets it.
      if (wish_.calibration ? rule != *wish_.calibration : rule == RangeRule::entropy) continue;
      Quantised found = quantised_by(model, rule, calibrated_on_);
      const double now = score(found.integer);
      if (best && !(now > best_score)) continue;
      best_score = now;
      best = std::move(found);
    }
    return std::move(*best);
  }

  /// As many layers at four bits as the loss that is allowed lets be; where none can be judged, all that may be.
  Quantised mixed(const Model& model) {
    const std::vector<NodeId> layers = weighted_layers(model.graph);
    Quantised best_found = best(with_weight_bits(model, layers, 8));
    const double least = score(best_found.integer) - wish_.loss_pct;
    const RangeRule rule = find_range_rule(best_found.calibration);
    const auto order = narrowing_order(model, rule, calibrated_on_);
    std::size_t good = 0, bad = order.size() + 1;  // layers narrowed: so many will do, so many will not
    for (std::size_t count = order.size(); good + 1 < bad; count = (good + bad) / 2) {
      Quantised found = quantised_by(narrowed(best_found.model, order, count), rule, calibrated_on_);
      if (score(found.integer) >= least) {
        good = count;
        best_found = std::move(found);
      } else {
        bad = count;
      }
    }
    return best_found;
  }

 private:
  double score(const IntegerModel& integer) const {
    if (!OnnxRuntime::available() || chosen_on_.size() == 0) return 0;
    return onnx_score(training_, qdq_onnx(integer, {.batch = evaluation_batch}), chosen_on_);
  }

  const Training& training_;
  const LabelledSamples &calibrated_on_, &chosen_on_;
  const QuantiseWish& wish_;
};

/// Whether training has settled how this model is quantised.
bool settled(const Model& model, const QuantiseWish& wish) {
  if (model.ranges.empty() || wish.calibration || wish.bits == "mixed") return false;
  const std::vector<NodeId> layers = weighted_layers(model.graph);
  return wish.bits.empty() || std::all_of(layers.begin(), layers.end(), [&](NodeId layer) { return std::to_string(weight_bits(model.graph.op(layer))) == wish.bits; });
}

}  // namespace

Quantised quantised_best(const Model& model, const Training& training, const QuantiseWish& wish) {
  if (settled(model, wish)) return {model, quantised(model), "trained"};
  const LabelledSamples calibration = training.training_samples(model, calibration_images), choosing = choosing_samples(model, training);
  Chooser chooser(training, calibration, choosing, wish);
  if (!wish.most_bytes) return wish.bits == "mixed" ? chooser.mixed(model) : chooser.best(as_wished(model, wish));
  QuantiseWish one = wish;
  one.calibration = find_range_rule(chooser.best(narrowed(model, {}, 0)).calibration);
  return quantised_unscored(model, calibration, one);
}

Quantised quantised_once(const Model& model, const Training& training, const LabelledSamples& calibration, const QuantiseWish& wish, const LabelledSamples& choosing,
                         const std::function<double(const Graph&)>& bytes) {
  if (wish.bits != "mixed" || wish.most_bytes) return quantised_unscored(model, calibration, wish, bytes);
  QuantiseWish one = wish;
  one.calibration = wish.calibration.value_or(RangeRule::mse);
  return Chooser(training, calibration, choosing, one).mixed(model);
}

Quantised quantised_unscored(const Model& model, const LabelledSamples& calibration, const QuantiseWish& wish, const std::function<double(const Graph&)>& bytes) {
  if (settled(model, wish)) return {model, quantised(model), "trained"};
  const RangeRule rule = wish.calibration.value_or(RangeRule::mse);
  if (!wish.most_bytes) return quantised_by(as_wished(model, wish), rule, calibration);
  const auto own_bytes = [](const Graph& graph) { return static_cast<double>(totals(graph).weight_bytes); };
  return quantised_by(fitting(model, rule, calibration, *wish.most_bytes, bytes ? bytes : own_bytes), rule, calibration);
}

}  // namespace paretoforge
