// A Graph executed by LibTorch: one branch an op.
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "space/random.hpp"
#include "trainers/depthwise_internal.hpp"
#include "trainers/network_internal.hpp"
#include "trainers/network_ops_internal.hpp"
#include "trainers/winograd_internal.hpp"

namespace paretoforge {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The upper bound of an activation that clamps at 0 from below; 0 for others.
double upper_bound(const Op& op) {
  const auto* activation = std::get_if<Activation>(&op);
  if (activation == nullptr) return 0;
  return activation->kind == ActivationKind::relu ? infinity : activation->kind == ActivationKind::relu6 ? 6 : 0;
}

/// Gates are bounded; relu6 is a relu that was made to fit integers.
bool unbounded(ActivationKind kind) {
  return kind == ActivationKind::relu || kind == ActivationKind::relu6 || kind == ActivationKind::hard_swish;
}

/// The shape of a node's kernel, as a convolution's; empty where the op has none.
std::vector<std::int64_t> conv_shape(const Op& op, const Shape& input) {
  return has_weights(op) ? kernel_shape(as_conv(op), input) : std::vector<std::int64_t>{};
}

bool has_bias(const Op& op) { return has_weights(op) && as_conv(op).bias; }

/// Cuts tensors out of one vector, each its own leaf for autograd, the gradient cut out of another at the same place.
class Cutter {
 public:
  Cutter(at::Tensor values, at::Tensor gradients) : values_(std::move(values)), gradients_(std::move(gradients)) {}

  at::Tensor vector(std::int64_t size) { return cut({size}, {1}); }
  at::Tensor kernel(const std::vector<std::int64_t>& s) {
    return cut(s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]});  // channels last
  }
  std::int64_t position() const { return position_; }

 private:
  at::Tensor cut(const std::vector<std::int64_t>& sizes, const std::vector<std::int64_t>& strides) {
    auto part = values_.as_strided(sizes, strides, position_).variable_data();
    part.requires_grad_(true);
    part.mutable_grad() = gradients_.as_strided(sizes, strides, position_).variable_data();
    position_ += part.numel();
    return part;
  }

  at::Tensor values_, gradients_;
  std::int64_t position_ = 0;
};

void fill(const at::Tensor& to, const std::vector<float>& from) {
  if (static_cast<std::int64_t>(from.size()) != to.numel()) throw std::invalid_argument("weights of another network");
  c10::NoGradGuard guard;
  to.copy_(at::from_blob(const_cast<float*>(from.data()), to.sizes(), at::kFloat));
}

std::vector<float> numbers(const at::Tensor& from) {
  if (!from.defined()) return {};
  const auto plain = from.detach().to(at::kCPU, at::kFloat).contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

}  // namespace

TorchNetwork::TorchNetwork(const Graph& graph, at::Device device, at::ScalarType type)
    : graph_(graph), target_(graph.output()), layers_(static_cast<std::size_t>(graph.size())), fused_(device.is_cpu()), training_type_(type) {
  while (std::holds_alternative<Softmax>(graph_.op(target_))) target_ = graph_.inputs(target_)[0];
  plan();
  allocate(at::TensorOptions().device(device).dtype(type));
}

void TorchNetwork::plan() {
  steps_.assign(layers_.size(), {});
  for (NodeId id = 1; id <= target_; ++id)
    if (const auto in = graph_.inputs(id); !std::holds_alternative<Zero>(graph_.op(id)))
      steps_[static_cast<std::size_t>(id)].in.assign(in.begin(), in.end());
  count_readers();
  if (!fused_) return;
  for (NodeId id = 1; id <= target_; ++id) fuse(id);
  count_readers();
}

void TorchNetwork::count_readers() {
  readers_.assign(layers_.size(), 0);
  readers_[static_cast<std::size_t>(target_)] = 1;
  for (NodeId id = target_; id > 0; --id)
    if (readers_[static_cast<std::size_t>(id)] > 0)
      for (const NodeId input : steps_[static_cast<std::size_t>(id)].in) ++readers_[static_cast<std::size_t>(input)];
}

/// A norm that nothing else reads is done with the sum behind it, and both with the clamp behind them.
void TorchNetwork::fuse(NodeId id) {
  Step& step = steps_[static_cast<std::size_t>(id)];
  const auto alone = [&](NodeId source) { return readers_[static_cast<std::size_t>(source)] == 1; };
  const auto is_norm = [&](NodeId source) { return std::holds_alternative<BatchNorm>(graph_.op(source)); };
  if (is_norm(id)) {
    step.norm = id;
  } else if (std::holds_alternative<Add>(graph_.op(id)) && step.in.size() == 2) {
    for (const std::size_t k : {1u, 0u})
      if (const NodeId norm = step.in[k]; is_norm(norm) && alone(norm) && step.norm < 0)
        step = {{graph_.inputs(norm)[0], step.in[1 - k]}, norm};
  } else if (upper_bound(graph_.op(id)) > 0 && alone(step.in[0])) {
    if (const Step& source = steps_[static_cast<std::size_t>(step.in[0])]; source.norm >= 0) step = Step(source);
  }
}

