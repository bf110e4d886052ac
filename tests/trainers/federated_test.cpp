// Federated averaging: who has which images, and that the average is what the paper says.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer_internal.hpp"

using namespace paretoforge;

namespace {

std::vector<Label> labels(std::size_t count, std::size_t classes) {
  std::vector<Label> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<Label>(i % classes);
  return result;
}

/// How many images of each class a client has.
std::vector<double> histogram(const std::vector<std::uint32_t>& images, const std::vector<Label>& of, std::size_t classes) {
  std::vector<double> count(classes);
  for (const auto i : images) ++count[of[i]];
  return count;
}

Images stripes(std::size_t count, std::uint64_t seed) {
  Images images{.shape = {1, 6, 6}, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<Label>(random.below(3)));
    for (int p = 0; p < 36; ++p)
      images.pixels.push_back(static_cast<std::uint8_t>(random.below(100) + (p % 6 / 2 == images.labels.back() ? 120 : 0)));
  }
  return images;
}

std::shared_ptr<const Dataset> data() {
  static const auto made =
      std::make_shared<const Dataset>(Dataset{"stripes", {1, 6, 6}, {"a", "b", "c"}, stripes(240, 1), stripes(90, 2)});
  return made;
}

TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.trainer = "federated";
  s.budget = {.epochs = 6, .images = 0, .validation = 60, .resolution = 0, .batch = 10, .test = true};
  s.recipe.rate = 0.1;
  s.recipe.momentum = 0.5;
  s.recipe.federation = {.clients = 6, .per_round = 3, .local_epochs = 2, .alpha = 0.5};
  return s;
}

Graph net(bool norm) {
  Graph graph({1, 6, 6});
  const NodeId x = norm ? nets::conv_norm_relu(graph, 0, 4, 3, 1) : 0;
  graph.add(Linear{.out = 3}, graph.add(Flatten{}, x));
  return graph;
}

TrainResult train(const Graph& graph, const TrainSettings& s) { return make_trainer(data(), s)->train(graph, s.budget); }

}  // namespace

TEST_CASE("Every image is of one client, and clients have equally many") {
  for (const double alpha : {1e-6, 0.1, 1.0, 1e6})
    for (const std::int32_t clients : {1, 7, 100}) {
      const auto of = labels(100, 4);
      const auto parts = client_images(of, 4, {.clients = clients, .alpha = alpha}, 3);
      std::set<std::uint32_t> seen;
      for (const auto& part : parts) {
        CHECK((part.size() == of.size() / parts.size() || part.size() == of.size() / parts.size() + 1));
        seen.insert(part.begin(), part.end());
      }
      CHECK(seen.size() == of.size());
      CHECK(parts == client_images(of, 4, {.clients = clients, .alpha = alpha}, 3));
    }
  CHECK(client_images(labels(100, 4), 4, {.clients = 5}, 3) != client_images(labels(100, 4), 4, {.clients = 5}, 4));
  CHECK_THROWS_AS(client_images(labels(3, 2), 2, {.clients = 4}, 1), TrainingError);
}

TEST_CASE("The smaller alpha, the more unlike the clients; a class without images is nobody's") {
  const auto of = labels(5000, 5);
  const auto largest_share = [&](double alpha) {
    double sum = 0;
    const auto parts = client_images(of, 6, {.clients = 10, .alpha = alpha}, 1);  // class 5 does not occur
    for (const auto& part : parts) {
      const auto count = histogram(part, of, 6);
      CHECK(count[5] == 0);
      sum += *std::max_element(count.begin(), count.end()) / static_cast<double>(part.size());
    }
    return sum / 10;
  };
  // With alpha = 0.001 a client has one class until its images run out; with 100,000 each has a fifth, give or take
  // three deviations of 500 draws.
  CHECK(largest_share(1e-3) > 0.8);
  CHECK(largest_share(1) > 1.5 * largest_share(1e5));
  CHECK(largest_share(1e5) < 0.2 + 3 * std::sqrt(0.2 * 0.8 / 500));
}

