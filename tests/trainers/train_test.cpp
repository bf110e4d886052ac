// Training as a whole: learns, repeats itself to the last bit, stops when told, fails with a reason.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "catch.hpp"
#include "squares.hpp"

using namespace paretoforge;
using namespace paretoforge::squares;

TEST_CASE("Learns what can be learnt") {
  for (const auto schedule : {Schedule::one_cycle, Schedule::cosine}) {
    auto s = settings();
    s.recipe.schedule = schedule;
    const auto result = train(small_net(), s);
    CHECK(result.steps == 40);
    CHECK(result.validation.accuracy_pct > 97);
    CHECK(result.test.accuracy_pct > 97);
    CHECK(result.test.loss < 0.3);
    CHECK(result.train_loss < 0.5);
    CHECK(result.cpu_seconds > 0);
  }
  for (const bool averaged : {false, true}) {
    auto s = settings();
    s.recipe.optimizer = OptimizerKind::adamw;
    s.recipe.rate = 0.02;
    s.recipe.ema = averaged ? 0.8 : 0;
    CHECK(train(small_net(), s).test.accuracy_pct > 97);
  }
  auto s = settings();
  s.budget.epochs = 0;
  const auto untrained = train(small_net(), s);
  CHECK(untrained.steps == 0);
  CHECK(untrained.validation.accuracy_pct < 70);
}

TEST_CASE("The model evaluates as it did in training") {
  auto s = settings();
  const auto result = train(small_net(), s);
  const auto again = evaluate(result.model, data()->test);
  CHECK(again.accuracy_pct == result.test.accuracy_pct);
  CHECK(again.loss == result.test.loss);
  CHECK(logits(result.model, data()->test).size() == 800);
  CHECK(result.model.input.mean == normalisation(data()->train).mean);
  CHECK(std::isnan(evaluate(result.model, Images{.shape = {1, 12, 12}, .pixels = {}, .labels = {}}).loss));
}

TEST_CASE("Same seed, same bytes, alone and beside another training") {
  const auto s = settings();
  const auto trainer = make_trainer(data(), s);
  const auto alone = trainer->train(small_net(), s.budget);
  TrainResult first, second;
  auto other = s.budget;
  other.seed = 2;
  {
    std::jthread a([&] { first = trainer->train(small_net(), s.budget); });
    std::jthread b([&] { second = trainer->train(small_net(), other); });
  }
  CHECK(same_weights(alone.model, first.model));
  CHECK(alone.validation.loss == first.validation.loss);
  CHECK_FALSE(same_weights(alone.model, second.model));
}

TEST_CASE("A recipe's parts matter") {
  const auto base = settings();
  const auto reference = train(small_net(), base);
  const auto differs = [&](auto change) {
    auto s = base;
    change(s);
    return !same_weights(train(small_net(), s).model, reference.model);
  };
  CHECK_FALSE(differs([](TrainSettings&) {}));
  CHECK(differs([](TrainSettings& s) { s.recipe.nesterov = false; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.momentum = 0.8; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.optimizer = OptimizerKind::adamw; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.clip_norm = 0.1; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.ema = 0.5; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.weight_decay = 0; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.label_smoothing = 0.1; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.augment.flip = true; }));
  CHECK(differs([](TrainSettings& s) { s.recipe.augment.shift = 0; }));
  CHECK(differs([](TrainSettings& s) { s.budget.images = 400; }));
  CHECK(differs([](TrainSettings& s) { s.budget.split_seed = 2; }));
}

TEST_CASE("One plain step is gradient descent") {
  // A linear network on one image: the step can be done by hand. No momentum, no decay: w1 = w0 - rate * (p - t) x.
  auto one = std::make_shared<Dataset>(
      Dataset{"one", {1, 1, 1}, {"a", "b"}, {{1, 1, 1}, {255}, {1}}, {{1, 1, 1}, {255}, {1}}});
  Graph graph({1, 1, 1});
  graph.add(Linear{.out = 2}, 0);
  TrainSettings s;
  s.device = "cpu";
  s.recipe.momentum = 0, s.recipe.weight_decay = 0, s.recipe.nesterov = false, s.recipe.schedule = Schedule::cosine,
  s.recipe.rate = 0.6;
  s.budget.validation = 0, s.budget.epochs = 0;
  const auto before = make_trainer(one, s)->train(graph, s.budget).model;
  s.budget.epochs = 1;
  const auto after = make_trainer(one, s)->train(graph, s.budget).model;
  // The one image is its own mean: x = 0 after normalisation (deviation 1), so only the bias learns.
  const double rate = 0.3;  // half of the peak: one step of a cosine
  CHECK(after.weights[1].kernel == before.weights[1].kernel);
  CHECK(after.weights[1].bias[0] == Approx(-rate * 0.5));
  CHECK(after.weights[1].bias[1] == Approx(rate * 0.5));
}

TEST_CASE("Divergence is a TrainingError with step and rate") {
  auto s = settings();
  s.recipe.rate = 1e3;
  s.recipe.weight_decay = 1;
  const auto message = training_error(small_net(), s);
  INFO(message);
  CHECK(message.find("step") != std::string::npos);
  CHECK(message.find("rate") != std::string::npos);
}

