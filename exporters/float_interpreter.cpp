// The float interpreter: one loop nest per op, nothing clever; calibration and tests rest on it.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "exporters/float_model.hpp"

namespace paretoforge {

using namespace internal;

namespace {

using Values = std::vector<float>;

struct Context {
  const Model& model;
  NodeId id;
  const std::vector<Values>& values;  ///< of the nodes before
  const Values& packed;               ///< the node's kernel, outputs last

  const Shape& shape() const { return model.graph.shape(id); }
  NodeId input_id(std::size_t i) const { return model.graph.inputs(id)[i]; }
  const Shape& input_shape(std::size_t i = 0) const { return model.graph.shape(input_id(i)); }
  const Values& input(std::size_t i = 0) const { return values[static_cast<std::size_t>(input_id(i))]; }
  std::size_t input_count() const { return model.graph.inputs(id).size(); }
  const Weights& weights() const { return model.weights[static_cast<std::size_t>(id)]; }
};

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

void run_layer(const Context& context, const Conv& conv, Values& out) {
  Values bias = context.weights().bias;
  bias.resize(size_of(conv.out), 0.0f);
  convolve(
      conv, context.input_shape(), context.shape(), context.input().data(), context.packed.data(), bias.data(),
      [&](std::size_t place, const float* sums) { std::copy(sums, sums + bias.size(), &out[place * bias.size()]); });
}

void pool_window(PoolKind kind, const Values& in, std::size_t channels, const std::vector<std::size_t>& pixels,
                 float* out) {
  for (std::size_t c = 0; c < channels; ++c) {
    float result = kind == PoolKind::maximum ? -std::numeric_limits<float>::infinity() : 0.0f;
    for (const std::size_t pixel : pixels) {
      const float value = in[pixel * channels + c];
      result = kind == PoolKind::maximum ? std::max(result, value) : result + value;
    }
    out[c] = kind == PoolKind::maximum ? result : result / static_cast<float>(pixels.size());
  }
}

void run_op(const Context& context, const Pool& pool, Values& out) {
  const auto channels = size_of(context.shape().channels);
  std::size_t place = 0;
  for (std::int32_t oy = 0; oy < context.shape().height; ++oy)
    for (std::int32_t ox = 0; ox < context.shape().width; ++ox, ++place) {
      std::vector<std::size_t> pixels;
      for_window(pool, context.input_shape(), oy, ox, [&](std::size_t pixel) { pixels.push_back(pixel); });
      pool_window(pool.kind, context.input(), channels, pixels, &out[place * channels]);
    }
}

void run_op(const Context& context, const GlobalPool& pool, Values& out) {
  const Shape& shape = context.input_shape();
  run_op(context, Pool{.kind = pool.kind, .kernel = {shape.height, shape.width}, .stride = {}, .pad = {}}, out);
}

void run_op(const Context& context, const Conv& conv, Values& out) { run_layer(context, conv, out); }

void run_op(const Context& context, const Linear& linear, Values& out) {
  run_layer(context, Conv{.out = linear.out, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}}, out);
}

void run_op(const Context& context, const BatchNorm&, Values& out) {
  const Weights& w = context.weights();
  const std::size_t channels = w.gamma.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t c = i % channels;
    out[i] = (context.input()[i] - w.mean[c]) / std::sqrt(w.variance[c] + batch_norm_epsilon) * w.gamma[c] + w.beta[c];
  }
}

void run_op(const Context& context, const Activation& activation, Values& out) {
  std::transform(context.input().begin(), context.input().end(), out.begin(),
                 [&](float x) { return activate(activation.kind, x); });
}

void run_op(const Context& context, const Add&, Values& out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (std::size_t k = 0; k < context.input_count(); ++k)
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += context.input(k)[i];
}

void run_op(const Context& context, const Multiply&, Values& out) {
  const Values &image = context.input(0), &gate = context.input(1);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = image[i] * gate[i % gate.size()];
}

void run_op(const Context& context, const Concat&, Values& out) {
  const auto channels = size_of(context.shape().channels);
  std::size_t first = 0;
  for (std::size_t k = 0; k < context.input_count(); ++k) {
    const auto width = size_of(context.input_shape(k).channels);
    for (std::size_t i = 0; i < context.input(k).size(); ++i)
      out[i / width * channels + first + i % width] = context.input(k)[i];
    first += width;
  }
}