TEST_CASE("Clients' shares of a class have the mean and the variance of the Dirichlet distribution") {
  // Many clients of a huge population: what they draw is beta binomial with parameters alpha/2, alpha/2.
  constexpr double alpha = 2;
  const auto of = labels(400000, 2);
  std::vector<double> shares;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto parts = client_images(of, 2, {.clients = 2000, .alpha = alpha}, seed);
    for (std::size_t k = 0; k < 1000; ++k)  // before a class can run out
      shares.push_back(histogram(parts[k], of, 2)[0] / static_cast<double>(parts[k].size()));
  }
  const double n = static_cast<double>(shares.size());
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / n;
  double variance = 0;
  for (const double share : shares) variance += (share - mean) * (share - mean) / n;
  // Beta(1, 1) is uniform: 1/12, and what 200 draws add to it: (1 - 1/200) / 12 + 1/(4 * 200).
  const double expected = (1 - 1.0 / 200) / 12 + 1.0 / 800;
  CHECK(mean == Approx(0.5).margin(4 * std::sqrt(expected / n)));
  CHECK(variance == Approx(expected).epsilon(4 * std::sqrt(0.8 / n)));  // kurtosis of a uniform is 1.8
}

TEST_CASE("One step of whole shards, averaged, is a step of gradient descent on all images (McMahan et al., 2017)") {
  auto s = settings();
  s.recipe.momentum = 0, s.recipe.nesterov = false, s.recipe.weight_decay = 0;
  s.recipe.schedule = Schedule::cosine;
  s.recipe.federation = {.clients = 7, .per_round = 7, .local_epochs = 1, .alpha = 0.1};  // 180 images: not as many each
  s.budget.epochs = 1, s.budget.batch = 1000;
  const auto averaged = train(net(false), s).model;
  s.trainer = "supervised";
  const auto together = train(net(false), s).model;
  for (std::size_t i = 0; i < together.weights[2].kernel.size(); ++i)
    CHECK(averaged.weights[2].kernel[i] == Approx(together.weights[2].kernel[i]).margin(1e-6));
  for (std::size_t i = 0; i < 3; ++i) CHECK(averaged.weights[2].bias[i] == Approx(together.weights[2].bias[i]).margin(1e-6));
}

TEST_CASE("Federated training learns, the same for the same seed, and its parts matter") {
  const auto s = settings();
  const auto result = train(net(true), s);
  CHECK(result.steps == 6);
  CHECK(result.test.accuracy_pct > 90);
  CHECK(train(net(true), s).model.weights[1].kernel == result.model.weights[1].kernel);
  const auto differs = [&](auto change) {
    auto other = s;
    change(other);
    return train(net(true), other).model.weights[1].kernel != result.model.weights[1].kernel;
  };
  CHECK(differs([](TrainSettings& o) { o.recipe.federation.alpha = 5; }));
  CHECK(differs([](TrainSettings& o) { o.recipe.federation.clients = 5; }));
  CHECK(differs([](TrainSettings& o) { o.recipe.federation.per_round = 2; }));
  CHECK(differs([](TrainSettings& o) { o.recipe.federation.local_epochs = 1; }));
  CHECK(differs([](TrainSettings& o) { o.recipe.optimizer = OptimizerKind::adamw; }));
  CHECK(differs([](TrainSettings& o) { o.budget.seed = 2; }));
  CHECK(differs([](TrainSettings& o) { o.budget.split_seed = 2; }));
}

TEST_CASE("A federation goes on from the round it had reached") {
  const TemporaryFolder folder;
  auto s = settings();
  s.recipe.ema = 0.5;
  const auto whole = train(net(true), s);
  s.budget.checkpoint = folder.path() / "rounds";
  for (s.budget.until = 1; s.budget.until < 6; ++s.budget.until) CHECK(train(net(true), s).continued_from == s.budget.until - 1);
  s.budget.until = 0;
  const auto parts = train(net(true), s);
  CHECK(parts.continued_from == 5);
  for (std::size_t node = 0; node < whole.model.weights.size(); ++node) {
    CHECK(parts.model.weights[node].kernel == whole.model.weights[node].kernel);
    CHECK(parts.model.weights[node].variance == whole.model.weights[node].variance);
  }
  s.trainer = "supervised";  // the same file, another trainer
  CHECK(train(net(true), s).note.find("another training") != std::string::npos);
}

TEST_CASE("Clients that cannot be are refused") {
  auto s = settings();
  s.recipe.federation.clients = 241;
  CHECK_THROWS_AS(make_trainer(data(), s), ConfigError);
  s.recipe.federation.clients = 40;
  s.budget.images = 39;
  CHECK_THROWS_AS(train(net(true), s), TrainingError);
  s.budget.images = 40, s.budget.epochs = 1, s.budget.batch = 8;  // one image each
  CHECK(train(net(true), s).steps == 1);
}
