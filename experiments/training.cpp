#include "experiments/training.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "experiments/named_by.hpp"
#include "experiments/side_by_side.hpp"
#include "experiments/timed_device.hpp"
#include "trainers/data.hpp"
#include "trainers/learning_curve.hpp"
#include "trainers/running.hpp"
#include "trainers/torchscript.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {
namespace {

/// What the full training of a chosen network is, but for what the study changes.
TrainSettings full_settings(const TrainSettings& proxy, const std::optional<Config>& changes) {
  TrainSettings full = proxy;
  full.budget.epochs = 10;
  full.budget.images = full.budget.validation = 0;
  full.budget.share = 1;
  full.budget.resolution = 0;
  full.budget.width = 1;
  full.budget.test = true;
  full.extrapolate = 0;
  full.budget.time_limit = 0;  // that of a proxy
  full.recipe.early_stop = {};  // by images that are trained on here
  if (!changes) return full;
  if (changes->has("extrapolate")) changes->fail_at_key("extrapolate", "a full training is not extrapolated");
  full = TrainSettings::read(*changes, full);
  if (full.recipe.early_stop.patience > 0 && full.budget.validation == 0)
    changes->fail_at_key("early_stop", "a full training keeps no image back to see which epoch is the best",
                         "say how many, such as  validation: 5000");
  return full;
}

/// The trainers' word for "stopped" in that of studies.
template <class Work>
auto stopping(Work&& work) {
  try {
    return work();
  } catch (const TrainingInterrupted& stopped) {
    throw TrainingStopped(stopped.what());
  } catch (const CheckpointError& unsaved) {
    throw TrainingFault(unsaved.what());
  }
}

/// What the section says of the full training.
TrainSettings settings_of(const Config& section) {
  std::vector<std::string> keys = TrainSettings::keys();  // here, where what is allowed can be named with the rungs
  keys.emplace_back("rungs");
  section.allow(keys);
  std::vector<Config::Entry> entries = section.entries();
  std::erase_if(entries, [](const Config::Entry& entry) { return entry.first == "rungs"; });
  return TrainSettings::read(section.has("rungs") ? Config::make_map(std::move(entries)) : section);
}

struct Rung {
  TrainBudget budget;
  bool extrapolated = false;  ///< to the end of the full training
};

/// A rung of epochs alone, or of a curve to extrapolate, is the beginning of the full training, any other a training of
/// its own.
Rung rung_of(const Config& section, const TrainSettings& full) {
  const TrainSettings settings = TrainSettings::read(section, full);
  Rung rung{settings.budget, settings.extrapolate > 0};
  if (rung.extrapolated) rung.budget.until = settings.extrapolate;
  if (section.entries().size() == 1 && section.has("epochs")) {
    rung.budget.until = rung.budget.epochs;
    rung.budget.epochs = full.budget.epochs;
    if (rung.budget.until == 0) section.fail_at_key("epochs", "a rung needs an epoch");
  }
  return rung;
}

/// The rungs of a section, the full budget last.
std::vector<Rung> rungs_of(const Config& section, const TrainSettings& full) {
  std::vector<Rung> found;
  if (const auto rungs = section.find("rungs"))
    for (const Config& rung : rungs->items()) found.push_back(rung_of(rung, full));
  found.push_back({full.budget, full.extrapolate > 0});
  if (full.extrapolate > 0) found.back().budget.until = full.extrapolate;
  // With a curve and without are two trainings, and a rung goes on from the one before.
  const bool curve = std::any_of(found.begin(), found.end(), [](const Rung& rung) { return rung.extrapolated; });
  for (Rung& rung : found) rung.budget.curve = curve;
  return found;
}

/// The score that an objective's name ends with, the longest of them; null where it ends with none.
const ScoreKind* find_score(std::string_view objective) {
  const ScoreKind* found = nullptr;
  for (const ScoreKind& kind : scores()) {
    const bool ends = objective == kind.name || objective.ends_with("_" + std::string(kind.name));
    if (ends && (found == nullptr || kind.name.size() > found->name.size())) found = &kind;
  }
  return found;
}

class TorchTraining final : public Training {
 public:
  explicit TorchTraining(const Config& section) : settings_(settings_of(section)), section_(section) {
    if (!settings_.data) section.fail("a training needs 'data': what to train on", "such as  data: fashion-mnist");
    data_ = std::make_shared<const Dataset>(named_by(*settings_.data, [&] { return load_dataset(*settings_.data); }));
    units_ = target_normalisation(*data_);
    // A small data set cannot spare what is held back where nothing is said.
    if (!section.has("validation")) settings_.budget.validation = std::min(settings_.budget.validation, std::max<std::size_t>(1, data_->train.size() / 5));
    rungs_ = rungs_of(section, settings_);
    trainer_ = named_by(section, [&] { return make_trainer(data_, settings_); });
    if (const auto memory = gpu_memory(settings_)) side_by_side_.emplace(*memory, settings_.per_gpu);
    else side_by_side_.emplace(available_memory());
  }