void run_op(const Context& context, const ChannelShuffle& shuffle, Values& out) {
  const auto channels = size_of(context.shape().channels);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = context.input()[i - i % channels + shuffled_from(i % channels, channels, size_of(shuffle.groups))];
}

void run_op(const Context&, const Zero&, Values& out) { std::fill(out.begin(), out.end(), 0.0f); }

void run_op(const Context& context, const Flatten&, Values& out) {
  out = channels_first(context.input().data(), context.input_shape());
}

void run_op(const Context& context, const Softmax&, Values& out) {
  const Values& in = context.input();
  const float greatest = *std::max_element(in.begin(), in.end());
  float sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::exp(in[i] - greatest);
  for (float& value : out) value /= sum;
}

void run_op(const Context&, const Input&, Values&) {}

/// What only imported models have; `folded` and the constructor refuse it before.
template <class Imported>
void run_op(const Context& context, const Imported&, Values&) {
  static_assert(op_kinds == 20, "an op needs its branch here, or a reason to have none");
  throw std::invalid_argument(context.model.graph.name(context.id) + ": an op of imported models alone");
}

Values packed_kernel(const Model& model, NodeId id) {
  const auto& kernel = model.weights[size_of(id)].kernel;
  if (kernel.empty()) return {};
  const auto out = size_of(model.graph.shape(id).channels);
  std::size_t taps = 1;
  if (const auto* conv = std::get_if<Conv>(&model.graph.op(id)))
    taps = size_of(conv->kernel.height * conv->kernel.width);
  return outputs_last<float>(depth_last(kernel, kernel.size() / (out * taps), taps), out);
}

}  // namespace

struct FloatInterpreter::State {
  Model model;
  std::vector<Values> packed, values;
};

FloatInterpreter::FloatInterpreter(const Model& model) : state_(std::make_unique<State>(State{model, {}, {}})) {
  refuse_imported(model.graph);
  for (NodeId id = 0; id < model.graph.size(); ++id) {
    state_->packed.push_back(packed_kernel(model, id));
    state_->values.emplace_back(static_cast<std::size_t>(model.graph.shape(id).elements()));
  }
}
FloatInterpreter::~FloatInterpreter() = default;
FloatInterpreter::FloatInterpreter(FloatInterpreter&&) noexcept = default;

std::vector<float> FloatInterpreter::run(std::span<const float> input) {
  const Graph& graph = state_->model.graph;
  if (input.size() != static_cast<std::size_t>(graph.shape(0).elements()))
    throw std::invalid_argument("an input of " + std::to_string(input.size()) + " numbers for a network that takes " +
                                to_string(graph.shape(0)));
  state_->values[0] = channels_last(input.data(), graph.shape(0));
  for (NodeId id = 1; id < graph.size(); ++id) {
    const Context context{state_->model, id, state_->values, state_->packed[size_of(id)]};
    std::visit([&](const auto& op) { run_op(context, op, state_->values[size_of(id)]); }, graph.op(id));
  }
  return channels_first(state_->values[size_of(graph.output())].data(), graph.shape(graph.output()));
}

std::span<const float> FloatInterpreter::value(NodeId id) const { return state_->values[size_of(id)]; }

std::vector<float> run_float(const Model& model, std::span<const float> input) {
  return FloatInterpreter(model).run(input);
}

std::vector<float> normalised(const Normalisation& normalisation, const Shape& shape,
                              std::span<const std::uint8_t> pixels) {
  const auto channels = size_of(shape.channels);
  const auto& [mean, deviation] = normalisation;
  if (pixels.size() != static_cast<std::size_t>(shape.elements()) || mean.size() != deviation.size() ||
      (!mean.empty() && mean.size() != channels))
    throw std::invalid_argument("pixels or their normalisation do not fit an image of " + to_string(shape));
  Values values(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    values[i] = static_cast<float>(pixels[i]) / 255.0f;
    if (!mean.empty()) values[i] = (values[i] - mean[i % channels]) / deviation[i % channels];
  }
  return channels_first(values.data(), shape);
}

}  // namespace paretoforge
