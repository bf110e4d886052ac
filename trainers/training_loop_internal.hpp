// What every training by steps shares: schedule, checkpoints, early stop, limits, averaged weights. Not public:
// includes LibTorch.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "space/random.hpp"
#include "trainers/batch_internal.hpp"
#include "trainers/checkpoint_internal.hpp"
#include "trainers/gpu_internal.hpp"
#include "trainers/network_internal.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

/// What is drawn from a training's seed: weights from stream 0, order and augmentation from stream 1.
enum : std::uint64_t { weights_stream, order_stream };

class QuantisedNetwork;

/// One training: what stays the same from its first step to its last. All of it outlives what refers to it.
struct Task {
  const Graph& graph;
  const Dataset& data;
  TorchNetwork& network;
  at::Device device;
  const TrainRecipe& recipe;
  const TrainBudget& budget;
  const ImageView& images;  ///< those that are trained on, of the network's size
  const Normalisation& input;
  const Normalisation& targets;  ///< of a regression; else empty
  const std::stop_token& stop;
  std::string_view trainer;
  QuantisedNetwork* quantised = nullptr;  ///< of `network`, where the recipe quantises
  bool recorded = true;                   ///< whether steps on a GPU may be recorded
};

/// Turns images into gradients.
class Learner {
 public:
  explicit Learner(const Task& task);

  struct Learnt {
    double loss;
    /// Whether the network has any now: not where the loss is not finite or knows no weight, or where gradients did not
    /// fit float16.
    bool gradients;
  };
  /// The mean loss of a batch, augmented with what `random` says; its gradients are added to those of the network.
  Learnt learn(std::span<const std::uint32_t> positions, Random& random);

  /// Why steps on a GPU are not recorded although they might be; else empty.
  const std::string& note() const { return note_; }

  void save(Checkpoint& checkpoint) const { checkpoint.loss_scale = scale_; }
  void load(const Checkpoint& checkpoint);

 private:
  void make_room(std::size_t batch);
  void enter(std::span<const std::uint32_t> positions, Random& random);
  void enter_answers(std::span<const std::uint32_t> positions);
  at::Tensor mean_loss() const;
  at::Tensor loss_for(const at::Tensor& outputs, const at::Tensor& answers) const;
  void backward();
  void record();
  bool rescaled();
  void set_scale(double value);

  const Task& task_;
  BatchMaker maker_;
  bool gpu_, scaled_;
  std::vector<std::uint32_t> where_;     ///< the last batch's images lie in the data set
  /// Where batches are made, of the size of the last one. Answers are labels [batch], or targets [batch, targets] in units of
  /// their deviation.
  at::Tensor written_, written_answers_;
  at::Tensor input_, answers_, share_;   ///< the same on the device; what mixing leaves of each sample
  at::Tensor class_weights_;             ///< undefined: all classes count the same
  at::Tensor loss_;                      ///< of the last batch
  LossScale scale_;
  at::Tensor scale_on_device_, fits_;  ///< of float16: the scale, and whether all gradients are finite
  int steps_alike_ = 0;                ///< that could have been recorded
  RecordedWork recorded_;              ///< a step, from `input_` and `answers_` to `loss_` and the network's gradients
  std::string note_;
};

/// What a step of a training is; what it has to remember from one to the next goes through its checkpoint.
class Steps {
 public:
  virtual ~Steps() = default;
  /// Step `number` from 0 at this rate: moves the network on and returns the mean loss, which may be NaN.
  virtual double step(std::int64_t number, double rate) = 0;
  virtual void save(Checkpoint& checkpoint) const = 0;
  virtual void load(const Checkpoint& checkpoint) = 0;
  /// What the user should know of how they were taken; empty: nothing.
  virtual std::string note() const = 0;
};

struct LoopResult {
  double train_loss = std::numeric_limits<double>::quiet_NaN();
  std::int64_t steps = 0, continued_from = 0, best_epoch = 0;
  std::vector<Evaluation> curve;
  std::string note;
};

/// Takes all steps of a training, `per_epoch` an epoch, or goes on from its checkpoint with those that are left. The
/// network ends with the weights that the recipe asks for: the last, the averaged, the best. `measure` evaluates the
/// network on the validation images between epochs. Throws as Trainer::train.
LoopResult run_loop(const Task& task, Steps& steps, std::int64_t per_epoch, const std::function<Evaluation()>& measure);

using MakeSteps = std::unique_ptr<Steps> (*)(const Task& task, std::int64_t& per_epoch);
/// A trainer whose trainings are such loops.
std::unique_ptr<Trainer> make_step_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings, MakeSteps make);

}  // namespace paretoforge
