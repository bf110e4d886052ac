// The interpreter of graphs: every op against plain loops, gradients by finite differences, weights there and back.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#undef CHECK  // glog's, which ends the program

#include <cmath>
#include <functional>

#include "catch.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/network_internal.hpp"

using namespace paretoforge;
using Mode = TorchNetwork::Mode;

namespace {

constexpr std::int64_t batch = 3;
constexpr double infinity = std::numeric_limits<double>::infinity();

void randomise(const at::Tensor& tensor, std::uint64_t seed, double deviation = 1) {
  Random random(seed);
  c10::NoGradGuard guard;
  auto values = at::empty({tensor.numel()}, at::kDouble);
  for (std::int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = deviation * random.normal();
  tensor.copy_(values.view(tensor.sizes()));
}

at::Tensor random_images(const Shape& s, std::uint64_t seed) {
  auto images =
      at::empty({batch, s.channels, s.height, s.width}, at::TensorOptions(at::kDouble), at::MemoryFormat::ChannelsLast);
  randomise(images, seed);
  return images;
}

/// Plain arrays [batch, channels, height, width].
struct Plain {
  Shape shape;
  std::vector<double> values;
  double at(std::int64_t n, int c, int y, int x) const {
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return std::nan("");
    return values[static_cast<std::size_t>(((n * shape.channels + c) * shape.height + y) * shape.width + x)];
  }
};

Plain plain(const at::Tensor& x) {
  const auto flat = x.contiguous();
  return {{static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))},
          {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()}};
}

/// Fills an output with what `value` says of each place.
std::vector<double> filled(const Shape& s, const std::function<double(std::int64_t n, int c, int y, int x)>& value) {
  std::vector<double> result;
  for (std::int64_t n = 0; n < batch; ++n)
    for (int c = 0; c < s.channels; ++c)
      for (int y = 0; y < s.height; ++y)
        for (int x = 0; x < s.width; ++x) result.push_back(value(n, c, y, x));
  return result;
}

std::vector<double> slow_conv(const Plain& in, const Conv& op, const Shape& out, const std::vector<float>& kernel,
                              const std::vector<float>& bias) {
  const int per_group = in.shape.channels / op.groups;
  return filled(out, [&](std::int64_t n, int c, int y, int x) {
    double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(c)];
    for (int i = 0; i < per_group; ++i)
      for (int ky = 0; ky < op.kernel.height; ++ky)
        for (int kx = 0; kx < op.kernel.width; ++kx) {
          const double pixel = in.at(n, c / (op.out / op.groups) * per_group + i,
                                     y * op.stride.height - op.pad.top + ky * op.dilation.height,
                                     x * op.stride.width - op.pad.left + kx * op.dilation.width);
          const auto at =
              static_cast<std::size_t>(((c * per_group + i) * op.kernel.height + ky) * op.kernel.width + kx);
          if (!std::isnan(pixel)) sum += pixel * kernel[at];
        }
    return sum;
  });
}

std::vector<double> slow_pool(const Plain& in, const Pool& op, const Shape& out) {
  return filled(out, [&](std::int64_t n, int c, int y, int x) {
    double sum = 0, most = -infinity;
    int count = 0;
    for (int ky = 0; ky < op.kernel.height; ++ky)
      for (int kx = 0; kx < op.kernel.width; ++kx) {
        const double pixel =
            in.at(n, c, y * op.stride.height - op.pad.top + ky, x * op.stride.width - op.pad.left + kx);
        if (std::isnan(pixel)) continue;
        sum += pixel, most = std::max(most, pixel), ++count;
      }
    return op.kind == PoolKind::average ? sum / count : most;
  });
}

void check_equal(const at::Tensor& found, const std::vector<double>& expected) {
  const auto values = plain(found.unsqueeze(2).unsqueeze(3)).values;
  REQUIRE(values.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) worst = std::max(worst, std::abs(values[i] - expected[i]));
  CHECK(worst < 1e-9);
}

/// Every parameter's gradient of a random weighted sum of the outputs, against central differences.
void check_gradients(const Graph& graph, bool fused = true) {
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  network.set_fused(fused);
  randomise(network.parameters(), 5, 0.7);
  const auto images = random_images(graph.shape(0), 6);
  at::Tensor weight;
  const auto loss = [&] {
    const auto outputs = network.logits(images, Mode::training);
    if (!weight.defined()) weight = at::empty(outputs.sizes(), at::kDouble), randomise(weight, 7);
    return (outputs * weight).sum();
  };
  network.gradients().zero_();
  loss().backward();
  auto* values = network.parameters().data_ptr<double>();
  const auto* gradients = network.gradients().data_ptr<double>();
  constexpr double h = 1e-6;
  for (std::int64_t i = 0; i < network.parameters().numel(); ++i) {
    const double value = values[i];
    values[i] = value + h;
    const double above = loss().item<double>();
    values[i] = value - h;
    const double below = loss().item<double>();
    values[i] = value;
    INFO("parameter " << i);
    CHECK(gradients[i] == Approx((above - below) / (2 * h)).epsilon(1e-5).margin(1e-6));
  }
}

