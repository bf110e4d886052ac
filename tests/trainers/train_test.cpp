// Training as a whole: learns, repeats itself to the last bit, stops when told, fails with a reason.
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/reference.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

/// Bright squares on noise, in the corner that the label says: two layers can tell.
Images squares(std::size_t count, std::uint64_t seed) {
  Images images{.shape = {1, 12, 12}, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<int>(random.below(4));
    images.labels.push_back(static_cast<std::uint8_t>(label));
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 12; ++x)
        images.pixels.push_back(static_cast<std::uint8_t>(random.below(90) + (y / 6 * 2 + x / 6 == label ? 100 : 0)));
  }
  return images;
}

std::shared_ptr<const Dataset> data() {
  static const auto made = std::make_shared<const Dataset>(
      Dataset{"squares", {1, 12, 12}, {"0", "1", "2", "3"}, squares(600, 1), squares(200, 2)});
  return made;
}

/// Any classifier of these squares must look at where things are.
Graph small_net() {
  Graph graph({1, 12, 12});
  NodeId x = nets::conv_norm_relu(graph, 0, 8, 3, 2);
  x = nets::separable(graph, x, 12, 2);
  graph.add(Linear{.out = 4}, graph.add(Flatten{}, x));
  return graph;
}

TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.budget = {.epochs = 4, .images = 0, .validation = 100, .resolution = 0, .batch = 50, .test = true};
  s.recipe.augment = {.crop = 0, .shift = 1, .flip = false};
  return s;
}

TrainResult train(const Graph& graph, const TrainSettings& s, std::stop_token stop = {}) {
  return make_trainer(data(), s)->train(graph, s.budget, stop);
}

bool same_weights(const Model& a, const Model& b) {
  for (std::size_t i = 0; i < a.weights.size(); ++i) {
    const auto &x = a.weights[i], &y = b.weights[i];
    if (x.kernel != y.kernel || x.bias != y.bias || x.gamma != y.gamma || x.beta != y.beta || x.mean != y.mean ||
        x.variance != y.variance)
      return false;
  }
  return a.weights.size() == b.weights.size();
}