void TorchNetwork::allocate(at::TensorOptions options) {
  std::int64_t total = 0;
  for (NodeId id = 1; id < graph_.size(); ++id) total += params(graph_.op(id), graph_.shape(graph_.inputs(id)[0]));
  parameters_ = at::zeros({total}, options);
  gradients_ = at::zeros({total}, options);
  Cutter cutter(parameters_, gradients_);
  for (NodeId id = 1; id < graph_.size(); ++id)
    if (const auto shape = conv_shape(graph_.op(id), graph_.shape(graph_.inputs(id)[0])); !shape.empty())
      layers_[static_cast<std::size_t>(id)].kernel = cutter.kernel(shape);
  decayed_ = cutter.position();
  std::int64_t normed = 0, norms = 0;
  for (NodeId id = 1; id < graph_.size(); ++id)
    if (std::holds_alternative<BatchNorm>(graph_.op(id))) normed += graph_.shape(id).channels;
  statistics_ = at::zeros({2 * normed}, options);
  statistics_.narrow(0, normed, normed).fill_(1);  // means first, then variances
  for (NodeId id = 1; id < graph_.size(); ++id) {
    auto& layer = layers_[static_cast<std::size_t>(id)];
    const auto channels = graph_.shape(id).channels;
    if (has_bias(graph_.op(id))) layer.bias = cutter.vector(channels);
    if (std::holds_alternative<BatchNorm>(graph_.op(id))) {
      layer.gamma = cutter.vector(channels);
      layer.beta = cutter.vector(channels);
      layer.mean = statistics_.narrow(0, norms, channels).variable_data();
      layer.variance = statistics_.narrow(0, normed + norms, channels).variable_data();
      norms += channels;
    }
    if (const auto* pool = std::get_if<Pool>(&graph_.op(id)))
      layer.divisor = average_divisor(*pool, graph_.shape(graph_.inputs(id)[0]), graph_.shape(id), options);
  }
}

void TorchNetwork::initialise(std::uint64_t seed) {
  for (std::size_t id = 0; id < layers_.size(); ++id) {
    auto& layer = layers_[id];
    c10::NoGradGuard guard;
    if (layer.gamma.defined()) layer.gamma.fill_(1);
    if (!layer.kernel.defined()) continue;
    Random random(derived_seed(seed, id));
    std::vector<float> values(static_cast<std::size_t>(layer.kernel.numel()));
    const bool linear = std::holds_alternative<Linear>(graph_.op(static_cast<NodeId>(id)));
    const double fan_in = static_cast<double>(layer.kernel.numel()) / static_cast<double>(layer.kernel.size(0));
    const double deviation = std::sqrt((linear ? 1.0 : 2.0) / fan_in);
    for (auto& value : values) value = static_cast<float>(deviation * random.normal());
    fill(layer.kernel, values);
  }
}

void TorchNetwork::load(const std::vector<Weights>& weights) {
  if (weights.size() != layers_.size()) throw std::invalid_argument("weights of another network");
  for (std::size_t id = 0; id < layers_.size(); ++id) {
    const auto& layer = layers_[id];
    const auto& from = weights[id];
    if (layer.kernel.defined()) fill(layer.kernel, from.kernel);
    if (layer.bias.defined()) fill(layer.bias, from.bias);
    if (!layer.gamma.defined()) continue;
    fill(layer.gamma, from.gamma), fill(layer.beta, from.beta);
    fill(layer.mean, from.mean), fill(layer.variance, from.variance);
  }
}

std::vector<Weights> TorchNetwork::weights() const {
  std::vector<Weights> result;
  for (const auto& layer : layers_)
    result.push_back({numbers(layer.kernel), numbers(layer.bias), numbers(layer.gamma), numbers(layer.beta),
                      numbers(layer.mean), numbers(layer.variance)});
  return result;
}

std::vector<at::Tensor> TorchNetwork::kernels() const {
  std::vector<at::Tensor> result;
  for (const auto& layer : layers_)
    if (layer.kernel.defined()) result.push_back(layer.kernel);
  return result;
}