NodeId stem(Graph& graph, int out = 4) {
  return graph.add(
      Conv{.out = out, .kernel = {2, 2}, .stride = {}, .dilation = {}, .pad = {}, .groups = 1, .bias = true}, 0);
}

}  // namespace

TEST_CASE("Convolutions of every kind against plain loops") {
  const auto op = GENERATE(
      Conv{.out = 6, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {}, .pad = {1, 1, 1, 1}},
      Conv{
          .out = 6, .kernel = {3, 2}, .stride = {2, 1}, .dilation = {}, .pad = {0, 1, 1, 0}, .groups = 2, .bias = true},
      Conv{.out = 4, .kernel = {5, 3}, .stride = {1, 2}, .dilation = {}, .pad = {2, 1, 2, 1}, .groups = 4},
      Conv{.out = 8,
           .kernel = {3, 3},
           .stride = {2, 2},
           .dilation = {2, 1},
           .pad = {1, 0, 2, 1},
           .groups = 4,
           .bias = true},
      Conv{.out = 5, .kernel = {1, 1}, .stride = {2, 2}, .dilation = {}, .pad = {}});
  Graph graph({4, 9, 8});
  const NodeId id = graph.add(op, 0);
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  randomise(network.parameters(), 1);
  auto weights = network.weights();
  network.load(weights);  // rounded to single precision, as the plain loops see them
  const auto images = random_images(graph.shape(0), 2);
  const auto& w = weights[static_cast<std::size_t>(id)];
  check_equal(network.logits(images, Mode::evaluation),
              slow_conv(plain(images), op, graph.shape(id), w.kernel, w.bias));
}

TEST_CASE("Pools against plain loops") {
  const auto kind = GENERATE(PoolKind::average, PoolKind::maximum);
  const auto window = GENERATE(Pool{.kernel = {2, 2}, .stride = {2, 2}, .pad = {}},
                               Pool{.kernel = {3, 3}, .stride = {1, 1}, .pad = {1, 1, 1, 1}},
                               Pool{.kernel = {3, 2}, .stride = {2, 1}, .pad = {0, 1, 1, 0}},
                               Pool{.kernel = {3, 3}, .stride = {2, 2}, .pad = {0, 0, 1, 1}});
  Pool op = window;
  op.kind = kind;
  Graph graph({3, 8, 6});
  const NodeId id = graph.add(op, 0);
  const auto images = random_images(graph.shape(0), 2);
  check_equal(TorchNetwork(graph, at::kCPU, at::kDouble).logits(images, Mode::evaluation),
              slow_pool(plain(images), op, graph.shape(id)));
}

