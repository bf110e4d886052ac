// Zero-cost scores that need gradients: closed forms of linear networks, finite differences of others.
#include <c10/core/GradMode.h>

#include <cmath>

#include "catch.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/zero_cost_internal.hpp"
#include "trainers/zero_cost_run_internal.hpp"

using namespace paretoforge;
using Mode = TorchNetwork::Mode;

namespace {

constexpr int samples = 4, features = 3, classes = 5;

at::Tensor normal(std::vector<std::int64_t> sizes, std::uint64_t seed) {
  Random random(seed);
  auto values = at::empty(sizes, at::kDouble);
  for (std::int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = random.normal();
  return values;
}

void randomise(const TorchNetwork& network, std::uint64_t seed, double deviation) {
  c10::NoGradGuard guard;
  network.parameters().copy_(deviation * normal({network.parameters().numel()}, seed));
}

at::Tensor whole(const std::vector<std::int64_t>& values) {
  auto tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.data_ptr<std::int64_t>());
  return tensor;
}

/// One linear layer without bias: logits z = W x, softmax p, all by plain loops.
struct Softmaxed {
  Graph graph{Shape{features, 1, 1}};
  at::Tensor images = normal({samples, features, 1, 1}, 4);
  std::vector<std::int64_t> labels{0, 2, 4, 2};
  std::unique_ptr<TorchNetwork> network;

  Softmaxed() {
    graph.add(Linear{.out = classes, .bias = false}, 0);
    network = std::make_unique<TorchNetwork>(graph, at::kCPU, at::kDouble);
    randomise(*network, 5, 1);
  }
  ScoreRun run() const { return {graph, *network, images, whole(labels)}; }
  double w(int c, int f) const { return network->parameters().data_ptr<double>()[c * features + f]; }
  double x(int n, int f) const { return images.data_ptr<double>()[n * features + f]; }
  double z(int n, int c) const {
    double sum = 0;
    for (int f = 0; f < features; ++f) sum += w(c, f) * x(n, f);
    return sum;
  }
  double p(int n, int c) const {
    double sum = 0;
    for (int k = 0; k < classes; ++k) sum += std::exp(z(n, k));
    return std::exp(z(n, c)) / sum;
  }
  /// dL/dz of sample n; L is the mean.
  double dz(int n, int c) const { return (p(n, c) - (labels[static_cast<std::size_t>(n)] == c)) / samples; }
  double dw(int c, int f) const {
    double sum = 0;
    for (int n = 0; n < samples; ++n) sum += dz(n, c) * x(n, f);
    return sum;
  }
  /// (H g) at (c, f): sum over n of (diag p - p p') (G x) x' / samples.
  double hg(int c, int f) const {
    double sum = 0;
    for (int n = 0; n < samples; ++n) {
      std::vector<double> gx(classes, 0.0);
      double mean = 0;
      for (int k = 0; k < classes; ++k) {
        for (int i = 0; i < features; ++i) gx[static_cast<std::size_t>(k)] += dw(k, i) * x(n, i);
        mean += p(n, k) * gx[static_cast<std::size_t>(k)];
      }
      sum += p(n, c) * (gx[static_cast<std::size_t>(c)] - mean) * x(n, f) / samples;
    }
    return sum;
  }
};

/// Convolution, norm, activation, pool, classifier, in doubles; smooth where differences are taken.
struct Small {
  Graph graph{Shape{2, 6, 6}};
  at::Tensor images = normal({samples, 2, 6, 6}, 8).contiguous(at::MemoryFormat::ChannelsLast);
  std::unique_ptr<TorchNetwork> network;

