// How good a network is: training it on labelled images at a budget, and evaluating what came of it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "space/model.hpp"
#include "trainers/data.hpp"

namespace paretoforge {

/// What one training may cost: the knobs that make a proxy of it.
struct TrainBudget {
  std::int32_t epochs = 3;        ///< passes over the images, or federated rounds; 0 evaluates the network as initialised
  std::size_t images = 0;         ///< of the training part, the same ones for every trial; 0 is all but `validation`
  double share = 1;               ///< above 0 to 1: the part of those that is trained on
  std::size_t validation = 5000;  ///< images held back from the training part to validate on; 0 is none
  std::int32_t resolution = 0;    ///< height and width (of signals: length) trained and evaluated at; 0 is the network's own
  double width = 1;               ///< above 0 to 1: share of the channels between input and output that is trained
  std::int32_t batch = 64;        ///< images a step; more than there are makes one step an epoch of all of them
  bool test = false;              ///< evaluate on the test part too
  bool curve = false;             ///< validate after each epoch too: TrainResult::curve. The weights stay the same
  std::uint64_t seed = 1;         ///< of weights, order and augmentation
  std::uint64_t split_seed = 1;   ///< of the validation split and the choice of images: the same for all trials

  /// Epochs after which to end, below `epochs`; 0 is none before. The schedule stays that of all epochs, so that a
  /// shorter training is the beginning of a longer one.
  std::int32_t until = 0;
  /// Seconds on the clock after which the training fails, its parts before an interruption included; 0: none. What has a
  /// limit in seconds cannot be repeated exactly.
  double time_limit = 0;
  /// Bytes that training_bytes may say; a training that needs more fails before its first step. 0: none.
  double memory_limit = 0;
  /// A file that holds the state of the training (weights, momentum, averages, random state, step), so that it can go on where it
  /// was left with the same weights to the last bit: kept after each epoch but the last of all, and when it is
  /// interrupted. Damaged ones and those of another training or further on than `until` are not used. Empty: none.
  std::filesystem::path checkpoint = {};
  /// Weights to begin with in place of random ones, one entry per node (a model's, of the same graph): fine-tuning.
  std::shared_ptr<const std::vector<Weights>> start = nullptr;
};

/// Which images of the data set's training part a budget trains on and validates on.
Split chosen_images(const Dataset& data, const TrainBudget& budget);

enum class Schedule : std::uint8_t {
  one_cycle,  ///< linear from rate/25 up over the first 30 % of the steps, then half a cosine to 0 (after Smith, 2018)
  cosine,     ///< half a cosine from the rate to 0 (Loshchilov and Hutter, 2017)
};

/// Random changes of each training sample, in this order; what enters at the borders is said by each.
struct Augmentation {
  std::int32_t crop = 0;   ///< cut out of the image mirrored at its borders by this many pixels: details move, no gap
  std::int32_t shift = 0;  ///< moved by up to this many pixels each way, the gap is black (of values: the mean)
  bool flip = false;       ///< left to right, every second image
  std::int32_t time_shift = 0;  ///< of features and signals: moved by up to this many steps, the border is repeated
  std::int32_t cutout = 0;      ///< a square of this side, of a signal a stretch, becomes the mean (DeVries, Taylor, 2017)
  /// SpecAugment (Park et al., 2019): `masks` times, up to so many neighbouring steps of time and up to so many bands
  /// become the mean.
  std::int32_t time_mask = 0, band_mask = 0, masks = 1;
  double mixup = 0;  ///< alpha, 0 to 1: samples and targets of a step are mixed in pairs (Zhang et al., 2018); 0: not
};

/// What training computes in; weights, sums and evaluation are float32 in all.
enum class Precision : std::uint8_t {
  float32,
  bfloat16,  ///< what lies between layers and is multiplied: half the memory, products at up to twice the speed
  /// The same with fewer large numbers and finer small ones, on GPUs alone; the loss is scaled so that gradients do not
  /// become zero (Micikevicius et al., "Mixed precision training", 2018).
  float16,
};

enum class OptimizerKind : std::uint8_t {
  sgd,    ///< stochastic gradient descent with momentum (Sutskever et al., 2013); the decay is part of the gradient
  adamw,  ///< Adam with decoupled weight decay (Loshchilov and Hutter, 2019): weights shrink by rate x decay a step
};

/// Ends a training when a score of the validation images has not become better for `patience` epochs, and keeps the
/// weights of the best epoch. The score is the best of many then: a little better than on images never looked at.
struct EarlyStop {
  std::int32_t patience = 0;             ///< 0: all epochs are trained, the last weights are kept
  double least = 0;                      ///< what is not better by more than this does not count, in the score's unit
  std::string score = {};                ///< one of scores() for such data, or loss; empty: main_score()
};

/// Federated averaging (McMahan et al., 2017), simulated: each client trains on images of its own, and the server
/// averages their weights, by how many images each has.
struct Federation {
  std::int32_t clients = 10;
  std::int32_t per_round = 5;     ///< clients drawn for each round, at most all
  std::int32_t local_epochs = 1;  ///< over a client's images in a round
  double alpha = 0.5;             ///< of the Dirichlet distribution of each client's classes: the smaller, the more unlike
};

/// Quantisation-aware training (Jacob et al., "Quantization and training of neural networks for efficient
/// integer-arithmetic-only inference", 2018): from a step on, the network computes with weights and activations rounded as
/// the integer model has them (weights to the bits of each layer, activations to 8), and gradients pass the rounding as if
/// it were not there. The model that results carries its ranges; exporters take them and nothing is calibrated.
/// A training that ends before `from` is one in float.
struct FakeQuantisation {
  double from = 0.8;       ///< share of the schedule's steps, 0 to 1, after which it begins
  double freeze = 0.9;     ///< share, `from` to 1, after which ranges and the norms' running statistics stay as they are
  double momentum = 0.01;  ///< weight of a new batch in the ranges, above 0 to 1
  /// Share of the schedule's rate that is left once they are frozen, 0 to 1. Until then a norm divides by what its batch
  /// holds, so that weights that grow change nothing (Ioffe and Szegedy, 2015, section 3.3); afterwards each layer passes its
  /// growth on to the next, and steps that were right before make the loss of a deep network explode.
  double frozen_rate = 0.1;