  void check(const Graph& graph) const override {
    const Shape& input = graph.shape(0), &output = graph.shape(graph.output());
    if (input.channels != data_->shape.channels)
      section_.fail("the space's networks take " + std::to_string(input.channels) + " channels, the samples of " + data_->name +
                    " have " + std::to_string(data_->shape.channels));
    if (output.height != 1 || output.width != 1 || output.channels != static_cast<std::int32_t>(data_->outputs()))
      section_.fail("the space's networks give " + to_string(output) + ", and " + data_->name + " has " +
                    std::to_string(data_->outputs()) + (data_->regression() ? " targets" : " classes"));
    if (data_->regression() && std::holds_alternative<Softmax>(graph.op(graph.output())))
      section_.fail("the space's networks end in a softmax, which gives shares of 1, and " + data_->name + " has targets", "let them end in the linear layer before it");
  }

  ProxyTrained proxy(const Graph& graph, std::uint64_t seed, std::stop_token stop, std::uint32_t rung,
                     const std::filesystem::path& checkpoint, std::span<const std::string> scores) const override {
    const Rung& at = at_rung(rung);
    TrainBudget budget = at.budget;
    budget.seed = seed;
    budget.checkpoint = checkpoint;
    TrainResult result = stopping([&] { return train(*trainer_, graph, settings_.recipe, budget, stop); });
    ProxyTrained proxy{std::move(result.model), {}};
    proxy.model.graph = at_resolution(proxy.model.graph, budget.resolution);
    for (const std::string& name : scores) {
      const auto score = score_of(name);
      proxy.scores.push_back(at.extrapolated ? foretold(result.curve, score) : result.validation.*score);
    }
    return proxy;
  }

  LabelledSamples validation_samples(const Model& model) const override {
    return samples(model, selected(data_->train, chosen_images(*data_, settings_.budget).validation));
  }

  LabelledSamples proxy_samples(const Model& model, std::uint32_t rung, std::size_t count) const override {
    std::vector<std::uint32_t> positions = chosen_images(*data_, at_rung(rung).budget).train;
    positions.resize(std::min(count, positions.size()));
    return samples(model, selected(data_->train, positions));
  }

  double score(const std::string& objective, std::span<const float> outputs, const LabelledSamples& samples) const override {
    const Evaluation evaluation = data_->regression() ? evaluation_of(outputs, samples.targets, units_) : evaluation_of(outputs, samples.labels);
    return evaluation.*score_of(objective);
  }

  std::vector<std::string> score_names() const override {
    const ScoreKind& main = main_score(*data_);
    std::vector<std::string> names{std::string(main.name)};
    for (const ScoreKind& kind : scores())
      if (kind.of_numbers == data_->regression() && kind.name != main.name) names.emplace_back(kind.name);
    return names;
  }

  Model train_fully(const Graph& graph, const std::optional<Config>& changes, std::uint64_t seed,
                    std::stop_token stop, const std::filesystem::path& checkpoint) const override {
    TrainSettings settings = full_settings(settings_, changes);
    settings.budget.seed = seed;
    settings.budget.checkpoint = checkpoint;
    return stopping([&] { return train(*make_trainer(data_, settings), graph, settings.recipe, settings.budget, stop); }).model;
  }

  Model fine_tuned(const Model& start, const std::optional<Config>& changes, std::uint64_t seed) const override {
    TrainSettings settings = full_settings(settings_, changes);
    settings.budget.seed = seed;
    settings.budget.start = std::make_shared<const std::vector<Weights>>(start.weights);
    return make_trainer(data_, settings)->train(start.graph, settings.budget).model;
  }

  bool quantises() const override { return settings_.recipe.quantise.has_value(); }
  bool quantises(const std::optional<Config>& changes) const override { return full_settings(settings_, changes).recipe.quantise.has_value(); }

  LabelledSamples training_samples(const Model& model, std::size_t count) const override {
    const Split parts = split(data_->train.size(), 0, settings_.budget.split_seed);
    std::vector<std::uint32_t> positions = parts.train;
    positions.resize(std::min(count, positions.size()));
    return samples(model, selected(data_->train, positions));
  }

  LabelledSamples test_samples(const Model& model, std::size_t count) const override {
    std::vector<std::uint32_t> positions(std::min(count, data_->test.size()));
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::uint32_t>(i);
    return samples(model, selected(data_->test, positions));
  }

  std::vector<std::string> classes() const override { return data_->classes; }
  std::vector<std::string> targets() const override { return data_->targets; }
  std::uint64_t data_digest() const override { return data_->digest; }
  std::string features() const override { return data_->features; }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = data_->notes;
    if (rungs_.back().budget.curve && settings_.recipe.schedule == Schedule::one_cycle)  // a curve is there to be extrapolated
      notes.push_back("the first epochs of schedule one-cycle, the default, foretell little (experiments/reports/proxies): a training of fewer epochs ranks better");
    if (settings_.budget.time_limit > 0) notes.push_back("trainings have a time_limit: a study with a limit in seconds cannot be repeated exactly");
    return notes;
  }

