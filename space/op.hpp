// What one layer of a network does: a closed set of small structs, and the shapes they make.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace paretoforge {

/// One sample's tensor. Images are channels × height × width; 1-D signals have height 1 (length = width);
/// vectors of features have height = width = 1.
struct Shape {
  std::int32_t channels = 1, height = 1, width = 1;
  std::int64_t elements() const { return std::int64_t{channels} * height * width; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

struct Extent {
  std::int32_t height = 1, width = 1;
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Rows and columns added around an image; may differ by side (even kernels).
struct Padding {
  std::int32_t top = 0, left = 0, bottom = 0, right = 0;
  friend bool operator==(const Padding&, const Padding&) = default;
};

enum class PoolKind : std::uint8_t { average, maximum };
/// Those behind sigmoid come from imported models only, see imported_only.
enum class ActivationKind : std::uint8_t { relu, relu6, hard_swish, hard_sigmoid, sigmoid, gelu, silu, tanh, leaky_relu };

/// The network's input; always node 0.
struct Input {
  Shape shape;
  friend bool operator==(const Input&, const Input&) = default;
};
/// Cross-correlation with zero padding, weights [out, in/groups, kernel.height, kernel.width].
/// groups = channels of the input = out makes it depthwise.
struct Conv {
  std::int32_t out = 0;
  Extent kernel, stride, dilation;
  Padding pad;
  std::int32_t groups = 1;
  bool bias = false;
  std::int8_t weight_bits = 8;  ///< bits of a weight in the integer form
  friend bool operator==(const Conv&, const Conv&) = default;
};
/// y = W x + b, weights [out, in]; the input must be flat (height = width = 1).
struct Linear {
  std::int32_t out = 0;
  bool bias = true;
  std::int8_t weight_bits = 8;
  bool count_bias = false;  ///< adding the bias counts as `out` MACs: some benchmarks' counters have it so
  friend bool operator==(const Linear&, const Linear&) = default;
};
/// Windows as in Conv; an average counts only what lies inside the image (padding excluded from the divisor).
struct Pool {
  PoolKind kind = PoolKind::average;
  Extent kernel, stride;
  Padding pad;
  friend bool operator==(const Pool&, const Pool&) = default;
};
/// Over all of height and width: the result is channels × 1 × 1.
struct GlobalPool {
  PoolKind kind = PoolKind::average;
  friend bool operator==(const GlobalPool&, const GlobalPool&) = default;
};
/// Per channel (x - mean) / sqrt(variance + 1e-5) * gamma + beta.
struct BatchNorm {
  friend bool operator==(const BatchNorm&, const BatchNorm&) = default;
};
/// relu max(x,0); relu6 min(max(x,0),6); hard_sigmoid relu6(x+3)/6; hard_swish x*hard_sigmoid(x); sigmoid;
/// gelu x*Phi(x) (Hendrycks and Gimpel 2016); silu x*sigmoid(x); tanh; leaky_relu max(x,0) + slope*min(x,0).
struct Activation {
  ActivationKind kind = ActivationKind::relu;
  friend bool operator==(const Activation&, const Activation&) = default;
};
/// Sum of two or more tensors of one shape.
struct Add {
  friend bool operator==(const Add&, const Add&) = default;
};
/// Along channels.
struct Concat {
  friend bool operator==(const Concat&, const Concat&) = default;
};
/// Product of two tensors of one shape, or of an image and a channels × 1 × 1 gate (second input).
struct Multiply {
  friend bool operator==(const Multiply&, const Multiply&) = default;
};
/// Channel g * (channels/groups) + i goes to i * groups + g (ShuffleNet, 2018).
struct ChannelShuffle {
  std::int32_t groups = 1;
  friend bool operator==(const ChannelShuffle&, const ChannelShuffle&) = default;
};
/// All zeros, whatever comes in.
struct Zero {
  Shape shape;
  friend bool operator==(const Zero&, const Zero&) = default;
};
/// channels × height × width to a vector, in that order.
struct Flatten {
  friend bool operator==(const Flatten&, const Flatten&) = default;
};
/// Over channels of a flat tensor, or over the width of every row (the weights of an attention).
struct Softmax {
  bool rows = false;
  friend bool operator==(const Softmax&, const Softmax&) = default;
};

// The ops from here on come from imported models alone: they are counted and predicted, not trained or exported.
// A sequence of T vectors with C features is C x 1 x T; a stack of B matrices of M rows and N columns is B x M x N.

/// The same elements as another shape: a view, which costs nothing.
struct Reshape {
  Shape shape;
  friend bool operator==(const Reshape&, const Reshape&) = default;
};
/// Elements copied to other places, in part or many times: transpose, slice, gather, pad, resize, joins along other
/// dimensions than channels. `params` numbers stand in the table that a lookup reads.
struct Rearrange {
  Shape shape;
  std::int64_t params = 0;
  friend bool operator==(const Rearrange&, const Rearrange&) = default;
};
/// A few operations on every element that no other op stands for: sums of unlike shapes, square roots, reductions.
/// `params` numbers are operands of the model's own.
struct Arithmetic {
  Shape shape;
  std::int64_t params = 0;
  friend bool operator==(const Arithmetic&, const Arithmetic&) = default;
};
/// Products of B x M x K and B' x K x N, both computed by the network; B' divides B and each of its matrices serves
/// B / B' (grouped attention). The result is B x M x N.
struct MatMul {
  friend bool operator==(const MatMul&, const MatMul&) = default;
};
/// (x - mean) / deviation with statistics of the sample itself (layer, RMS, group and instance norm), then
/// `per_channel` learned numbers for each channel (2: scale and shift).
struct LayerNorm {
  std::int8_t per_channel = 2;
  friend bool operator==(const LayerNorm&, const LayerNorm&) = default;
};
/// An op that is not known here, with what can be told of it.
struct Opaque {
  std::array<char, 40> name{};  ///< as its model calls it ("com.acme.Fold"), at most 39 letters, then zeros
  Shape shape;
  std::int64_t macs = 0, params = 0;
  std::string_view text() const { return name.data(); }
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

/// Identity is no op: a layer `identity` hands its input on.
using Op = std::variant<Input, Conv, Linear, Pool, GlobalPool, BatchNorm, Activation, Add, Concat, Multiply,
                        ChannelShuffle, Zero, Flatten, Softmax, Reshape, Rearrange, Arithmetic, MatMul, LayerNorm, Opaque>;
inline constexpr std::size_t op_kinds = std::variant_size_v<Op>;

/// The op's name as in YAML and reports: conv, linear, pool, relu, add, ...
std::string_view op_name(const Op& op);
/// Whether only imported models have it: it can be counted and predicted, not trained or exported.
bool imported_only(const Op& op);
/// Flatten and Reshape: the tensor itself under another shape.
inline bool is_view(const Op& op) { return std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op); }
/// Conv and Linear: the layers with a kernel, whose weights have bits.
inline bool has_weights(const Op& op) { return std::holds_alternative<Conv>(op) || std::holds_alternative<Linear>(op); }
/// Bits of the weights that the op was given: 8 where the space says nothing; 32 for ops without weights.
int weight_bits(const Op& op);
/// Whether each of its outputs reads one channel of the input, of which there is more than one: `groups` is their number.
/// There may be several outputs to a channel ("depth multiplier").
inline bool is_depthwise(const Conv& conv, const Shape& input) { return conv.groups > 1 && conv.groups == input.channels; }
/// The convolution that a layer with weights is: a Linear is one over a single place. std::bad_variant_access for other ops.
Conv as_conv(const Op& op);
/// Shape of its weights: Conv [out, in/groups, kernel height, kernel width], Linear [out, in]; empty for other ops.
std::vector<std::int64_t> kernel_shape(const Op& op, const Shape& input);
std::string_view activation_name(ActivationKind kind);

/// The shape that `op` makes of its inputs' shapes; throws ShapeError with the shapes where they do not fit.
Shape infer_shape(const Op& op, const std::vector<Shape>& inputs);
std::string to_string(const Shape& shape);  ///< "16x28x28"

/// Multiply-accumulates for one sample: convolution, linear and products of matrices (and what an Opaque says);
/// everything else costs 0; biases are not counted but where Linear::count_bias says so.
std::int64_t macs(const Op& op, const Shape& input, const Shape& output);
/// Trainable numbers: weights and bias, 2 per channel of a batch norm, what imported ops say.
std::int64_t params(const Op& op, const Shape& input);

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace paretoforge
