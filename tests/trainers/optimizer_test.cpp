// Steps of the optimisers against plain loops in double and closed forms; the average of the weights; clipping.
#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/optimizer_internal.hpp"

using namespace paretoforge;

namespace {

/// A network with weights that decay (first in its vector) and some that do not.
Graph net() {
  Graph graph({2, 4, 4});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 3, 3, 1), 2);
  return graph;
}

std::vector<double> values(const at::Tensor& tensor) {
  const auto flat = tensor.to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

void set(at::Tensor tensor, const std::vector<double>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) tensor.data_ptr<float>()[i] = static_cast<float>(numbers[i]);
}

std::vector<double> random_values(std::size_t size, Random& random) {
  std::vector<double> result(size);
  for (double& value : result) value = static_cast<float>(random.normal());
  return result;
}

double norm(const std::vector<double>& v) { return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0)); }

/// Straight from the papers, a parameter at a time, in double.
struct Plain {
  TrainRecipe recipe;
  std::size_t decayed;
  std::vector<double> w, first, second;
  int t = 0;

  Plain(const TrainRecipe& r, const TorchNetwork& network)
      : recipe(r), decayed(static_cast<std::size_t>(network.decayed())), w(values(network.parameters())), first(w.size()), second(w.size()) {}

  void step(std::vector<double> g, double rate) {
    ++t;
    const double length = norm(g);
    if (recipe.clip_norm > 0 && length > recipe.clip_norm)
      for (double& value : g) value *= recipe.clip_norm / length;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double decay = i < decayed ? recipe.weight_decay : 0;
      if (recipe.optimizer == OptimizerKind::sgd) {
        const double along = g[i] + decay * w[i];
        first[i] = recipe.momentum * first[i] + along;
        w[i] -= rate * (recipe.nesterov ? along + recipe.momentum * first[i] : first[i]);
      } else {
        first[i] = recipe.betas[0] * first[i] + (1 - recipe.betas[0]) * g[i];
        second[i] = recipe.betas[1] * second[i] + (1 - recipe.betas[1]) * g[i] * g[i];
        const double mean = first[i] / (1 - std::pow(recipe.betas[0], t));
        const double square = second[i] / (1 - std::pow(recipe.betas[1], t));
        w[i] -= rate * (mean / (std::sqrt(square) + recipe.epsilon) + decay * w[i]);
      }
    }
  }
};

/// Floats against doubles over twenty steps of numbers about 1.
void check_near(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(2e-6));
}

}  // namespace

TEST_CASE("Steps are those of a plain loop in double") {
  TrainRecipe sgd, plain, adamw, clipped;
  sgd.weight_decay = 0.02;
  plain.momentum = 0, plain.nesterov = false;
  adamw.optimizer = clipped.optimizer = OptimizerKind::adamw;
  adamw.weight_decay = 0.1, adamw.betas = {0.8, 0.95}, adamw.epsilon = 1e-3;
  clipped.clip_norm = 0.7;
  TrainRecipe heavy = sgd;
  heavy.nesterov = false, heavy.clip_norm = 3;
  for (const TrainRecipe& recipe : {sgd, plain, adamw, clipped, heavy}) {
    TorchNetwork network(net());
    network.initialise(3);
    Optimizer optimizer(network, recipe);
    Plain reference(recipe, network);
    Random random(5);
    for (int step = 0; step < 20; ++step) {
      const auto gradient = random_values(reference.w.size(), random);
      const double rate = 0.01 * (1 + step % 3);
      set(network.gradients(), gradient);
      optimizer.step(rate);
      reference.step(gradient, rate);
      CHECK(norm(values(network.gradients())) == 0);  // ready for the next backward
    }
    check_near(values(network.parameters()), reference.w);
  }
}

TEST_CASE("Steps along a gradient that stays have a closed form") {
  constexpr int steps = 12;
  constexpr double rate = 0.01;
  TorchNetwork network(net());
  network.initialise(1);
  const auto before = values(network.parameters());
  Random random(2);
  auto gradient = random_values(before.size(), random);
  for (double& g : gradient) g = static_cast<float>(std::copysign(0.5 + std::abs(g), g));
  TrainRecipe recipe;
  recipe.weight_decay = 0;
  recipe.nesterov = false;
  double along = 0;  // how far they go, in gradients or their signs
  SECTION("momentum adds up a geometric series") {
    for (int t = 1; t <= steps; ++t) along += (1 - std::pow(recipe.momentum, t)) / (1 - recipe.momentum);
  }
  SECTION("Adam goes the rate a step, whatever the gradient") {
    recipe.optimizer = OptimizerKind::adamw;
    along = steps;
    for (double& g : gradient) g = std::copysign(1.0, g) * 1.0;
  }
  Optimizer optimizer(network, recipe);
  for (int t = 0; t < steps; ++t) {
    set(network.gradients(), gradient);
    optimizer.step(rate);
  }
  std::vector<double> expected = before;
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= rate * along * gradient[i];
  check_near(values(network.parameters()), expected);
}

