// Second-order rounding: closed forms, every assignment tried, and whole layers against rounding to nearest.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "exporters/equalise.hpp"
#include "exporters/float_model.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/reference.hpp"
#include "exporters/weight_rounding_internal.hpp"
#include "networks.hpp"

using namespace paretoforge;
using namespace paretoforge::test;
using internal::RoundedRow;
using internal::SecondOrderRounding;

namespace {

/// The covariance of `count` random vectors with `common` of each shared by all: strongly correlated inputs.
std::vector<double> random_moments(std::size_t size, int count, double common, Random& random) {
  std::vector<double> moments(size * size, 0.0);
  for (int k = 0; k < count; ++k) {
    std::vector<double> x(size);
    const double shared = random.normal();
    for (double& value : x) value = common * shared + random.normal();
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) moments[i * size + j] += x[i] * x[j] / count;
  }
  return moments;
}

std::vector<float> random_row(std::size_t size, Random& random) {
  std::vector<float> row(size);
  for (float& weight : row) weight = static_cast<float>(random.normal());
  return row;
}

/// The least error of all assignments of three-valued weights at one scale.
double best_of_all(const SecondOrderRounding& rounding, const std::vector<float>& weights, double scale) {
  double least = std::numeric_limits<double>::infinity();
  RoundedRow row{scale, std::vector<std::int8_t>(weights.size())};
  const auto total = static_cast<std::size_t>(std::pow(3, weights.size()));
  for (std::size_t code = 0; code < total; ++code) {
    std::size_t rest = code;
    for (std::int8_t& q : row.q) {
      q = static_cast<std::int8_t>(static_cast<int>(rest % 3) - 1);
      rest /= 3;
    }
    least = std::min(least, rounding.error(weights, row));
  }
  return least;
}

/// Mean square of the difference between an integer model's output and the float one's.
double output_error(const Model& model, const IntegerModel& integer, std::span<const float> images) {
  IntegerInterpreter interpreter(integer);
  const std::size_t size = static_cast<std::size_t>(model.graph.shape(0).elements());
  double sum = 0, power = 0;
  for (std::size_t i = 0; i < images.size(); i += size) {
    const auto image = images.subspan(i, size);
    const auto expected = run_float(model, image);
    const auto found = dequantised(integer.nodes[static_cast<std::size_t>(integer.output)], interpreter.run(quantised_input(integer, image)));
    for (std::size_t k = 0; k < found.size(); ++k) {
      sum += std::pow(found[k] - expected[k], 2);
      power += std::pow(expected[k], 2);
    }
  }
  return sum / power;
}

Model with_bits(const Model& model, int bits) { return with_weight_bits(model, weighted_layers(model.graph), bits); }

}  // namespace

TEST_CASE("rounding to nearest: integers of a known row, and the scale that reaches to its end") {
  const std::vector<float> row{-1.27f, 0.5f, 0.004f, 0.006f, 1.0f};
  CHECK(internal::nearest_scale(row, 8) == Approx(0.01));
  CHECK(internal::rounded_to_nearest(row, 0.01, 8).q == std::vector<std::int8_t>{-127, 50, 0, 1, 100});
  CHECK(internal::rounded_to_nearest(row, 0.1, 4).q == std::vector<std::int8_t>{-7, 5, 0, 0, 7});
  CHECK(internal::nearest_scale(std::vector<float>{0, 0}, 4) == 0);
}

TEST_CASE("two inputs that are always equal: one weight takes what the other loses") {
  // Only the sum of the weights matters: 0.4 + 0.4 + one that fixes the scale is worth 1, not 0 + 0.
  const std::vector<double> moments{1, 1, 0, 1, 1, 0, 0, 0, 1};
  const SecondOrderRounding rounding(moments, 3);
  const std::vector<float> row{0.4f, 0.4f, 7.0f};
  const RoundedRow found = rounding.round(row, 4, 0.0);
  CHECK(found.q[0] + found.q[1] == 1);
  CHECK(rounding.error(row, found) < 0.1);
  CHECK(rounding.error(row, internal::rounded_to_nearest(row, 1.0, 4)) == Approx(0.64));
}

TEST_CASE("inputs that have nothing to do with each other: each weight for itself is best") {
  std::vector<double> moments(36, 0.0);
  for (std::size_t i = 0; i < 6; ++i) moments[i * 7] = 1;
  const SecondOrderRounding rounding(moments, 6);
  Random random(1);
  for (int turn = 0; turn < 20; ++turn) {
    const std::vector<float> row = random_row(6, random);
    const RoundedRow found = rounding.round(row, 4, 0.0);
    CHECK(found.q == internal::rounded_to_nearest(row, found.scale, 4).q);
  }
}

