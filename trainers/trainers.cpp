// The table of trainers.
#include <algorithm>
#include <array>

#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::array<TrainerKind, 1> kinds{{
    {"supervised", "stochastic gradient descent on labelled images", make_supervised},
}};

void check_budget(const TrainBudget& budget, const Dataset& data) {
  const std::size_t count = data.train.size();
  if (budget.validation >= count || budget.images > count - budget.validation)
    throw ConfigError("error: " + std::to_string(budget.images == 0 ? 1 : budget.images) + " images to train on and " +
                      std::to_string(budget.validation) + " to validate on are more than the " + std::to_string(count) +
                      " of the training part of " + data.name);
}

}  // namespace

std::span<const TrainerKind> trainers() { return kinds; }

std::unique_ptr<Trainer> make_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const TrainerKind& kind) { return kind.name == settings.trainer; });
  if (found == kinds.end()) throw ConfigError("error: unknown trainer '" + settings.trainer + "'");
  check_budget(settings.budget, *data);
  return found->make(std::move(data), settings);
}

}  // namespace paretoforge
