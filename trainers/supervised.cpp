// Supervised training on labelled images, one thread a network.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <numeric>

#include "trainers/checkpoint_internal.hpp"
#include "trainers/optimizer_internal.hpp"
#include "trainers/session_internal.hpp"
#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

/// What is drawn from a training's seed: weights from stream 0, order and augmentation from stream 1.
enum : std::uint64_t { weights_stream, order_stream };

double thread_cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// One training from the first weights to the last.
class Run {
 public:
  Run(const Graph& graph, const Dataset& data, TorchNetwork& network, at::Device device, const TrainRecipe& recipe,
      const TrainBudget& budget, const Images& images, const Normalisation& input, const std::stop_token& stop,
      std::function<Evaluation()> validate)
      : graph_(graph),
        data_(data),
        network_(network),
        device_(device),
        recipe_(recipe),
        budget_(budget),
        images_(images),
        stop_(stop),
        validate_(std::move(validate)),
        maker_(images, input),
        optimizer_(network, recipe),
        average_(network, recipe.ema),
        random_(derived_seed(budget.seed, order_stream)),
        order_(images.size()),
        batch_(std::min(images.size(), static_cast<std::size_t>(budget.batch))),
        input_(image_tensor(batch_, images.shape)),
        labels_(at::empty({static_cast<std::int64_t>(batch_)}, at::kLong)) {
    std::iota(order_.begin(), order_.end(), 0u);
    const std::vector<float> weights = class_weights(recipe, images, data.classes.size());
    if (!weights.empty()) class_weights_ = at::tensor(weights).to(device);
  }

  /// All epochs, or those up to `until`; the mean loss of the last. The network ends with the average of its weights,
  /// where the recipe asks for one.
  double run() {
    // What is left over after the last full batch waits for another epoch's order.
    const auto per_epoch = static_cast<std::int64_t>(images_.size() / batch_);
    const std::int64_t steps = per_epoch * budget_.epochs;
    const std::int64_t last = budget_.until > 0 ? std::min(steps, per_epoch * budget_.until) : steps;
    if (!budget_.checkpoint.empty()) go_on(last);
    while (steps_ < last) {
      if (stop_.stop_requested()) {
        keep();
        throw TrainingInterrupted();
      }
      const auto at = static_cast<std::size_t>(steps_ % per_epoch);
      if (at == 0) random_.shuffle(order_), loss_sum_ = 0;
      loss_sum_ += step(std::span(order_).subspan(at * batch_, batch_), rate_at(recipe_, steps_, steps));
      if (++steps_ % per_epoch == 0) end_epoch(steps_ < steps);
    }
    average_.swap();
    return loss_sum_ / static_cast<double>(per_epoch);
  }

  std::int64_t continued_from() const { return continued_from_; }
  const std::string& note() const { return note_; }
  std::int64_t steps() const { return steps_; }
  const std::vector<Evaluation>& curve() const { return curve_; }

 private:
  using RandomState = std::array<std::uint64_t, 4>;

  std::uint64_t key() const { return checkpoint_key(graph_, data_, recipe_, budget_); }

  void end_epoch(bool goes_on) {
    if (budget_.curve) {
      average_.swap();  // what a training that ended here would be
      curve_.push_back(validate_());
      average_.swap();
    }
    if (goes_on) keep();
  }

  void keep() const {
    if (budget_.checkpoint.empty()) return;
    save_checkpoint(budget_.checkpoint, {key(), steps_, loss_sum_, std::bit_cast<RandomState>(random_), order_,
                                         optimizer_.state(), average_.state(), network_.weights(), curve_});
  }

  /// Takes up what was kept, unless it is further on than is asked for.
  void go_on(std::int64_t last) {
    const auto kept = load_checkpoint(budget_.checkpoint, key(), note_);
    if (!kept) return;
    if (kept->step > last) {
      note_ = budget_.checkpoint.string() + " is further on than is asked for; trained from the beginning";
      return;
    }
    network_.load(kept->weights);
    optimizer_.load(kept->optimizer);
    average_.load(kept->average);
    random_ = std::bit_cast<Random>(kept->random);
    order_ = kept->order;
    loss_sum_ = kept->loss_sum;
    curve_ = kept->curve;
    steps_ = continued_from_ = kept->step;
  }

  double step(std::span<const std::uint32_t> positions, double rate) {
    const double share = maker_.augmented(positions, recipe_.augment, random_, input_.data_ptr<float>());
    for (std::size_t i = 0; i < positions.size(); ++i)
      labels_.data_ptr<std::int64_t>()[i] = images_.labels[positions[i]];
    const auto outputs = network_.logits(input_.to(device_), TorchNetwork::Mode::training);
    auto loss = loss_of(outputs, labels_);
    if (share < 1) loss = share * loss + (1 - share) * loss_of(outputs, labels_.roll({-1}, {0}));  // samples were mixed so
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      throw TrainingError("training diverged: the loss is not finite at step " + std::to_string(steps_ + 1) +
                          ", rate " + std::to_string(rate));
    if (loss.requires_grad()) {  // not where the input does not reach the output
      loss.backward();
      optimizer_.step(rate);
    }
    average_.update();
    return value;
  }

