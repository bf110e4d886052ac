// The integer model: rounding, scales, ugly ranges, and the reference interpreter against float.
#include <cmath>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

IntegerModel integer_model(const Model& model, const std::vector<float>& images, RangeRule rule = RangeRule::min_max) {
  const Model plain = folded(model);
  return quantised(plain, calibrate(plain, images, {.rule = rule}));
}

/// One conv 1x1 on one channel, y = weight * x + bias.
Model tiny(float weight, float bias) {
  Graph graph({1, 1, 2});
  graph.add(conv_of(1, 1, 1, 1, true), NodeId{0});
  Model model{graph, std::vector<Weights>(2), {}, {}};
  model.weights[1].kernel = {weight};
  model.weights[1].bias = {bias};
  return model;
}

}  // namespace

TEST_CASE("quantisation rounds to nearest, ties to even, and saturates") {
  const Quantisation q{0.5f, 3};
  CHECK(quantise(0.0f, q) == 3);
  CHECK(quantise(0.25f, q) == 3);
  CHECK(quantise(0.75f, q) == 5);
  CHECK(quantise(-0.25f, q) == 3);
  CHECK(quantise(1e9f, q) == 127);
  CHECK(quantise(-1e9f, q) == -128);
}

TEST_CASE("a fixed-point factor is the factor to 31 bits, and one of 2^-24 still counts") {
  for (const double factor : {1.0, 0.5, 0.75, 0.1, 3.0, 1e-3, 0x1p-24, 0.9999999999}) {
    const FixedPoint fixed = fixed_point(factor);
    CHECK(std::ldexp(fixed.multiplier, fixed.shift - 31) == Approx(factor).epsilon(1e-9));
    CHECK(fixed.multiplier >= 1 << 30);
  }
  CHECK(fixed_point(0).multiplier == 0);
  CHECK(multiply_by_fixed_point(1000, fixed_point(0.5)) == 500);
  CHECK(multiply_by_fixed_point(1 << 28, fixed_point(0x1p-24)) == 16);
  CHECK(multiply_by_fixed_point(7, fixed_point(3.0)) == 21);
}

TEST_CASE("the double rule: ties go up in the product and away from zero in the shift, and it may round twice") {
  CHECK(multiply_by_fixed_point(5, fixed_point(0.5)) == 3);
  CHECK(multiply_by_fixed_point(-5, fixed_point(0.5)) == -2);
  CHECK(multiply_by_fixed_point(-20, fixed_point(0.125)) == -3);
  CHECK(multiply_by_fixed_point(1, fixed_point(0.25)) == 1);  // 0.5 becomes 1, and 1 halved becomes 1
  Random random(1);
  for (int i = 0; i < 10000; ++i) {
    const auto x = static_cast<std::int32_t>(random.below(1u << 24)) - (1 << 23);
    const double factor = random.uniform(0x1p-20, 0.99);
    CHECK(std::abs(multiply_by_fixed_point(x, fixed_point(factor)) - x * factor) <= 1.0);
  }
}

TEST_CASE("a fixed-point product saturates rather than wraps") {
  const FixedPoint large = fixed_point(1e9);
  CHECK(multiply_by_fixed_point(std::numeric_limits<std::int32_t>::max(), large) > 1 << 30);
  CHECK(multiply_by_fixed_point(std::numeric_limits<std::int32_t>::min(), large) < -(1 << 30));
  CHECK(multiply_by_fixed_point(std::numeric_limits<std::int32_t>::max(), fixed_point(1e-15)) == 0);
}

TEST_CASE("scales and zero points of a layer in closed form") {
  const IntegerModel model = integer_model(tiny(2.0f, 1.0f), {-1.0f, 1.55f});
  CHECK(model.nodes[0].output.scale == Approx(0.01));
  CHECK(model.nodes[0].output.zero_point == -28);
  CHECK(model.nodes[1].kernel == std::vector<std::int8_t>{127});
  CHECK(model.nodes[1].kernel_scales[0] == Approx(2.0 / 127));
  CHECK(model.nodes[1].bias[0] == std::lround(1.0 / (0.01 * 2 / 127)));
  CHECK(model.nodes[1].output.scale == Approx(5.1 / 255));
  IntegerInterpreter interpreter(model);
  CHECK(dequantised(model.nodes[1], interpreter.run(quantised_input(model, std::vector{-1.0f, 1.55f})))[1] ==
        Approx(4.1).margin(0.011));
}

TEST_CASE("ReLU and ReLU6 become clamps of the layer before them") {
  Graph graph({1, 1, 2});
  graph.add(act(ActivationKind::relu6), graph.add(conv_of(1, 1, 1, 1, true), NodeId{0}));
  Model model = tiny(10.0f, 0.0f);
  model.graph = graph;
  model.weights.emplace_back();
  const IntegerModel integer = integer_model(model, {-1.0f, 1.0f});
  REQUIRE(integer.nodes.size() == 2);
  CHECK(integer.nodes[1].activation == ActivationKind::relu6);
  CHECK(integer.nodes[1].output.zero_point == -128);
  CHECK(255.0f * integer.nodes[1].output.scale <= 6.0f);
  const auto result = IntegerInterpreter(integer).run(quantised_input(integer, std::vector{-1.0f, 1.0f}));
  CHECK(result == std::vector<std::int8_t>{-128, 127});
}