TEST_CASE("The other ops against their formulas") {
  const Shape shape{4, 3, 2};
  const auto images = random_images(shape, 3);
  const auto in = plain(images);
  const auto run = [&](const std::function<void(Graph&)>& build) {
    Graph graph(shape);
    build(graph);
    return TorchNetwork(graph, at::kCPU, at::kDouble).logits(images, Mode::evaluation);
  };
  const auto mean = [&](std::int64_t n, int c) {
    double sum = 0;
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 2; ++x) sum += in.at(n, c, y, x) / 6;
    return sum;
  };
  const auto greatest = [&](std::int64_t n, int c) {
    double most = -infinity;
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 2; ++x) most = std::max(most, in.at(n, c, y, x));
    return most;
  };
  check_equal(run([](Graph& g) { g.add(GlobalPool{}, 0); }),
              filled({4, 1, 1}, [&](auto n, int c, int, int) { return mean(n, c); }));
  check_equal(run([](Graph& g) { g.add(GlobalPool{PoolKind::maximum}, 0); }),
              filled({4, 1, 1}, [&](auto n, int c, int, int) { return greatest(n, c); }));
  check_equal(run([](Graph& g) {
                g.add(Add{}, {0, 0, 0});
              }),
              filled(shape, [&](auto n, int c, int y, int x) { return 3 * in.at(n, c, y, x); }));
  check_equal(run([](Graph& g) {
                g.add(Concat{}, {0, 0});
              }),
              filled({8, 3, 2}, [&](auto n, int c, int y, int x) { return in.at(n, c % 4, y, x); }));
  check_equal(run([](Graph& g) {
                g.add(Multiply{}, {0, 0});
              }),
              filled(shape, [&](auto n, int c, int y, int x) { return std::pow(in.at(n, c, y, x), 2); }));
  check_equal(run([](Graph& g) {
                g.add(Multiply{}, {0, g.add(GlobalPool{}, 0)});
              }),
              filled(shape, [&](auto n, int c, int y, int x) { return in.at(n, c, y, x) * mean(n, c); }));
  // Channel g * 2 + i goes to i * 2 + g: the result reads 0, 2, 1, 3.
  check_equal(run([](Graph& g) { g.add(ChannelShuffle{2}, 0); }), filled(shape, [&](auto n, int c, int y, int x) {
                return in.at(n, c == 1 ? 2 : c == 2 ? 1 : c, y, x);
              }));
  check_equal(run([](Graph& g) { g.add(Flatten{}, 0); }), in.values);
  check_equal(run([&](Graph& g) { g.add(Zero{shape}, 0); }), std::vector<double>(in.values.size(), 0.0));
  check_equal(run([](Graph& g) {
                g.add(Add{}, {g.add(Softmax{}, g.add(Flatten{}, 0)), g.add(Flatten{}, 0)});
              }),
              filled({24, 1, 1}, [&](auto n, int c, int, int) {
                double sum = 0;
                for (int k = 0; k < 24; ++k) sum += std::exp(in.values[static_cast<std::size_t>(n * 24 + k)]);
                const double value = in.values[static_cast<std::size_t>(n * 24 + c)];
                return std::exp(value) / sum + value;
              }));
  // A softmax at the end is left out: training wants what goes into it.
  check_equal(run([](Graph& g) { g.add(Softmax{}, g.add(Flatten{}, 0)); }), in.values);

  const auto activation = [](ActivationKind kind, double x) {
    const double hard = std::min(std::max(x + 3, 0.0), 6.0) / 6;
    switch (kind) {
      case ActivationKind::relu:
        return std::max(x, 0.0);
      case ActivationKind::relu6:
        return std::min(std::max(x, 0.0), 6.0);
      case ActivationKind::hard_swish:
        return x * hard;
      case ActivationKind::hard_sigmoid:
        return hard;
      case ActivationKind::sigmoid:
        return 1 / (1 + std::exp(-x));
      default:
        throw std::logic_error("an activation that only imported models have");
    }
  };
  for (const auto kind : {ActivationKind::relu, ActivationKind::relu6, ActivationKind::hard_swish,
                          ActivationKind::hard_sigmoid, ActivationKind::sigmoid})
    check_equal(run([&](Graph& g) { g.add(Activation{kind}, 0); }),
                filled(shape, [&](auto n, int c, int y, int x) { return activation(kind, in.at(n, c, y, x)); }));
}

