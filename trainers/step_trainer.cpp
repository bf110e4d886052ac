// A trainer whose trainings are loops of steps: chooses the images, runs the loop, evaluates what came of it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <new>

#include "trainers/gpu_internal.hpp"
#include "trainers/quantised_network_internal.hpp"
#include "trainers/session_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/training_loop_internal.hpp"

namespace paretoforge {
namespace {

double thread_cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Whether LibTorch says that there was no memory: its CPU allocator throws an error like any other.
bool tells_of_memory(const std::string& message) {
  for (const char* words : {"can't allocate memory", "not enough memory", "out of memory"})
    if (message.find(words) != std::string::npos) return true;
  return false;
}

class StepTrainer final : public Trainer {
 public:
  StepTrainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings, MakeSteps make)
      : data_(std::move(data)),
        name_(settings.trainer),
        recipe_(settings.recipe),
        device_(device_named(settings.device)),
        recorded_(settings.recorded),
        input_(normalisation(data_->train)),
        targets_(target_normalisation(*data_)),
        make_(make) {
    check_precision(recipe_.precision, device_);
    if (device_.is_cuda()) at::globalContext().setDeterministicCuDNN(true);  // same seed, same bits
  }

  TrainResult train(const Graph& graph, const TrainBudget& budget, std::stop_token stop) const override {
    try {
      return run(graph, budget, stop);
    } catch (const c10::Error& error) {
      const std::string message = error.what_without_backtrace();
      if (tells_of_memory(message)) throw OutOfMemory("out of memory: " + message);
      throw TrainingError(message);
    } catch (const std::invalid_argument& error) {  // what integers cannot hold
      throw TrainingError(error.what());
    } catch (const std::bad_alloc&) {
      throw OutOfMemory("out of memory");
    }
  }

 private:
  TrainResult run(const Graph& graph, const TrainBudget& budget, const std::stop_token& stop) const {
    const ThreadSettings settings;
    const OwnStream stream(device_);
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = thread_cpu_seconds();
    const Graph thin = at_width(graph, budget.width), shaped = at_resolution(thin, budget.resolution);
    check(shaped, budget);
    const Split parts = chosen_images(*data_, budget);

    TorchNetwork network(shaped, device_);
    if (budget.start) network.load(*budget.start);
    else network.initialise(derived_seed(budget.seed, weights_stream));
    std::optional<QuantisedNetwork> quantised;
    if (recipe_.quantise) quantised.emplace(shaped, network, recipe_.quantise->momentum);
    network.train_in(type_of(recipe_.precision));
    const Shape& input = shaped.shape(0);
    const ImageView images(data_->train, parts.train, input.height, input.width);
    const ImageView validation(data_->train, parts.validation, input.height, input.width);
    const auto outputs = [&](const at::Tensor& batch) {
      return quantised && quantised->ready() ? quantised->logits(batch, QuantisedNetwork::Mode::evaluation) : network.logits(batch, TorchNetwork::Mode::evaluation);
    };
    const auto measured = [&](const ImageView& part) {
      if (quantised) quantised->forget_weights();
      return evaluated(run_logits(outputs, device_, part, input_, stop), part);
    };
    const Task task{shaped, *data_, network, device_, recipe_, budget, images, input_, targets_, stop, name_, quantised ? &*quantised : nullptr, recorded_};
    std::int64_t per_epoch = 1;
    const auto steps = make_(task, per_epoch);
    LoopResult loop = run_loop(task, *steps, per_epoch, [&] {
      // What is not finite now may become so: that a network has no score in between is no reason to end its training.
      try {
        return validation.size() > 0 ? measured(validation) : Evaluation{};
      } catch (const TrainingError&) {
        return Evaluation{};
      }
    });

    TrainResult result = told(std::move(loop));
    result.model = {thin, network.weights(), quantised && quantised->ready() ? quantised->observed().ranges : std::vector<Range>{}, input_, targets_};
    const bool known = !result.curve.empty() && result.best_epoch == 0 && std::isfinite(result.curve.back().loss);
    if (known) result.validation = result.curve.back();
    else if (validation.size() > 0) result.validation = measured(validation);
    if (budget.test) result.test = measured({data_->test, every_position(data_->test), input.height, input.width});
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.cpu_seconds = thread_cpu_seconds() - cpu_begin;
    return result;
  }

  Evaluation evaluated(const std::vector<float>& outputs, const ImageView& part) const {
    return data_->regression() ? evaluation_of(outputs, part.targets(), targets_) : evaluation_of(outputs, part.labels());
  }

  /// What the loop itself knows of the result.
  static TrainResult told(LoopResult loop) {
    TrainResult result;
    result.train_loss = loop.train_loss;
    result.steps = loop.steps;
    result.continued_from = loop.continued_from;
    result.best_epoch = loop.best_epoch;
    result.note = std::move(loop.note);
    result.curve = std::move(loop.curve);
    return result;
  }

  void check(const Graph& graph, const TrainBudget& budget) const {
    check_fit(graph, data_->shape);
    check_outputs(graph, data_->outputs(), data_->regression() ? "targets" : "classes");
    if (budget.batch < 1 || budget.epochs < 0 || budget.until < 0)
      throw TrainingError("a budget needs a batch of at least 1 and no negative epochs");
    if (budget.until > budget.epochs) throw TrainingError("a training cannot end after more epochs than it has");
    if (data_->validation.empty() && budget.validation >= data_->train.size())
      throw TrainingError("the validation split leaves nothing to train on");
    if (recipe_.early_stop.patience > 0 && budget.validation == 0)
      throw TrainingError("an early stop needs images to validate on");
    check_memory(graph, budget);
  }

  void check_memory(const Graph& graph, const TrainBudget& budget) const {
    if (budget.memory_limit <= 0) return;
    TrainBudget here = budget;
    here.resolution = 0, here.width = 1;  // the graph has them already
    const double needed = training_bytes(graph, *data_, recipe_, here);
    if (needed <= budget.memory_limit) return;
    const auto mebibytes = [](double bytes) { return std::to_string(std::llround(std::ceil(bytes / (1 << 20)))) + " MiB"; };
    throw TrainingError("the training needs about " + mebibytes(needed) + ", more than its memory_limit of " +
                        mebibytes(budget.memory_limit) + "; a smaller batch needs less");
  }

  std::shared_ptr<const Dataset> data_;
  std::string name_;
  TrainRecipe recipe_;
  at::Device device_;
  bool recorded_;
  Normalisation input_, targets_;
  MakeSteps make_;
};

}  // namespace

Split chosen_images(const Dataset& data, const TrainBudget& budget) {
  Split parts = split(data, budget.validation, budget.split_seed);
  const std::size_t most = budget.images > 0 ? std::min(budget.images, parts.train.size()) : parts.train.size();
  const auto count = static_cast<std::size_t>(std::llround(budget.share * static_cast<double>(most)));
  parts.train.resize(std::clamp(count, std::size_t{1}, most));
  return parts;
}

std::unique_ptr<Trainer> make_step_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings, MakeSteps make) {
  return std::make_unique<StepTrainer>(std::move(data), settings, make);
}

}  // namespace paretoforge
