// From a training's first step to its last, through interruptions.
#include "trainers/training_loop_internal.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "trainers/early_stop_internal.hpp"
#include "trainers/optimizer_internal.hpp"
#include "trainers/quantised_network_internal.hpp"

namespace paretoforge {
namespace {

class Loop {
 public:
  Loop(const Task& task, Steps& steps, std::int64_t per_epoch, const std::function<Evaluation()>& measure)
      : task_(task),
        steps_(steps),
        measure_(measure),
        average_(task.network, task.recipe.ema),
        best_(task.network, watched(task)),
        per_epoch_(per_epoch),
        all_(per_epoch * task.budget.epochs) {}

  LoopResult run() {
    const std::int64_t until = per_epoch_ * task_.budget.until, last = until > 0 ? std::min(all_, until) : all_;
    if (!task_.budget.checkpoint.empty()) go_on(last);
    while (done_ < last && !best_.enough(done_ / per_epoch_)) {
      if (task_.stop.stop_requested()) {
        keep();
        throw TrainingInterrupted();
      }
      check_time();
      step();
      if (done_ % per_epoch_ == 0) end_epoch();
    }
    if (best_.epoch() > 0) best_.restore();
    else average_.swap();
    result_.steps = done_;
    result_.best_epoch = best_.epoch();
    result_.train_loss = loss_sum_ / static_cast<double>(per_epoch_);
    if (const std::string note = steps_.note(); !note.empty()) result_.note += (result_.note.empty() ? "" : "; ") + note;
    return result_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static EarlyStop watched(const Task& task) {
    EarlyStop rule = task.recipe.early_stop;
    if (rule.score.empty()) rule.score = main_score(task.data).name;
    return rule;
  }

  void step() {
    const double rate = rate_at(task_.recipe, done_, all_);
    if (done_ % per_epoch_ == 0) loss_sum_ = 0;
    choose_mode();
    const double loss = loss_of_step(done_++, rate);
    if (!std::isfinite(loss))
      throw TrainingError("training diverged: the loss is not finite at step " + std::to_string(done_) + ", rate " +
                          std::to_string(rate));
    loss_sum_ += loss;
    average_.update();
  }

  /// Integers hold no numbers that are not finite: ranges notice before the loss does.
  double loss_of_step(std::int64_t number, double rate) try {
    return steps_.step(number, rate);
  } catch (const std::invalid_argument& error) {
    if (!task_.quantised) throw;
    throw TrainingError("training diverged: not finite at step " + std::to_string(number + 1) + ", rate " + std::to_string(rate) + ": " + error.what());
  }

  void choose_mode() const {
    if (!task_.quantised) return;
    using Mode = QuantisedNetwork::Mode;
    const FakeQuantisation& quantise = *task_.recipe.quantise;
    if (done_ < quantise.first_step(all_)) task_.quantised->set_training(std::nullopt);
    else task_.quantised->set_training(done_ < quantise.first_frozen(all_) ? Mode::observing : Mode::frozen);
  }

  void end_epoch() {
    if (best_.watching() || task_.budget.curve) {
      average_.swap();  // what a training that ended here would be
      const Evaluation now = measure_();
      if (task_.budget.curve) result_.curve.push_back(now);
      if (best_.watching()) best_.see(now, done_ / per_epoch_);
      average_.swap();
    }
    if (done_ < all_) keep();
  }

  double seconds() const { return seconds_before_ + std::chrono::duration<double>(Clock::now() - begin_).count(); }

  /// A training that is cut short would look like a whole one with a worse score: it has none.
  void check_time() const {
    const double limit = task_.budget.time_limit;
    if (limit <= 0 || seconds() <= limit) return;
    char text[160];
    std::snprintf(text, sizeof text, "training passed its time_limit of %g s after %lld of %lld steps", limit,
                  static_cast<long long>(done_), static_cast<long long>(all_));
    throw TrainingError(text);
  }

  std::uint64_t key() const {
    return checkpoint_key(task_.trainer, task_.graph, task_.data, task_.recipe, task_.budget);
  }

  void keep() const {
    if (task_.budget.checkpoint.empty()) return;
    Checkpoint checkpoint;
    checkpoint.key = key();
    checkpoint.step = done_;
    checkpoint.loss_sum = loss_sum_;
    checkpoint.seconds = seconds();
    checkpoint.average = average_.state();
    checkpoint.best = best_.state();
    checkpoint.curve = result_.curve;
    checkpoint.weights = task_.network.weights();
    if (task_.quantised) checkpoint.observed = task_.quantised->observed();
    steps_.save(checkpoint);
    save_checkpoint(task_.budget.checkpoint, checkpoint);
  }

  /// Takes up what was kept, unless it is further on than is asked for.
  void go_on(std::int64_t last) {
    const auto kept = load_checkpoint(task_.budget.checkpoint, key(), result_.note);
    if (!kept) return;
    if (kept->step > last) {
      result_.note = task_.budget.checkpoint.string() + " is further on than is asked for; trained from the beginning";
      return;
    }
    task_.network.load(kept->weights);
    steps_.load(*kept);
    if (task_.quantised) task_.quantised->load(kept->observed);
    average_.load(kept->average);
    best_.load(kept->best);
    result_.curve = kept->curve;
    loss_sum_ = kept->loss_sum;
    seconds_before_ = kept->seconds;
    done_ = result_.continued_from = kept->step;
  }

  const Task& task_;
  Steps& steps_;
  const std::function<Evaluation()>& measure_;
  WeightAverage average_;
  BestWeights best_;
  std::int64_t per_epoch_, all_, done_ = 0;
  double loss_sum_ = std::numeric_limits<double>::quiet_NaN();  ///< of the epoch that runs
  Clock::time_point begin_ = Clock::now();
  double seconds_before_ = 0;
  LoopResult result_;
};

}  // namespace

LoopResult run_loop(const Task& task, Steps& steps, std::int64_t per_epoch, const std::function<Evaluation()>& measure) {
  return Loop(task, steps, per_epoch, measure).run();
}

}  // namespace paretoforge
