// Training as studies use it: a proxy score for every candidate, a full training for the chosen few, and the images
// that calibration and verification need; and networks run to be timed. The only door to the trainers: a build without LibTorch has one that says so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configs/config.hpp"
#include "configs/memory.hpp"
#include "exporters/formats.hpp"
#include "space/model.hpp"

namespace paretoforge {

/// LabelledSamples as a network takes them: one after another, each channels × height × width, normalised.
struct LabelledSamples {
  LargeVector<float> values;
  std::vector<std::uint16_t> labels;
  std::vector<float> targets = {};  ///< of a regression: a row for each sample, in their own units; else empty
  std::size_t size() const { return labels.size(); }
};

/// What a proxy training gave.
struct ProxyTrained {
  Model model{Graph(Shape{}), {}, {}, {}};  ///< at the resolution and width that it was trained at
  std::vector<double> scores;               ///< in the order asked for; of the network as it was trained
};

/// One `train:` section with its data set in memory. Safe to use from many threads at once.
class Training {
 public:
  virtual ~Training() = default;

  /// Refuses, as ConfigError, networks that the data does not fit: other channels, another number of outputs than of classes
  /// or targets.
  virtual void check(const Graph& graph) const = 0;
  /// A network trained at the section's budget, or at its rung of that number (one past the last is the full budget), and
  /// its scores on the validation samples. Each score is the one that an objective's name ends with, the main one where it
  /// ends with none. `checkpoint` is a file that the training's state is kept in,
  /// and continued from where it is this training's; empty: none. The result is the same with and without. Throws
  /// TrainingStopped soon after `stop` is set, TrainingFault, another exception where the network cannot be trained.
  virtual ProxyTrained proxy(const Graph& graph, std::uint64_t seed, std::stop_token stop, std::uint32_t rung,
                             const std::filesystem::path& checkpoint, std::span<const std::string> scores) const = 0;
  /// What proxies are validated on, and the first of the samples that those of this rung are trained on, as this model
  /// takes them.
  virtual LabelledSamples validation_samples(const Model& model) const = 0;
  virtual LabelledSamples proxy_samples(const Model& model, std::uint32_t rung, std::size_t count) const = 0;
  /// The score that such an objective's name says, of outputs before any softmax, a row for each of the samples.
  virtual double score(const std::string& objective, std::span<const float> outputs, const LabelledSamples& samples) const = 0;
  /// What networks trained on these data can be scored by, the main score first: accuracy_pct and others of classes, or
  /// r2_pct and others of a regression.
  virtual std::vector<std::string> score_names() const = 0;
  /// Trains on all training images; `changes` are keys of the section that differ (epochs above all), `checkpoint` is as
  /// above.
  virtual Model train_fully(const Graph& graph, const std::optional<Config>& changes, std::uint64_t seed,
                            std::stop_token stop, const std::filesystem::path& checkpoint) const = 0;
  /// Trains on from a model's weights (fine-tuning) as `train_fully` would from random ones.
  virtual Model fine_tuned(const Model& start, const std::optional<Config>& changes, std::uint64_t seed) const = 0;
  /// Whether proxies end with fake quantisation, so that their models carry ranges; whether a full training with these
  /// changes does.
  virtual bool quantises() const = 0;
  virtual bool quantises(const std::optional<Config>& changes) const = 0;
  /// Training images, the same ones every time, as this model takes them.
  virtual LabelledSamples training_samples(const Model& model, std::size_t count) const = 0;
  /// The first test images (all of them where there are fewer).
  virtual LabelledSamples test_samples(const Model& model, std::size_t count) const = 0;
  virtual std::vector<std::string> classes() const = 0;
  /// Of a regression: what its targets are called; else empty.
  virtual std::vector<std::string> targets() const = 0;
  /// Of all that was read: the same for the same data, wherever and however their files are kept.
  virtual std::uint64_t data_digest() const = 0;
  /// What the samples are and how a device computes them; empty for pixels and plain numbers.
  virtual std::string features() const = 0;
  /// What of the data was left out, for the user.
  virtual std::vector<std::string> notes() const = 0;
  /// Where trainings say what their results do not show (a checkpoint that could not be used, steps that a GPU would not
  /// record): each text once, from any thread. Until it is said where, nowhere.
  virtual void tell(std::function<void(const std::string&)> listener) const = 0;
};

/// A training's state cannot be kept: a full disk, which says nothing about the network.
class TrainingFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class TrainingStopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The score that an objective's name is or ends with, the longest of them, whatever data it is for.
struct NamedScore {
  std::string name;
  bool less_is_better = false;
};
/// Nothing where it ends with none, and in a build without LibTorch.
std::optional<NamedScore> named_score(std::string_view objective);

/// Reads a `train:` section and its data. Throws ConfigError; in a build without LibTorch always.
std::shared_ptr<const Training> make_training(const Config& section);
/// A `train:` section with the paths of its data made absolute, `base` in front.
Config with_absolute_data(const Config& section, const std::filesystem::path& base);
/// Refuses what of `finish: train:` is wrong, before anything is begun.
void check_training_changes(const Config& section, const std::optional<Config>& changes);
/// How LibTorch runs a network that is timed.
struct TorchRun {
  std::string device;  ///< cuda or cpu
  std::string type;    ///< float32, float16 or bfloat16
  int batch = 1;
  std::uint64_t seed = 1;  ///< of the input
};
/// "LibTorch 1.13.0"; throws ConfigError where it has no such device, or there is no LibTorch.
std::string torch_runtime(const std::string& device);
/// The model on its device: each call runs it once, to its end. Throws CannotRun where it cannot be run there.
std::function<void()> torch_run(const Model& model, const TorchRun& how);
/// Settings of the process that make training fast; called once, first of all.
void tune_for_training();
/// For the export format torchscript; null in a build without LibTorch.
const TorchScript* torchscript_format();
/// name and summary of every trainer, for `paretoforge list trainers`.
std::vector<std::pair<std::string, std::string>> trainer_names();
/// The same of every data set that can be named, and of every form of files of one's own, for `paretoforge list data`.
std::vector<std::pair<std::string, std::string>> data_names();

}  // namespace paretoforge
