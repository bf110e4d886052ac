// Federated averaging (McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-efficient learning of deep
// networks from decentralized data", 2017), simulated: one step a round.
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "trainers/optimizer_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/training_loop_internal.hpp"

namespace paretoforge {
namespace {

/// A round begins from the server's weights alone, and draws from a seed of its own: there is nothing to remember from
/// one to the next but these weights, and the loss's scale in float16.
class FederatedSteps final : public Steps {
 public:
  explicit FederatedSteps(const Task& task)
      : task_(task),
        learner_(task),
        clients_(client_images(task.images.labels(), std::max<std::size_t>(1, task.data.classes.size()), task.recipe.federation, task.budget.split_seed)) {}

  double step(std::int64_t number, double rate) override {
    Random random(derived_seed(derived_seed(task_.budget.seed, order_stream), static_cast<std::uint64_t>(number)));
    const auto drawn = participants(random);
    double images = 0, loss = 0;
    for (const std::size_t client : drawn) images += static_cast<double>(clients_[client].size());
    const at::Tensor weights = task_.network.parameters().clone(), statistics = task_.network.statistics().clone();
    at::Tensor mean_weights = at::zeros_like(weights), mean_statistics = at::zeros_like(statistics);
    for (const std::size_t client : drawn) {
      put(weights, statistics);
      const double share = static_cast<double>(clients_[client].size()) / images;
      loss += share * train(clients_[client], rate, random);
      mean_weights.add_(task_.network.parameters(), share);
      mean_statistics.add_(task_.network.statistics(), share);
    }
    put(mean_weights, mean_statistics);
    return loss;
  }

  void save(Checkpoint& checkpoint) const override { learner_.save(checkpoint); }
  void load(const Checkpoint& checkpoint) override { learner_.load(checkpoint); }
  std::string note() const override { return learner_.note(); }

 private:
  /// Those of this round, in the order of their numbers.
  std::vector<std::size_t> participants(Random& random) const {
    std::vector<std::size_t> drawn(clients_.size());
    std::iota(drawn.begin(), drawn.end(), std::size_t{0});
    random.shuffle(drawn);
    drawn.resize(std::min(drawn.size(), static_cast<std::size_t>(task_.recipe.federation.per_round)));
    std::sort(drawn.begin(), drawn.end());
    return drawn;
  }

  void put(const at::Tensor& weights, const at::Tensor& statistics) const {
    c10::NoGradGuard guard;
    task_.network.parameters().copy_(weights);
    task_.network.statistics().copy_(statistics);
  }

  /// A client's epochs with an optimiser of its own; the mean loss of its batches.
  double train(std::vector<std::uint32_t> images, double rate, Random& random) {
    Optimizer optimizer(task_.network, task_.recipe);
    const std::size_t batch = std::min(images.size(), static_cast<std::size_t>(task_.budget.batch));
    double loss = 0, batches = 0;
    for (std::int32_t epoch = 0; epoch < task_.recipe.federation.local_epochs; ++epoch) {
      random.shuffle(images);
      for (std::size_t at = 0; at + batch <= images.size(); at += batch) {
        if (task_.stop.stop_requested()) throw TrainingInterrupted();  // the round before is in the checkpoint
        const auto learnt = learner_.learn(std::span(images).subspan(at, batch), random);
        if (learnt.gradients) optimizer.step(rate);
        loss += learnt.loss, ++batches;
      }
    }
    return loss / batches;
  }

  const Task& task_;
  Learner learner_;
  std::vector<std::vector<std::uint32_t>> clients_;
};

std::unique_ptr<Steps> federated_steps(const Task& task, std::int64_t& per_epoch) {
  per_epoch = 1;
  return std::make_unique<FederatedSteps>(task);
}

}  // namespace

std::unique_ptr<Trainer> make_federated(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  return make_step_trainer(std::move(data), settings, federated_steps);
}

}  // namespace paretoforge
