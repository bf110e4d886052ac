// What data can ask of a training: values, its own validation part, class weights, mixed samples.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "catch.hpp"
#include "environment.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"
#include "trainers/trainer_internal.hpp"

using namespace paretoforge;

namespace {

/// Signals of 2 channels and 16 steps, far from 0..1: a slope up or down, in noise. `rare` in ten are of class 1.
Images slopes(std::size_t count, std::size_t rare, double noise, std::uint64_t seed) {
  Images signals{.shape = {2, 1, 16}, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const bool up = i % 10 < rare;
    signals.labels.push_back(up);
    for (int t = 0; t < 16; ++t)
      for (const double scale : {1000.0, 0.01})
        signals.values.push_back(
            static_cast<float>(scale * (5 + (up ? 0.1 : -0.1) * (t - 7.5) + noise * random.normal())));
  }
  return signals;
}

std::shared_ptr<const Dataset> data(std::size_t rare, double noise) {
  return std::make_shared<const Dataset>(
      Dataset{"slopes", {2, 1, 16}, {"down", "up"}, slopes(600, rare, noise, 1), slopes(300, 5, noise, 2)});
}

Graph small_net() {
  Graph graph({2, 1, 16});
  const NodeId x = nets::norm_relu(
      graph,
      graph.add(Conv{.out = 8, .kernel = {1, 3}, .stride = {1, 2}, .dilation = {}, .pad = {0, 1, 0, 1}, .groups = 1},
                0));
  graph.add(Linear{.out = 2}, graph.add(Flatten{}, x));
  return graph;
}

TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.budget = {.epochs = 6, .images = 0, .validation = 100, .resolution = 0, .batch = 32, .test = true};
  s.recipe.rate = 0.1;
  return s;
}

TrainResult train(std::shared_ptr<const Dataset> with, const TrainSettings& s) {
  return make_trainer(std::move(with), s)->train(small_net(), s.budget);
}

double right_of_class(const TrainResult& result, const Images& images, Label label) {
  const auto outputs = logits(result.model, images);
  double right = 0, all = 0;
  for (std::size_t i = 0; i < images.size(); ++i)
    if (images.labels[i] == label) ++all, right += (outputs[2 * i + 1] > outputs[2 * i]) == (label == 1);
  return right / all;
}

}  // namespace

TEST_CASE("Values are normalised by channel and learnt from") {
  const auto with = data(5, 0.5);
  const auto result = train(with, settings());
  CHECK(result.validation.accuracy_pct > 95);
  CHECK(result.test.accuracy_pct > 95);
  CHECK(result.model.input.mean[0] == Approx(5000).epsilon(0.02));
  CHECK(result.model.input.mean[1] == Approx(0.05).epsilon(0.02));
  CHECK(evaluate(result.model, with->test).accuracy_pct == Approx(result.test.accuracy_pct));
  const auto again = train(with, settings());
  CHECK(again.train_loss == result.train_loss);
}

TEST_CASE("Where the data says what validates, that validates and is not trained on") {
  auto with = std::make_shared<Dataset>(*data(5, 0.5));
  // Labels of the part that validates are turned round: what is trained on the rest gets nearly all of them wrong.
  for (std::uint32_t i = 500; i < 600; ++i) {
    with->validation.push_back(i);
    with->train.labels[i] = static_cast<Label>(1 - with->train.labels[i]);
  }
  auto s = settings();
  s.budget.validation = 5;  // how many does not matter
  CHECK(train(with, s).validation.accuracy_pct < 10);
  s.budget.validation = 0;
  CHECK(std::isnan(train(with, s).validation.accuracy_pct));
}

TEST_CASE("Samples that lie in a file are trained on like those in memory, to the last bit") {
  auto s = settings();
  s.budget.epochs = 1, s.budget.images = 500;
  const auto weights = [&] {
    const auto with = std::make_shared<const Dataset>(Dataset{"slopes", {2, 1, 16}, {"down", "up"}, slopes(10'000, 5, 0.1, 1), slopes(300, 5, 0.1, 2)});
    std::vector<float> all;
    for (const Weights& layer : train(with, s).model.weights) all.insert(all.end(), layer.kernel.begin(), layer.kernel.end());
    return all;
  };
  const auto in_memory = weights();
  const Environment most("PARETOFORGE_LARGEST_IN_MEMORY", "1MiB");  // there are 1.2 of them
  CHECK(weights() == in_memory);
}

TEST_CASE("A signal is trained at another length") {
  Graph graph({2, 1, 16});
  const NodeId x = nets::norm_relu(
      graph,
      graph.add(Conv{.out = 8, .kernel = {1, 5}, .stride = {1, 1}, .dilation = {}, .pad = {0, 2, 0, 2}, .groups = 1},
                0));
  graph.add(Linear{.out = 2}, graph.add(GlobalPool{}, x));
  CHECK(at_resolution(graph, 8).shape(0) == Shape{2, 1, 8});
  auto s = settings();
  s.budget.resolution = 8;
  CHECK(make_trainer(data(5, 0.1), s)->train(graph, s.budget).validation.accuracy_pct > 90);
}

TEST_CASE("Balanced classes count the same, however rare") {
  const std::vector<Label> labels{0, 0, 0, 2};
  TrainRecipe recipe;
  CHECK(class_weights(recipe, labels, 3).empty());
  recipe.balanced = true;
  const auto weights = class_weights(recipe, labels, 3);
  CHECK(weights == std::vector<float>{4.0f / 9, 0, 4.0f / 3});
  CHECK(3 * weights[0] == Approx(weights[2]));

  // One in ten, in noise that hides it: without weights it is mostly passed over.
  const auto with = data(1, 3.0);
  auto s = settings();
  const double before = right_of_class(train(with, s), with->test, 1);
  s.recipe.balanced = true;
  const double after = right_of_class(train(with, s), with->test, 1);
  INFO(before << " " << after);
  CHECK(after > before + 0.2);

  s.recipe.balanced = false;
  s.recipe.class_weights = {1, 2, 3};
  CHECK_THROWS_AS(make_trainer(with, s), ConfigError);
  s.recipe.class_weights = {1, 9};
  CHECK(right_of_class(train(with, s), with->test, 1) == Approx(after).margin(0.1));  // nearly the balance of 1 : 9
}

TEST_CASE("Mixed samples are learnt from, the same for the same seed") {
  const auto with = data(5, 0.5);
  auto s = settings();
  s.recipe.augment.mixup = 0.4;
  const auto result = train(with, s);
  CHECK(result.test.accuracy_pct > 95);
  CHECK(train(with, s).train_loss == result.train_loss);
  const auto plain = train(with, settings());
  CHECK(plain.train_loss < result.train_loss);  // targets that are mixed cannot be met exactly
}
