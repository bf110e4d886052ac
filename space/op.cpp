// Names, shapes and exact costs of ops.
#include "space/op.hpp"

#include "space/graph.hpp"

namespace paretoforge {
namespace {

[[noreturn]] void refuse(const Op& op, const std::vector<Shape>& inputs, const std::string& why) {
  std::string text = std::string(op_name(op)) + " does not fit its input";
  for (std::size_t i = 0; i < inputs.size(); ++i) text += (i == 0 ? " " : " and ") + to_string(inputs[i]);
  throw ShapeError(text + ": " + why);
}

/// What one op may make and cost: far beyond any network, and small enough that sums over networks fit in 64 bits.
constexpr std::int64_t most_channels = 1 << 28, most_elements = std::int64_t{1} << 31;
constexpr double most_macs = 1e15;

/// Positions of a window of `reach` cells that moves by `stride` over `length` cells.
std::int32_t windows(std::int64_t length, std::int64_t reach, std::int32_t stride) {
  return length < reach ? 0 : static_cast<std::int32_t>((length - reach) / stride + 1);
}

struct Window {
  Extent kernel, stride, dilation;
  Padding pad;
};

Extent slide(const Op& op, const std::vector<Shape>& inputs, const Window& w) {
  const Shape& in = inputs[0];
  if (w.kernel.height < 1 || w.kernel.width < 1 || w.stride.height < 1 || w.stride.width < 1 ||
      w.dilation.height < 1 || w.dilation.width < 1)
    refuse(op, inputs, "kernel, stride and dilation must be at least 1");
  if (w.pad.top < 0 || w.pad.bottom < 0 || w.pad.left < 0 || w.pad.right < 0)
    refuse(op, inputs, "padding must be at least 0");
  const std::int64_t reach_y = std::int64_t{w.dilation.height} * (w.kernel.height - 1) + 1;
  const std::int64_t reach_x = std::int64_t{w.dilation.width} * (w.kernel.width - 1) + 1;
  const Extent out{windows(std::int64_t{in.height} + w.pad.top + w.pad.bottom, reach_y, w.stride.height),
                   windows(std::int64_t{in.width} + w.pad.left + w.pad.right, reach_x, w.stride.width)};
  if (out.height < 1 || out.width < 1)
    refuse(op, inputs, "the window of " + std::to_string(reach_y) + "x" + std::to_string(reach_x) +
                           " is larger than the padded input");
  return out;
}

Shape conv_shape(const Conv& conv, const Op& op, const std::vector<Shape>& inputs) {
  const std::int32_t channels = inputs[0].channels;
  if (conv.out < 1) refuse(op, inputs, "it needs at least 1 output channel");
  if (conv.groups < 1 || channels % conv.groups != 0 || conv.out % conv.groups != 0)
    refuse(op, inputs, std::to_string(conv.groups) + " groups do not divide " + std::to_string(channels) +
                           " input and " + std::to_string(conv.out) + " output channels");
  const Extent out = slide(op, inputs, {conv.kernel, conv.stride, conv.dilation, conv.pad});
  return {conv.out, out.height, out.width};
}

Shape pool_shape(const Pool& pool, const Op& op, const std::vector<Shape>& inputs) {
  // A window that lies in the padding alone would have no value.
  if (pool.pad.top >= pool.kernel.height || pool.pad.bottom >= pool.kernel.height ||
      pool.pad.left >= pool.kernel.width || pool.pad.right >= pool.kernel.width)
    refuse(op, inputs, "padding must be smaller than the window");
  const Extent out = slide(op, inputs, {pool.kernel, pool.stride, {}, pool.pad});
  return {inputs[0].channels, out.height, out.width};
}

Shape add_shape(const Op& op, const std::vector<Shape>& inputs) {
  for (const Shape& shape : inputs)
    if (shape != inputs[0]) refuse(op, inputs, "all must have one shape");
  return inputs[0];
}

Shape concat_shape(const Op& op, const std::vector<Shape>& inputs) {
  Shape result = inputs[0];
  std::int64_t channels = 0;
  for (const Shape& shape : inputs) {
    if (shape.height != result.height || shape.width != result.width)
      refuse(op, inputs, "all must have one height and width");
    channels += shape.channels;
  }
  if (channels > most_channels) refuse(op, inputs, std::to_string(channels) + " channels are too many");
  result.channels = static_cast<std::int32_t>(channels);
  return result;
}

Shape multiply_shape(const Op& op, const std::vector<Shape>& inputs) {
  const bool gate = inputs[1] == Shape{inputs[0].channels, 1, 1};
  if (!gate && inputs[0] != inputs[1]) refuse(op, inputs, "the second must have the first's shape or be CHANNELSx1x1");
  return inputs[0];
}

Shape reshaped(const Reshape& view, const Op& op, const std::vector<Shape>& inputs) {
  if (view.shape.elements() != inputs[0].elements()) refuse(op, inputs, to_string(view.shape) + " has other elements");
  return view.shape;
}

Shape product_shape(const Op& op, const std::vector<Shape>& inputs) {
  const Shape &a = inputs[0], &b = inputs[1];
  if (a.width != b.height) refuse(op, inputs, "the first's width must be the second's height");
  if (a.channels % b.channels != 0) refuse(op, inputs, "the second's matrices do not divide the first's");
  return {a.channels, a.height, b.width};
}

std::size_t least_inputs(const Op& op) {
  return std::visit(Overloaded{[](const Input&) -> std::size_t { return 0; },
                               [](const Multiply&) -> std::size_t { return 2; },
                               [](const MatMul&) -> std::size_t { return 2; },
                               [](const auto&) -> std::size_t { return 1; }},
                    op);
}

bool takes_many(const Op& op) {
  return std::holds_alternative<Add>(op) || std::holds_alternative<Concat>(op) || std::holds_alternative<Rearrange>(op) ||
         std::holds_alternative<Arithmetic>(op) || std::holds_alternative<Opaque>(op);
}

}  // namespace

std::string_view activation_name(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::relu: return "relu";
    case ActivationKind::relu6: return "relu6";
    case ActivationKind::hard_swish: return "hard_swish";
    case ActivationKind::hard_sigmoid: return "hard_sigmoid";
    case ActivationKind::sigmoid: return "sigmoid";
    case ActivationKind::gelu: return "gelu";
    case ActivationKind::silu: return "silu";
    case ActivationKind::tanh: return "tanh";
    case ActivationKind::leaky_relu: return "leaky_relu";
  }
  return "";
}

