// The table of ONNX operators, and those that work element by element or normalise.
#include <algorithm>
#include <array>
#include <cmath>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

void apply(Importer& in, const Step& step, const Op& op) {
  const Value x = in.input(step, 0);
  in.output(step, x.dims, op, {x.node});
}

template <ActivationKind kind>
void read_activation(Importer& in, const Step& step) {
  apply(in, step, Activation{kind});
}

/// Any function of each element for itself.
void read_function(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.constant()) return in.opaque(step, 0, in.learned(step));
  apply(in, step, Arithmetic{in.graph().shape(x.node), in.learned(step)});
}

void read_hard_sigmoid(Importer& in, const Step& step) {
  const bool ours =
      std::abs(step.number("alpha", 0.2) - 1.0 / 6) < 1e-3 && std::abs(step.number("beta", 0.5) - 0.5) < 1e-3;
  ours ? apply(in, step, Activation{ActivationKind::hard_sigmoid}) : read_function(in, step);
}

void read_clip(Importer& in, const Step& step) {
  const auto bound = [&](std::size_t i, std::string_view key, double otherwise) {
    const Value* given = in.optional_input(step, i);
    if (given == nullptr) return step.number(key, otherwise);
    return given->constant() && given->numbers && given->numbers->size() == 1 ? given->numbers->front() : std::nan("");
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  if (low == 0 && high == 6) return apply(in, step, Activation{ActivationKind::relu6});
  if (low == 0 && high > 1e30) return apply(in, step, Activation{ActivationKind::relu});
  read_function(in, step);
}

/// x [1, C, ...] and a gate [1, C, 1, ...].
bool is_gate(const Value& x, const Value& gate) {
  if (x.rank() < 3 || gate.rank() != x.rank() || x.dims[0] != 1 || gate.dims[0] != 1 || gate.dims[1] != x.dims[1])
    return false;
  return std::all_of(gate.dims.begin() + 2, gate.dims.end(), [](std::int64_t d) { return d == 1; });
}

void multiply(Importer& in, const Step& step, const Value& a, const Value& b) {
  if (a.dims == b.dims) return in.output(step, a.dims, Multiply{}, {a.node, in.as(b, in.graph().shape(a.node))});
  const NodeId image = in.as(a, image_shape(a.dims));
  in.output(step, a.dims, Multiply{}, {image, in.as(b, {in.graph().shape(image).channels, 1, 1})});
}

/// Operands of any shapes, computed or constant.
void read_arithmetic(Importer& in, const Step& step) {
  Dims dims;
  const Value* like = nullptr;
  for (const Value* value : in.inputs(step)) {
    if (value == nullptr) continue;
    dims = broadcast(dims, value->dims);
    if (!value->constant() && (like == nullptr || value->elements() > like->elements())) like = value;
  }
  if (like == nullptr) throw StepError("it reads constants alone");
  const Shape shape = Value{dims}.elements() == like->elements() ? in.graph().shape(like->node) : natural_shape(dims);
  in.output(step, dims, Arithmetic{shape, in.learned(step)}, in.nodes(step));
}

void add_or_multiply(Importer& in, const Step& step, const std::vector<const Value*>& all, bool product) {
  const auto computed = [](const Value* value) { return value != nullptr && !value->constant(); };
  if (all.size() < 2 || !std::all_of(all.begin(), all.end(), computed)) return read_arithmetic(in, step);
  const bool alike =
      std::all_of(all.begin(), all.end(), [&](const Value* value) { return value->dims == all[0]->dims; });
  if (product && all.size() == 2) {
    const Value a = *all[0], b = *all[1];
    if (alike || is_gate(a, b)) return multiply(in, step, a, b);
    if (is_gate(b, a)) return multiply(in, step, b, a);
  }
  if (!alike || product) return read_arithmetic(in, step);
  std::vector<NodeId> terms;
  for (const Value* value : all) terms.push_back(in.as(*value, in.graph().shape(all[0]->node)));
  in.output(step, all[0]->dims, Add{}, terms);
}

void read_add(Importer& in, const Step& step) { add_or_multiply(in, step, in.inputs(step), false); }
void read_multiply(Importer& in, const Step& step) { add_or_multiply(in, step, in.inputs(step), true); }
/// A, its scale and zero point, B, ...
void read_qlinear_add(Importer& in, const Step& step) {
  add_or_multiply(in, step, {&in.input(step, 0), &in.input(step, 3)}, step.type.ends_with("Mul"));
}

/// PRelu and LeakyRelu; a slope for each channel is learned.
void read_leaky_relu(Importer& in, const Step& step) {
  in.learned(step) > 0 ? read_function(in, step) : apply(in, step, Activation{ActivationKind::leaky_relu});
}

void read_softmax(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  std::int64_t axis = step.integer("axis", in.model().opset < 13 ? 1 : -1);
  if (axis < 0) axis += x.rank();
  if (axis < 0 || axis >= std::max<std::int64_t>(x.rank(), 1))
    throw StepError("its axis lies outside " + dims_text(x.dims));
  // Before operator set 13 everything from the axis on is one row.
  const bool whole = in.model().opset < 13 ? product(x.dims, 0, static_cast<std::size_t>(axis)) == 1
                                           : x.rank() == 0 || x.dims[static_cast<std::size_t>(axis)] == x.elements();
  if (whole) return in.output(step, x.dims, Softmax{}, {in.as(x, {size32(x.elements(), "classes"), 1, 1})});
  in.output(step, x.dims, Softmax{true}, {x.node});
}

void read_batch_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.rank() < 2) throw StepError("it needs channels, not " + dims_text(x.dims));
  if (x.dims[0] != 1 && x.rank() > 2) return in.opaque(step, 0, in.learned(step), x.dims);
  in.output(step, x.dims, BatchNorm{}, {in.as(x, image_shape(x.dims))});
}