  void tell(std::function<void(const std::string&)> listener) const override {
    const std::lock_guard lock(telling_);
    listener_ = std::move(listener);
  }

 private:
  TrainResult train(const Trainer& trainer, const Graph& graph, const TrainRecipe& recipe, const TrainBudget& budget, const std::stop_token& stop) const {
    TrainResult result = side_by_side_->run(training_bytes(graph, *data_, recipe, budget), stop, [&] { return trainer.train(graph, budget, stop); });
    const std::lock_guard lock(telling_);
    if (listener_ && !result.note.empty() && told_.insert(result.note).second) listener_(result.note);
    return result;
  }

  static LabelledSamples samples(const Model& model, const Images& found) {
    const Shape& shape = model.graph.shape(0);
    const Images images = resized(found, shape.height, shape.width);
    LabelledSamples result{{}, images.labels, images.targets};
    result.values.reserve(images.size() * static_cast<std::size_t>(shape.elements()));
    for (std::size_t i = 0; i < images.size(); ++i)
      for (std::int32_t c = 0; c < shape.channels; ++c) {
        const float mean = model.input.mean.empty() ? 0.0f : model.input.mean[static_cast<std::size_t>(c)];
        const float deviation = model.input.deviation.empty() ? 1.0f : model.input.deviation[static_cast<std::size_t>(c)];
        for (std::int32_t p = 0; p < shape.height * shape.width; ++p)
          result.values.push_back((images.value(i, static_cast<std::size_t>(p * shape.channels + c)) - mean) / deviation);
      }
    return result;
  }

  const Rung& at_rung(std::uint32_t rung) const { return rungs_.at(std::min<std::size_t>(rung, rungs_.size() - 1)); }

  /// The main score where the name ends with none.
  double Evaluation::* score_of(std::string_view objective) const {
    const ScoreKind* found = find_score(objective);
    return found == nullptr ? main_score(*data_).value : found->value;
  }

  double foretold(const std::vector<Evaluation>& curve, double Evaluation::* score) const {
    std::vector<double> known;
    for (const Evaluation& epoch : curve) known.push_back(epoch.*score);
    const std::int32_t epochs = settings_.budget.epochs;
    return extrapolate(known, static_cast<std::size_t>(epochs), cooled(settings_.recipe, epochs)).median();
  }

  TrainSettings settings_;
  std::vector<Rung> rungs_;
  Config section_;
  std::shared_ptr<const Dataset> data_;
  Normalisation units_;  ///< of a regression's targets
  std::unique_ptr<Trainer> trainer_;
  mutable std::optional<SideBySide> side_by_side_;  ///< in the memory that is there once the data is read, or on a GPU
  mutable std::mutex telling_;                      ///< of the two below
  mutable std::function<void(const std::string&)> listener_;
  mutable std::set<std::string> told_;
};

}  // namespace

std::optional<NamedScore> named_score(std::string_view objective) {
  const ScoreKind* found = find_score(objective);
  return found == nullptr ? std::nullopt : std::optional(NamedScore{std::string(found->name), found->less_is_better});
}

std::shared_ptr<const Training> make_training(const Config& section) { return std::make_shared<TorchTraining>(section); }

Config with_absolute_data(const Config& section, const std::filesystem::path& base) {
  const auto data = section.find("data");
  return data ? section.with_entry("data", absolute_data(*data, base)) : section;
}

void check_training_changes(const Config& section, const std::optional<Config>& changes) {
  full_settings(settings_of(section), changes);
}

std::vector<std::pair<std::string, std::string>> data_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const DatasetKind& kind : datasets()) names.emplace_back(kind.name, kind.summary);
  for (const DataForm& form : data_forms()) names.emplace_back("kind: " + std::string(form.name), form.summary);
  return names;
}

std::string torch_runtime(const std::string& device) {
  require_device(device);
  return "LibTorch " + libtorch_version();
}

std::function<void()> torch_run(const Model& model, const TorchRun& how) {
  try {
    return ready_to_run(model, {how.device, how.type, how.batch, how.seed});
  } catch (const RunError& why) {
    throw CannotRun(why.what());
  }
}

void tune_for_training() { tune_process(); }

const TorchScript* torchscript_format() {
  static const TorchScript functions{
      libtorch_version(), [](const Model& model, const OnnxOptions& labels) { return torchscript(model, {labels.name, labels.metadata}); },
      [](const std::string& archive, const Shape& input, std::span<const float> samples) { return run_torchscript(archive, input, samples); }};
  return &functions;
}

std::vector<std::pair<std::string, std::string>> trainer_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const TrainerKind& kind : trainers()) names.emplace_back(kind.name, kind.summary);
  return names;
}

}  // namespace paretoforge