std::string_view op_name(const Op& op) {
  static constexpr std::string_view names[] = {"input", "conv",     "linear",  "pool", "global_pool", "norm",    "activation",
                                               "add",   "concat",   "multiply", "shuffle", "zero",     "flatten", "softmax",
                                               "reshape", "rearrange", "arithmetic", "matmul", "layer_norm", "opaque"};
  static_assert(std::size(names) == op_kinds);
  if (const auto* activation = std::get_if<Activation>(&op)) return activation_name(activation->kind);
  return names[op.index()];
}

bool imported_only(const Op& op) {
  return std::visit(
      Overloaded{[](const Activation& a) { return a.kind > ActivationKind::sigmoid; }, [](const Softmax& s) { return s.rows; },
                 [](const Reshape&) { return true; }, [](const Rearrange&) { return true; },
                 [](const Arithmetic&) { return true; }, [](const MatMul&) { return true; },
                 [](const LayerNorm&) { return true; }, [](const Opaque&) { return true; },
                 [](const auto&) { return false; }},
      op);
}

std::string to_string(const Shape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

namespace {

Shape shape_of(const Op& op, const std::vector<Shape>& inputs) {
  const std::size_t least = least_inputs(op);
  if (inputs.size() < least || (inputs.size() > least && !takes_many(op)))
    refuse(op, inputs, "it takes " + std::to_string(least) + (takes_many(op) ? " or more inputs" : " inputs"));
  return std::visit(
      Overloaded{[&](const Input& o) { return o.shape; },
                 [&](const Conv& o) { return conv_shape(o, op, inputs); },
                 [&](const Linear& o) {
                   if (inputs[0].height != 1 || inputs[0].width != 1) refuse(op, inputs, "flatten or pool it first");
                   if (o.out < 1) refuse(op, inputs, "it needs at least 1 output");
                   return Shape{o.out, 1, 1};
                 },
                 [&](const Pool& o) { return pool_shape(o, op, inputs); },
                 [&](const GlobalPool&) { return Shape{inputs[0].channels, 1, 1}; },
                 [&](const Add&) { return add_shape(op, inputs); },
                 [&](const Concat&) { return concat_shape(op, inputs); },
                 [&](const Multiply&) { return multiply_shape(op, inputs); },
                 [&](const ChannelShuffle& o) {
                   if (o.groups < 1 || inputs[0].channels % o.groups != 0)
                     refuse(op, inputs, std::to_string(o.groups) + " groups do not divide the channels");
                   return inputs[0];
                 },
                 [&](const Zero& o) { return o.shape; },
                 [&](const Flatten&) {
                   if (inputs[0].elements() > most_channels) refuse(op, inputs, "too many features");
                   return Shape{static_cast<std::int32_t>(inputs[0].elements()), 1, 1};
                 },
                 [&](const Reshape& o) { return reshaped(o, op, inputs); },
                 [&](const Rearrange& o) { return o.shape; },
                 [&](const Arithmetic& o) { return o.shape; },
                 [&](const MatMul&) { return product_shape(op, inputs); },
                 [&](const Opaque& o) { return o.shape; },
                 [&](const Softmax& o) {
                   if (o.rows) return inputs[0];
                   if (inputs[0].height != 1 || inputs[0].width != 1) refuse(op, inputs, "flatten or pool it first");
                   return inputs[0];
                 },
                 [&](const auto&) { return inputs[0]; }},
      op);
}

}  // namespace

Shape infer_shape(const Op& op, const std::vector<Shape>& inputs) {
  const Shape shape = shape_of(op, inputs);
  // Products are taken in floating point first: what they guard against is that they do not fit.
  const double elements = static_cast<double>(shape.channels) * shape.height * shape.width;
  if (elements > static_cast<double>(most_elements)) refuse(op, inputs, to_string(shape) + " are more than 2^31 elements");
  double multiplied = 0;
  if (const auto* conv = std::get_if<Conv>(&op))
    multiplied = elements * (inputs[0].channels / conv->groups) * conv->kernel.height * conv->kernel.width;
  if (const auto* linear = std::get_if<Linear>(&op)) multiplied = static_cast<double>(linear->out) * inputs[0].channels;
  if (std::holds_alternative<MatMul>(op)) multiplied = elements * inputs[0].width;
  if (const auto* opaque = std::get_if<Opaque>(&op)) multiplied = static_cast<double>(opaque->macs);
  if (shape.channels < 1 || shape.height < 1 || shape.width < 1) refuse(op, inputs, to_string(shape) + " is empty");
  if (multiplied > most_macs) refuse(op, inputs, "it would cost more than 10^15 multiply-accumulates");
  return shape;
}

std::int64_t macs(const Op& op, const Shape& input, const Shape& output) {
  if (const auto* conv = std::get_if<Conv>(&op))
    return output.elements() * (input.channels / conv->groups) * conv->kernel.height * conv->kernel.width;
  if (const auto* linear = std::get_if<Linear>(&op)) return linear->out * (input.elements() + (linear->bias && linear->count_bias ? 1 : 0));
  if (std::holds_alternative<MatMul>(op)) return output.elements() * input.width;
  if (const auto* opaque = std::get_if<Opaque>(&op)) return opaque->macs;
  return 0;
}

int weight_bits(const Op& op) {
  if (const auto* conv = std::get_if<Conv>(&op)) return conv->weight_bits;
  const auto* linear = std::get_if<Linear>(&op);
  return linear != nullptr ? linear->weight_bits : 32;
}

Conv as_conv(const Op& op) {
  if (const auto* conv = std::get_if<Conv>(&op)) return *conv;
  const Linear& linear = std::get<Linear>(op);
  return {.out = linear.out, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}, .bias = linear.bias, .weight_bits = linear.weight_bits};
}