  explicit Small(bool fused) {
    NodeId x = graph.add(Activation{ActivationKind::relu}, graph.add(BatchNorm{}, nets::conv(graph, 0, 4, 3, 1)));
    x = graph.add(Activation{ActivationKind::hard_swish}, nets::conv(graph, x, 4, 1, 1));
    const NodeId gate = graph.add(Activation{ActivationKind::sigmoid}, nets::conv(graph, graph.add(GlobalPool{}, x), 4, 1, 1));
    x = graph.add(Multiply{}, {x, gate});
    x = graph.add(Pool{PoolKind::average, {3, 3}, {2, 2}, {1, 1, 1, 1}}, x);
    nets::classifier(graph, x, classes);
    network = std::make_unique<TorchNetwork>(graph, at::kCPU, at::kDouble);
    fused ? network->set_fused(true) : network->set_twice_differentiable();
    randomise(*network, 9, 0.7);
  }
  ScoreRun run() const { return {graph, *network, images, whole({0, 2, 4, 2})}; }
  double loss() const {
    const c10::NoGradGuard guard;
    return at::cross_entropy_loss(network->logits(images, Mode::training), run().answers).item<double>();
  }
  double* weights() const { return network->parameters().data_ptr<double>(); }
  /// dL/dw of every kernel by central differences, in the order of the parameters.
  std::vector<double> slow_gradient() const {
    constexpr double h = 1e-5;
    std::vector<double> result;
    for (std::int64_t i = 0; i < network->decayed(); ++i) {
      const double value = weights()[i];
      weights()[i] = value + h;
      const double above = loss();
      weights()[i] = value - h;
      result.push_back((above - loss()) / (2 * h));
      weights()[i] = value;
    }
    return result;
  }
  std::vector<double> gradient() const {
    network->gradients().zero_();
    at::cross_entropy_loss(network->logits(images, Mode::training), run().answers).backward();
    const double* g = network->gradients().data_ptr<double>();
    return {g, g + network->decayed()};
  }
};

}  // namespace

TEST_CASE("snip, grad_norm, fisher and grasp of one linear layer are their closed forms") {
  const Softmaxed one;
  double snip = 0, squares = 0, fisher = 0, grasp = 0;
  for (int c = 0; c < classes; ++c) {
    for (int f = 0; f < features; ++f) {
      snip += std::abs(one.w(c, f) * one.dw(c, f));
      squares += one.dw(c, f) * one.dw(c, f);
      grasp -= one.w(c, f) * one.hg(c, f);
    }
    for (int n = 0; n < samples; ++n) fisher += std::pow(one.z(n, c) * one.dz(n, c), 2) / samples / 2;
  }
  CHECK(snip_of(one.run()) == Approx(snip).epsilon(1e-12));
  CHECK(grad_norm_of(one.run()) == Approx(std::sqrt(squares)).epsilon(1e-12));
  CHECK(fisher_of(one.run()) == Approx(fisher).epsilon(1e-12));
  CHECK(grasp_of(one.run()) == Approx(grasp).epsilon(1e-10));
}

TEST_CASE("synflow is conserved from layer to layer (Tanaka et al., theorem 1)") {
  // Without biases each layer's sum of w dR/dw is R itself: the score of L layers is L R.
  Graph graph({2, 5, 5});
  NodeId x = nets::conv(graph, 0, 3, 3, 1);
  x = graph.add(Activation{ActivationKind::relu6}, graph.add(BatchNorm{}, nets::conv(graph, x, 4, 3, 2)));
  x = graph.add(GlobalPool{}, graph.add(Activation{ActivationKind::hard_swish}, x));
  graph.add(Linear{.out = 6, .bias = false}, x);
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  randomise(network, 6, 3);
  network.parameters().abs_();
  const auto ones = at::ones({1, 2, 5, 5}, at::kDouble);
  const double r = network.logits(ones, Mode::linear).sum().item<double>();
  CHECK(r > 6);  // beyond relu6's bound
  CHECK(synflow_sum({graph, network, ones, {}}) == Approx(3 * r).epsilon(1e-12));
}

TEST_CASE("synflow of linear layers is the product of their matrices") {
  Graph graph({2, 1, 1});
  graph.add(Linear{.out = 2, .bias = false}, graph.add(Linear{.out = 2, .bias = false}, 0));
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8};  // A = [[1, 2], [3, 4]], B = [[5, 6], [7, 8]]
  std::copy(values.begin(), values.end(), network.parameters().data_ptr<double>());
  // A 1 = (3, 7), B (3, 7) = (57, 77)
  CHECK(synflow_sum({graph, network, at::ones({1, 2, 1, 1}, at::kDouble), {}}) == Approx(2 * 134));
}

TEST_CASE("Jacobians of a linear network are equal, whatever the image") {
  const Softmaxed one;
  const auto term = [](double v) { return -(std::log(v + 1e-5) + 1 / (v + 1e-5)); };
  CHECK(jacob_cov_of(one.run()) == Approx(term(samples) + (samples - 1) * term(0)));
}

