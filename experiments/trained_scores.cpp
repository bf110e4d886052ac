#include "experiments/trained_scores.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>

#include "experiments/study_file.hpp"
#include "exporters/formats.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_writer.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

/// Probabilities as logits. A softmax in integers has steps of 1/256: nought is taken as half of one.
void undo_softmax(std::vector<float>& outputs) {
  for (float& value : outputs) value = std::log(std::max(value, 1.0f / 512));
}

/// The quantised forms of one candidate's network; each way of quantising runs once.
class QuantisedForms {
 public:
  QuantisedForms(const Model& model, const Training& training, const Candidate& candidate) : model_(model), training_(training), candidate_(candidate) {}

  double value(const TrainedScore& score) {
    if (is_weight_bytes(score.name)) return weight_bytes(form(score.quantised->weights).model.graph);
    if (!validation_) validation_ = training_.validation_samples(model_);
    return training_.score(score.name, logits(*score.quantised), *validation_);
  }

 private:
  const Quantised& form(const QuantiseWish& wish) {
    const auto known = std::find_if(forms_.begin(), forms_.end(), [&](const auto& found) { return found.first == wish; });
    if (known != forms_.end()) return known->second;
    if (candidate_.stop.stop_requested()) throw Interrupted();
    const bool mixed = wish.bits == "mixed" && !wish.most_bytes;
    if (!calibration_) calibration_ = training_.proxy_samples(model_, candidate_.rung, calibration_images);
    if (mixed && !choosing_) choosing_ = choosing_part(training_.proxy_samples(model_, candidate_.rung, calibration_images + choosing_images));
    return forms_.emplace_back(wish, quantised_once(model_, training_, *calibration_, wish, mixed ? *choosing_ : LabelledSamples{}, [&](const Graph& graph) { return weight_bytes(graph); })).second;
  }

  const std::vector<float>& logits(const ScoredAs& wish) {
    const auto known = std::find_if(logits_.begin(), logits_.end(), [&](const auto& found) { return found.first == wish; });
    if (known != logits_.end()) return known->second;
    const IntegerModel& integer = form(wish.weights).integer;
    if (candidate_.stop.stop_requested()) throw Interrupted();
    const OnnxOptions batch{.batch = evaluation_batch};
    const std::string file = wish.activation_bits == 16 ? int16_onnx(integer, batch) : qdq_onnx(integer, batch);
    std::vector<float> outputs = onnx_outputs(file, evaluation_batch, *validation_);
    if (std::holds_alternative<Softmax>(model_.graph.op(model_.graph.output()))) undo_softmax(outputs);
    return logits_.emplace_back(wish, std::move(outputs)).second;
  }

  /// At a rung the network may be narrower than the candidate; its layers are the same.
  double weight_bytes(const Graph& quantised) const {
    Graph whole = candidate_.graph;
    const std::vector<NodeId> layers = weighted_layers(whole), trained = weighted_layers(quantised);
    if (layers.size() != trained.size()) throw std::logic_error("a network lost layers as it was trained");
    for (std::size_t i = 0; i < layers.size(); ++i) whole.set_weight_bits(layers[i], weight_bits(quantised.op(trained[i])));
    return static_cast<double>(totals(whole).weight_bytes);
  }

  const Model& model_;
  const Training& training_;
  const Candidate& candidate_;
  std::optional<LabelledSamples> validation_, calibration_, choosing_;
  std::deque<std::pair<QuantiseWish, Quantised>> forms_;  ///< stay where they are
  std::deque<std::pair<ScoredAs, std::vector<float>>> logits_;
};

}  // namespace

bool is_weight_bytes(std::string_view name) { return name.ends_with("weight_bytes"); }

std::size_t TrainedScores::add(TrainedScore score) {
  scores_.push_back(std::move(score));
  return scores_.size() - 1;
}

double TrainedScores::value(const Candidate& candidate, std::size_t which) {
  const Key key{candidate.number, candidate.rung, candidate.architecture};
  if (const auto known = kept(key, which)) return *known;
  const std::vector<double> values = measured(candidate, scores_);
  if (values.size() > 1) {
    const std::lock_guard lock(mutex_);
    auto& others = kept_[key];
    others.assign(values.begin(), values.end());
    others[which].reset();
  }
  return values[which];
}

double TrainedScores::alone(const Candidate& candidate, std::size_t which) const {
  return measured(candidate, std::span(scores_).subspan(which, 1)).front();
}

std::optional<double> TrainedScores::kept(const Key& key, std::size_t which) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return std::nullopt;
  const std::optional<double> value = std::exchange(found->second[which], std::nullopt);
  if (std::none_of(found->second.begin(), found->second.end(), [](const auto& left) { return left.has_value(); })) kept_.erase(found);
  return value;
}

std::vector<double> TrainedScores::measured(const Candidate& candidate, std::span<const TrainedScore> scores) const {
  // Bits that no integer has are found before the training, not after it.
  if (std::any_of(scores.begin(), scores.end(), [](const TrainedScore& score) { return score.quantised.has_value(); })) check_exportable(candidate.graph);
  ProxyTrained proxy;
  std::vector<double> values = trained(candidate, scores, proxy);
  QuantisedForms forms(proxy.model, *training_, candidate);
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (scores[i].quantised) values[i] = forms.value(scores[i]);
  return values;
}

std::vector<double> TrainedScores::trained(const Candidate& candidate, std::span<const TrainedScore> scores, ProxyTrained& proxy) const {
  const fs::path file = checkpoints_->empty() ? fs::path() : StudyFile::checkpoint_of(*checkpoints_, candidate.number);
  std::vector<std::string> names;
  for (const TrainedScore& score : scores) names.push_back(score.name);
  try {
    proxy = training_->proxy(candidate.graph, candidate.seed, candidate.stop, candidate.rung, file, names);
    return proxy.scores;
  } catch (const TrainingStopped&) {
    throw Interrupted();
  } catch (const TrainingFault& fault) {
    throw InfrastructureFault(fault.what());
  }
}

}  // namespace paretoforge