TEST_CASE("Gradients of every op by finite differences") {
  const Shape input{2, 6, 5};
  const auto check = [&](const std::function<void(Graph&, NodeId)>& build) {
    Graph graph(input);
    build(graph, stem(graph));
    check_gradients(graph);
  };
  SECTION("convolution, both sides padded differently") {
    check([](Graph& g, NodeId x) {
      g.add(Conv{.out = 3, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {}, .pad = {0, 1, 1, 2}}, x);
    });
  }
  SECTION("depthwise and grouped") {
    check([](Graph& g, NodeId x) {
      const NodeId y =
          g.add(Conv{.out = 4, .kernel = {3, 3}, .stride = {}, .dilation = {}, .pad = {1, 1, 1, 1}, .groups = 4}, x);
      g.add(ChannelShuffle{2},
            g.add(Conv{.out = 4, .kernel = {1, 1}, .stride = {}, .dilation = {}, .pad = {}, .groups = 2}, y));
    });
  }
  SECTION("pools") {
    check([](Graph& g, NodeId x) { g.add(Pool{.kernel = {3, 3}, .stride = {1, 1}, .pad = {1, 1, 1, 1}}, x); });
    check([](Graph& g, NodeId x) { g.add(Pool{.kernel = {3, 3}, .stride = {2, 2}, .pad = {0, 0, 1, 1}}, x); });
    check([](Graph& g, NodeId x) {
      g.add(Pool{.kind = PoolKind::maximum, .kernel = {2, 2}, .stride = {2, 2}, .pad = {0, 0, 1, 0}}, x);
    });
  }
  SECTION("activations") {
    for (const auto kind : {ActivationKind::relu, ActivationKind::relu6, ActivationKind::hard_swish,
                            ActivationKind::hard_sigmoid, ActivationKind::sigmoid})
      check([&](Graph& g, NodeId x) { g.add(Activation{kind}, x); });
  }
  SECTION("norm with and without activation") {
    check([](Graph& g, NodeId x) { g.add(BatchNorm{}, x); });
    check([](Graph& g, NodeId x) { g.add(Activation{}, g.add(BatchNorm{}, x)); });
    check([](Graph& g, NodeId x) { g.add(Activation{ActivationKind::relu6}, g.add(BatchNorm{}, x)); });
    check([](Graph& g, NodeId x) { g.add(Activation{ActivationKind::hard_swish}, g.add(BatchNorm{}, x)); });
    // Read twice: the norm's own value is wanted as well.
    check([](Graph& g, NodeId x) {
      const NodeId n = g.add(BatchNorm{}, x);
      g.add(Add{}, {n, g.add(Activation{}, n)});
    });
  }
  SECTION("residuals: a norm, a sum, an activation") {
    const auto norm = [](Graph& g, NodeId x) { return g.add(BatchNorm{}, nets::conv(g, x, 4, 1, 1)); };
    const auto relu6 = Activation{ActivationKind::relu6};
    check([&](Graph& g, NodeId x) { g.add(Add{}, {norm(g, x), x}); });
    check([&](Graph& g, NodeId x) { g.add(Activation{}, g.add(Add{}, {x, norm(g, x)})); });
    check([&](Graph& g, NodeId x) { g.add(relu6, g.add(Add{}, {norm(g, x), norm(g, x)})); });
    check([&](Graph& g, NodeId x) { g.add(Activation{}, g.add(Add{}, {norm(g, x), x, x})); });
    check([&](Graph& g, NodeId x) {  // twice the same norm
      const NodeId n = norm(g, x);
      g.add(Activation{}, g.add(Add{}, {n, n}));
    });
    check([&](Graph& g, NodeId x) {  // the sum is read beside its activation
      const NodeId residual = g.add(Add{}, {norm(g, x), x});
      g.add(Concat{}, {g.add(Activation{}, residual), residual});
    });
    check([&](Graph& g, NodeId x) {  // the shortcut is read again further on: its gradient has several parts
      const NodeId first = g.add(Activation{}, g.add(Add{}, {norm(g, x), x}));
      g.add(Add{}, {norm(g, first), first});
    });
  }
  SECTION("gates, sums, joins, heads") {
    check([](Graph& g, NodeId x) {
      const NodeId gate = g.add(Activation{ActivationKind::sigmoid}, g.add(Linear{.out = 4}, g.add(GlobalPool{}, x)));
      const NodeId gated = g.add(Multiply{}, {x, gate});
      const NodeId joined = g.add(Concat{}, {gated, x, g.add(Add{}, {x, gated})});
      g.add(Softmax{}, g.add(Linear{.out = 3}, g.add(Softmax{}, g.add(GlobalPool{PoolKind::maximum}, joined))));
    });
    check([](Graph& g, NodeId x) { g.add(Linear{.out = 3, .bias = false}, g.add(Flatten{}, x)); });
  }
  SECTION("a zero on one branch") {
    check([](Graph& g, NodeId x) { g.add(Add{}, {x, g.add(Zero{g.shape(x)}, x)}); });
  }
}

TEST_CASE("Fused and separate norms are the same") {
  const auto graph = GENERATE(nets::resnet8(), nets::depthwise_8_16_32());
  TorchNetwork fused(graph, at::kCPU, at::kDouble), separate(graph, at::kCPU, at::kDouble);
  separate.set_fused(false);
  fused.initialise(3);
  separate.initialise(3);
  const auto images = random_images(graph.shape(0), 4);
  for (int step = 0; step < 2; ++step)
    for (auto* network : {&fused, &separate}) {
      const auto outputs = network->logits(images, Mode::training);
      (outputs * outputs).sum().backward();
    }
  CHECK(at::allclose(fused.gradients(), separate.gradients(), 1e-9, 1e-9));
  CHECK(at::allclose(fused.logits(images, Mode::evaluation), separate.logits(images, Mode::evaluation), 1e-9, 1e-9));
  const auto a = fused.weights(), b = separate.weights();
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].mean == b[i].mean);
    for (std::size_t c = 0; c < a[i].variance.size(); ++c)
      CHECK(a[i].variance[c] == Approx(b[i].variance[c]).epsilon(1e-6));
  }
}

