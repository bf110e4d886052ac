// Zero-cost scores as a study sees them: the table, the section, made-up patterns, ugly inputs.
#include "trainers/zero_cost.hpp"

#include <cmath>
#include <numeric>
#include <set>

#include "catch.hpp"
#include "nets.hpp"
#include "score_section.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost_internal.hpp"

using namespace paretoforge;

namespace {

Images random_images(const Shape& shape, std::size_t count, std::size_t classes, std::uint64_t seed = 3) {
  Random random(seed);
  Images images{.shape = shape, .pixels = {}, .labels = {}};
  for (std::size_t i = 0; i < count; ++i) images.labels.push_back(static_cast<std::uint8_t>(random.below(classes)));
  for (std::size_t i = 0; i < count * static_cast<std::size_t>(shape.elements()); ++i)
    images.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  return images;
}

ScoreBatch random_batch(const Shape& shape, std::size_t count, std::size_t classes) {
  return {count, random_images(shape, count, classes), {}, classes, 1, 0};
}

/// Every op that can be trained, and the activations that studies may choose.
Graph every_op() {
  Graph g({3, 9, 9});
  const NodeId stem = nets::conv_norm_relu(g, 0, 8, 3, 1);
  const NodeId a = g.add(Activation{ActivationKind::relu6}, g.add(BatchNorm{}, nets::conv(g, stem, 8, 3, 1, 8)));
  const NodeId b = g.add(Activation{ActivationKind::hard_swish}, g.add(BatchNorm{}, nets::conv(g, stem, 8, 1, 1)));
  const NodeId shuffled = g.add(ChannelShuffle{4}, g.add(Concat{}, {a, b}));
  const NodeId gate = g.add(Activation{ActivationKind::hard_sigmoid}, nets::conv(g, g.add(GlobalPool{}, shuffled), 16, 1, 1));
  const NodeId gated = g.add(Multiply{}, {shuffled, gate});
  const NodeId other = g.add(Activation{ActivationKind::sigmoid}, nets::conv(g, g.add(GlobalPool{PoolKind::maximum}, gated), 16, 1, 1));
  const NodeId most = g.add(Pool{PoolKind::maximum, {3, 3}, {2, 2}, {1, 1, 1, 1}}, g.add(Multiply{}, {gated, other}));
  const NodeId mean = g.add(Pool{PoolKind::average, {3, 3}, {2, 2}, {0, 0, 2, 2}}, gated);
  const NodeId sum = g.add(Add{}, {most, mean, g.add(Zero{g.shape(mean)}, mean)});
  g.add(Softmax{}, g.add(Linear{.out = 4}, g.add(Flatten{}, sum)));
  return g;
}

double score_of_name(std::string_view name, const Graph& graph) {
  for (const ZeroCostKind& kind : zero_cost_scores())
    if (kind.name == name) return kind.score(graph, {});
  return std::nan("");
}

}  // namespace

TEST_CASE("Zero-cost scores have names of their own") {
  std::set<std::string_view> names;
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    CHECK(names.insert(kind.name).second);
    CHECK(!kind.summary.empty());
  }
}

TEST_CASE("Every zero-cost score takes every op, and gives the same number twice") {
  const Graph graph = every_op();
  const ScoreBatch batch = random_batch(graph.shape(0), 6, 4);
  ScoreBatch other = batch;
  other.seed = 2;
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    INFO(kind.name);
    const double score = kind.score(graph, batch);
    CHECK(std::isfinite(score));
    CHECK(score == kind.score(graph, batch));
    const bool counted = kind.name == "params" || kind.name == "macs";
    CHECK((score == kind.score(graph, other)) == counted);
  }
}

TEST_CASE("Dead branches change no zero-cost score") {
  Graph with({3, 8, 8});
  Graph without({3, 8, 8});
  nets::classifier(without, nets::conv_norm_relu(without, 0, 4, 3, 1), 4);
  const NodeId alive = nets::conv_norm_relu(with, 0, 4, 3, 1);
  nets::classifier(with, alive, 4);
  const NodeId output = with.output();
  nets::conv_norm_relu(with, alive, 7, 3, 1);
  with.set_output(output);
  const ScoreBatch batch = random_batch({3, 8, 8}, 5, 4);
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    INFO(kind.name);
    CHECK(kind.score(with, batch) == kind.score(without, batch));
  }
}

TEST_CASE("Counts as scores are those of the network") {
  Graph graph({3, 8, 8});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 4, 3, 2), 10);
  CHECK(score_of_name("params", graph) == 3 * 4 * 9 + 8 + 4 * 10 + 10);
  CHECK(score_of_name("macs", graph) == 3 * 4 * 9 * 16 + 4 * 10);
}