std::string training_error(const Graph& graph, const TrainSettings& s) {
  try {
    train(graph, s);
  } catch (const TrainingError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

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

namespace {

/// A file in a folder of its own that is gone when the test ends.
class CheckpointFile {
 public:
  CheckpointFile() {
    std::string form = (std::filesystem::temp_directory_path() / "paretoforge-XXXXXX").string();
    if (::mkdtemp(form.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = form;
  }
  ~CheckpointFile() { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "training"; }

 private:
  std::filesystem::path folder_;
};

/// What has the most state to keep.
TrainSettings adamw_averaged() {
  TrainSettings s = settings();
  s.recipe.optimizer = OptimizerKind::adamw;
  s.recipe.schedule = Schedule::cosine;
  s.recipe.rate = 0.01;
  s.recipe.clip_norm = 1;
  s.recipe.ema = 0.9;
  return s;
}

bool same_result(const TrainResult& a, const TrainResult& b) {
  return same_weights(a.model, b.model) && a.train_loss == b.train_loss && a.validation.loss == b.validation.loss &&
         a.test.accuracy_pct == b.test.accuracy_pct;
}

}  // namespace

TEST_CASE("A training continued at its rungs has the weights of one that never stopped") {
  const TrainRecipe sgd = settings().recipe, adamw = adamw_averaged().recipe;
  for (const TrainRecipe& recipe : {sgd, adamw}) {
    auto s = settings();
    s.recipe = recipe;
    s.budget.validation = 115;  // what does not fill a batch is left over in each epoch
    const auto whole = train(small_net(), s);
    const CheckpointFile file;
    s.budget.checkpoint = file.path();
    for (const std::int32_t epochs : {1, 3}) {
      s.budget.until = epochs;
      const auto part = train(small_net(), s);
      CHECK(part.steps == epochs * whole.steps / 4);
      CHECK(part.continued_from == (epochs == 3 ? whole.steps / 4 : 0));
    }
    s.budget.until = 0;
    const auto continued = train(small_net(), s);
    CHECK(continued.continued_from == whole.steps * 3 / 4);
    CHECK(continued.note.empty());
    CHECK(same_result(continued, whole));
  }
}

TEST_CASE("A curve is the validation after each epoch, and changes nothing") {
  auto s = settings();
  s.recipe.augment.flip = true;
  SECTION("of the last weights") {}
  SECTION("of averaged weights") { s.recipe.ema = 0.9; }
  const auto without = train(small_net(), s);
  CHECK(without.curve.empty());
  s.budget.curve = true;
  const auto with = train(small_net(), s);
  CHECK(same_result(with, without));
  CHECK(with.validation.accuracy_pct == without.validation.accuracy_pct);
  REQUIRE(with.curve.size() == 4);
  for (const std::int32_t epochs : {1, 2, 3}) {
    auto part = s;
    part.budget.until = epochs;
    part.budget.curve = false;
    CHECK(train(small_net(), part).validation.loss == with.curve[static_cast<std::size_t>(epochs - 1)].loss);
  }
  CHECK(with.curve.back().f1_pct == with.validation.f1_pct);
  s.budget.validation = 0;
  const auto blind = train(small_net(), s);
  REQUIRE(blind.curve.size() == 4);
  CHECK(std::isnan(blind.curve[0].loss));
  s.budget.epochs = 0;
  CHECK(train(small_net(), s).curve.empty());
}

TEST_CASE("A training that goes on from its checkpoint has the whole curve") {
  auto s = settings();
  s.budget.curve = true;
  const auto whole = train(small_net(), s);
  const CheckpointFile file;
  s.budget.checkpoint = file.path();
  s.budget.until = 2;
  CHECK(train(small_net(), s).curve.size() == 2);
  s.budget.until = 0;
  const auto continued = train(small_net(), s);
  CHECK(continued.continued_from == whole.steps / 2);
  CHECK(same_result(continued, whole));
  REQUIRE(continued.curve.size() == whole.curve.size());
  for (std::size_t i = 0; i < whole.curve.size(); ++i) CHECK(continued.curve[i].loss == whole.curve[i].loss);
  s.budget.curve = false;  // one without a curve is another training
  s.budget.until = 2;
  std::filesystem::remove(file.path());
  train(small_net(), s);
  s.budget.curve = true;
  s.budget.until = 0;
  const auto again = train(small_net(), s);
  CHECK(again.continued_from == 0);
  CHECK(again.curve.size() == whole.curve.size());
}

TEST_CASE("A training interrupted at random steps and resumed has the weights of one that never was") {
  auto s = adamw_averaged();
  const auto whole = train(small_net(), s);
  const CheckpointFile file;
  s.budget.checkpoint = file.path();
  Random random(4);
  int interrupted = 0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    std::stop_source stop;
    std::jthread stopper([&, wait = random.below(attempt < 20 ? 12 : 40)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      stop.request_stop();
    });
    try {
      const auto ended = train(small_net(), s, stop.get_token());
      CHECK(same_result(ended, whole));
      break;
    } catch (const TrainingInterrupted&) {
      ++interrupted;
    }
  }
  CHECK(interrupted > 0);
  CHECK(same_result(train(small_net(), s), whole));
}

TEST_CASE("A checkpoint of another training, a damaged one and one too far on are not used, and the result says so") {
  auto s = settings();
  const auto whole = train(small_net(), s);
  const CheckpointFile file;
  s.budget.checkpoint = file.path();
  const auto keep_two_epochs = [&] {
    std::filesystem::remove(file.path());
    auto part = s;
    part.budget.until = 2;
    train(small_net(), part);
  };
  const auto refused = [&](const TrainSettings& with, const Graph& graph, const std::string& why) {
    auto without = with;
    without.budget.checkpoint.clear();
    const auto result = train(graph, with);
    CHECK(result.continued_from == 0);
    CHECK(result.note.find(why) != std::string::npos);
    CHECK(same_result(result, train(graph, without)));
  };
  Graph other({1, 12, 12});
  other.add(Linear{.out = 4}, other.add(Flatten{}, nets::conv_norm_relu(other, 0, 8, 3, 2)));
  keep_two_epochs();
  refused(s, other, "another training");
  keep_two_epochs();
  auto changed = s;
  changed.recipe.rate *= 2;
  refused(changed, small_net(), "another training");
  keep_two_epochs();
  changed = s;
  changed.recipe.ema = 0.5;
  refused(changed, small_net(), "another training");
  keep_two_epochs();
  auto shorter = s;
  shorter.budget.until = 1;
  refused(shorter, small_net(), "further on");

  keep_two_epochs();
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(file.path()));
  std::ifstream stream(file.path(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  for (const std::streamoff at : {std::streamoff{0}, std::streamoff{30}, size / 2, size - 1}) {
    std::string damaged = bytes;
    damaged[static_cast<std::size_t>(at)] = static_cast<char>(damaged[static_cast<std::size_t>(at)] ^ 1);
    std::ofstream(file.path(), std::ios::binary) << damaged;
    refused(s, small_net(), "damaged");
  }
  for (const std::string& part : {std::string(), bytes.substr(0, 100), bytes.substr(0, bytes.size() - 1)}) {
    std::ofstream(file.path(), std::ios::binary) << part;
    refused(s, small_net(), "damaged");
  }
  std::ofstream(file.path(), std::ios::binary) << bytes;
  const auto continued = train(small_net(), s);
  CHECK(continued.continued_from == whole.steps / 2);
  CHECK(same_result(continued, whole));
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

namespace {

TrainSettings quantised_settings() {
  auto s = settings();
  s.recipe.quantise = FakeQuantisation{.from = 0.5, .freeze = 0.75, .momentum = 0.05};
  return s;
}

bool same_ranges(const Model& a, const Model& b) {
  const auto same = [](const Range& x, const Range& y) { return x.low == y.low && x.high == y.high; };
  return std::equal(a.ranges.begin(), a.ranges.end(), b.ranges.begin(), b.ranges.end(), same);
}

}  // namespace

TEST_CASE("Trained quantised: what is measured is what the integer model of the exporters gets right") {
  for (const int bits : {8, 4}) {
    Graph graph = small_net();
    for (const NodeId layer : weighted_layers(graph)) graph.set_weight_bits(layer, bits);
    const auto result = train(graph, quantised_settings());
    CHECK(result.test.accuracy_pct > 95);
    const Images& images = data()->test;
    const std::vector<float> outputs = quantised_logits(result.model, images);
    const IntegerModel integer = quantised(result.model);
    const IntegerNode& last = integer.nodes[static_cast<std::size_t>(integer.output)];
    IntegerInterpreter reference(integer);
    std::size_t differ = 0, right = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto sample = normalised(result.model.input, images.shape, std::span(images.pixels).subspan(i * 144, 144));
      const auto value = dequantised(last, reference.run(quantised_input(integer, sample)));
      for (std::size_t c = 0; c < 4; ++c) differ += value[c] != outputs[i * 4 + c];
      right += static_cast<std::size_t>(std::max_element(value.begin(), value.end()) - value.begin()) == images.labels[i];
    }
    CHECK(differ == 0);
    CHECK(result.test.accuracy_pct == Approx(100.0 * static_cast<double>(right) / static_cast<double>(images.size())));
  }
}

TEST_CASE("Trained quantised: same seed, same bytes; a training continued at its rungs is one that never stopped") {
  auto s = quantised_settings();
  const auto whole = train(small_net(), s);
  CHECK(whole.model.ranges.size() == whole.model.weights.size());
  const auto again = train(small_net(), s);
  CHECK(same_result(whole, again));
  CHECK(same_ranges(whole.model, again.model));
  CheckpointFile file;
  s.budget.checkpoint = file.path();
  for (const int until : {1, 2, 3, 0}) {
    s.budget.until = until;
    const auto part = train(small_net(), s);
    CHECK(part.note.empty());
    CHECK(part.model.ranges.empty() == (until == 1 || until == 2));  // it begins after the second epoch
    if (until != 0) continue;
    CHECK(part.continued_from == 30);
    CHECK(same_result(part, whole));
    CHECK(same_ranges(part.model, whole.model));
  }
  s.recipe.quantise->freeze = 1;
  s.budget.until = 3;
  CHECK(train(small_net(), s).note.find("another training") != std::string::npos);
}

TEST_CASE("Trained quantised: a float model's weights are where it may begin") {
  auto s = settings();
  const auto plain = train(small_net(), s);
  s.recipe.quantise = FakeQuantisation{.from = 0, .freeze = 0.5};
  s.recipe.rate = 0.01;
  s.budget.epochs = 1;
  s.budget.start = std::make_shared<const std::vector<Weights>>(plain.model.weights);
  const auto tuned = train(small_net(), s);
  CHECK(tuned.test.accuracy_pct > 97);
  CHECK(tuned.model.ranges.size() == tuned.model.weights.size());
  s.recipe.quantise = FakeQuantisation{.from = 0, .freeze = 0};  // frozen at once: one batch is observed all the same
  CHECK(train(small_net(), s).test.accuracy_pct > 90);
  Graph wide = small_net();
  wide.set_weight_bits(1, 16);
  s.budget.start = nullptr;
  CHECK(training_error(wide, s).find("conv_1") != std::string::npos);
}