TEST_CASE("never worse than rounding to nearest, and near the best of all assignments") {
  Random random(2);
  double found_sum = 0, best_sum = 0, nearest_sum = 0;
  for (int turn = 0; turn < 40; ++turn) {
    const std::vector<double> moments = random_moments(8, 100, 2.0, random);
    const SecondOrderRounding rounding(moments, 8);
    const std::vector<float> row = random_row(8, random);
    const RoundedRow nearest = internal::rounded_to_nearest(row, internal::nearest_scale(row, 2), 2), found = rounding.round(row, 2, 0.0);
    CHECK(rounding.error(row, found) <= rounding.error(row, nearest));
    CHECK(std::all_of(found.q.begin(), found.q.end(), [](int q) { return q >= -1 && q <= 1; }));
    found_sum += rounding.error(row, found);
    nearest_sum += rounding.error(row, nearest);
    best_sum += best_of_all(rounding, row, found.scale);
  }
  CHECK(found_sum < 1.25 * best_sum);
  CHECK(found_sum < 0.5 * nearest_sum);
}

TEST_CASE("rows and moments of every kind give whole numbers in range and a positive scale") {
  Random random(3);
  for (const std::size_t size : {1u, 2u, 9u, 40u})
    for (const int samples : {1, 3, 100})
      for (const int bits : {2, 3, 4, 8}) {
        std::vector<double> moments = random_moments(size, samples, 1.0, random);
        for (std::size_t i = 0; i < size; ++i) moments[i] = moments[i * size] = 0;  // an input that never changes
        const SecondOrderRounding rounding(moments, size);
        for (const float factor : {1.0f, 1e-20f, 1e20f}) {
          std::vector<float> row = random_row(size, random);
          for (float& weight : row) weight *= factor;
          const RoundedRow found = rounding.round(row, bits, 1e-30);
          const int limit = (1 << (bits - 1)) - 1;
          CHECK(found.scale > 0);
          CHECK(std::isfinite(found.scale));
          CHECK(std::all_of(found.q.begin(), found.q.end(), [&](int q) { return std::abs(q) <= limit; }));
          CHECK(rounding.error(row, found) <= rounding.error(row, internal::rounded_to_nearest(row, internal::nearest_scale(row, bits), bits)));
        }
        CHECK(rounding.round(std::vector<float>(size, 0.0f), bits, 0.5).q == std::vector<std::int8_t>(size, 0));
      }
}

TEST_CASE("the least scale is kept") {
  const SecondOrderRounding rounding(std::vector<double>{1, 0.5, 0.5, 1}, 2);
  CHECK(rounding.round(std::vector<float>{0.1f, 0.2f}, 4, 3.0).scale >= 3.0);
}

TEST_CASE("four-bit networks rounded by their inputs are nearer to the float network") {
  double nearest_sum = 0, found_sum = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = with_bits(random_model(graph, seed), 4);
    const std::vector<float> images = random_images(graph.shape(0), 48, seed), unseen = random_images(graph.shape(0), 16, seed + 500);
    const IntegerModel found = quantised(model, images, {.rounding = WeightRounding::second_order});
    nearest_sum += output_error(model, quantised(model, images), unseen);
    found_sum += output_error(model, found, unseen);
  }
  CHECK(found_sum < 0.9 * nearest_sum);  // noise has few relations between inputs to make use of
}

TEST_CASE("a layer's mean output is that of the float layer, padding and all") {
  Graph graph({2, 5, 5});
  graph.add(conv_of(4, 3, 1, 1, true), NodeId{0});
  const Model model = with_bits(random_model(graph, 4), 3);
  std::vector<float> images = random_images({2, 5, 5}, 32, 4);
  for (float& value : images) value += 2;
  const Calibration seen = calibrate(folded(model), images, {.rule = RangeRule::min_max});
  const IntegerModel integer = quantised(folded(model), seen, {.rounding = WeightRounding::second_order}, images);
  IntegerInterpreter interpreter(integer);
  std::vector<double> means(4, 0.0);
  for (std::size_t i = 0; i < 32; ++i) {
    interpreter.run(quantised_input(integer, std::span(images).subspan(i * 50, 50)));
    for (std::size_t k = 0; k < 100; ++k)
      means[k % 4] += (interpreter.value(1)[k] - integer.nodes[1].output.zero_point) * double{integer.nodes[1].output.scale} / (32 * 25);
  }
  for (std::size_t c = 0; c < 4; ++c) CHECK(means[c] == Approx(double{seen.means[1][c]}).margin(0.2 * double{integer.nodes[1].output.scale}));
}