TEST_CASE("Training stops when told") {
  auto s = settings();
  s.budget.epochs = 1000000;
  std::stop_source stop;
  std::atomic<bool> interrupted = false;
  {
    std::jthread thread([&] {
      try {
        train(small_net(), s, stop.get_token());
      } catch (const TrainingInterrupted&) {
        interrupted = true;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  }
  CHECK(interrupted);
  const auto model = random_model(small_net(), 1);
  CHECK_THROWS_AS(evaluate(model, data()->test, stop.get_token()), TrainingInterrupted);
}

TEST_CASE("Budgets at their edges") {
  auto s = settings();
  s.budget.epochs = 1;
  SECTION("a batch larger than the data is one step of all of it") {
    s.budget.batch = 100000;
    CHECK(train(small_net(), s).steps == 1);
  }
  SECTION("a share of the images") {
    s.budget.share = 0.4;  // of 500
    CHECK(train(small_net(), s).steps == 4);
  }
  SECTION("one image") {
    s.budget.images = 1;
    s.budget.validation = 0;
    const auto result = train(small_net(), s);
    CHECK(result.steps == 1);
    CHECK(std::isnan(result.validation.accuracy_pct));
  }
  SECTION("more images than there are") {
    s.budget.images = 501;
    CHECK_THROWS_AS(make_trainer(data(), s), ConfigError);
    s.budget.images = 0;
    s.budget.validation = 600;
    CHECK_THROWS_AS(make_trainer(data(), s), ConfigError);
  }
  SECTION("another resolution") {
    Graph graph({1, 12, 12});
    nets::classifier(graph, nets::conv_norm_relu(graph, 0, 8, 3, 2), 4);
    s.budget.resolution = 8;
    const auto result = train(graph, s);
    CHECK(result.model.graph.shape(0) == Shape{1, 12, 12});
    CHECK(training_error(small_net(), s).find("depend on it") != std::string::npos);
  }
  SECTION("another width") {
    Graph graph({1, 12, 12});
    nets::classifier(graph, nets::conv_norm_relu(graph, 0, 8, 3, 2), 4);
    s.budget.width = 0.5;
    const auto result = train(graph, s);
    CHECK(same_network(result.model.graph, at_width(graph, 0.5)));
    CHECK(evaluate(result.model, data()->test).accuracy_pct == Approx(result.test.accuracy_pct));  // weights of the thinner network
  }
  SECTION("a network that the input does not reach") {
    Graph graph({1, 12, 12});
    graph.add(Linear{.out = 4}, graph.add(GlobalPool{}, graph.add(Zero{{2, 3, 3}}, 0)));
    CHECK(train(graph, s).validation.accuracy_pct < 60);
    Graph bare({1, 12, 12});
    bare.add(Zero{{4, 1, 1}}, 0);
    CHECK(train(bare, s).validation.accuracy_pct < 60);
  }
}

TEST_CASE("Networks and data that do not fit are refused") {
  const auto s = settings();
  Graph colours({3, 12, 12});
  nets::classifier(colours, nets::conv_norm_relu(colours, 0, 4, 3, 2), 4);
  CHECK(training_error(colours, s).find("3 channels") != std::string::npos);
  Graph ten({1, 12, 12});
  nets::classifier(ten, nets::conv_norm_relu(ten, 0, 4, 3, 2), 10);
  CHECK(training_error(ten, s).find("10 outputs") != std::string::npos);
  auto cuda = s;
  cuda.trainer = "nothing";
  CHECK_THROWS_AS(make_trainer(data(), cuda), ConfigError);
}

TEST_CASE("Every trainer of the table learns, repeats itself, goes on where it was, stops when told and says what fails") {
  for (const auto& kind : trainers()) {
    INFO(kind.name);
    CHECK_FALSE(kind.summary.empty());
    auto s = settings();
    s.trainer = kind.name;
    s.recipe.rate = 0.1;
    s.budget.epochs = 16, s.budget.batch = 10;  // a client of ten has 50 images
    const auto trainer = make_trainer(data(), s);
    const auto whole = trainer->train(small_net(), s.budget);
    CHECK(whole.test.accuracy_pct > 90);
    CHECK(same_result(trainer->train(small_net(), s.budget), whole));
    auto other = s.budget;
    other.seed = 2;
    CHECK_FALSE(same_weights(trainer->train(small_net(), other).model, whole.model));

    const CheckpointFile file;
    auto part = s.budget;
    part.checkpoint = file.path();
    for (part.until = 1; part.until <= 5; part.until += 2) trainer->train(small_net(), part);
    std::stop_source stop;
    stop.request_stop();
    part.until = 0;
    CHECK_THROWS_AS(trainer->train(small_net(), part, stop.get_token()), TrainingInterrupted);
    const auto continued = trainer->train(small_net(), part);
    CHECK(continued.continued_from == whole.steps * 5 / 16);
    CHECK(same_result(continued, whole));

    auto none = s.budget;
    none.epochs = 0;
    CHECK(trainer->train(small_net(), none).steps == 0);
    s.recipe.rate = 1e3;
    s.recipe.weight_decay = 1;
    CHECK(training_error(small_net(), s).find("not finite at step") != std::string::npos);
  }
}