TEST_CASE("zen of a linear network is how far the noise moves it") {
  const Softmaxed one;
  const auto noise = normal({samples, features, 1, 1}, 12);
  double moved = 0;
  for (int n = 0; n < samples; ++n)
    for (int c = 0; c < classes; ++c) {
      double change = 0;
      for (int f = 0; f < features; ++f) change += one.w(c, f) * noise.data_ptr<double>()[n * features + f];
      moved += std::abs(0.01 * change) / samples;
    }
  CHECK(zen_of(one.run(), noise, 0.01) == Approx(std::log(moved)).epsilon(1e-10));
}

TEST_CASE("zen does not know the scale of weights before a norm but through the deviation it takes away") {
  Graph graph({2, 6, 6});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 4, 3, 1), classes);
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  network.initialise(3);
  const auto images = normal({samples, 2, 6, 6}, 8), noise = normal({samples, 2, 6, 6}, 13);
  const double before = zen_of({graph, network, images, {}}, noise, 0.01);
  network.parameters().narrow(0, 0, network.decayed()).mul_(1000);
  // The norm divides by it, all but its epsilon; the logarithm of the deviation has it.
  CHECK(zen_of({graph, network, images, {}}, noise, 0.01) == Approx(before + std::log(1000.0)).margin(1e-4));
}

TEST_CASE("snip and grad_norm are those of gradients by differences") {
  for (const bool fused : {true, false}) {
    const Small net(fused);
    const auto slow = net.slow_gradient();
    double snip = 0, norms = 0;
    std::size_t at = 0;
    for (const auto& kernel : net.network->kernels()) {
      double squares = 0;
      for (std::int64_t i = 0; i < kernel.numel(); ++i, ++at) {
        snip += std::abs(slow[at] * net.weights()[at]);
        squares += slow[at] * slow[at];
      }
      norms += std::sqrt(squares);
    }
    REQUIRE(at == slow.size());
    CHECK(snip_of(net.run()) == Approx(snip).epsilon(1e-6));
    CHECK(grad_norm_of(net.run()) == Approx(norms).epsilon(1e-6));
  }
}

TEST_CASE("grasp's Hessian-vector product is that of differences of gradients") {
  const Small net(false);
  const auto g = net.gradient();
  const std::vector<double> w(net.weights(), net.weights() + g.size());
  constexpr double h = 1e-6;
  const auto moved = [&](double step) {
    for (std::size_t i = 0; i < g.size(); ++i) net.weights()[i] = w[i] + step * g[i];
    return net.gradient();
  };
  const auto above = moved(h), below = moved(-h);
  std::copy(w.begin(), w.end(), net.weights());
  double expected = 0;
  for (std::size_t i = 0; i < g.size(); ++i) expected -= w[i] * (above[i] - below[i]) / (2 * h);
  CHECK(grasp_of(net.run()) == Approx(expected).epsilon(1e-5));
}

TEST_CASE("fisher sees every channel of convolutions through its gradient") {
  // Scaling a channel's output by s scales the loss's answer: the mean over images of (sum over pixels a dL/da)^2 is of
  // derivatives of the images' own shares of the loss with respect to s.
  Graph graph({2, 4, 4});
  const NodeId x = nets::conv(graph, 0, 3, 3, 1);
  nets::classifier(graph, graph.add(Activation{ActivationKind::sigmoid}, x), classes);
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  randomise(network, 21, 0.8);
  const auto images = normal({samples, 2, 4, 4}, 22);
  const auto labels = whole({1, 0, 3, 3});
  const auto losses = [&] {
    const c10::NoGradGuard guard;
    return at::cross_entropy_loss(network.logits(images, Mode::training), labels, {}, at::Reduction::None) / samples;
  };
  double expected = 0;
  constexpr double h = 1e-5;
  for (const auto& kernel : network.kernels())
    for (std::int64_t channel = 0; channel < kernel.size(0); ++channel) {
      // The linear layer's bias is a part of its output: scaled with it.
      const bool last = kernel.size(0) == classes;
      const auto scaled = [&](double s) {
        const c10::NoGradGuard guard;
        const auto row = kernel.detach()[channel];
        const auto bias = network.parameters()[network.decayed() + channel];
        const auto kept = row.clone(), kept_bias = bias.clone();
        row.mul_(s);
        if (last) bias.mul_(s);
        const auto result = losses();
        row.copy_(kept);
        if (last) bias.copy_(kept_bias);
        return result;
      };
      expected += ((scaled(1 + h) - scaled(1 - h)) / (2 * h)).pow(2).mean().item<double>() / 2;
    }
  CHECK(fisher_of({graph, network, images, labels}) == Approx(expected).epsilon(1e-6));
}