TEST_CASE("constant activations, dead channels and tiny weights quantise to something finite") {
  for (const auto& [weight, bias] :
       std::vector<std::pair<float, float>>{{0, 0}, {0, 3}, {1e-30f, 2}, {1e-30f, 0}, {0, 1e-30f}, {1e30f, 0}}) {
    const Model model = tiny(weight, bias);
    const std::vector<float> image{-1.0f, 1.0f};
    const IntegerModel integer = integer_model(model, image);
    const IntegerNode& node = integer.nodes[1];
    CHECK(std::isfinite(node.kernel_scales[0]));
    CHECK(node.kernel_scales[0] > 0);
    for (const Rounding rounding : {Rounding::single, Rounding::twice}) {
      const auto found = dequantised(node, IntegerInterpreter(integer, rounding).run(quantised_input(integer, image)));
      const auto expected = run_float(model, image);
      for (std::size_t i = 0; i < 2; ++i) CHECK(std::abs(found[i] - expected[i]) <= 1.01 * double{node.output.scale});
    }
  }
  const IntegerModel zero = integer_model(tiny(1, 0), {0.0f, 0.0f});
  CHECK(IntegerInterpreter(zero).run(quantised_input(zero, std::vector{0.0f, 0.0f})) ==
        std::vector<std::int8_t>(2, static_cast<std::int8_t>(zero.nodes[1].output.zero_point)));
}

TEST_CASE("ranges that are not finite are refused with the node named") {
  const Model model = folded(tiny(1, 0));
  CHECK_THROWS_WITH(calibrate(model, std::vector{1.0f, std::numeric_limits<float>::quiet_NaN()}),
                    ContainsSubstring("input"));
  CHECK_THROWS_WITH(calibrate(folded(tiny(3e38f, 0)), std::vector{1.0f, 2.0f}), ContainsSubstring("conv_1"));
  CHECK_THROWS_AS(calibrate(model, {}), std::invalid_argument);
  CHECK_THROWS_AS(calibrate(model, std::vector{1.0f}), std::invalid_argument);
  Calibration calibration = calibrate(model, std::vector{1.0f, 2.0f});
  calibration.ranges[1] = {0, std::numeric_limits<float>::infinity()};
  CHECK_THROWS_WITH(quantised(model, calibration), ContainsSubstring("conv_1"));
  calibration.ranges[1] = {2, 1};
  CHECK_THROWS_WITH(quantised(model, calibration), ContainsSubstring("conv_1"));
  calibration.ranges.pop_back();
  CHECK_THROWS_AS(quantised(model, calibration), std::invalid_argument);
}

TEST_CASE("a sum that could leave 32 bits is refused, one that just cannot is not") {
  const auto wide = [](int inputs) {
    Graph graph({inputs, 1, 1});
    graph.add(Linear{.out = 1, .bias = false}, NodeId{0});
    Model model{graph, std::vector<Weights>(2), {}, {}};
    model.weights[1].kernel.assign(static_cast<std::size_t>(inputs), 1.0f);
    return model;
  };
  const int most = static_cast<int>((std::int64_t{1} << 31) / (255 * 127));
  const auto make = [&](int inputs) {
    return integer_model(wide(inputs), std::vector<float>(static_cast<std::size_t>(inputs), 1.0f));
  };
  CHECK_NOTHROW(make(most - 1));
  CHECK_THROWS_WITH(make(most + 1), ContainsSubstring("linear_1") && ContainsSubstring("32 bits"));
}

TEST_CASE("four-bit weights stay in -7 to 7, and other widths that int8 does not hold are refused") {
  Graph graph({3, 6, 6});
  Conv conv = conv_of(8, 3);
  conv.weight_bits = 4;
  graph.add(conv, NodeId{0});
  const Model model = random_model(graph, 2);
  const IntegerModel integer = integer_model(model, random_images({3, 6, 6}, 4, 1));
  const auto [low, high] = std::minmax_element(integer.nodes[1].kernel.begin(), integer.nodes[1].kernel.end());
  CHECK(*low >= -7);
  CHECK(*high <= 7);
  CHECK(std::max(-*low, int{*high}) == 7);
  conv.weight_bits = 16;
  Graph wide({3, 6, 6});
  wide.add(conv, NodeId{0});
  CHECK_THROWS_WITH(integer_model(random_model(wide, 2), random_images({3, 6, 6}, 4, 1)),
                    ContainsSubstring("16 bits"));
  Graph activations({3, 6, 6});
  activations.add(conv_of(8, 3), NodeId{0});
  activations.set_activation_bits(1, 16);
  CHECK_THROWS_WITH(integer_model(random_model(activations, 2), random_images({3, 6, 6}, 4, 1)),
                    ContainsSubstring("conv_1"));
}

