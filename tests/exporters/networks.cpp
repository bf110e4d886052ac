// Random networks: a chain whose links are drawn from every op and block that space knows.
#include "networks.hpp"

#include <algorithm>

namespace paretoforge::test {

Conv conv_of(int out, int kernel, int stride, int groups, bool bias) {
  const int before = (kernel - 1) / 2, after = kernel / 2;
  return {.out = out,
          .kernel = {kernel, kernel},
          .stride = {stride, stride},
          .dilation = {},
          .pad = {before, before, after, after},
          .groups = groups,
          .bias = bias};
}

Activation act(ActivationKind kind) { return {kind}; }

NodeId block(Graph& graph, NodeId from, const Conv& conv, ActivationKind kind) {
  return graph.add(act(kind), graph.add(BatchNorm{}, graph.add(conv, from)));
}

Graph seven_convs(int width) {
  Graph graph({3, 32, 32});
  NodeId last = 0;
  for (int i = 0; i < 7; ++i)
    last = block(graph, last, conv_of(width << (i / 3), 3, i == 3 || i == 6 ? 2 : 1), ActivationKind::relu);
  graph.add(Linear{.out = 10}, graph.add(GlobalPool{}, last));
  return graph;
}

std::vector<float> random_images(const Shape& shape, int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> images(static_cast<std::size_t>(shape.elements() * count));
  for (float& value : images) value = static_cast<float>(random.normal());
  return images;
}

namespace {

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(seed), flat_(random_.chance(0.2)), graph_(shape()) {}

  Graph run() {
    const int links = 2 + pick(5);
    for (int i = 0; i < links; ++i) last_ = link();
    if (random_.chance(0.3)) {
      last_ = graph_.add(Flatten{}, last_);
    } else {
      last_ = graph_.add(GlobalPool{.kind = random_.chance(0.7) ? PoolKind::average : PoolKind::maximum}, last_);
    }
    last_ = graph_.add(Linear{.out = 2 + pick(10), .bias = random_.chance(0.5)}, last_);
    if (random_.chance(0.2)) last_ = graph_.add(BatchNorm{}, last_);
    if (random_.chance(0.3)) graph_.add(Softmax{}, last_);
    return graph_;
  }

 private:
  int pick(int n) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(n))); }
  Shape shape() {
    return flat_ ? Shape{1 + pick(4), 1, 16 + pick(20)} : Shape{1 + pick(4), 6 + pick(12), 6 + pick(12)};
  }
  const Shape& now() const { return graph_.shape(last_); }
  Activation any_activation() { return {static_cast<ActivationKind>(pick(5))}; }

  /// 1-D networks are images of height 1.
  Conv fit(Conv conv) const {
    if (flat_) {
      conv.kernel.height = conv.stride.height = conv.dilation.height = 1;
      conv.pad.top = conv.pad.bottom = 0;
    }
    return conv;
  }

  NodeId maybe_norm(NodeId id) { return random_.chance(0.7) ? graph_.add(BatchNorm{}, id) : id; }
  NodeId maybe_activation(NodeId id) { return random_.chance(0.8) ? graph_.add(any_activation(), id) : id; }

  NodeId convolution() {
    const int groups = random_.chance(0.3) && now().channels % 2 == 0 ? 2 : 1;
    Conv conv = conv_of(groups * (1 + pick(12)), 1 + pick(5), 1 + pick(2), groups, random_.chance(0.4));
    if (random_.chance(0.2)) {
      conv.dilation = {2, 2};
      conv.pad = {conv.kernel.height - 1, conv.kernel.width - 1, conv.kernel.height - 1, conv.kernel.width - 1};
    }
    if (random_.chance(0.15)) conv.weight_bits = 4;
    return maybe_activation(maybe_norm(graph_.add(fit(conv), last_)));
  }

  NodeId depthwise() {
    const int channels = now().channels;
    return maybe_activation(maybe_norm(graph_.add(fit(conv_of(channels, 3, 1 + pick(2), channels)), last_)));
  }

  NodeId pool() {
    Pool pool{.kind = random_.chance(0.5) ? PoolKind::average : PoolKind::maximum,
              .kernel = {3, 3},
              .stride = {1 + pick(2), 1 + pick(2)},
              .pad = {1, 1, 1, 1}};
    if (flat_) {
      pool.kernel.height = pool.stride.height = 1;
      pool.pad.top = pool.pad.bottom = 0;
    }
    return graph_.add(pool, last_);
  }

  NodeId residual() {
    const NodeId side = maybe_norm(graph_.add(fit(conv_of(now().channels, 3)), last_));
    if (random_.chance(0.3)) {
      const NodeId third = graph_.add(fit(conv_of(now().channels, 1)), last_);
      const NodeId none = graph_.add(Zero{now()}, last_);
      return maybe_activation(graph_.add(Add{}, {side, last_, third, none}));
    }
    return maybe_activation(graph_.add(Add{}, {side, last_}));
  }

  NodeId branches() {
    const NodeId left = graph_.add(any_activation(), graph_.add(fit(conv_of(1 + pick(6), 3)), last_));
    if (random_.chance(0.2)) return graph_.add(Concat{}, {left, last_, graph_.add(Zero{now()}, last_)});
    return maybe_norm(graph_.add(Concat{}, {left, last_}));
  }

  NodeId squeeze() {
    const int channels = now().channels;
    const NodeId pooled = graph_.add(GlobalPool{}, last_);
    NodeId gate;
    if (random_.chance(0.5)) {
      gate = graph_.add(act(ActivationKind::relu), graph_.add(Linear{.out = 4}, pooled));
      gate = graph_.add(Linear{.out = channels}, gate);
    } else {
      gate = graph_.add(conv_of(channels, 1, 1, 1, true), pooled);
    }
    gate = graph_.add(act(random_.chance(0.5) ? ActivationKind::sigmoid : ActivationKind::hard_sigmoid), gate);
    return graph_.add(Multiply{}, {last_, gate});
  }

  NodeId shuffle() {
    const int channels = now().channels;
    return graph_.add(ChannelShuffle{.groups = channels % 3 == 0 ? 3 : channels % 2 == 0 ? 2 : 1}, last_);
  }

  NodeId link() {
    switch (pick(11)) {
      case 0:
        return depthwise();
      case 1:
        return pool();
      case 2:
        return residual();
      case 3:
        return branches();
      case 4:
        return squeeze();
      case 5:
        return shuffle();
      case 6:
        return graph_.add(Multiply{}, {last_, graph_.add(act(ActivationKind::sigmoid), last_)});
      case 7:
        return graph_.add(BatchNorm{}, last_);
      case 8:
        return graph_.add(any_activation(), last_);
      default:
        return convolution();
    }
  }

  Random random_;
  bool flat_;
  Graph graph_;
  NodeId last_ = 0;
};

}  // namespace

Graph random_graph(std::uint64_t seed) { return Builder(seed).run(); }

}  // namespace paretoforge::test
