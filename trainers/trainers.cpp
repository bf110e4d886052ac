// The table of trainers.
#include <algorithm>
#include <array>

#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::array<TrainerKind, 2> kinds{{
    {"supervised", "gradient descent (SGD or AdamW) on labelled images", make_supervised},
    {"federated", "federated averaging over simulated clients, each with images of its own", make_federated},
}};

void check_budget(const TrainBudget& budget, const Dataset& data) {
  const std::size_t count = data.train.size();
  if (!data.validation.empty()) return;  // it says itself what validates
  if (budget.validation >= count || budget.images > count - budget.validation)
    throw ConfigError("error: " + std::to_string(budget.images == 0 ? 1 : budget.images) + " images to train on and " +
                      std::to_string(budget.validation) + " to validate on are more than the " + std::to_string(count) +
                      " of the training part of " + data.name);
}

/// What validates is needed to know the best epoch.
void check_early_stop(const TrainSettings& settings, const Dataset& data) {
  if (settings.recipe.early_stop.patience > 0 && settings.budget.validation == 0)
    throw ConfigError("error: early_stop needs images to validate on, and 'validation' is 0 for " + data.name);
}

void check_federation(const TrainSettings& settings, const Dataset& data) {
  if (settings.trainer != "federated") return;
  if (static_cast<std::size_t>(settings.recipe.federation.clients) > data.train.size())
    throw ConfigError("error: " + std::to_string(settings.recipe.federation.clients) + " clients are more than the " +
                      std::to_string(data.train.size()) + " images of the training part of " + data.name);
}

/// What is said of classes has no meaning for numbers, and the other way round.
void check_answers(const TrainRecipe& recipe, const Dataset& data) {
  const auto refuse = [&](const std::string& key, const std::string& instead) {
    throw ConfigError("error: " + key + ": " + data.name + (data.regression() ? " has targets, no classes" : " has classes, no targets") + "\n   = " + instead);
  };
  if (data.regression() && recipe.label_smoothing > 0) refuse("label_smoothing", "leave it out");
  if (data.regression() && (recipe.balanced || !recipe.class_weights.empty())) refuse("class_weights", "leave it out");
  if (!data.regression() && recipe.loss) refuse("loss", "classes are trained on softmax cross-entropy");
  for (const ScoreKind& kind : scores())
    if (recipe.early_stop.patience > 0 && kind.name == recipe.early_stop.score && kind.of_numbers != data.regression())
      refuse("early_stop: score: " + recipe.early_stop.score, data.regression() ? "loss, r2_pct, rmse or mae" : "loss, accuracy_pct, balanced_accuracy_pct, f1_pct or auc_pct");
}

/// R2 needs targets that vary in what it is taken on.
void check_validation(const TrainBudget& budget, const Dataset& data) {
  if (!data.regression() || budget.validation == 0) return;
  const std::size_t targets = data.targets.size();
  const std::vector<std::uint32_t> held = chosen_images(data, budget).validation;
  const auto value = [&](std::uint32_t position, std::size_t target) { return data.train.targets[position * targets + target]; };
  for (std::size_t t = 0; t < targets; ++t)
    if (std::all_of(held.begin(), held.end(), [&](std::uint32_t position) { return value(position, t) == value(held[0], t); }))
      throw ConfigError("error: validation: the target '" + data.targets[t] + "' is the same in the " + std::to_string(held.size()) + " samples of " + data.name + " that are held back\n   = hold back more of them");
}

void check_weights(const TrainRecipe& recipe, const Dataset& data) {
  if (recipe.class_weights.empty() || recipe.class_weights.size() == data.classes.size()) return;
  throw ConfigError("error: class_weights has " + std::to_string(recipe.class_weights.size()) + " numbers, " +
                    data.name + " has " + std::to_string(data.classes.size()) + " classes");
}

}  // namespace

std::vector<float> class_weights(const TrainRecipe& recipe, std::span<const Label> labels, std::size_t classes) {
  std::vector<float> weights(recipe.class_weights.begin(), recipe.class_weights.end());
  if (!recipe.balanced) return weights;
  std::vector<double> count(classes, 0.0);
  for (const Label label : labels) ++count.at(label);
  for (const double seen : count)  // a class that does not occur has nothing to weigh
    weights.push_back(seen == 0 ? 0.0f : static_cast<float>(static_cast<double>(labels.size()) / (static_cast<double>(classes) * seen)));
  return weights;
}

std::span<const TrainerKind> trainers() { return kinds; }

std::unique_ptr<Trainer> make_trainer(std::shared_ptr<const Dataset> data, const TrainSettings& settings) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const TrainerKind& kind) { return kind.name == settings.trainer; });
  if (found == kinds.end()) throw ConfigError("error: unknown trainer '" + settings.trainer + "'");
  check_budget(settings.budget, *data);
  check_answers(settings.recipe, *data);
  check_weights(settings.recipe, *data);
  check_early_stop(settings, *data);
  check_validation(settings.budget, *data);
  check_federation(settings, *data);
  return found->make(std::move(data), settings);
}

}  // namespace paretoforge
