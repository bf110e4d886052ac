// The table of ONNX operators.
#include <algorithm>
#include <array>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

template <ActivationKind kind>
void read_activation(Importer& in, const Step& step) {
  apply(in, step, Activation{kind});
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
