// Trainings that end early, are interrupted and go on: to the last bit as if they had never stopped.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "catch.hpp"
#include "squares.hpp"

using namespace paretoforge;
using namespace paretoforge::squares;

namespace {

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