  /// Of so many steps of a schedule, the first that is quantised, and the first that is frozen; their number where none is.
  std::int64_t first_step(std::int64_t steps) const;
  std::int64_t first_frozen(std::int64_t steps) const;
};

/// What a regression is trained to lessen: of outputs and targets, both divided by the targets' deviation over the training
/// part, the mean of...
enum class RegressionLoss : std::uint8_t {
  squared,   ///< the squared difference
  absolute,  ///< the difference
  huber,     ///< half the squared difference up to 1, beyond it the difference less a half (Huber, 1964): outliers pull less
};

/// How a network learns: classes on softmax cross-entropy, numbers on RegressionLoss.
struct TrainRecipe {
  OptimizerKind optimizer = OptimizerKind::sgd;
  double rate = 0.2;                         ///< the schedule's peak; of adamw, where nothing is said, 0.002
  double momentum = 0.9;                     ///< of sgd: 0 to below 1
  bool nesterov = true;                      ///< of sgd: look ahead along the momentum
  std::array<double, 2> betas{0.9, 0.999};   ///< of adamw: decay of the means of gradient and squared gradient
  double epsilon = 1e-8;                     ///< of adamw: added to the root of the squared gradient's mean
  double weight_decay = 5e-4;                ///< of convolution and linear weights alone; of adamw, if not said, 0.01
  double clip_norm = 0;                      ///< the gradient is shortened to this Euclidean norm; 0: not
  /// 0 to below 1: decay of the moving average of the weights, which then is what is evaluated and exported; 0: the
  /// last weights are.
  double ema = 0;
  EarlyStop early_stop = {};
  Federation federation = {};  ///< of the trainer `federated` alone
  Schedule schedule = Schedule::one_cycle;
  std::optional<RegressionLoss> loss = {};  ///< none: squared; of classes always none
  double label_smoothing = 0.0;  ///< 0 to below 1: this share of each target is spread over all classes
  Augmentation augment;
  /// How much a sample of each class counts in the loss; empty: all the same.
  std::vector<double> class_weights = {};
  Precision precision = Precision::float32;
  std::optional<FakeQuantisation> quantise = {};  ///< none: float to the end
  bool balanced = false;  ///< class weights that make all classes count the same, however often they occur
};

/// All that a `train:` section says.
struct TrainSettings {
  std::optional<Config> data;  ///< what load_dataset reads
  std::string trainer = "supervised";
  std::string device = "auto";  ///< cpu, cuda, or auto: cuda where this LibTorch sees a GPU
  std::int32_t per_gpu = 4;     ///< trainings that share a GPU
  bool recorded = true;         ///< steps on a GPU are recorded once and repeated (CUDA graphs); for comparison: not
  TrainBudget budget;
  TrainRecipe recipe;
  /// Epochs after which a training that only estimates ends, at least 2 and below `epochs`: its score is what its curve
  /// foretells of the last epoch. 0: it is trained to the end. See learning_curve.hpp.
  std::int32_t extrapolate = 0;