std::vector<std::int64_t> kernel_shape(const Op& op, const Shape& input) {
  if (const auto* conv = std::get_if<Conv>(&op))
    return {conv->out, input.channels / conv->groups, conv->kernel.height, conv->kernel.width};
  if (const auto* linear = std::get_if<Linear>(&op)) return {linear->out, input.channels};
  return {};
}

std::int64_t params(const Op& op, const Shape& input) {
  if (const auto* conv = std::get_if<Conv>(&op)) {
    const std::int64_t per_output = std::int64_t{input.channels / conv->groups} * conv->kernel.height * conv->kernel.width;
    return conv->out * (per_output + (conv->bias ? 1 : 0));
  }
  if (const auto* linear = std::get_if<Linear>(&op)) return linear->out * (input.elements() + (linear->bias ? 1 : 0));
  if (std::holds_alternative<BatchNorm>(op)) return 2 * std::int64_t{input.channels};
  if (const auto* norm = std::get_if<LayerNorm>(&op)) return norm->per_channel * std::int64_t{input.channels};
  if (const auto* moved = std::get_if<Rearrange>(&op)) return moved->params;
  if (const auto* arithmetic = std::get_if<Arithmetic>(&op)) return arithmetic->params;
  if (const auto* opaque = std::get_if<Opaque>(&op)) return opaque->params;
  return 0;
}

}  // namespace paretoforge