  at::Tensor loss_of(const at::Tensor& outputs, const at::Tensor& labels) const {
    return at::cross_entropy_loss(outputs, labels.to(device_), class_weights_, at::Reduction::Mean, -100,
                                  recipe_.label_smoothing);
  }

  const Graph& graph_;
  const Dataset& data_;
  TorchNetwork& network_;
  at::Device device_;
  const TrainRecipe& recipe_;
  const TrainBudget& budget_;
  const Images& images_;
  const std::stop_token& stop_;
  std::function<Evaluation()> validate_;
  std::vector<Evaluation> curve_;
  BatchMaker maker_;
  Optimizer optimizer_;
  WeightAverage average_;
  Random random_;
  std::vector<std::uint32_t> order_;
  std::size_t batch_;
  at::Tensor input_, labels_;
  at::Tensor class_weights_;  ///< undefined: all classes count the same
  std::int64_t steps_ = 0, continued_from_ = 0;
  double loss_sum_ = std::numeric_limits<double>::quiet_NaN();  ///< of the epoch that runs
  std::string note_;
};

class Supervised : public Trainer {
 public:
  Supervised(std::shared_ptr<const Dataset> data, const TrainSettings& settings)
      : data_(std::move(data)),
        recipe_(settings.recipe),
        device_(chosen_device(settings.device)),
        input_(normalisation(data_->train)) {
    check_precision(recipe_.precision, device_);
  }

  TrainResult train(const Graph& graph, const TrainBudget& budget, std::stop_token stop) const override {
    try {
      return run(graph, budget, stop);
    } catch (const c10::Error& error) {
      throw TrainingError(error.what_without_backtrace());
    } catch (const std::bad_alloc&) {
      throw TrainingError("out of memory");
    }
  }

 private:
  static at::Device chosen_device(const std::string& name) {
    if (name == "cuda" && !at::hasCUDA()) throw ConfigError("error: device cuda: this LibTorch sees no GPU");
    return name != "cpu" && at::hasCUDA() ? at::kCUDA : at::kCPU;
  }

  TrainResult run(const Graph& graph, const TrainBudget& budget, const std::stop_token& stop) const {
    const ThreadSettings settings;
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = thread_cpu_seconds();
    const Graph shaped = at_resolution(graph, budget.resolution);
    check(shaped, budget);
    const Split parts = chosen(budget);
    const auto sized = [&](const Images& images) {
      return resized(images, shaped.shape(0).height, shaped.shape(0).width);
    };

    TorchNetwork network(shaped, device_);
    network.initialise(derived_seed(budget.seed, weights_stream));
    if (recipe_.precision == Precision::bfloat16) network.train_in(at::kBFloat16);
    const Images images = sized(selected(data_->train, parts.train));
    const auto measured = [&](const Images& part) {
      return score(run_logits(network, device_, part, input_, stop), part);
    };
    const Images validation = sized(selected(data_->train, parts.validation));
    // What is not finite now may become so: that a network has no score in between is no reason to end its training.
    const auto in_between = [&] {
      try {
        return validation.size() > 0 ? measured(validation) : Evaluation{};
      } catch (const TrainingError&) {
        return Evaluation{};
      }
    };
    Run run(shaped, *data_, network, device_, recipe_, budget, images, input_, stop, in_between);
    TrainResult result;
    result.train_loss = run.run();
    result.steps = run.steps();
    result.continued_from = run.continued_from();
    result.note = run.note();
    result.curve = run.curve();
    result.model = {graph, network.weights(), {}, input_};
    const bool known = !result.curve.empty() && std::isfinite(result.curve.back().loss);
    if (known) result.validation = result.curve.back();
    else if (validation.size() > 0) result.validation = measured(validation);
    if (budget.test) result.test = measured(sized(data_->test));
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.cpu_seconds = thread_cpu_seconds() - cpu_begin;
    return result;
  }

  void check(const Graph& graph, const TrainBudget& budget) const {
    check_fit(graph, data_->shape);
    check_classes(graph, data_->classes.size());
    if (budget.batch < 1 || budget.epochs < 0 || budget.until < 0)
      throw TrainingError("a budget needs a batch of at least 1 and no negative epochs");
    if (budget.until > budget.epochs) throw TrainingError("a training cannot end after more epochs than it has");
    if (data_->validation.empty() && budget.validation >= data_->train.size())
      throw TrainingError("the validation split leaves nothing to train on");
  }

  Split chosen(const TrainBudget& budget) const {
    Split parts = split(*data_, budget.validation, budget.split_seed);
    const std::size_t most = budget.images > 0 ? std::min(budget.images, parts.train.size()) : parts.train.size();
    const auto count = static_cast<std::size_t>(std::llround(budget.share * static_cast<double>(most)));
    parts.train.resize(std::clamp(count, std::size_t{1}, most));
    return parts;
  }

  std::shared_ptr<const Dataset> data_;
  TrainRecipe recipe_;
  at::Device device_;
  Normalisation input_;
};

}  // namespace

std::unique_ptr<Trainer> make_supervised(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  return std::make_unique<Supervised>(std::move(data), settings);
}

}  // namespace paretoforge
