// Trainings that end quantised: what they measure, repeat, continue and begin from.
#include <algorithm>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/reference.hpp"
#include "squares.hpp"

using namespace paretoforge;
using namespace paretoforge::squares;

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

TEST_CASE("Trained quantised: the rate that is left once norms are frozen is the one that is asked for") {
  auto s = quantised_settings();
  s.recipe.quantise->frozen_rate = 0;
  const auto still = train(small_net(), s);
  s.recipe.quantise->frozen_rate = 0.1;
  const auto slow = train(small_net(), s);
  s.recipe.quantise->frozen_rate = 1;
  CHECK_FALSE(same_weights(train(small_net(), s).model, slow.model));
  s.budget.until = 3;  // where it freezes
  const auto half = train(small_net(), s);
  CHECK(same_weights(half.model, still.model));
  CHECK(same_ranges(half.model, still.model));
  CHECK_FALSE(same_weights(half.model, slow.model));
  for (std::size_t i = 0; i < half.model.weights.size(); ++i) CHECK(half.model.weights[i].variance == slow.model.weights[i].variance);
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