std::int8_t learned_vectors(const Importer& in, const Step& step, std::size_t first) {
  std::int8_t count = 0;
  for (std::size_t i = first; i < first + 2; ++i)
    if (const Value* vector = in.optional_input(step, i); vector != nullptr && vector->constant()) ++count;
  return count;
}

void read_layer_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const std::int64_t axis = step.integer("axis", -1), at = axis < 0 ? axis + x.rank() : axis;
  if (at < 0 || at >= x.rank()) throw StepError("its axis lies outside " + dims_text(x.dims));
  const auto begin = static_cast<std::size_t>(at);
  const Shape rows = rows_shape(x.dims);
  const Shape whole{size32(product(x.dims, begin, x.dims.size()), "channels"), 1,
                    size32(product(x.dims, 0, begin), "a length")};
  in.output(step, x.dims, LayerNorm{learned_vectors(in, step, 1)}, {in.as(x, at + 1 == x.rank() ? rows : whole)});
}

/// InstanceNormalization, GroupNormalization: statistics of planes.
void read_plane_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.rank() < 3 || x.dims[0] != 1) return in.opaque(step, 0, in.learned(step), x.dims);
  in.output(step, x.dims, LayerNorm{learned_vectors(in, step, 1)}, {in.as(x, image_shape(x.dims))});
}

/// x + skip, then a layer norm (ONNX Runtime's fused form).
void read_skip_layer_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0), skip = in.input(step, 1);
  if (x.constant() || skip.constant() || x.dims != skip.dims) return in.opaque(step, 0, in.learned(step), x.dims);
  const Shape rows = rows_shape(x.dims);
  const NodeId sum = in.graph().add(Add{}, {in.as(x, rows), in.as(skip, rows)});
  in.output(step, x.dims, LayerNorm{learned_vectors(in, step, 2)}, {sum});
  in.output(step, x.dims, sum, 3);
}