TEST_CASE("The kernel of patterns counts units on the same side") {
  PatternKernel kernel(3);
  kernel.add(std::vector<float>{1, -1, 2, 0,    // upper, lower, upper, lower
                                1, 1, 2, -3,    // one unit differs
                                -1, 1, 0, 0.5f},  // all four differ from the first
             0);
  kernel.add(std::vector<float>{0.6f, 0.4f, 0.7f}, 0.5f);
  CHECK(kernel.at(0, 0) == 5);
  CHECK(kernel.at(0, 1) == 3);
  CHECK(kernel.at(1, 0) == 3);
  CHECK(kernel.at(0, 2) == 1);
  CHECK(kernel.at(1, 2) == 1);
  // det [[6, 3, 1], [3, 6, 1], [1, 1, 6]] = 6 * 35 - 3 * 17 + 1 * (3 - 6)
  CHECK(kernel.log_determinant() == Approx(std::log(156.0)));
}

TEST_CASE("The kernel of many patterns is that of a slow count") {
  constexpr std::size_t samples = 5, units = 201;
  Random random(7);
  std::vector<float> values;
  for (std::size_t i = 0; i < samples * units; ++i) values.push_back(static_cast<float>(random.normal()));
  PatternKernel kernel(samples);
  kernel.add(values, 0.25f);
  for (std::size_t a = 0; a < samples; ++a)
    for (std::size_t b = 0; b < samples; ++b) {
      int same = 0;
      for (std::size_t u = 0; u < units; ++u) same += (values[a * units + u] > 0.25f) == (values[b * units + u] > 0.25f);
      CHECK(kernel.at(a, b) == same);
    }
}

TEST_CASE("Jacobians score by the eigenvalues of their correlation") {
  const auto term = [](double v) { return -(std::log(v + 1e-5) + 1 / (v + 1e-5)); };
  SECTION("uncorrelated rows have eigenvalues of 1") {
    const std::vector<float> rows{1, -1, 0, 0, 0, 0, 1, -1};
    CHECK(jacobian_score(rows, 2) == Approx(2 * term(1)));
  }
  SECTION("equal rows up to scale and shift have one eigenvalue") {
    const std::vector<float> rows{1, 2, 3, 4, 10, 12, 14, 16, 5, 8, 11, 14};
    CHECK(jacobian_score(rows, 3) == Approx(term(3) + 2 * term(0)));
  }
  SECTION("rows without variance say nothing") {
    CHECK(jacobian_score(std::vector<float>(12, 0.1f), 3) == Approx(3 * term(0)));
  }
}

TEST_CASE("naswot falls where two images are equal") {
  Graph graph({1, 8, 8});
  nets::classifier(graph, nets::conv_norm_relu(graph, nets::conv_norm_relu(graph, 0, 6, 3, 1), 6, 3, 1), 4);
  ScoreBatch batch = random_batch({1, 8, 8}, 6, 4);
  const double different = score_naswot(graph, batch);
  std::copy_n(batch.images.pixels.begin(), 64, batch.images.pixels.begin() + 64);
  CHECK(score_naswot(graph, batch) < different - 1);
}

TEST_CASE("A network without activations has no patterns") {
  Graph graph({1, 4, 4});
  nets::classifier(graph, nets::conv(graph, 0, 3, 3, 1), 4);
  CHECK(score_naswot(graph, random_batch({1, 4, 4}, 5, 4)) == 0);
}

TEST_CASE("Zero-cost scores of ugly inputs are finite") {
  Graph small({2, 4, 4});
  nets::classifier(small, nets::conv_norm_relu(small, 0, 3, 3, 1), 4);
  Graph one_class({2, 4, 4});
  nets::classifier(one_class, nets::conv_norm_relu(one_class, 0, 3, 3, 1), 1);
  Graph no_path({2, 4, 4});
  no_path.add(Zero{{4, 1, 1}}, 0);
  Graph pixel({2, 1, 1});
  pixel.add(Linear{.out = 4}, pixel.add(Activation{}, pixel.add(BatchNorm{}, pixel.add(Linear{.out = 3}, 0))));
  const ScoreBatch batch = random_batch({2, 4, 4}, 5, 4);
  ScoreBatch black = batch;
  std::fill(black.images.pixels.begin(), black.images.pixels.end(), std::uint8_t{0});
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    INFO(kind.name);
    CHECK(std::isfinite(kind.score(small, random_batch({2, 4, 4}, 1, 4))));
    CHECK(std::isfinite(kind.score(one_class, random_batch({2, 4, 4}, 5, 1))));
    CHECK(std::isfinite(kind.score(small, black)));
    CHECK(std::isfinite(kind.score(pixel, random_batch({2, 1, 1}, 5, 4))));
    if (kind.name == "grasp")  // may have either sign
      CHECK(kind.score(no_path, batch) == 0);
    else
      CHECK(kind.score(no_path, batch) < kind.score(small, batch));
  }
}

