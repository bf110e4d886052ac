// The steps of the integer form, each in two ways: with its range observed, and exactly.
#include "trainers/quantised_network_internal.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <limits>

#include "trainers/depthwise_internal.hpp"
#include "trainers/fake_quantise_internal.hpp"
#include "trainers/network_ops_internal.hpp"

namespace paretoforge {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

double upper_bound(const IntegerStep& step) { return step.activation == ActivationKind::relu6 ? 6 : infinity; }

at::Tensor clamped(const IntegerStep& step, const at::Tensor& x) {
  if (!step.activation) return x;
  return step.activation == ActivationKind::relu ? at::relu(x) : at::hardtanh(x, 0, 6);
}

std::vector<float> host(const at::Tensor& x) {
  const at::Tensor plain = x.detach().to(at::kCPU, at::kFloat).contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

at::Tensor by_row(const at::Tensor& vector) { return vector.view({-1, 1, 1, 1}); }
at::Tensor by_channel(const at::Tensor& vector) { return vector.view({1, -1, 1, 1}); }

/// Weights in units of their scale; those that are cut off have no gradient. Of one bit none is: any may still change its
/// sign (Zhou et al., "DoReFa-Net", 2016).
at::Tensor rounding_range(const at::Tensor& weights, int bits) {
  if (bits == 1) return weights;
  const double limit = weight_limit(bits) + 0.5;
  return at::hardtanh(weights, -limit, limit);
}

double low_of(const Clip& clip, const Quantisation& output) { return clip.low - output.zero_point; }
double high_of(const Clip& clip, const Quantisation& output) { return clip.high - output.zero_point; }

at::Tensor real(const at::Tensor& quanta, const Quantisation& quantisation) { return quanta * double{quantisation.scale}; }

}  // namespace

QuantisedNetwork::QuantisedNetwork(const Graph& graph, const TorchNetwork& network, double momentum)
    : graph_(graph), network_(network), momentum_(momentum), folding_(folding(graph)), steps_(integer_steps(folding_.graph)) {
  for (const IntegerStep& step : steps_)
    if (has_weights(op(step))) checked_weight_bits(weight_bits(op(step)), folding_.graph.name(step.node));
  target_ = size_of(output_step(folding_.graph, steps_));
  while (std::holds_alternative<Softmax>(op(steps_[target_]))) target_ = size_of(steps_[target_].inputs[0]);
  last_use_.assign(steps_.size(), 0);
  for (std::size_t i = 0; i <= target_; ++i)
    for (const std::int32_t input : steps_[i].inputs) last_use_[size_of(input)] = i;
  const auto nodes = size_of(graph.size());
  observed_.ranges.resize(nodes);
  seen_.resize(nodes);
  met_.resize(nodes);
}

at::Tensor QuantisedNetwork::constant(const std::vector<float>& values) const {
  return at::tensor(values).to(network_.parameters().options());
}

at::Tensor QuantisedNetwork::kernel_tensor(const IntegerStep& step, const std::vector<float>& quanta) const {
  const Conv conv = as_conv(op(step));
  const std::int64_t depth = folding_.graph.shape(folding_.graph.inputs(step.node)[0]).channels / conv.groups;
  return constant(quanta).view({conv.out, depth, conv.kernel.height, conv.kernel.width}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor QuantisedNetwork::logits(const at::Tensor& images, Mode mode, const Watch& watch) {
  c10::AutoGradMode autograd(mode != Mode::evaluation && c10::GradMode::is_enabled());
  if (mode != Mode::observing && !ready()) throw std::logic_error("a quantised network without ranges");
  if (mode == Mode::frozen || (mode == Mode::evaluation && prepared_.empty())) prepare();
  std::vector<Value> values(target_ + 1);
  for (std::size_t i = 0; i <= target_; ++i) {
    std::vector<Value> in;
    if (i == 0) in.push_back({images, {}});
    for (const std::int32_t input : steps_[i].inputs) in.push_back(values[size_of(input)]);
    values[i] = run(i, in, mode);
    if (watch) watch(steps_[i], values[i].quanta);
    for (const std::int32_t input : steps_[i].inputs)
      if (last_use_[size_of(input)] == i) values[size_of(input)].quanta.reset();
  }
  if (mode == Mode::observing) close_batch();
  return real(values[target_].quanta, values[target_].quantisation).flatten(1);
}

QuantisedNetwork::Value QuantisedNetwork::run(std::size_t i, const std::vector<Value>& in, Mode mode) {
  if (mode == Mode::observing) return observed_value(i, in);
  return {exact_value(steps_[i], prepared_[i], in), prepared_[i].output};
}

// Observing.

QuantisedNetwork::Value QuantisedNetwork::observed_value(std::size_t i, const std::vector<Value>& in) {
  const IntegerStep& step = steps_[i];
  const Quantisation input = in[0].quantisation;
  if (!has_own_range(folding_.graph, step)) {
    const Quantisation output = output_quantisation(folding_.graph, step, input, {});
    return {fixed_value(step, in[0], output), output};
  }
  const at::Tensor x = real_value(step, in);
  const NodeId node = origin(step.last).value;
  observe(node, x);
  const Range& range = ready() ? observed_.ranges[size_of(node)] : seen_[size_of(node)];
  const Quantisation output = output_quantisation(folding_.graph, step, input, range);
  const Clip clip = output_clip(step, output);
  return {requantised(x, constant({1 / output.scale}), low_of(clip, output), high_of(clip, output)), output};
}

/// What a step gives of its quantised inputs before it is quantised itself.
at::Tensor QuantisedNetwork::real_value(const IntegerStep& step, const std::vector<Value>& in) {
  const auto x = [&](std::size_t k) { return real(in[k].quanta, in[k].quantisation); };
  return std::visit(Overloaded{[&](const Input&) { return in[0].quanta; },
                               [&](const Conv&) { return real_layer(step, in[0]); },
                               [&](const Linear&) { return real_layer(step, in[0]); },
                               [&](const GlobalPool& pool) { return clamped(step, pooled(pool, x(0))); },
                               [&](const Activation& activation) { return activated(activation.kind, x(0)); },
                               [&](const Add&) { return clamped(step, x(0) + x(1)); },
                               [&](const Multiply&) { return clamped(step, x(0) * x(1)); },
                               [&](const Concat&) {
                                 std::vector<at::Tensor> parts;
                                 for (std::size_t k = 0; k < in.size(); ++k) parts.push_back(x(k));
                                 return at::cat(parts, 1);
                               },
                               [&](const Zero& zero) { return zeros(zero, in[0].quanta.size(0), network_.parameters().options()); },
                               [&](const auto&) -> at::Tensor { throw std::logic_error("an op without a range of its own"); }},
                    op(step));
}

/// Weights are quantised before the norm: scaling a row scales its steps, so it makes no difference which comes first.
at::Tensor QuantisedNetwork::real_layer(const IntegerStep& step, const Value& in) {
  const FoldedNode& from = origin(step.node);
  if (from.layer < 0) return real_norm(step, real(in.quanta, in.quantisation));
  const auto& layer = network_.layer(from.layer);
  const int bits = weight_bits(op(step));
  const std::vector<float> weights = host(layer.kernel);
  const auto out = size_of(layer.kernel.size(0));
  const std::size_t row = weights.size() / out;
  std::vector<float> quanta, scales;
  for (std::size_t o = 0; o < out; ++o) {
    const std::span<const float> channel(&weights[o * row], row);
    const RoundedRow rounded = rounded_to_nearest(channel, std::max(nearest_scale(channel, bits), double{std::numeric_limits<float>::min()}), bits);
    scales.push_back(static_cast<float>(rounded.scale));
    quanta.insert(quanta.end(), rounded.q.begin(), rounded.q.end());
  }
  const at::Tensor scale = constant(scales);
  const at::Tensor kernel = straight_through(kernel_tensor(step, quanta), rounding_range(layer.kernel / by_row(scale), bits));
  const Conv conv = as_conv(op(step));
  at::Tensor y = depthwise_convolved(conv, in.quanta, kernel);
  if (!y.defined()) y = convolved(conv, in.quanta, kernel, {});
  y = y * by_channel(scale * double{in.quantisation.scale});
  if (layer.bias.defined()) y = y + by_channel(layer.bias);
  return from.norm < 0 ? clamped(step, y) : real_norm(step, y);
}

at::Tensor QuantisedNetwork::real_norm(const IntegerStep& step, const at::Tensor& x) {
  const auto& norm = network_.layer(origin(step.node).norm);
  if (x.is_cpu())
    return norm_clamp({x, norm.gamma, norm.beta, {}}, norm.mean, norm.variance, step.activation ? 0 : -infinity, upper_bound(step));
  return clamped(step, at::batch_norm(x, norm.gamma, norm.beta, norm.mean, norm.variance, true, norm_momentum, batch_norm_epsilon, true));
}

void QuantisedNetwork::observe(NodeId node, const at::Tensor& x) {
  const auto [least, greatest] = at::aminmax(x.detach());
  const Range found{least.item<float>(), greatest.item<float>()};
  Range& seen = seen_[size_of(node)];
  seen = met_[size_of(node)] ? Range{std::min(seen.low, found.low), std::max(seen.high, found.high)} : found;
  met_[size_of(node)] = true;
}

void QuantisedNetwork::close_batch() {
  ++observed_.batches;
  const auto weight = static_cast<float>(std::max(1.0 / static_cast<double>(observed_.batches), momentum_));
  for (std::size_t node = 0; node < seen_.size(); ++node) {
    if (!met_[node]) continue;
    Range& range = observed_.ranges[node];
    range.low += weight * (seen_[node].low - range.low);
    range.high += weight * (seen_[node].high - range.high);
    met_[node] = false;
  }
  prepared_.clear();
}

// Exactly.

void QuantisedNetwork::prepare() {
  c10::NoGradGuard guard;
  const Model model = folded({graph_, network_.weights(), observed_.ranges, {}});
  prepared_.clear();
  for (std::size_t i = 0; i <= target_; ++i) {
    const IntegerStep& step = steps_[i];
    const Quantisation input = step.inputs.empty() ? Quantisation{} : prepared_[size_of(step.inputs[0])].output;
    Prepared plan;
    plan.output = output_quantisation(folding_.graph, step, input, model.ranges[size_of(step.last)]);
    plan.clip = output_clip(step, plan.output);
    if (has_weights(op(step))) prepare_layer(step, model.weights[size_of(step.node)], input, plan);
    prepared_.push_back(std::move(plan));
  }
}

void QuantisedNetwork::prepare_layer(const IntegerStep& step, const Weights& weights, const Quantisation& input, Prepared& to) const {
  const std::size_t out = weights.bias.size(), row = weights.kernel.size() / out;
  const int bits = weight_bits(op(step));
  std::vector<float> kernel, bias, scales, factors;
  for (std::size_t o = 0; o < out; ++o) {
    const std::span<const float> channel(&weights.kernel[o * row], row);
    const double offset = double{weights.bias[o]};
    const double scale = std::max(nearest_scale(channel, bits), least_weight_scale(offset, input.scale, to.output.scale));
    const RoundedRow rounded = rounded_to_nearest(channel, scale, bits);
    kernel.insert(kernel.end(), rounded.q.begin(), rounded.q.end());
    bias.push_back(static_cast<float>(integer_bias(offset, input.scale, rounded, folding_.graph.name(step.node), o)));
    scales.push_back(static_cast<float>(rounded.scale));
    factors.push_back(input.scale * scales.back() / to.output.scale);
  }
  to.kernel = kernel_tensor(step, kernel);
  to.bias = constant(bias);
  to.kernel_scales = constant(scales);
  to.factor = constant(factors);
}

at::Tensor QuantisedNetwork::exact_value(const IntegerStep& step, const Prepared& plan, const std::vector<Value>& in) const {
  const double low = low_of(plan.clip, plan.output), high = high_of(plan.clip, plan.output);
  const float out = plan.output.scale;
  const auto quanta = [&](std::size_t k) { return in[k].quanta; };
  const auto scale = [&](std::size_t k) { return in[k].quantisation.scale; };
  const auto rescaled = [&](const at::Tensor& x, float factor) { return requantised(x, constant({factor}), low, high); };
  if (!has_own_range(folding_.graph, step)) return fixed_value(step, in[0], plan.output);
  return std::visit(
      Overloaded{[&](const Input&) { return (quanta(0) / constant({out}).view({1, 1, 1, 1})).round().clamp(low, high); },
                 [&](const Conv&) { return exact_layer(step, plan, quanta(0), low, high); },
                 [&](const Linear&) { return exact_layer(step, plan, quanta(0), low, high); },
                 [&](const GlobalPool&) {
                   const auto pixels = static_cast<float>(quanta(0).size(2) * quanta(0).size(3));
                   return rescaled(quanta(0).sum({2, 3}, true), scale(0) / (out * pixels));
                 },
                 [&](const Activation&) { return fixed_value(step, in[0], plan.output); },
                 [&](const Add&) { return rescaled(quanta(0) * double{scale(0) / out} + quanta(1) * double{scale(1) / out}, 1); },
                 [&](const Multiply&) { return rescaled(quanta(0) * quanta(1), scale(0) * scale(1) / out); },
                 [&](const Concat&) {
                   std::vector<at::Tensor> parts;
                   for (std::size_t k = 0; k < in.size(); ++k) parts.push_back(rescaled(quanta(k), scale(k) / out));
                   return at::cat(parts, 1);
                 },
                 [&](const Zero& zero) { return zeros(zero, quanta(0).size(0), network_.parameters().options()); },
                 [&](const auto&) -> at::Tensor { throw std::logic_error("an op without a range of its own"); }},
      op(step));
}

/// Gradients reach the parameters through the folded weights as real numbers.
at::Tensor QuantisedNetwork::exact_layer(const IntegerStep& step, const Prepared& plan, const at::Tensor& in, double low, double high) const {
  at::Tensor kernel = plan.kernel, bias = plan.bias;
  if (c10::GradMode::is_enabled()) {
    const FoldedNode& from = origin(step.node);
    const auto& layer = network_.layer(from.layer < 0 ? from.norm : from.layer);
    at::Tensor weight = layer.kernel, offset = layer.bias;
    if (from.norm >= 0) {
      const auto& norm = network_.layer(from.norm);
      const at::Tensor slope = norm.gamma / (norm.variance + double{batch_norm_epsilon}).sqrt();
      weight = weight.defined() ? weight * by_row(slope) : by_row(slope);
      offset = norm.beta - norm.mean * slope + (offset.defined() ? offset * slope : at::zeros_like(slope));
    }
    kernel = straight_through(kernel, rounding_range(weight / by_row(plan.kernel_scales), weight_bits(op(step))));
    const at::Tensor unit = plan.factor * double{plan.output.scale};  // of the sums
    if (offset.defined()) bias = straight_through(bias, offset / unit);
  }
  return requantised(convolved(as_conv(op(step)), in, kernel, bias), plan.factor, low, high);
}

/// Steps that keep what their input has, and those that are tables.
at::Tensor QuantisedNetwork::fixed_value(const IntegerStep& step, const Value& in, const Quantisation& output) const {
  const at::Tensor& x = in.quanta;
  const auto with_gradient = [&](at::Tensor exact, const auto& smooth) {
    return c10::GradMode::is_enabled() ? straight_through(exact, smooth()) : exact;
  };
  return std::visit(
      Overloaded{[&](const Pool& pool) {
                   const at::Tensor& divisor = network_.layer(origin(step.node).value).divisor;
                   if (pool.kind == PoolKind::maximum) return pooled(pool, x, divisor);
                   return with_gradient(exact_average(pool, x, folding_.graph.shape(step.node), output), [&] { return pooled(pool, x, divisor); });
                 },
                 [&](const GlobalPool& pool) { return pooled(pool, x); },
                 [&](const ChannelShuffle& shuffle) { return shuffled(x, shuffle.groups); },
                 [&](const Flatten&) { return x.flatten(1).unsqueeze(2).unsqueeze(3); },
                 [&](const Softmax&) {
                   return with_gradient(exact_softmax(x, in.quantisation, output), [&] { return at::softmax(real(x, in.quantisation), 1) / double{output.scale}; });
                 },
                 [&](const Activation& activation) {
                   const std::vector<std::int8_t> table = activation_table(activation.kind, in.quantisation, output);
                   return with_gradient(looked_up(table, x, in.quantisation, output), [&] {
                     const Clip all;
                     return at::hardtanh(activated(activation.kind, real(x, in.quantisation)) / double{output.scale}, low_of(all, output), high_of(all, output));
                   });
                 },
                 [&](const auto&) -> at::Tensor { throw std::logic_error("an op that changes its scale"); }},
      op(step));
}

}  // namespace paretoforge
