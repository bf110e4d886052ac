// What ends a training: the best epoch, the clock, memory. What it takes, and what its errors say.
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/early_stop_internal.hpp"
#include "trainers/trainer_internal.hpp"

using namespace paretoforge;

namespace {

/// Noise that no network can tell apart but by heart.
Images noise(std::size_t count, const Shape& shape, std::size_t classes, std::uint64_t seed) {
  Images images{.shape = shape, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<Label>(random.below(classes)));
    for (std::int64_t k = 0; k < shape.elements(); ++k) images.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return images;
}

std::shared_ptr<const Dataset> noisy(std::size_t count = 300, Shape shape = {1, 8, 8}, std::size_t classes = 3) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < classes; ++c) names.push_back(std::to_string(c));
  return std::make_shared<const Dataset>(
      Dataset{"noise", shape, names, noise(count, shape, classes, 1), noise(60, shape, classes, 2)});
}

Graph net() {
  Graph graph({1, 8, 8});
  graph.add(Linear{.out = 3}, graph.add(Flatten{}, nets::conv_norm_relu(graph, 0, 8, 3, 1)));
  return graph;
}

TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.budget = {.epochs = 12, .images = 0, .validation = 100, .resolution = 0, .batch = 32, .test = true};
  s.recipe.rate = 0.1;
  return s;
}

TrainResult train(const Graph& graph, const TrainSettings& s, std::shared_ptr<const Dataset> data = noisy()) {
  return make_trainer(std::move(data), s)->train(graph, s.budget);
}

std::string error_of(const Graph& graph, const TrainSettings& s, std::shared_ptr<const Dataset> data = noisy()) {
  try {
    train(graph, s, std::move(data));
  } catch (const TrainingError& error) {
    return error.what();
  }
  return "";
}

bool same_weights(const Model& a, const Model& b) {
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    if (a.weights[i].kernel != b.weights[i].kernel || a.weights[i].mean != b.weights[i].mean ||
        a.weights[i].bias != b.weights[i].bias || a.weights[i].variance != b.weights[i].variance)
      return false;
  return true;
}

}  // namespace

TEST_CASE("Patience counts epochs without a better score, and the best weights come back") {
  TorchNetwork network(net());
  BestWeights best(network, {.patience = 2, .least = 0.5, .score = "loss"});
  const auto epoch = [&](std::int64_t number, double loss) {
    network.initialise(static_cast<std::uint64_t>(number));
    best.see({.loss = loss}, number);
  };
  const auto weights_of_epoch = [](std::uint64_t number) {
    TorchNetwork fresh(net());
    fresh.initialise(number);
    return fresh.weights()[1].kernel;
  };
  epoch(1, 9), epoch(2, 8), epoch(3, 7.6);
  CHECK(best.epoch() == 2);  // 0.4 is less than what counts
  CHECK_FALSE(best.enough(3));
  const BestState kept = best.state();
  epoch(4, 8.5);
  CHECK(best.enough(4));
  best.restore();
  CHECK(network.weights()[1].kernel == weights_of_epoch(2));
  BestWeights again(network, {.patience = 2, .least = 0.5, .score = "loss"});
  again.load(kept);
  again.see({.loss = 3}, 5);
  CHECK(again.epoch() == 5);
  BestWeights never(network, {});
  CHECK_FALSE(never.enough(100));
  BestWeights undefined(network, {.patience = 1, .score = "auc_pct"});  // NaN where a class does not occur
  undefined.see({}, 1);
  undefined.see({.auc_pct = 50}, 2);
  CHECK(undefined.epoch() == 2);
}

TEST_CASE("A training that stops early has the weights of its best epoch, whatever it was to do after") {
  for (const double ema : {0.0, 0.8}) {
    auto s = settings();
    s.recipe.ema = ema;
    s.recipe.early_stop = {.patience = 2, .score = "loss"};
    const auto result = train(net(), s);
    REQUIRE(result.best_epoch > 0);
    CHECK(result.steps == (result.best_epoch + 2) * 6);  // noise is soon known by heart
    CHECK(result.steps < 12 * 6);
    auto until = s;
    until.recipe.early_stop = {};
    until.budget.until = static_cast<std::int32_t>(result.best_epoch);
    CHECK(same_weights(train(net(), until).model, result.model));
  }
}

TEST_CASE("Early stops go on from checkpoints, the best weights with them") {
  const TemporaryFolder folder;
  for (const char* trainer : {"supervised", "federated"}) {
    auto s = settings();
    s.trainer = trainer;
    s.budget.epochs = 8;
    s.recipe.early_stop = {.patience = 3, .score = "accuracy_pct"};
    const auto whole = train(net(), s);
    s.budget.checkpoint = folder.path() / trainer;
    for (s.budget.until = 1; s.budget.until < 8; ++s.budget.until) train(net(), s);
    s.budget.until = 0;
    const auto parts = train(net(), s);
    CHECK(parts.continued_from > 0);
    CHECK(parts.best_epoch == whole.best_epoch);
    CHECK(parts.steps == whole.steps);
    CHECK(same_weights(parts.model, whole.model));
  }
}