  /// Reads a map with the keys data, trainer, device, per_gpu, epochs, images, share, validation, resolution, width, batch, test,
  /// time_limit, memory_limit, early_stop ({patience, least, score}), federated ({clients, per_round, local_epochs,
  /// alpha}),
  /// split_seed, extrapolate, optimizer (sgd, adamw), rate, momentum, nesterov, betas, epsilon, weight_decay, clip_norm, ema,
  /// schedule (one-cycle, cosine), loss (squared, absolute, huber), label_smoothing, precision (float32, bfloat16, float16), augment
  /// ({crop, shift, flip, time_shift, cutout, time_mask, band_mask, masks, mixup}), class_weights (balanced, or a
  /// number for each class) and quantise (true, false, {from, freeze, momentum, frozen_rate}); each may be absent. `otherwise` holds
  /// what absent keys mean. Throws ConfigError.
  static TrainSettings read(const Config& config, const TrainSettings& otherwise);
  static TrainSettings read(const Config& config) { return read(config, {}); }
  static const std::vector<std::string>& keys();  ///< what `read` takes
};

/// About how many bytes a training takes at its peak, beside the data set itself: a count of what is kept for the way
/// back, of weights and moments, and of the images' copies.
double training_bytes(const Graph& graph, const Dataset& data, const TrainRecipe& recipe, const TrainBudget& budget);

/// The recipe's learning rate at step `step` of `steps`, 0 <= step < steps: that of its schedule, and once it is frozen the
/// share of it that FakeQuantisation::frozen_rate says.
double rate_at(const TrainRecipe& recipe, std::int64_t step, std::int64_t steps);

/// After each epoch of so many: by how much of its peak the rate has come down from it, 0 (also before) to 1. For
/// `extrapolate` of learning_curve.hpp.
std::vector<double> cooled(const TrainRecipe& recipe, std::int32_t epochs);

/// What a network scores on a set of images.
struct Evaluation {
  double accuracy_pct = std::numeric_limits<double>::quiet_NaN();
  double loss = std::numeric_limits<double>::quiet_NaN();  ///< mean cross-entropy, natural logarithm; squared, of a regression
  /// Means over the classes that occur, each counting the same: of the share that is right (recall), of F1 (also over
  /// classes that are only predicted), of the area under the ROC curve of a class against the rest (50 is chance).
  double balanced_accuracy_pct = std::numeric_limits<double>::quiet_NaN();
  double f1_pct = std::numeric_limits<double>::quiet_NaN();
  double auc_pct = std::numeric_limits<double>::quiet_NaN();
  /// Of a regression, means over its targets: the root of the mean squared error and the mean absolute error, in the
  /// targets' own units, and 100 times the coefficient of determination R2 = 1 - squared errors / squares of the targets
  /// around their mean (100 is exact, 0 as good as that mean, negative worse). A target that is the same in all samples has
  /// no R2 and is left out of that mean.
  double rmse = std::numeric_limits<double>::quiet_NaN();
  double mae = std::numeric_limits<double>::quiet_NaN();
  double r2_pct = std::numeric_limits<double>::quiet_NaN();
};

/// Of outputs before any softmax, a row for each label. Throws TrainingError where a label has no output, or an output is
/// not finite. Without labels all is NaN.
Evaluation evaluation_of(std::span<const float> logits, std::span<const Label> labels);
/// The same of a regression: a row of outputs and one of targets for each sample, each row as long as `units`, by which an
/// output y stands for mean + deviation * y. Throws TrainingError where an output is not finite.
Evaluation evaluation_of(std::span<const float> outputs, std::span<const float> targets, const Normalisation& units);

/// What of an evaluation an objective can be; the objective's name is or ends with its name.
struct ScoreKind {
  std::string_view name, summary;
  double Evaluation::* value;
  bool of_numbers = false;      ///< of a regression; else of classes
  bool less_is_better = false;
};
std::span<const ScoreKind> scores();
/// What a network trained on such data is judged by where nothing else is said: accuracy_pct, of a regression r2_pct.
/// Greater is better.
const ScoreKind& main_score(const Dataset& data);

struct TrainResult {
  Evaluation validation;                                         ///< NaN where the budget holds no image back
  Evaluation test;                                               ///< NaN unless the budget asks for it
  /// On the validation split after each epoch, where the budget asks for it; NaN where outputs were not finite.
  std::vector<Evaluation> curve;
  double train_loss = std::numeric_limits<double>::quiet_NaN();  ///< mean over the last epoch, smoothing included
  std::int64_t steps = 0;
  std::int64_t continued_from = 0;          ///< steps that a checkpoint held
  std::int64_t best_epoch = 0;              ///< whose weights these are, where the recipe stops early; else 0
  std::string note;                         ///< why a checkpoint was not used, or steps on a GPU not recorded; else empty
  double seconds = 0;                       ///< of the clock on the wall
  double cpu_seconds = 0;                   ///< of the thread that trained
  /// The graph given (of a width below 1: the thinner one), its weights, ranges if quantised, and what the input went through.
  Model model{Graph(Shape{}), {}, {}, {}};
};

/// This network cannot be trained: the loss is no longer finite (with step and rate), or the network, the data
/// and the budget do not fit together. A trial fails with it; the study goes on.
class TrainingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Memory ran out: what may succeed with fewer trainings beside it.
class OutOfMemory : public TrainingError {
 public:
  using TrainingError::TrainingError;
};
/// The stop token was set; nothing is left behind but the checkpoint, where one is kept.
class TrainingInterrupted : public std::runtime_error {
 public:
  TrainingInterrupted() : std::runtime_error("training was interrupted") {}
};

/// A checkpoint cannot be written.
class CheckpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Trains networks on one data set with one recipe. Safe to use from many threads at once, one network a thread;
/// the result depends on graph and budget alone, to the last bit on the same kind of processor with the same
/// libraries.
class Trainer {
 public:
  virtual ~Trainer() = default;
  /// Throws TrainingError (OutOfMemory), CheckpointError, or TrainingInterrupted soon (one batch) after `stop` is set.
  virtual TrainResult train(const Graph& graph, const TrainBudget& budget, std::stop_token stop = {}) const = 0;
};

/// A row of the table of trainers.
struct TrainerKind {
  std::string_view name, summary;
  std::unique_ptr<Trainer> (*make)(std::shared_ptr<const Dataset> data, const TrainSettings& settings);
};
std::span<const TrainerKind> trainers();
/// The trainer that the settings name; throws ConfigError where there is none, or no CUDA device where one is asked
/// for, or a precision is that the device does not multiply.
std::unique_ptr<Trainer> make_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings);
/// Bytes that are free on the GPU that such trainings run on; nothing where they run on the CPU.
std::optional<double> gpu_memory(const TrainSettings& settings);