TEST_CASE("Decoupled decay shrinks weights alone, at a rate that no gradient changes") {
  TrainRecipe recipe;
  recipe.optimizer = OptimizerKind::adamw;
  recipe.weight_decay = 0.1;
  TorchNetwork network(net());
  network.initialise(1);
  auto expected = values(network.parameters());
  Optimizer optimizer(network, recipe);
  for (int t = 0; t < 10; ++t) optimizer.step(0.5);
  for (std::size_t i = 0; i < static_cast<std::size_t>(network.decayed()); ++i) expected[i] *= std::pow(1 - 0.5 * 0.1, 10);
  check_near(values(network.parameters()), expected);
}

TEST_CASE("Clipping shortens what is too long and leaves the rest") {
  TrainRecipe recipe;
  recipe.momentum = 0, recipe.nesterov = false, recipe.weight_decay = 0, recipe.clip_norm = 2;
  for (const double length : {0.0, 0.5, 2.0, 50.0}) {
    TorchNetwork network(net());
    network.initialise(1);
    const auto before = values(network.parameters());
    std::vector<double> gradient(before.size());
    gradient[3] = length * 0.6, gradient.back() = length * 0.8;
    set(network.gradients(), gradient);
    Optimizer(network, recipe).step(1);
    auto moved = values(network.parameters());
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= before[i];
    CHECK(norm(moved) == Approx(std::min(length, 2.0)).margin(1e-6));
  }
}

TEST_CASE("The average is the debiased exponential one, of weights and statistics") {
  constexpr double decay = 0.7;
  TorchNetwork network(net());
  network.initialise(1);
  WeightAverage average(network, decay);
  Random random(9);
  std::vector<double> weights(static_cast<std::size_t>(network.parameters().numel())), statistics(6);
  double share = 0;
  std::vector<double> last;
  for (int t = 1; t <= 8; ++t) {
    last = random_values(weights.size(), random);
    const auto seen = random_values(statistics.size(), random);
    set(network.parameters(), last);
    set(network.statistics(), seen);
    average.update();
    share = decay * share + 1;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = decay * weights[i] + last[i];
    for (std::size_t i = 0; i < statistics.size(); ++i) statistics[i] = decay * statistics[i] + seen[i];
    if (t > 1) continue;
    average.swap();  // after one step it is that step's
    CHECK(values(network.parameters()) == last);
    average.swap();
  }
  for (double& w : weights) w /= share;
  for (double& s : statistics) s /= share;
  average.swap();
  check_near(values(network.parameters()), weights);
  check_near(values(network.statistics()), statistics);
  CHECK(network.weights()[2].mean[1] == Approx(statistics[1]).margin(2e-6));
  CHECK(network.weights()[2].variance[2] == Approx(statistics[5]).margin(2e-6));
  average.swap();
  CHECK(values(network.parameters()) == last);
}

TEST_CASE("Without a step, or a decay, there is no average") {
  TorchNetwork network(net());
  network.initialise(1);
  const auto before = values(network.parameters());
  WeightAverage none(network, 0), unused(network, 0.9);
  none.update();
  none.swap();
  unused.swap();
  CHECK(values(network.parameters()) == before);
}

TEST_CASE("Optimiser and average go on from their state to the last bit") {
  TrainRecipe recipe;
  recipe.optimizer = OptimizerKind::adamw;
  TorchNetwork one(net()), two(net());
  one.initialise(4);
  Optimizer whole(one, recipe), first(two, recipe), second(two, recipe);
  WeightAverage whole_average(one, 0.9), first_average(two, 0.9), second_average(two, 0.9);
  const auto walk = [](TorchNetwork& network, Optimizer& optimizer, WeightAverage& average, std::uint64_t seed) {
    Random random(seed);
    for (int t = 0; t < 5; ++t) {
      set(network.gradients(), random_values(static_cast<std::size_t>(network.parameters().numel()), random));
      optimizer.step(0.01);
      average.update();
    }
  };
  two.load(one.weights());
  walk(one, whole, whole_average, 1), walk(one, whole, whole_average, 2);
  walk(two, first, first_average, 1);
  second.load(first.state());
  second_average.load(first_average.state());
  walk(two, second, second_average, 2);
  CHECK(values(one.parameters()) == values(two.parameters()));
  whole_average.swap(), second_average.swap();
  CHECK(values(one.parameters()) == values(two.parameters()));
  TorchNetwork other(nets::depthwise_8_16_32());
  CHECK_THROWS_AS(Optimizer(other, recipe).load(first.state()), std::invalid_argument);
}
