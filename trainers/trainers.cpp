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
  if (!data.validation.empty()) return;  // it says itself what validates
  if (budget.validation >= count || budget.images > count - budget.validation)
    throw ConfigError("error: " + std::to_string(budget.images == 0 ? 1 : budget.images) + " images to train on and " +
                      std::to_string(budget.validation) + " to validate on are more than the " + std::to_string(count) +
                      " of the training part of " + data.name);
}

void check_weights(const TrainRecipe& recipe, const Dataset& data) {
  if (recipe.class_weights.empty() || recipe.class_weights.size() == data.classes.size()) return;
  throw ConfigError("error: class_weights has " + std::to_string(recipe.class_weights.size()) + " numbers, " +
                    data.name + " has " + std::to_string(data.classes.size()) + " classes");
}

}  // namespace

std::vector<float> class_weights(const TrainRecipe& recipe, const Images& images, std::size_t classes) {
  std::vector<float> weights(recipe.class_weights.begin(), recipe.class_weights.end());
  if (!recipe.balanced) return weights;
  std::vector<double> count(classes, 0.0);
  for (const Label label : images.labels) ++count.at(label);
  for (const double seen : count)  // a class that does not occur has nothing to weigh
    weights.push_back(seen == 0 ? 0.0f : static_cast<float>(static_cast<double>(images.size()) / (static_cast<double>(classes) * seen)));
  return weights;
}

std::span<const TrainerKind> trainers() { return kinds; }

std::unique_ptr<Trainer> make_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const TrainerKind& kind) { return kind.name == settings.trainer; });
  if (found == kinds.end()) throw ConfigError("error: unknown trainer '" + settings.trainer + "'");
  check_budget(settings.budget, *data);
  check_weights(settings.recipe, *data);
  return found->make(std::move(data), settings);
}

}  // namespace paretoforge
