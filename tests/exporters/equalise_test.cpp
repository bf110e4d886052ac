// Equalisation: the function stays, the ranges of channels meet.
#include "exporters/equalise.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

/// Stem, depthwise and pointwise convolutions with ReLU; the stem's channels lie 4^7 times apart.
Model uneven() {
  Graph graph({1, 8, 8});
  NodeId last = graph.add(act(ActivationKind::relu), graph.add(conv_of(8, 3, 1, 1, true), NodeId{0}));
  last = graph.add(act(ActivationKind::relu), graph.add(conv_of(8, 3, 1, 8, true), last));
  last = graph.add(act(ActivationKind::relu), graph.add(conv_of(6, 1, 1, 1, true), last));
  graph.add(Linear{.out = 4}, graph.add(GlobalPool{}, last));
  Model model = random_model(graph, 3);
  for (std::size_t c = 0; c < 8; ++c) {
    const auto factor = static_cast<float>(std::pow(4.0, c));
    for (std::size_t i = 0; i < 9; ++i) {
      model.weights[1].kernel[c * 9 + i] *= factor;
      model.weights[3].kernel[c * 9 + i] /= factor;
    }
  }
  return folded(model);
}

double relative_error(const Model& model, const IntegerModel& integer, const std::vector<float>& images) {
  IntegerInterpreter interpreter(integer);
  const auto size = static_cast<std::size_t>(model.graph.shape(0).elements());
  double error = 0, power = 0;
  for (std::size_t i = 0; i < images.size(); i += size) {
    const auto image = std::span(images).subspan(i, size);
    const auto found = dequantised(integer.nodes.back(), interpreter.run(quantised_input(integer, image)));
    const auto expected = run_float(model, image);
    for (std::size_t k = 0; k < found.size(); ++k) {
      error += std::pow(found[k] - expected[k], 2);
      power += std::pow(expected[k], 2);
    }
  }
  return std::sqrt(error / power);
}

}  // namespace

TEST_CASE("an equalised network computes the same") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = folded(random_model(graph, seed));
    const std::vector<float> images = random_images(graph.shape(0), 4, seed);
    const Model even = equalised(model, calibrate(model, images));
    const auto image = std::span(images).first(images.size() / 4);
    const std::vector<float> expected = run_float(model, image), found = run_float(even, image);
    float size = 1;
    for (const float value : expected) size = std::max(size, std::abs(value));
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-4 * double{size}));
  }
}

TEST_CASE("channels before a depthwise convolution come to one range") {
  const Model model = uneven();
  const std::vector<float> images = random_images({1, 8, 8}, 16, 1);
  const Calibration before = calibrate(model, images), after = calibrate(equalised(model, before), images);
  const auto spread = [](const std::vector<float>& peaks) {
    return *std::max_element(peaks.begin(), peaks.end()) / *std::min_element(peaks.begin(), peaks.end());
  };
  CHECK(spread(before.peaks[2]) > 1000);
  CHECK(after.peaks[2][0] / after.peaks[2][1] < 20);
  CHECK(spread({after.peaks[2].begin() + 3, after.peaks[2].end()}) == Approx(1).margin(1e-3));
}

TEST_CASE("what quantisation loses on uneven channels, equalisation wins back") {
  const Model model = uneven();
  const std::vector<float> images = random_images({1, 8, 8}, 32, 1);
  CHECK(relative_error(model, quantised(model, calibrate(model, images)), images) > 0.1);
  CHECK(relative_error(model, quantised(model, images), images) < 0.05);
}

TEST_CASE("nothing is equalised through what does not pass a factor, or at the output") {
  for (const ActivationKind kind : {ActivationKind::relu6, ActivationKind::hard_swish, ActivationKind::sigmoid}) {
    Graph graph({1, 8, 8});
    graph.add(conv_of(4, 1), graph.add(act(kind), graph.add(conv_of(8, 3), NodeId{0})));
    const Model model = folded(random_model(graph, 1));
    const Model even = equalised(model, calibrate(model, random_images({1, 8, 8}, 4, 1)));
    CHECK(even.weights[1].kernel == model.weights[1].kernel);
    CHECK(even.weights[3].kernel == model.weights[3].kernel);
  }
  Calibration other;
  CHECK_THROWS_AS(equalised(uneven(), other), std::invalid_argument);
}