TEST_CASE("A time limit ends a training in an error, with how far it came, and counts across interruptions") {
  const TemporaryFolder folder;
  auto s = settings();
  s.budget.epochs = 1000000;
  s.budget.time_limit = 0.5;
  s.budget.checkpoint = folder.path() / "training";
  const std::string message = error_of(net(), s);
  INFO(message);
  CHECK(message.find("time_limit of 0.5 s after ") != std::string::npos);
  CHECK(message.find("of 6000000 steps") != std::string::npos);
  s.budget.time_limit = 1e-9;
  CHECK(error_of(net(), s).find("after 0 of") == std::string::npos);  // goes on where it was, and has no time left
  s.budget.checkpoint.clear();
  s.budget.epochs = 2;
  s.budget.time_limit = 1e6;
  CHECK(error_of(net(), s).empty());
}

namespace {

/// Counts what LibTorch takes on this thread.
class Counting : public c10::MemoryReportingInfoBase {
 public:
  // LibTorch 1.13 calls the first, 2.x the second.
  void reportMemoryUsage(void*, std::int64_t bytes, std::int64_t, std::int64_t, c10::Device) { count(bytes); }
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device) { count(bytes); }
  void count(std::int64_t bytes) {
    now += static_cast<double>(bytes);
    most = std::max(most, now);
  }
  bool memoryProfilingEnabled() const override { return true; }
  double now = 0, most = 0;
};

}  // namespace

TEST_CASE("What a training is said to need is what it takes, and at most twice that") {
  struct Case {
    Graph graph;
    std::shared_ptr<const Dataset> data;
    std::int32_t batch;
  };
  const std::vector<Case> cases{{nets::depthwise_8_16_32(), noisy(400, {1, 28, 28}, 10), 64},
                                {nets::depthwise50k(), noisy(200, {1, 28, 28}, 10), 32},
                                {nets::resnet8(), noisy(100, {3, 32, 32}, 10), 32}};
  for (const auto& [graph, data, batch] : cases)
    for (const auto& [adamw, quantised] : {std::pair{false, false}, std::pair{true, false}, std::pair{false, true}}) {
      auto s = settings();
      s.budget.epochs = 1, s.budget.validation = 20, s.budget.batch = batch, s.budget.test = false;
      s.recipe.optimizer = adamw ? OptimizerKind::adamw : OptimizerKind::sgd;
      if (quantised) s.recipe.quantise = FakeQuantisation{.from = 0.3, .freeze = 0.7};
      const auto counting = std::make_shared<Counting>();
      {
        const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counting);
        train(graph, s, data);
      }
      const double said = training_bytes(graph, *data, s.recipe, s.budget);
      INFO(counting->most << " bytes taken, " << said << " said" << (quantised ? ", quantised" : ""));
      CHECK(counting->most > 1e6);
      CHECK(said > counting->most);
      CHECK(said < 2 * counting->most);
      s.budget.memory_limit = 0.9 * said;
      CHECK(error_of(graph, s, data).find("MiB, more than its memory_limit of") != std::string::npos);
    }
}

TEST_CASE("A smaller batch, image or network needs less memory") {
  const auto s = settings();
  const auto data = noisy();
  const auto bytes = [&](auto change) {
    auto budget = s.budget;
    change(budget);
    Graph graph({1, 8, 8});
    nets::classifier(graph, nets::conv_norm_relu(graph, 0, 8, 3, 1), 3);
    return training_bytes(graph, *data, s.recipe, budget);
  };
  const double all = bytes([](TrainBudget&) {});
  CHECK(bytes([](TrainBudget& b) { b.batch = 16; }) < all);
  CHECK(bytes([](TrainBudget& b) { b.resolution = 4; }) < all);
  CHECK(bytes([](TrainBudget& b) { b.width = 0.5; }) < all);
  CHECK(bytes([](TrainBudget& b) { b.images = 50; }) == all);  // they are read where they lie, but for those resized
  CHECK(bytes([](TrainBudget& b) { b.resolution = 4, b.images = 50; }) < bytes([](TrainBudget& b) { b.resolution = 4; }));
  CHECK(bytes([](TrainBudget& b) { b.batch = 100000; }) == bytes([](TrainBudget& b) { b.batch = 200; }));  // there are 200
}

TEST_CASE("An early stop without images to validate on is refused") {
  auto s = settings();
  s.recipe.early_stop.patience = 1;
  s.budget.validation = 0;
  CHECK_THROWS_AS(make_trainer(noisy(), s), ConfigError);
}