at::Tensor TorchNetwork::logits(const at::Tensor& images, Mode mode, const Watch& watch) const {
  c10::AutoGradMode autograd(mode != Mode::evaluation && c10::GradMode::is_enabled());
  std::vector<at::Tensor> values(layers_.size()), again(layers_.size());  // again: for the second of two readers
  auto left = readers_;
  values[0] = mode == Mode::training ? images.to(training_type_) : images;
  for (NodeId id = 1; id <= target_; ++id) {
    if (readers_[static_cast<std::size_t>(id)] == 0) continue;
    std::vector<at::Tensor> in;
    for (const NodeId input : steps_[static_cast<std::size_t>(id)].in) {
      const auto i = static_cast<std::size_t>(input);
      const bool last = --left[i] == 0;
      if (again[i].defined())
        in.push_back(std::move(last ? again[i] : values[i]));
      else
        in.push_back(last ? std::move(values[i]) : values[i]);
    }
    // A watched value has one gradient.
    const bool twice = readers_[static_cast<std::size_t>(id)] == 2 && !watch;
    values[static_cast<std::size_t>(id)] = run(id, in, images.size(0), mode, twice ? &again[static_cast<std::size_t>(id)] : nullptr);
    if (watch) watch(id, values[static_cast<std::size_t>(id)]);
  }
  return values[static_cast<std::size_t>(target_)].flatten(1).to(parameters_.scalar_type());
}

at::Tensor TorchNetwork::run(NodeId id, const std::vector<at::Tensor>& in, std::int64_t batch, Mode mode, at::Tensor* again) const {
  const auto& layer = layers_[static_cast<std::size_t>(id)];
  if (const NodeId norm = steps_[static_cast<std::size_t>(id)].norm; norm >= 0)
    return run_norm(norm, in, upper_bound(graph_.op(id)), mode, again);
  static_assert(op_kinds == 20, "an op needs its branch here");
  return std::visit(
      Overloaded{
          [&](const Input&) -> at::Tensor { throw std::logic_error("an input inside the network"); },
          [&](const Conv& op) { return multiplied(id, op, in[0], mode); },
          // As a 1x1 convolution: oneDNN then, and no BLAS with threads of its own.
          [&](const Linear&) { return multiplied(id, Conv{}, in[0], mode); },
          [&](const Pool& op) { return pooled(op, in[0], layer.divisor); },
          [&](const GlobalPool& op) { return pooled(op, in[0]); },
          [&](const BatchNorm&) { return run_norm(id, in, 0, mode); },
          [&](const Activation& op) {
            if (mode == Mode::linear && unbounded(op.kind)) return in[0];
            return twice_ ? activated_twice_differentiable(op.kind, in[0]) : activated(op.kind, in[0]);
          },
          [&](const Add&) { return sum(in); },
          [&](const Concat&) { return at::cat(in, 1); },
          [&](const Multiply&) { return in[0] * in[1]; },
          [&](const ChannelShuffle& op) { return shuffled(in[0], op.groups); },
          [&](const Zero& op) {
            return zeros(op, batch, parameters_.options().dtype(mode == Mode::training ? training_type_ : parameters_.scalar_type()));
          },
          [&](const Flatten&) { return in[0].flatten(1).unsqueeze(2).unsqueeze(3); },
          [&](const Softmax&) { return at::softmax(in[0], 1); },
          [&](const auto&) -> at::Tensor { throw std::logic_error("an op of imported models, see check_fit"); },
      },
      graph_.op(id));
}

/// In what x is kept in, the last linear layer in what weights are. Evaluated as LibTorch does it: what accuracy is
/// said of a network is what others compute.
at::Tensor TorchNetwork::multiplied(NodeId id, const Conv& op, const at::Tensor& x, Mode mode) const {
  const auto& layer = layers_[static_cast<std::size_t>(id)];
  if (mode == Mode::training && fused_)
    if (const at::Tensor y = winograd_convolved(op, x, layer.kernel); y.defined()) return y;
  const bool last = id == target_ && std::holds_alternative<Linear>(graph_.op(id));
  const at::ScalarType type = last ? layer.kernel.scalar_type() : x.scalar_type();
  const at::Tensor input = x.to(type), kernel = layer.kernel.to(type);
  if (mode == Mode::training && fused_ && !op.bias)
    if (const at::Tensor y = depthwise_convolved(op, input, kernel); y.defined()) return y;
  return convolved(op, input, kernel, layer.bias.defined() ? layer.bias.to(type) : layer.bias);
}

/// With a residual where `in` has two; clamped to 0 .. high where that is above 0.
at::Tensor TorchNetwork::run_norm(NodeId norm, const std::vector<at::Tensor>& in, double high, Mode mode, at::Tensor* again) const {
  if (mode == Mode::linear) return sum(in);
  const auto& [kernel, bias, gamma, beta, mean, variance, divisor] = layers_[static_cast<std::size_t>(norm)];
  if (!fused_)
    return at::batch_norm(in[0], gamma, beta, mean, variance, mode == Mode::training, norm_momentum,
                          batch_norm_epsilon, true);
  const NormInputs inputs{in[0], gamma, beta, in.size() > 1 ? in[1] : at::Tensor(), again};
  const double low = high > 0 ? 0 : -infinity, most = high > 0 ? high : infinity;
  return mode == Mode::training ? norm_clamp(inputs, mean, variance, low, most)
                                : norm_clamp_fixed(inputs, mean, variance, low, most);
}

}  // namespace paretoforge