TEST_CASE("weights of one bit are the sign times the mean size of an output's weights, which is where they err least") {
  Graph graph({3, 6, 6});
  Conv conv = conv_of(8, 3);
  conv.weight_bits = 1;
  graph.add(conv, NodeId{0});
  Model model = random_model(graph, 2);
  std::fill_n(model.weights[1].kernel.begin(), 27, 0.0f);  // a dead channel
  for (const WeightRounding rounding : {WeightRounding::nearest, WeightRounding::second_order}) {
    const IntegerModel integer = quantised(model, random_images({3, 6, 6}, 4, 1), {.equalise = false, .rounding = rounding});
    const IntegerNode& node = integer.nodes[1];
    CHECK(std::all_of(node.kernel.begin(), node.kernel.end(), [](std::int8_t q) { return q == 1 || q == -1; }));
    CHECK(node.kernel_scales[0] > 0);
    CHECK(node.kernel_scales[0] < 1e-4f);
    for (std::size_t o = 1; o < 8; ++o) {
      double mean = 0;
      for (std::size_t i = 0; i < 27; ++i) {
        mean += std::abs(double{model.weights[1].kernel[o * 27 + i]}) / 27;
        // Kernels of the integer model have their channels last.
        CHECK((node.kernel[o * 27 + i % 9 * 3 + i / 9] > 0) == (model.weights[1].kernel[o * 27 + i] >= 0));
      }
      CHECK(node.kernel_scales[o] == Approx(mean));
    }
  }
  const std::vector<float> row{0.5f, -1, 0.25f, -0.25f, 2};
  const auto error = [&](double scale) {
    double sum = 0;
    for (const float weight : row) sum += std::pow(weight - (weight < 0 ? -scale : scale), 2);
    return sum;
  };
  CHECK(nearest_scale(row, 1) == Approx(0.8));
  CHECK(error(0.8) < error(0.79));
  CHECK(error(0.8) < error(0.81));
}

TEST_CASE("range rules: all values, most of them, the least error") {
  Graph graph({1, 1, 1000});
  graph.add(act(ActivationKind::relu), NodeId{0});
  const Model model{graph, std::vector<Weights>(2), {}, {}};
  std::vector<float> values = random_images({1, 1, 1000}, 8, 3);
  values[17] = 1000;
  const auto range = [&](RangeRule rule) {
    return calibrate(model, values, {.rule = rule, .percentile = 99.9}).ranges[0];
  };
  CHECK(range(RangeRule::min_max).high == 1000);
  CHECK(range(RangeRule::percentile).high < 5);
  CHECK(range(RangeRule::percentile).low > -5);
  CHECK(range(RangeRule::mse).high <= 1000);
  values[17] = 1;
  CHECK(range(RangeRule::mse).high < range(RangeRule::min_max).high + 1e-6f);
  CHECK(range(RangeRule::mse).high > 2.5f);
  const Calibration calibration = calibrate(model, values);
  CHECK(calibration.images == 8);
  CHECK(calibration.means[0][0] == Approx(std::accumulate(values.begin(), values.end(), 0.0) / 8000).margin(1e-6));
}

TEST_CASE("the integer network follows the float network, under both rounding rules") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Graph graph = random_graph(seed);
    const Model model = random_model(graph, seed);
    const std::vector<float> images = random_images(graph.shape(0), 16, seed);
    const IntegerModel integer = integer_model(model, images);
    IntegerInterpreter single(integer, Rounding::single), twice(integer, Rounding::twice);
    const IntegerNode& output = integer.nodes[static_cast<std::size_t>(integer.output)];
    const std::size_t size = images.size() / 16;
    double difference = 0, between = 0, power = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const auto image = std::span(images).subspan(i * size, size);
      const auto expected = run_float(model, image);
      const auto input = quantised_input(integer, image);
      const auto a = dequantised(output, single.run(input)), b = dequantised(output, twice.run(input));
      for (std::size_t k = 0; k < a.size(); ++k) {
        difference += std::pow(a[k] - expected[k], 2);
        between += std::pow(a[k] - b[k], 2);
        power += std::pow(expected[k], 2);
      }
    }
    INFO("seed " << seed);
    bool narrow = false;
    for (NodeId id = 0; id < graph.size(); ++id)
      if (const auto* conv = std::get_if<Conv>(&graph.op(id))) narrow = narrow || conv->weight_bits < 8;
    if (!narrow) CHECK(std::sqrt(difference / power) < 0.25);
    CHECK(std::sqrt(between / power) < 0.1);
  }
}

TEST_CASE("inputs of a wrong size are refused") {
  const IntegerModel model = integer_model(tiny(1, 0), {-1.0f, 1.0f});
  CHECK_THROWS_AS(quantised_input(model, std::vector<float>(3)), std::invalid_argument);
  CHECK_THROWS_AS(IntegerInterpreter(model).run(std::vector<std::int8_t>(3)), std::invalid_argument);
}
