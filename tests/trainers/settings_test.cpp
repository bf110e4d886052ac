// The `train:` section and the schedules.
#include "catch.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

Config train(const std::string& text) { return Config::parse("train: " + text, "study.yaml").at("train"); }

std::string error_of(const std::string& text) {
  try {
    TrainSettings::read(train(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("A train section is read") {
  const auto settings = TrainSettings::read(
      train("{data: fashion-mnist, epochs: 2, images: 10000, share: 0.5, resolution: 24, width: 0.5, batch: 64, rate: 0.2, "
            "schedule: cosine, "
            "momentum: 0.8, "
            "nesterov: false, weight_decay: 0.001, label_smoothing: 0.1, precision: bfloat16, augment: {crop: 2, flip: true, shift: 1}, "
            "validation: 1000, device: cpu, trainer: supervised, test: true, split_seed: 5}"));
  CHECK(settings.data->text() == "fashion-mnist");
  CHECK(settings.budget.epochs == 2);
  CHECK(settings.budget.images == 10000);
  CHECK(settings.budget.share == 0.5);
  CHECK(settings.budget.validation == 1000);
  CHECK(settings.budget.resolution == 24);
  CHECK(settings.budget.width == 0.5);
  CHECK(settings.budget.batch == 64);
  CHECK(settings.budget.test);
  CHECK(settings.budget.split_seed == 5);
  CHECK(settings.recipe.rate == 0.2);
  CHECK(settings.recipe.momentum == 0.8);
  CHECK(!settings.recipe.nesterov);
  CHECK(settings.recipe.weight_decay == 0.001);
  CHECK(settings.recipe.schedule == Schedule::cosine);
  CHECK(settings.recipe.label_smoothing == 0.1);
  CHECK(settings.recipe.precision == Precision::bfloat16);
  CHECK(settings.recipe.augment.crop == 2);
  CHECK(settings.recipe.augment.shift == 1);
  CHECK(settings.recipe.augment.flip);
  CHECK(settings.device == "cpu");

  const auto longer = TrainSettings::read(train("{epochs: 9}"), settings);
  CHECK(longer.budget.epochs == 9);
  CHECK(longer.budget.batch == 64);
  CHECK(longer.recipe.augment.crop == 2);
}

TEST_CASE("Fake quantisation is read: true, false, or when it begins and freezes") {
  const auto of = [](const std::string& text) { return TrainSettings::read(train(text)).recipe.quantise; };
  CHECK_FALSE(of("{}"));
  CHECK_FALSE(of("{quantise: false}"));
  CHECK(of("{quantise: true}")->from == 0.8);
  CHECK(of("{quantise: true}")->freeze == 0.9);
  CHECK(of("{quantise: {from: 0.95}}")->freeze == Approx(0.975));
  CHECK(of("{quantise: {from: 0, freeze: 1, momentum: 0.1}}")->momentum == 0.1);
  CHECK(of("{quantise: true}")->frozen_rate == 0.1);
  CHECK(of("{quantise: {frozen_rate: 0}}")->frozen_rate == 0);
  CHECK(error_of("{quantise: {frozen_rate: 2}}").find("from 0 to 1") != std::string::npos);
  const auto proxy = TrainSettings::read(train("{quantise: {from: 0.5, freeze: 0.7}}"));
  CHECK(TrainSettings::read(train("{epochs: 3}"), proxy).recipe.quantise->from == 0.5);
  CHECK(TrainSettings::read(train("{quantise: true}"), proxy).recipe.quantise->from == 0.5);
  CHECK(TrainSettings::read(train("{quantise: {freeze: 0.6}}"), proxy).recipe.quantise->freeze == 0.6);
  CHECK_FALSE(TrainSettings::read(train("{quantise: false}"), proxy).recipe.quantise);
  CHECK(error_of("{quantise: {from: 0.5, freeze: 0.4}}").find("from 0.5 to 1") != std::string::npos);
  CHECK(error_of("{quantise: {form: 0.5}}").find("did you mean 'from'") != std::string::npos);
  CHECK(error_of("{quantise: int8}").find("true or false") != std::string::npos);
  CHECK(error_of("{quantise: true, trainer: federated}").find("supervised") != std::string::npos);
  CHECK(error_of("{quantise: true, early_stop: {patience: 3}}").find("do not go together") != std::string::npos);
}

TEST_CASE("Augmentation and class weights are read") {
  const auto augment =
      TrainSettings::read(
          train("{augment: {time_shift: 3, cutout: 4, time_mask: 5, band_mask: 6, masks: 2, mixup: 0.2}}"))
          .recipe.augment;
  CHECK(augment.time_shift == 3);
  CHECK(augment.cutout == 4);
  CHECK(augment.time_mask == 5);
  CHECK(augment.band_mask == 6);
  CHECK(augment.masks == 2);
  CHECK(augment.mixup == 0.2);
  const auto balanced = TrainSettings::read(train("{class_weights: balanced}")).recipe;
  CHECK(balanced.balanced);
  TrainSettings before;
  before.recipe = balanced;
  const auto listed = TrainSettings::read(train("{class_weights: [1, 2.5]}"), before).recipe;
  CHECK_FALSE(listed.balanced);
  CHECK(listed.class_weights == std::vector<double>{1, 2.5});
  CHECK(error_of("{class_weights: blanced}").find("balanced") != std::string::npos);
  CHECK(error_of("{class_weights: [1, -1]}").find("from 0") != std::string::npos);
  CHECK(error_of("{augment: {mixup: 2}}").find("from 0 to 1") != std::string::npos);
}

TEST_CASE("An optimiser's settings are read, and begin from its own") {
  const auto adamw = TrainSettings::read(train("{optimizer: adamw, betas: [0.8, 0.99], epsilon: 1e-6, ema: 0.9, clip_norm: 2}")).recipe;
  CHECK(adamw.optimizer == OptimizerKind::adamw);
  CHECK(adamw.betas == std::array{0.8, 0.99});
  CHECK(adamw.epsilon == 1e-6);
  CHECK(adamw.ema == 0.9);
  CHECK(adamw.clip_norm == 2);
  CHECK(adamw.rate == 2e-3);
  CHECK(adamw.weight_decay == 1e-2);
  CHECK(TrainSettings::read(train("{optimizer: adamw, rate: 0.01, weight_decay: 0}")).recipe.rate == 0.01);

  TrainSettings before;
  before.recipe = adamw;
  before.recipe.rate = 0.005;
  CHECK(TrainSettings::read(train("{optimizer: adamw}"), before).recipe.rate == 0.005);
  const auto back = TrainSettings::read(train("{optimizer: sgd, momentum: 0.5}"), before).recipe;
  CHECK(back.rate == TrainRecipe{}.rate);
  CHECK(back.weight_decay == TrainRecipe{}.weight_decay);

  CHECK(error_of("{optimizer: adamw, momentum: 0.9}").find("adamw has no 'momentum'") != std::string::npos);
  CHECK(error_of("{optimizer: adamw, nesterov: true}").find("nesterov") != std::string::npos);
  CHECK(error_of("{betas: [0.9, 0.99]}").find("optimizer: adamw") != std::string::npos);
  CHECK(error_of("{optimizer: adam}").find("adamw") != std::string::npos);
  for (const char* bad : {"{optimizer: adamw, betas: [0.9]}", "{optimizer: adamw, betas: [0.9, 1]}", "{optimizer: adamw, betas: 0.9}",
                          "{optimizer: adamw, epsilon: 0}", "{ema: 1}", "{ema: -0.1}", "{clip_norm: -1}", "{epsilon: 1e-8}"})
    CHECK_FALSE(error_of(bad).empty());
}

TEST_CASE("What is wrong in a train section is named") {
  CHECK(error_of("{epoch: 2}").find("did you mean 'epochs'") != std::string::npos);
  CHECK(error_of("{augment: {flop: true}}").find("flop") != std::string::npos);
  CHECK(error_of("{schedule: onecycle}").find("one-cycle") != std::string::npos);
  CHECK(error_of("{trainer: supervized}").find("supervised") != std::string::npos);
  for (const char* bad :
       {"{batch: 0}", "{epochs: -1}", "{rate: -0.1}", "{rate: .nan}", "{momentum: 1}", "{label_smoothing: 1.5}", "{precision: half}",
        "{images: 0}", "{share: 0}", "{resolution: many}", "{width: 0}", "{width: 1.5}", "{device: tpu}", "{augment: {shift: -1}}"})
    CHECK_FALSE(error_of(bad).empty());
}

TEST_CASE("Schedules rise and fall as they say") {
  TrainRecipe recipe;
  recipe.rate = 0.5;
  double last = 0;
  for (int step = 0; step < 100; ++step) {
    const double rate = rate_at(recipe, step, 100);
    CHECK((step <= 30 ? rate > last : rate < last));
    last = rate;
  }
  CHECK(rate_at(recipe, 29, 100) == Approx(0.5 * (0.04 + 0.96 * 29.5 / 30)));
  CHECK(last < 1e-3);
  recipe.schedule = Schedule::cosine;
  CHECK(rate_at(recipe, 0, 1000) == Approx(0.5).epsilon(1e-5));
  CHECK(rate_at(recipe, 0, 1) == Approx(0.25));  // one step: the middle
}

TEST_CASE("Once norms are frozen a share of the schedule's rate is left") {
  TrainRecipe plain, recipe;
  recipe.quantise = FakeQuantisation{.from = 0.25, .freeze = 0.5, .frozen_rate = 0.125};
  CHECK(recipe.quantise->first_step(10) == 3);  // 2.5, halves away from zero
  CHECK(recipe.quantise->first_frozen(10) == 5);
  for (int step = 0; step < 10; ++step) CHECK(rate_at(recipe, step, 10) == rate_at(plain, step, 10) * (step < 5 ? 1 : 0.125));
  recipe.quantise->freeze = 1;
  CHECK(rate_at(recipe, 9, 10) == rate_at(plain, 9, 10));
}
