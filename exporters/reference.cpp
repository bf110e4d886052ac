// The reference interpreter: one loop nest per op, both rounding rules side by side.
#include "exporters/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "space/integer_steps.hpp"

namespace paretoforge {

using namespace internal;

FixedPoint fixed_point(double factor) {
  if (factor == 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(factor, &exponent);
  auto multiplier = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (multiplier == std::int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  return {static_cast<std::int32_t>(multiplier), exponent};
}

static std::int64_t saturated(std::int64_t x) {
  return std::clamp<std::int64_t>(x, std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int32_t>::max());
}

std::int32_t multiply_by_fixed_point(std::int32_t x, const FixedPoint& factor) {
  const int left = std::clamp(factor.shift, 0, 31), right = std::max(-factor.shift, 0);
  const std::int64_t product = saturated(std::int64_t{x} << left) * factor.multiplier;
  // Division truncates, so that the nudge of negative products makes their ties go up as those of positive ones.
  const std::int64_t nudge = product >= 0 ? std::int64_t{1} << 30 : 1 - (std::int64_t{1} << 30);
  const std::int64_t high = (product + nudge) / (std::int64_t{1} << 31);
  if (right == 0) return static_cast<std::int32_t>(saturated(high));
  if (right > 31) return 0;
  const std::int64_t mask = (std::int64_t{1} << right) - 1, rest = high & mask;
  const std::int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<std::int32_t>((high >> right) + (rest > threshold ? 1 : 0));
}

namespace {

using Bytes = std::vector<std::int8_t>;
using Wide = std::vector<std::int16_t>;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// Rescales by one factor under one rounding rule.
struct Rescale {
  Rescale(float factor_, Rounding rounding_)
      : factor(factor_), fixed(fixed_point(double{factor_})), rounding(rounding_) {}
  float operator()(std::int32_t x) const {
    if (rounding == Rounding::twice) return static_cast<float>(multiply_by_fixed_point(x, fixed));
    return std::nearbyint(static_cast<float>(x) * factor);
  }
  float factor;
  FixedPoint fixed;
  Rounding rounding;
};

struct Context {
  const IntegerModel& model;
  const IntegerNode& node;
  std::span<const Bytes* const> inputs;
  const Wide& packed;
  const std::vector<Rescale>& rescales;  ///< of a layer, one per output channel
  Rounding rounding;

  const IntegerNode& input_node(std::size_t i = 0) const { return model.nodes[size_of(node.inputs[i])]; }
  const Bytes& input(std::size_t i = 0) const { return *inputs[i]; }
  std::int32_t input_zero(std::size_t i = 0) const { return input_node(i).output.zero_point; }
  float input_scale(std::size_t i = 0) const { return input_node(i).output.scale; }

  /// The value `rounded` steps from the zero point, clamped.
  std::int8_t finish(float rounded) const {
    const float q = rounded + static_cast<float>(node.output.zero_point);
    return static_cast<std::int8_t>(std::clamp(q, static_cast<float>(node.low), static_cast<float>(node.high)));
  }
};

void run_layer(const Context& context, const Conv& conv, Bytes& out) {
  const Bytes& in = context.input();
  Wide x(in.size());
  const auto zero = static_cast<std::int16_t>(context.input_zero());
  for (std::size_t i = 0; i < in.size(); ++i) x[i] = static_cast<std::int16_t>(in[i] - zero);
  const auto channels = size_of(conv.out);
  convolve(conv, context.input_node().shape, context.node.shape, x.data(), context.packed.data(),
           context.node.bias.data(), [&](std::size_t place, const std::int32_t* sums) {
             for (std::size_t c = 0; c < channels; ++c)
               out[place * channels + c] = context.finish(context.rescales[c](sums[c]));
           });
}

void run_op(const Context& context, const Conv& conv, Bytes& out) { run_layer(context, conv, out); }

void run_op(const Context& context, const Linear& linear, Bytes& out) {
  run_layer(context, Conv{.out = linear.out, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}}, out);
}

/// What lies under a pool's window in one channel.
struct Window {
  std::int32_t sum = 0, count = 0, greatest = -128;  ///< of the raw values
};

/// Under the double rule the mean of the raw values is rounded away from zero (TFLite Micro).
std::int8_t mean(const Context& context, const Window& window) {
  if (context.rounding == Rounding::single) return integer_mean(window.sum, window.count);
  const std::int32_t half = window.sum > 0 ? window.count / 2 : -(window.count / 2);
  return static_cast<std::int8_t>((window.sum + half) / window.count);
}

void run_op(const Context& context, const Pool& pool, Bytes& out) {
  const auto channels = size_of(context.node.shape.channels);
  std::size_t place = 0;
  for (std::int32_t oy = 0; oy < context.node.shape.height; ++oy)
    for (std::int32_t ox = 0; ox < context.node.shape.width; ++ox, ++place)
      for (std::size_t c = 0; c < channels; ++c) {
        Window window;
        for_window(pool, context.input_node().shape, oy, ox, [&](std::size_t pixel) {
          const std::int32_t q = context.input()[pixel * channels + c];
          window.sum += q;
          window.greatest = std::max(window.greatest, q);
          ++window.count;
        });
        out[place * channels + c] =
            pool.kind == PoolKind::maximum ? static_cast<std::int8_t>(window.greatest) : mean(context, window);
      }
}

void run_op(const Context& context, const GlobalPool& pool, Bytes& out) {
  const Shape& shape = context.input_node().shape;
  const std::int64_t pixels = std::int64_t{shape.height} * shape.width;
  const Rescale rescale(context.input_scale() / (context.node.output.scale * static_cast<float>(pixels)),
                        context.rounding);
  for (std::size_t c = 0; c < out.size(); ++c) {
    std::int32_t sum = 0, greatest = -128;
    for (std::size_t i = c; i < context.input().size(); i += out.size()) {
      sum += context.input()[i] - context.input_zero();
      greatest = std::max(greatest, std::int32_t{context.input()[i]});
    }
    out[c] = pool.kind == PoolKind::maximum ? static_cast<std::int8_t>(greatest) : context.finish(rescale(sum));
  }
}

void run_op(const Context& context, const Activation&, Bytes& out) {
  std::transform(context.input().begin(), context.input().end(), out.begin(),
                 [&](std::int8_t q) { return context.node.table[size_of(q + 128)]; });
}

/// TFLite's add: both terms brought to a common scale with 20 bits more, added, brought to the output's scale.
void add_twice(const Context& context, Bytes& out) {
  constexpr int headroom = 20;
  const double common = 2 * double{std::max(context.input_scale(0), context.input_scale(1))};
  const FixedPoint first = fixed_point(context.input_scale(0) / common),
                   second = fixed_point(context.input_scale(1) / common);
  const FixedPoint last = fixed_point(common / (double{context.node.output.scale} * (1 << headroom)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int32_t a =
        multiply_by_fixed_point((context.input(0)[i] - context.input_zero(0)) * (1 << headroom), first);
    const std::int32_t b =
        multiply_by_fixed_point((context.input(1)[i] - context.input_zero(1)) * (1 << headroom), second);
    out[i] = context.finish(static_cast<float>(multiply_by_fixed_point(a + b, last)));
  }
}

void run_op(const Context& context, const Add&, Bytes& out) {
  if (context.rounding == Rounding::twice) return add_twice(context, out);
  const float first = context.input_scale(0) / context.node.output.scale,
              second = context.input_scale(1) / context.node.output.scale;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto a = static_cast<float>(context.input(0)[i] - context.input_zero(0));
    const auto b = static_cast<float>(context.input(1)[i] - context.input_zero(1));
    out[i] = context.finish(std::nearbyint(a * first + b * second));
  }
}

void run_op(const Context& context, const Multiply&, Bytes& out) {
  const Bytes &image = context.input(0), &gate = context.input(1);
  const Rescale rescale(context.input_scale(0) * context.input_scale(1) / context.node.output.scale, context.rounding);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] =
        context.finish(rescale((image[i] - context.input_zero(0)) * (gate[i % gate.size()] - context.input_zero(1))));
}

void run_op(const Context& context, const Concat&, Bytes& out) {
  const auto channels = size_of(context.node.shape.channels);
  std::size_t first = 0;
  for (std::size_t k = 0; k < context.node.inputs.size(); ++k) {
    const auto width = size_of(context.input_node(k).shape.channels);
    const Rescale rescale(context.input_scale(k) / context.node.output.scale, context.rounding);
    for (std::size_t i = 0; i < context.input(k).size(); ++i)
      out[i / width * channels + first + i % width] =
          context.finish(rescale(context.input(k)[i] - context.input_zero(k)));
    first += width;
  }
}

void run_op(const Context& context, const ChannelShuffle& shuffle, Bytes& out) {
  const auto channels = size_of(context.node.shape.channels);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = context.input()[i - i % channels + shuffled_from(i % channels, channels, size_of(shuffle.groups))];
}

void run_op(const Context& context, const Zero&, Bytes& out) {
  std::fill(out.begin(), out.end(), static_cast<std::int8_t>(context.node.output.zero_point));
}

void run_op(const Context& context, const Flatten&, Bytes& out) {
  out = channels_first(context.input().data(), context.input_node().shape);
}

void run_op(const Context& context, const Softmax&, Bytes& out) {
  integer_softmax(context.input(), context.input_scale(), context.node.output, out);
}

void run_op(const Context&, const Input&, Bytes&) {}

/// Norms are folded away; what only imported models have is refused before.
template <class Absent>
void run_op(const Context& context, const Absent&, Bytes&) {
  static_assert(op_kinds == 20, "an op needs its branch here, or a reason to have none");
  throw std::invalid_argument(context.node.name + ": an integer model has no " + std::string(op_name(context.node.op)));
}

std::vector<Rescale> layer_rescales(const IntegerModel& model, const IntegerNode& node, Rounding rounding) {
  std::vector<Rescale> rescales;
  for (const float scale : node.kernel_scales)
    rescales.emplace_back(model.nodes[size_of(node.inputs[0])].output.scale * scale / node.output.scale, rounding);
  return rescales;
}

}  // namespace

struct NodeInterpreter::State {
  const IntegerModel& model;
  std::size_t node;
  Rounding rounding;
  Wide packed;
  std::vector<Rescale> rescales;
};

NodeInterpreter::NodeInterpreter(const IntegerModel& model, std::size_t node, Rounding rounding)
    : state_(std::make_unique<State>(State{model, node, rounding, {}, {}})) {
  const IntegerNode& itself = model.nodes[node];
  if (!itself.kernel.empty()) state_->packed = outputs_last<std::int16_t>(itself.kernel, size_of(itself.shape.channels));
  state_->rescales = layer_rescales(model, itself, rounding);
}
NodeInterpreter::~NodeInterpreter() = default;
NodeInterpreter::NodeInterpreter(NodeInterpreter&&) noexcept = default;

void NodeInterpreter::run(std::span<const Bytes* const> inputs, Bytes& output) const {
  const IntegerNode& node = state_->model.nodes[state_->node];
  const Context context{state_->model, node, inputs, state_->packed, state_->rescales, state_->rounding};
  std::visit([&](const auto& op) { run_op(context, op, output); }, node.op);
}

struct IntegerInterpreter::State {
  IntegerModel model;
  std::vector<NodeInterpreter> nodes;
  std::vector<Bytes> values;
  std::vector<std::vector<const Bytes*>> inputs;  ///< of each node, among the values
};

IntegerInterpreter::IntegerInterpreter(const IntegerModel& model, Rounding rounding)
    : state_(std::make_unique<State>(State{model, {}, {}, {}})) {
  for (const IntegerNode& node : model.nodes) state_->values.emplace_back(static_cast<std::size_t>(node.shape.elements()));
  for (std::size_t n = 0; n < model.nodes.size(); ++n) {
    state_->nodes.emplace_back(state_->model, n, rounding);
    auto& inputs = state_->inputs.emplace_back();
    for (const std::int32_t input : model.nodes[n].inputs) inputs.push_back(&state_->values[size_of(input)]);
  }
}
IntegerInterpreter::~IntegerInterpreter() = default;
IntegerInterpreter::IntegerInterpreter(IntegerInterpreter&&) noexcept = default;

std::vector<std::int8_t> IntegerInterpreter::run(std::span<const std::int8_t> input) {
  const IntegerModel& model = state_->model;
  if (input.size() != state_->values[0].size())
    throw std::invalid_argument("an input of " + std::to_string(input.size()) + " numbers for a network that takes " +
                                to_string(model.nodes[0].shape));
  state_->values[0].assign(input.begin(), input.end());
  for (std::size_t i = 1; i < model.nodes.size(); ++i) state_->nodes[i].run(state_->inputs[i], state_->values[i]);
  return state_->values[size_of(model.output)];
}

std::span<const std::int8_t> IntegerInterpreter::value(std::size_t node) const { return state_->values[node]; }

}  // namespace paretoforge