void read_shuffle(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  in.output(step, x.dims, ChannelShuffle{size32(step.integer("groups", 1), "groups")}, {in.as(x, image_shape(x.dims))});
}

void read_q_concat(Importer& in, const Step& step) {
  Step plain = step;  // output scale and zero point, then tensor, scale, zero point for each
  plain.in.clear();
  for (std::size_t i = 2; i < step.in.size(); i += 3) plain.in.push_back(step.in[i]);
  read_concat(in, plain);
}

struct Operator {
  std::string_view type;
  Handler read;
};

constexpr std::array operators = {
    Operator{"Conv", read_conv},
    Operator{"ConvInteger", read_conv},
    Operator{"com.microsoft.FusedConv", read_conv},
    Operator{"QLinearConv", read_qlinear_conv},
    Operator{"com.microsoft.QLinearConv", read_qlinear_conv},
    Operator{"ConvTranspose", read_conv_transpose},
    Operator{"MaxPool", read_pool},
    Operator{"AveragePool", read_pool},
    Operator{"com.microsoft.QLinearAveragePool", read_pool},
    Operator{"GlobalAveragePool", read_global_pool},
    Operator{"GlobalMaxPool", read_global_pool},
    Operator{"com.microsoft.QLinearGlobalAveragePool", read_global_pool},
    Operator{"MatMul", read_product},
    Operator{"~BiasedMatMul", read_product},
    Operator{"MatMulInteger", read_product},
    Operator{"com.microsoft.FusedMatMul", read_product},
    Operator{"QLinearMatMul", read_qlinear_product},
    Operator{"Gemm", read_gemm},
    Operator{"com.microsoft.QGemm", read_gemm},
    Operator{"com.microsoft.FusedGemm", read_gemm},
    Operator{"Einsum", read_einsum},
    Operator{"LSTM", read_recurrent},
    Operator{"GRU", read_recurrent},
    Operator{"RNN", read_recurrent},
    Operator{"Relu", read_activation<ActivationKind::relu>},
    Operator{"Clip", read_clip},
    Operator{"HardSwish", read_activation<ActivationKind::hard_swish>},
    Operator{"HardSigmoid", read_hard_sigmoid},
    Operator{"~HardSigmoid", read_activation<ActivationKind::hard_sigmoid>},
    Operator{"Sigmoid", read_activation<ActivationKind::sigmoid>},
    Operator{"com.microsoft.QLinearSigmoid", read_activation<ActivationKind::sigmoid>},
    Operator{"Tanh", read_activation<ActivationKind::tanh>},
    Operator{"Gelu", read_activation<ActivationKind::gelu>},
    Operator{"com.microsoft.Gelu", read_activation<ActivationKind::gelu>},
    Operator{"com.microsoft.FastGelu", read_activation<ActivationKind::gelu>},
    Operator{"com.microsoft.BiasGelu", read_activation<ActivationKind::gelu>},
    Operator{"com.microsoft.QuickGelu", read_activation<ActivationKind::silu>},
    Operator{"Swish", read_activation<ActivationKind::silu>},
    Operator{"LeakyRelu", read_leaky_relu},
    Operator{"PRelu", read_leaky_relu},
    Operator{"com.microsoft.QLinearLeakyRelu", read_activation<ActivationKind::leaky_relu>},
    Operator{"Elu", read_function},
    Operator{"Selu", read_function},
    Operator{"Celu", read_function},
    Operator{"Softplus", read_function},
    Operator{"Softsign", read_function},
    Operator{"ThresholdedRelu", read_function},
    Operator{"Mish", read_function},
    Operator{"Erf", read_function},
    Operator{"Sqrt", read_function},
    Operator{"Exp", read_function},
    Operator{"Log", read_function},
    Operator{"Neg", read_function},
    Operator{"Abs", read_function},
    Operator{"Reciprocal", read_function},
    Operator{"Floor", read_function},
    Operator{"Ceil", read_function},
    Operator{"Round", read_function},
    Operator{"Sign", read_function},
    Operator{"Sin", read_function},
    Operator{"Cos", read_function},
    Operator{"Not", read_function},
    Operator{"IsNaN", read_function},
    Operator{"CumSum", read_function},
    Operator{"LpNormalization", read_function},
    Operator{"MeanVarianceNormalization", read_function},
    Operator{"Add", read_add},
    Operator{"Sum", read_add},
    Operator{"Mul", read_multiply},
    Operator{"com.microsoft.QLinearAdd", read_qlinear_add},
    Operator{"com.microsoft.QLinearMul", read_qlinear_add},
    Operator{"Sub", read_arithmetic},
    Operator{"Div", read_arithmetic},
    Operator{"Pow", read_arithmetic},
    Operator{"Mod", read_arithmetic},
    Operator{"Min", read_arithmetic},
    Operator{"Max", read_arithmetic},
    Operator{"Mean", read_arithmetic},
    Operator{"Where", read_arithmetic},
    Operator{"Equal", read_arithmetic},
    Operator{"Less", read_arithmetic},
    Operator{"Greater", read_arithmetic},
    Operator{"LessOrEqual", read_arithmetic},
    Operator{"GreaterOrEqual", read_arithmetic},
    Operator{"And", read_arithmetic},
    Operator{"Or", read_arithmetic},
    Operator{"Xor", read_arithmetic},
    Operator{"Softmax", read_softmax},
    Operator{"LogSoftmax", read_softmax},
    Operator{"com.microsoft.QLinearSoftmax", read_softmax},
    Operator{"BatchNormalization", read_batch_norm},
    Operator{"LayerNormalization", read_layer_norm},
    Operator{"SimplifiedLayerNormalization", read_layer_norm},
    Operator{"RMSNormalization", read_layer_norm},
    Operator{"InstanceNormalization", read_plane_norm},
    Operator{"GroupNormalization", read_plane_norm},
    Operator{"com.microsoft.SkipLayerNormalization", read_skip_layer_norm},
    Operator{"Concat", read_concat},
    Operator{"com.microsoft.QLinearConcat", read_q_concat},
    Operator{"~ChannelShuffle", read_shuffle},
    Operator{"Flatten", read_flatten},
    Operator{"Reshape", read_reshape},
    Operator{"Squeeze", read_squeeze},
    Operator{"Unsqueeze", read_unsqueeze},
    Operator{"Transpose", read_transpose},
    Operator{"Split", read_split},
    Operator{"Gather", read_gather},
    Operator{"Pad", read_pad},
    Operator{"Expand", read_expand},
    Operator{"Tile", read_move},
    Operator{"Slice", read_move},
    Operator{"Resize", read_move},
    Operator{"Upsample", read_move},
    Operator{"DepthToSpace", read_move},
    Operator{"SpaceToDepth", read_move},
    Operator{"GatherElements", read_move},
    Operator{"GatherND", read_move},
    Operator{"ScatterND", read_move},
    Operator{"ScatterElements", read_move},
    Operator{"ReduceMean", read_reduction},
    Operator{"ReduceSum", read_reduction},
    Operator{"ReduceMax", read_reduction},
    Operator{"ReduceMin", read_reduction},
    Operator{"ReduceProd", read_reduction},
    Operator{"ReduceL1", read_reduction},
    Operator{"ReduceL2", read_reduction},
    Operator{"ReduceSumSquare", read_reduction},
    Operator{"ReduceLogSumExp", read_reduction},
};

}  // namespace

Handler find_handler(std::string_view type) {
  const auto found =
      std::find_if(operators.begin(), operators.end(), [&](const Operator& known) { return known.type == type; });
  return found == operators.end() ? nullptr : found->read;
}

}  // namespace paretoforge::onnx_in
