#include "experiments/trained_scores.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/study_file.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

/// Probabilities as logits. A softmax in integers has steps of 1/256: nought is taken as half of one.
void undo_softmax(std::vector<float>& outputs) {
  for (float& value : outputs) value = std::log(std::max(value, 1.0f / 512));
}

/// The outputs of quantised networks of one candidate; each way of quantising runs once.
class QuantisedOutputs {
 public:
  QuantisedOutputs(const Model& model, const Training& training, const Candidate& candidate)
      : model_(model), validation_(training.validation_samples(model)),
        calibration_(training.proxy_samples(model, candidate.rung, calibration_images)), stop_(candidate.stop) {}

  const std::vector<float>& logits(const QuantiseWish& wish) {
    const auto known = std::find_if(found_.begin(), found_.end(), [&](const auto& found) { return found.first == wish; });
    if (known != found_.end()) return known->second;
    if (stop_.stop_requested()) throw Interrupted();
    const IntegerModel integer = quantised_once(model_, calibration_, wish).integer;
    if (stop_.stop_requested()) throw Interrupted();
    found_.emplace_back(wish, onnx_outputs(qdq_onnx(integer, {.batch = evaluation_batch}), evaluation_batch, validation_));
    if (std::holds_alternative<Softmax>(model_.graph.op(model_.graph.output()))) undo_softmax(found_.back().second);
    return found_.back().second;
  }

  const std::vector<std::uint16_t>& labels() const { return validation_.labels; }

 private:
  const Model& model_;
  LabelledSamples validation_, calibration_;
  std::stop_token stop_;
  std::vector<std::pair<QuantiseWish, std::vector<float>>> found_;
};

}  // namespace

std::size_t TrainedScores::add(TrainedScore score) {
  scores_.push_back(std::move(score));
  return scores_.size() - 1;
}

double TrainedScores::value(const Candidate& candidate, std::size_t which) {
  const Key key{candidate.number, candidate.rung, candidate.architecture};
  if (const auto known = kept(key, which)) return *known;
  const std::vector<double> values = measured(candidate);
  if (values.size() > 1) {
    const std::lock_guard lock(mutex_);
    auto& others = kept_[key];
    others.assign(values.begin(), values.end());
    others[which].reset();
  }
  return values[which];
}

std::optional<double> TrainedScores::kept(const Key& key, std::size_t which) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return std::nullopt;
  const std::optional<double> value = std::exchange(found->second[which], std::nullopt);
  if (std::none_of(found->second.begin(), found->second.end(), [](const auto& left) { return left.has_value(); })) kept_.erase(found);
  return value;
}

std::vector<double> TrainedScores::measured(const Candidate& candidate) const {
  ProxyTrained proxy;
  std::vector<double> values = trained(candidate, proxy);
  std::optional<QuantisedOutputs> outputs;
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    if (!scores_[i].quantised) continue;
    if (!outputs) outputs.emplace(proxy.model, *training_, candidate);
    values[i] = training_->score_pct(scores_[i].name, outputs->logits(*scores_[i].quantised), outputs->labels());
  }
  return values;
}

std::vector<double> TrainedScores::trained(const Candidate& candidate, ProxyTrained& proxy) const {
  const fs::path file = checkpoints_->empty() ? fs::path() : StudyFile::checkpoint_of(*checkpoints_, candidate.number);
  std::vector<std::string> names;
  for (const TrainedScore& score : scores_) names.push_back(score.name);
  try {
    proxy = training_->proxy(candidate.graph, candidate.seed, candidate.stop, candidate.rung, file, names);
    return proxy.scores_pct;
  } catch (const TrainingStopped&) {
    throw Interrupted();
  } catch (const TrainingFault& fault) {
    throw InfrastructureFault(fault.what());
  }
}

}  // namespace paretoforge