TEST_CASE("Images that do not fit a network are refused") {
  Graph graph({3, 4, 4});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 3, 3, 1), 4);
  Graph imported({3, 1, 4});
  imported.add(LayerNorm{}, 0);
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    INFO(kind.name);
    if (kind.sees == ScoreSees::images) {
      CHECK_THROWS_AS(kind.score(graph, random_batch({1, 4, 4}, 5, 4)), TrainingError);
      CHECK_THROWS_AS(kind.score(graph, random_batch({3, 4, 4}, 5, 7)), TrainingError);
      CHECK_THROWS_AS(kind.score(graph, ScoreBatch{}), TrainingError);
    }
    if (kind.name != "params" && kind.name != "macs")
      CHECK_THROWS_AS(kind.score(imported, random_batch({3, 1, 4}, 5, 12)), TrainingError);
  }
}

TEST_CASE("Images of another size are resized") {
  Graph graph({3, 6, 6});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 3, 3, 1), 4);
  CHECK(std::isfinite(score_snip(graph, random_batch({3, 9, 9}, 5, 4))));
}

TEST_CASE("A score's batch is drawn with the seed from the training part") {
  const Shape shape{1, 2, 2};
  const Dataset data{"made up", shape, {"a", "b"}, random_images(shape, 50, 2), random_images(shape, 10, 2, 4)};
  const ScoreBatch batch = draw_score_batch(data, 20, 5);
  CHECK(batch.images.size() == 20);
  CHECK(batch.images.pixels == draw_score_batch(data, 20, 5).images.pixels);
  CHECK(batch.images.pixels != draw_score_batch(data, 20, 6).images.pixels);
  CHECK(batch.outputs == 2);
  CHECK(batch.input.mean == normalisation(data.train).mean);
  CHECK(draw_score_batch(data, 50, 5).images.size() == 50);
  CHECK_THROWS_AS(draw_score_batch(data, 51, 5), ConfigError);
}

TEST_CASE("A score section is read") {
  const ScoreSettings settings =
      ScoreSettings::read(section("{kind: naswot, data: fashion-mnist, batch: 32, seed: 7, repeats: 3}"));
  CHECK(settings.kinds.at(0)->name == "naswot");
  CHECK(settings.data->text() == "fashion-mnist");
  CHECK(settings.batch == 32);
  CHECK(settings.seed == 7);
  CHECK(settings.repeats == 3);
  CHECK(ScoreSettings::read(section("synflow")).kinds.at(0)->name == "synflow");
  CHECK(ScoreSettings::read(section("{kind: zen, batch: 16}")).batch == 16);
}

TEST_CASE("A wrong score section says where and what is allowed") {
  CHECK(contains(error_of("{kind: synflo}"), "did you mean 'synflow'?"));
  CHECK(contains(error_of("{kind: naswot, dta: fashion-mnist}"), "study.yaml:1"));
  CHECK(contains(error_of("{kind: naswot, dta: fashion-mnist}"), "dta"));
  CHECK(contains(error_of("naswot"), "'naswot' looks at images"));
  CHECK(contains(error_of("{data: fashion-mnist}"), "kind"));
  CHECK(contains(error_of("{kind: synflow, data: fashion-mnist}"), "'synflow' looks at no data"));
  CHECK(contains(error_of("{kind: zen, data: fashion-mnist}"), "'zen' looks at no data"));
  CHECK(contains(error_of("{kind: synflow, batch: 8}"), "needs no batch"));
  CHECK(contains(error_of("{kind: params, seed: 8}"), "nothing of 'params' is random"));
  CHECK(contains(error_of("{kind: zen, batch: 0}"), "1 to 100000"));
  CHECK(!error_of("{kind: zen, batch: many}").empty());
  CHECK(!error_of("{kind: zen, repeats: 0}").empty());
}

TEST_CASE("Repeated scores are the mean of scores with weights of their own") {
  Graph graph({1, 4, 4});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 3, 3, 1), 4);
  const auto scored = [&](const std::string& text) { return Scorer(ScoreSettings::read(section(text))).score(graph); };
  const double once = scored("{kind: synflow}"), twice = scored("{kind: synflow, repeats: 2}");
  ScoreBatch second;
  second.seed = derived_seed(1, 1);
  CHECK(twice == Approx((once + score_synflow(graph, second)) / 2).epsilon(1e-14));
  CHECK(twice != once);
}
