// Supervised training: one step a batch, all images in a new order each epoch.
#include <algorithm>
#include <bit>
#include <numeric>

#include "trainers/optimizer_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/training_loop_internal.hpp"

namespace paretoforge {
namespace {

class SupervisedSteps final : public Steps {
 public:
  explicit SupervisedSteps(const Task& task)
      : learner_(task),
        optimizer_(task.network, task.recipe),
        random_(derived_seed(task.budget.seed, order_stream)),
        order_(task.images.size()),
        batch_(std::min(task.images.size(), static_cast<std::size_t>(task.budget.batch))) {
    std::iota(order_.begin(), order_.end(), 0u);
  }

  /// What is left over after the last full batch waits for another epoch's order.
  std::int64_t per_epoch() const { return static_cast<std::int64_t>(order_.size() / batch_); }

  double step(std::int64_t number, double rate) override {
    const auto at = static_cast<std::size_t>(number % per_epoch());
    if (at == 0) random_.shuffle(order_);
    const auto learnt = learner_.learn(std::span(order_).subspan(at * batch_, batch_), random_);
    if (learnt.gradients) optimizer_.step(rate);
    return learnt.loss;
  }

  void save(Checkpoint& checkpoint) const override {
    checkpoint.random = std::bit_cast<RandomState>(random_);
    checkpoint.order = order_;
    checkpoint.optimizer = optimizer_.state();
    learner_.save(checkpoint);
  }
  void load(const Checkpoint& checkpoint) override {
    random_ = std::bit_cast<Random>(checkpoint.random);
    order_ = checkpoint.order;
    optimizer_.load(checkpoint.optimizer);
    learner_.load(checkpoint);
  }
  std::string note() const override { return learner_.note(); }

 private:
  using RandomState = std::array<std::uint64_t, 4>;

  Learner learner_;
  Optimizer optimizer_;
  Random random_;
  std::vector<std::uint32_t> order_;
  std::size_t batch_;
};

std::unique_ptr<Steps> supervised_steps(const Task& task, std::int64_t& per_epoch) {
  auto steps = std::make_unique<SupervisedSteps>(task);
  per_epoch = steps->per_epoch();
  return steps;
}

}  // namespace

std::unique_ptr<Trainer> make_supervised(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  return make_step_trainer(std::move(data), settings, supervised_steps);
}

}  // namespace paretoforge