TEST_CASE("same images, same integers; no image at all is refused") {
  const Graph graph = random_graph(5);
  const Model model = with_bits(random_model(graph, 5), 4);
  const std::vector<float> images = random_images(graph.shape(0), 8, 5);
  const QuantiseOptions options{.rounding = WeightRounding::second_order};
  const IntegerModel a = quantised(model, images, options), b = quantised(model, images, options);
  for (std::size_t n = 0; n < a.nodes.size(); ++n) {
    CHECK(a.nodes[n].kernel == b.nodes[n].kernel);
    CHECK(a.nodes[n].kernel_scales == b.nodes[n].kernel_scales);
    CHECK(a.nodes[n].bias == b.nodes[n].bias);
  }
  const Model plain = folded(model);
  CHECK_THROWS_AS(quantised(plain, calibrate(plain, images), options), std::invalid_argument);
}

TEST_CASE("constant inputs and dead channels are rounded to something finite") {
  Graph graph({3, 4, 4});
  graph.add(Linear{.out = 4}, graph.add(Flatten{}, block(graph, NodeId{0}, conv_of(6, 3), ActivationKind::relu)));
  Model model = with_bits(random_model(graph, 6), 4);
  std::fill_n(model.weights[1].kernel.begin(), 27, 0.0f);
  for (const std::vector<float>& images : {std::vector<float>(96, 0.0f), std::vector<float>(96, 1.5f)}) {
    const IntegerModel integer = quantised(model, images, {.rounding = WeightRounding::second_order});
    for (const IntegerNode& node : integer.nodes)
      for (const float scale : node.kernel_scales) CHECK((std::isfinite(scale) && scale > 0));
    CHECK(output_error(model, integer, images) < 0.01);
  }
}

TEST_CASE("weight bits of some layers change, and nothing else") {
  Graph graph({3, 8, 8});
  graph.begin_scope("stem");
  const NodeId first = graph.add(conv_of(4, 3), NodeId{0});
  graph.begin_scope("body");
  const NodeId second = graph.add(conv_of(4, 3), first);
  graph.set_activation_bits(second, 16);
  graph.add(Zero{{4, 8, 8}}, second);
  graph.set_output(second);
  const Model model = random_model(graph, 1);
  const Model narrow = with_weight_bits(model, std::vector{second}, 4);
  CHECK(std::get<Conv>(narrow.graph.op(first)).weight_bits == 8);
  CHECK(std::get<Conv>(narrow.graph.op(second)).weight_bits == 4);
  CHECK(narrow.graph.output() == second);
  CHECK(narrow.graph.node(second).activation_bits == 16);
  for (NodeId id = 0; id < graph.size(); ++id) CHECK(narrow.graph.name(id) == graph.name(id));
  CHECK(narrow.weights[1].kernel == model.weights[1].kernel);
  CHECK_THROWS_AS(with_weight_bits(model, std::vector{NodeId{0}}, 4), std::invalid_argument);
  CHECK_THROWS_AS(with_weight_bits(model, std::vector{first}, 0), std::invalid_argument);
}

TEST_CASE("the layer whose four-bit form hurts most is the last to be narrowed") {
  Graph graph({4, 6, 6});
  NodeId node = 0;
  for (int i = 0; i < 5; ++i) node = graph.add(act(ActivationKind::relu), graph.add(conv_of(16, 3, 1, 1, true), node));
  graph.add(Linear{.out = 6}, graph.add(GlobalPool{}, node));
  Model model = random_model(graph, 9);
  // The third convolution: one great weight in every row, so that the rest falls on a step or two.
  for (std::size_t o = 0; o < 16; ++o) model.weights[5].kernel[o * 144] = 40;
  const std::vector<float> images = random_images({4, 6, 6}, 32, 9);
  const auto order = sensitivities(model, images, {}, 4, 16);
  REQUIRE(order.size() == 4);
  CHECK(order.back().layer == 5);
  for (const LayerSensitivity& each : order) {
    CHECK(each.layer != 1);
    CHECK(each.saved_bytes == 16 * 144 / 2);
    CHECK(each.error > 0);
  }
  CHECK(sensitivities(random_model(Graph({4, 6, 6}), 1), random_images({4, 6, 6}, 2, 1), {}).empty());
  CHECK_THROWS_AS(sensitivities(model, images, {}, 8), std::invalid_argument);
}
