// Reading a `train:` section, and the schedules of the learning rate.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "trainers/trainer.hpp"

namespace paretoforge {
namespace {

constexpr std::int64_t most = 1'000'000'000;

std::int64_t share_of(std::int64_t steps, double share) { return std::llround(share * static_cast<double>(steps)); }

double scheduled_rate(const TrainRecipe& recipe, std::int64_t step, std::int64_t steps) {
  const double at = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
  const double rising = recipe.schedule == Schedule::one_cycle ? 0.3 : 0.0;
  if (at < rising) return recipe.rate * (0.04 + 0.96 * at / rising);
  return recipe.rate * 0.5 * (1 + std::cos(std::numbers::pi * (at - rising) / (1 - rising)));
}

template <class T>
void read_integer(const Config& config, std::string_view key, std::int64_t least, T& value) {
  if (const auto found = config.find(key)) value = static_cast<T>(found->integer(least, most));
}

void read_number(const Config& config, std::string_view key, double least, double greatest, double& value) {
  if (const auto found = config.find(key)) value = found->number(least, greatest);
}

void read_flag(const Config& config, std::string_view key, bool& value) { value = config.boolean_or(key, value); }

void read_budget(const Config& config, TrainBudget& budget) {
  read_integer(config, "epochs", 0, budget.epochs);
  read_integer(config, "images", 1, budget.images);
  read_number(config, "share", 1e-6, 1, budget.share);
  read_integer(config, "validation", 0, budget.validation);
  read_integer(config, "resolution", 1, budget.resolution);
  read_number(config, "width", 1e-3, 1, budget.width);
  read_integer(config, "batch", 1, budget.batch);
  read_integer(config, "split_seed", 0, budget.split_seed);
  read_flag(config, "test", budget.test);
  if (const auto limit = config.find("time_limit")) budget.time_limit = limit->seconds();
  if (const auto limit = config.find("memory_limit")) budget.memory_limit = limit->bytes();
}

void read_augmentation(const Config& config, Augmentation& augment) {
  config.allow({"crop", "shift", "flip", "time_shift", "cutout", "time_mask", "band_mask", "masks", "mixup"});
  read_integer(config, "crop", 0, augment.crop);
  read_integer(config, "shift", 0, augment.shift);
  read_flag(config, "flip", augment.flip);
  read_integer(config, "time_shift", 0, augment.time_shift);
  read_integer(config, "cutout", 0, augment.cutout);
  read_integer(config, "time_mask", 0, augment.time_mask);
  read_integer(config, "band_mask", 0, augment.band_mask);
  read_integer(config, "masks", 0, augment.masks);
  read_number(config, "mixup", 0, 1, augment.mixup);
}

void read_class_weights(const Config& config, TrainRecipe& recipe) {
  recipe.class_weights.clear();
  recipe.balanced = config.is_scalar();
  if (config.is_scalar()) config.one_of({"balanced"});
  else
    for (const Config& weight : config.items()) recipe.class_weights.push_back(weight.number(0, 1e6));
}

constexpr double below_one = 0x1.fffffffffffffp-1;

void read_betas(const Config& betas, TrainRecipe& recipe) {
  const std::vector<Config> both = betas.items();
  if (both.size() != 2) betas.fail("'betas' are two numbers", "such as  betas: [0.9, 0.999]");
  for (std::size_t i = 0; i < 2; ++i) recipe.betas[i] = both[i].number(0, below_one);
}

/// Another optimiser than was meant begins from settings of its own: what one calls a rate is not what the other does.
void choose_optimizer(const Config& config, TrainRecipe& recipe) {
  if (const auto found = config.find("optimizer")) {
    const bool adamw = found->one_of({"sgd", "adamw"}) == "adamw";
    const auto before = recipe.optimizer;
    recipe.optimizer = adamw ? OptimizerKind::adamw : OptimizerKind::sgd;
    if (recipe.optimizer != before) recipe.rate = adamw ? 2e-3 : TrainRecipe{}.rate;
    if (recipe.optimizer != before) recipe.weight_decay = adamw ? 1e-2 : TrainRecipe{}.weight_decay;
  }
  const bool adamw = recipe.optimizer == OptimizerKind::adamw;
  for (const char* key : {"momentum", "nesterov"})
    if (adamw && config.has(key)) config.fail_at_key(key, "adamw has no '" + std::string(key) + "'", "it has 'betas'");
  for (const char* key : {"betas", "epsilon"})
    if (!adamw && config.has(key))
      config.fail_at_key(key, "sgd has no '" + std::string(key) + "'", "add  optimizer: adamw");
}

void read_early_stop(const Config& config, EarlyStop& rule) {
  config.allow({"patience", "least", "score"});
  rule = {};
  rule.patience = static_cast<std::int32_t>(config.at("patience").integer(1, most));
  read_number(config, "least", 0, 1e9, rule.least);
  std::vector<std::string> names{"loss"};
  for (const ScoreKind& kind : scores()) names.emplace_back(kind.name);
  if (const auto score = config.find("score")) rule.score = score->one_of(names);
}

void read_federation(const Config& config, Federation& federation) {
  config.allow({"clients", "per_round", "local_epochs", "alpha"});
  read_integer(config, "clients", 1, federation.clients);
  if (!config.has("per_round")) federation.per_round = std::max(1, federation.clients / 2);
  read_integer(config, "per_round", 1, federation.per_round);
  read_integer(config, "local_epochs", 1, federation.local_epochs);
  read_number(config, "alpha", 1e-6, 1e6, federation.alpha);
  if (federation.per_round > federation.clients)
    config.fail_at_key(config.has("per_round") ? "per_round" : "clients",
                       "there are " + std::to_string(federation.clients) + " clients, fewer than " +
                           std::to_string(federation.per_round) + " a round");
}

void read_quantise(const Config& config, TrainRecipe& recipe) {
  if (config.is_scalar()) {
    const bool wanted = config.boolean();
    if (!wanted || !recipe.quantise) recipe.quantise = wanted ? std::optional(FakeQuantisation{}) : std::nullopt;
    return;
  }
  config.allow({"from", "freeze", "momentum", "frozen_rate"});
  FakeQuantisation quantise = recipe.quantise.value_or(FakeQuantisation{});
  read_number(config, "from", 0, 1, quantise.from);
  if (!config.has("freeze")) quantise.freeze = std::max(quantise.freeze, (1 + quantise.from) / 2);
  read_number(config, "freeze", quantise.from, 1, quantise.freeze);
  read_number(config, "momentum", 1e-6, 1, quantise.momentum);
  read_number(config, "frozen_rate", 0, 1, quantise.frozen_rate);
  recipe.quantise = quantise;
}

void check_quantise(const Config& config, const TrainSettings& settings) {
  if (!settings.recipe.quantise) return;
  if (settings.trainer != "supervised") config.fail("'quantise' goes with trainer supervised, and this is " + settings.trainer);
  if (settings.recipe.early_stop.patience > 0)
    config.fail("'quantise' and 'early_stop' do not go together: the best epoch may be one before quantisation");
}

void read_recipe(const Config& config, TrainRecipe& recipe) {
  choose_optimizer(config, recipe);
  read_number(config, "rate", 0, 1e3, recipe.rate);
  read_number(config, "momentum", 0, below_one, recipe.momentum);
  read_flag(config, "nesterov", recipe.nesterov);
  if (const auto betas = config.find("betas")) read_betas(*betas, recipe);
  read_number(config, "epsilon", 1e-30, 1, recipe.epsilon);
  read_number(config, "weight_decay", 0, 1, recipe.weight_decay);
  read_number(config, "clip_norm", 0, 1e9, recipe.clip_norm);
  read_number(config, "ema", 0, below_one, recipe.ema);
  read_number(config, "label_smoothing", 0, below_one, recipe.label_smoothing);
  if (const auto schedule = config.find("schedule"))
    recipe.schedule = schedule->one_of({"one-cycle", "cosine"}) == "cosine" ? Schedule::cosine : Schedule::one_cycle;
  if (const auto loss = config.find("loss")) {
    const std::string name = loss->one_of({"squared", "absolute", "huber"});
    recipe.loss = name == "squared" ? RegressionLoss::squared : name == "absolute" ? RegressionLoss::absolute : RegressionLoss::huber;
  }
  if (const auto precision = config.find("precision")) {
    const std::string name = precision->one_of({"float32", "bfloat16", "float16"});
    recipe.precision = name == "float32" ? Precision::float32 : name == "bfloat16" ? Precision::bfloat16 : Precision::float16;
  }
  if (const auto augment = config.find("augment")) read_augmentation(*augment, recipe.augment);
  if (const auto rule = config.find("early_stop")) read_early_stop(*rule, recipe.early_stop);
  if (const auto federation = config.find("federated")) read_federation(*federation, recipe.federation);
  if (const auto weights = config.find("class_weights")) read_class_weights(*weights, recipe);
  if (const auto quantise = config.find("quantise")) read_quantise(*quantise, recipe);
}

}  // namespace

const std::vector<std::string>& TrainSettings::keys() {
  static const std::vector<std::string> all{
      "data", "trainer", "device", "per_gpu", "epochs", "images", "share", "validation", "resolution", "width", "batch", "test",
      "split_seed", "optimizer", "rate", "momentum", "nesterov", "betas", "epsilon", "weight_decay", "clip_norm", "ema",
      "early_stop", "federated", "time_limit", "memory_limit", "schedule", "loss", "label_smoothing", "precision", "augment",
      "class_weights", "extrapolate", "quantise"};
  return all;
}

TrainSettings TrainSettings::read(const Config& config, const TrainSettings& otherwise) {
  config.allow(keys());
  TrainSettings settings = otherwise;
  if (const auto data = config.find("data")) settings.data = data;
  if (const auto trainer = config.find("trainer")) {
    std::vector<std::string> names;
    for (const auto& kind : trainers()) names.emplace_back(kind.name);
    settings.trainer = trainer->one_of(names);
  }
  if (const auto device = config.find("device")) settings.device = device->one_of({"auto", "cpu", "cuda"});
  read_integer(config, "per_gpu", 1, settings.per_gpu);
  if (config.has("federated") && settings.trainer != "federated")
    config.fail_at_key("federated", "the trainer '" + settings.trainer + "' has no clients", "add  trainer: federated");
  read_budget(config, settings.budget);
  read_recipe(config, settings.recipe);
  check_quantise(config, settings);
  if (const auto after = config.find("extrapolate")) {
    settings.extrapolate = static_cast<std::int32_t>(after->integer(2, most));
    if (settings.extrapolate >= settings.budget.epochs)
      after->fail("to extrapolate, a training ends before its " + std::to_string(settings.budget.epochs) + " epochs are over");
    if (settings.recipe.early_stop.patience > 0)
      after->fail("a curve that is extrapolated does not stop early", "leave out 'extrapolate', or 'early_stop'");
    if (settings.budget.validation == 0) after->fail("to extrapolate, images are held back to validate on", "see 'validation'");
  }
  return settings;
}

std::int64_t FakeQuantisation::first_step(std::int64_t steps) const { return share_of(steps, from); }
std::int64_t FakeQuantisation::first_frozen(std::int64_t steps) const { return share_of(steps, freeze); }

double rate_at(const TrainRecipe& recipe, std::int64_t step, std::int64_t steps) {
  const double rate = scheduled_rate(recipe, step, steps);
  const auto& quantise = recipe.quantise;
  return quantise && step >= quantise->first_frozen(steps) ? rate * quantise->frozen_rate : rate;
}

std::vector<double> cooled(const TrainRecipe& recipe, std::int32_t epochs) {
  constexpr std::int64_t fine = 1000;  // steps an epoch, so that its last one is its end
  std::vector<double> result;
  double peak = 0;
  for (std::int64_t step = 0; step < epochs * fine; ++step) {
    const double rate = rate_at(recipe, step, epochs * fine);
    peak = std::max(peak, rate);
    if ((step + 1) % fine == 0) result.push_back(peak > 0 ? 1 - rate / peak : 0);
  }
  return result;
}

}  // namespace paretoforge