/// The same layers for images of this height and width (0: as they are); weights fit both.
/// Throws TrainingError where they do not: a linear layer over a flattened image.
Graph at_resolution(const Graph& graph, std::int32_t resolution);
/// The same layers with a share of the channels, above 0 to 1 (Howard et al., "MobileNets", 2017: the width multiplier): each
/// layer's number is rounded to the nearest multiple of what groups in the network need, and is at least one of it. Input,
/// output, and what is added to them keep theirs. Throws TrainingError where layers do not fit any more.
Graph at_width(const Graph& graph, double width);

/// The network's outputs before any final softmax, [images, classes]; images are resized to the network's input.
/// Runs on the CPU. Throws TrainingError where channels do not fit, TrainingInterrupted.
std::vector<float> logits(const Model& model, const Images& images, std::stop_token stop = {});
/// The same of a model that was trained quantised, as integers would compute them. Throws TrainingError where it has no
/// ranges.
std::vector<float> quantised_logits(const Model& model, const Images& images, std::stop_token stop = {});
/// The scores of a trained model: of images with targets those of a regression, else accuracy (the first of equal outputs
/// counts) and the others of classes.
Evaluation evaluate(const Model& model, const Images& images, std::stop_token stop = {});

/// Settings of the whole process that make training fast: memory is kept rather than handed back to the system
/// between batches, and LibTorch uses one thread (trials run side by side). Call once at the start of a program,
/// before any thread is begun.
void tune_process();

}  // namespace paretoforge