TEST_CASE("Training in bfloat16: every op, and a gradient that points where float's does") {
#if defined(__x86_64__) && defined(__GNUC__)
  const bool multiplies = __builtin_cpu_supports("avx512bf16");
#else
  const bool multiplies = false;
#endif
  if (!multiplies) {
    WARN("skipped: this processor does not multiply bfloat16");
    return;
  }
  Graph graph({3, 8, 8});
  NodeId x = nets::conv_norm_relu(graph, 0, 8, 3, 1);
  x = nets::separable(graph, x, 8, 1);
  x = nets::residual(graph, x, 8, 1);
  for (const auto kind : {ActivationKind::relu6, ActivationKind::hard_swish})
    x = graph.add(Activation{kind}, graph.add(BatchNorm{}, nets::conv(graph, x, 8, 1, 1)));
  const NodeId gate = graph.add(Activation{ActivationKind::hard_sigmoid}, graph.add(Linear{.out = 8}, graph.add(GlobalPool{}, x)));
  x = graph.add(Multiply{}, {x, gate});
  x = graph.add(Add{}, {x, graph.add(Zero{graph.shape(x)}, x), graph.add(Activation{ActivationKind::sigmoid}, x)});
  const Padding all{1, 1, 1, 1}, some{0, 0, 1, 1};
  const NodeId most = graph.add(Pool{.kind = PoolKind::maximum, .kernel = {3, 3}, .stride = {1, 1}, .pad = all}, x);
  const NodeId mean = graph.add(Pool{.kernel = {3, 3}, .stride = {1, 1}, .pad = all}, x);
  const NodeId mean_of_some = graph.add(Pool{.kernel = {2, 2}, .stride = {1, 1}, .pad = some}, x);
  x = graph.add(ChannelShuffle{2}, graph.add(Concat{}, {most, mean, mean_of_some}));
  graph.add(Softmax{}, nets::classifier(graph, x, 10));

  const auto gradients = [&](at::ScalarType type) {
    TorchNetwork network(graph);
    network.initialise(7);
    network.train_in(type);
    const auto outputs = network.logits(random_images(graph.shape(0), 8).to(at::kFloat), Mode::training);
    CHECK(outputs.scalar_type() == at::kFloat);
    at::cross_entropy_loss(outputs, at::arange(batch, at::kLong)).backward();
    return network.gradients().clone();
  };
  const auto whole = gradients(at::kFloat), half = gradients(at::kBFloat16);
  CHECK_FALSE(at::equal(whole, half));
  const double cosine = ((whole * half).sum() / (whole.norm() * half.norm())).item<double>();
  CHECK(cosine > 0.99);
}

TEST_CASE("Weights go to a Model and back") {
  const auto graph = nets::resnet8();
  const auto model = random_model(graph, 9);
  TorchNetwork network(graph);
  network.load(model.weights);
  const auto weights = network.weights();
  REQUIRE(weights.size() == model.weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    CHECK(weights[i].kernel == model.weights[i].kernel);
    CHECK(weights[i].bias == model.weights[i].bias);
    CHECK(weights[i].gamma == model.weights[i].gamma);
    CHECK(weights[i].beta == model.weights[i].beta);
    CHECK(weights[i].mean == model.weights[i].mean);
    CHECK(weights[i].variance == model.weights[i].variance);
  }
  CHECK_THROWS_AS(network.load({}), std::invalid_argument);
}

TEST_CASE("What does not lead to the output is not run") {
  Graph graph({1, 4, 4});
  const NodeId dead = graph.add(BatchNorm{}, 0);
  graph.add(Activation{}, dead);
  graph.set_output(graph.add(Flatten{}, 0));
  TorchNetwork network(graph, at::kCPU, at::kDouble);
  network.initialise(1);
  network.logits(random_images({1, 4, 4}, 1), Mode::training);
  CHECK(network.weights()[static_cast<std::size_t>(dead)].mean == std::vector<float>{0});
}

TEST_CASE("A one-channel input stays channels last through the network") {
  Graph graph({1, 8, 8});
  nets::conv_norm_relu(graph, 0, 8, 3, 1);
  const auto images = random_images({1, 8, 8}, 1).to(at::kFloat);
  const auto kept = at::empty({batch, 1, 8, 8}, at::TensorOptions(at::kFloat), at::MemoryFormat::ChannelsLast);
  CHECK(kept.suggest_memory_format() == at::MemoryFormat::ChannelsLast);
  kept.copy_(images);
  CHECK(at::conv2d(kept, at::ones({8, 1, 3, 3})).is_contiguous(at::MemoryFormat::ChannelsLast));
}
