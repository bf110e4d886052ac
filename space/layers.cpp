// The table of layers that documents may use, and the nodes each of them makes.
#include <algorithm>
#include <cmath>

#include "space/program.hpp"

namespace paretoforge {
namespace {

const std::vector<std::string> activation_names = {"none", "relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid"};
const std::vector<std::string> norm_names = {"none", "batch"};
const std::vector<std::string> project_names = {"none", "conv", "conv_relu"};
const std::vector<std::string> pool_names = {"average", "max"};
const std::vector<std::string> expansion_names = {"if_wider", "always"};

enum Project { project_none, project_conv, project_conv_relu };

ParamSpec integer(Param param, std::string_view key, double least, double most) {
  return {param, key, ParamForm::integer, least, most};
}
ParamSpec out() { return integer(Param::out, "out", 1, 1 << 20); }
ParamSpec groups() { return integer(Param::groups, "groups", 1, 1 << 20); }
ParamSpec kernel() { return {Param::kernel, "kernel", ParamForm::extent, 1, 1 << 12}; }
ParamSpec stride() { return {Param::stride, "stride", ParamForm::extent, 1, 1 << 16}; }
ParamSpec dilation() { return {Param::dilation, "dilation", ParamForm::extent, 1, 1 << 12}; }
ParamSpec pad() { return {Param::pad, "pad", ParamForm::padding, 0, 1 << 16}; }
ParamSpec boolean(Param param, std::string_view key) { return {param, key, ParamForm::boolean}; }
ParamSpec norm() { return {Param::norm, "norm", ParamForm::name, 0, 0, norm_names}; }
ParamSpec act(Param param = Param::act, std::string_view key = "act") {
  return {param, key, ParamForm::name, 0, 0, activation_names};
}
ParamSpec ratio(Param param, std::string_view key, double least, double most) {
  return {param, key, ParamForm::number, least, most};
}

Padding same_padding(Extent kernel, Extent dilation) {
  // The output has ceil(input / stride) positions; an even kernel's odd cell goes behind, as most runtimes do.
  const std::int32_t y = dilation.height * (kernel.height - 1), x = dilation.width * (kernel.width - 1);
  return {y / 2, x / 2, y - y / 2, x - x / 2};
}

Padding padding(const Arguments& args, Extent kernel, Extent dilation, bool same_by_default) {
  const Value* value = args.find(Param::pad);
  const bool same = value ? value->pad_same : same_by_default;
  return same ? same_padding(kernel, dilation) : value ? value->pad : Padding{};
}

/// `position` in activation_names, 0 for none.
NodeId activate(Emitter& e, NodeId input, std::int32_t position) {
  return position == 0 ? input : e.graph.add(Activation{static_cast<ActivationKind>(position - 1)}, input);
}

struct ConvPlan {
  std::int32_t out;
  Extent kernel{}, stride{}, dilation{};
  Padding pad{};
  std::int32_t groups = 1;
  bool norm = true, bias = false;
  std::int32_t act = 0;
};

NodeId conv_block(Emitter& e, NodeId input, const ConvPlan& plan) {
  NodeId node = e.graph.add(Conv{plan.out, plan.kernel, plan.stride, plan.dilation, plan.pad, plan.groups, plan.bias,
                                 static_cast<std::int8_t>(e.weight_bits)}, input);
  if (plan.norm) node = e.graph.add(BatchNorm{}, node);
  return activate(e, node, plan.act);
}

NodeId pointwise(Emitter& e, NodeId input, std::int32_t out, std::int32_t act, std::int32_t groups = 1, Extent stride = {}) {
  return conv_block(e, input, {.out = out, .stride = stride, .groups = groups, .act = act});
}

NodeId depthwise(Emitter& e, NodeId input, Extent kernel, Extent stride, std::int32_t act) {
  const std::int32_t channels = e.graph.shape(input).channels;
  return conv_block(e, input, {.out = channels, .kernel = kernel, .stride = stride, .pad = same_padding(kernel, {}),
                               .groups = channels, .act = act});
}

std::int32_t act_of(const Arguments& args, ActivationKind otherwise) {
  return args.integer(Param::act, static_cast<std::int32_t>(otherwise) + 1);
}

NodeId emit_conv_with(Emitter& e, const Arguments& args, NodeId input, std::int32_t out_channels, std::int32_t group_count) {
  const Extent size = args.extent(Param::kernel, {}), dilated = args.extent(Param::dilation, {});
  const bool with_norm = args.boolean(Param::norm, true);
  return conv_block(e, input, {.out = out_channels, .kernel = size, .stride = args.extent(Param::stride, {}),
                               .dilation = dilated, .pad = padding(args, size, dilated, true), .groups = group_count,
                               .norm = with_norm, .bias = args.boolean(Param::bias, !with_norm),
                               .act = args.integer(Param::act, 0)});
}

NodeId emit_conv(Emitter& e, const Arguments& args, NodeId input) {
  return emit_conv_with(e, args, input, args.integer(Param::out, e.graph.shape(input).channels),
                        args.integer(Param::groups, 1));
}

NodeId emit_dwconv(Emitter& e, const Arguments& args, NodeId input) {
  const std::int32_t channels = e.graph.shape(input).channels;
  return emit_conv_with(e, args, input, args.integer(Param::out, channels), channels);
}

NodeId emit_linear(Emitter& e, const Arguments& args, NodeId input) {
  const Shape& in = e.graph.shape(input);
  const bool with_norm = args.boolean(Param::norm, false);
  if (in.height != 1 || in.width != 1) input = e.graph.add(Flatten{}, input);
  NodeId node = e.graph.add(Linear{args.integer(Param::out, e.graph.shape(input).channels),
                                   args.boolean(Param::bias, !with_norm), static_cast<std::int8_t>(e.weight_bits),
                                   args.boolean(Param::count_bias, false)}, input);
  if (with_norm) node = e.graph.add(BatchNorm{}, node);
  return activate(e, node, args.integer(Param::act, 0));
}

NodeId emit_pool(Emitter& e, const Arguments& args, NodeId input) {
  const PoolKind kind = args.integer(Param::kind, 0) == 0 ? PoolKind::average : PoolKind::maximum;
  if (args.boolean(Param::global, false)) return e.graph.add(GlobalPool{kind}, input);
  const Extent size = args.extent(Param::kernel, e.square(2));
  return e.graph.add(Pool{kind, size, args.extent(Param::stride, size), padding(args, size, {}, false)}, input);
}

/// Channel counts that hardware likes: the nearest multiple of 8 that loses at most a tenth (MobileNet papers).
std::int32_t multiple_of_8(double channels) {
  const auto rounded = std::max(8, static_cast<std::int32_t>(channels + 4) / 8 * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/// Squeeze-and-excitation (Hu et al. 2018): pool, two 1x1 convolutions with bias, gate.
NodeId excite(Emitter& e, NodeId input, std::int32_t hidden, std::int32_t act_position, std::int32_t gate_position) {
  const std::int32_t channels = e.graph.shape(input).channels;
  NodeId gate = e.graph.add(GlobalPool{}, input);
  gate = conv_block(e, gate, {.out = hidden, .norm = false, .bias = true, .act = act_position});
  gate = conv_block(e, gate, {.out = channels, .norm = false, .bias = true, .act = gate_position});
  return e.graph.add(Multiply{}, {input, gate});
}

constexpr std::int32_t position_of(ActivationKind kind) { return static_cast<std::int32_t>(kind) + 1; }

NodeId emit_se(Emitter& e, const Arguments& args, NodeId input) {
  const std::int32_t channels = e.graph.shape(input).channels;
  const std::int32_t hidden = args.integer(Param::out, multiple_of_8(channels * args.number(Param::ratio, 0.25)));
  return excite(e, input, hidden, act_of(args, ActivationKind::relu),
                args.integer(Param::gate, position_of(ActivationKind::hard_sigmoid)));
}

/// Inverted residual of MobileNetV2 (Sandler et al. 2018), with the grouped form of FBNet (Wu et al. 2019).
NodeId emit_mbconv(Emitter& e, const Arguments& args, NodeId input) {
  const Shape in = e.graph.shape(input);
  const std::int32_t out_channels = args.integer(Param::out, in.channels), group_count = args.integer(Param::groups, 1);
  const std::int32_t activation = act_of(args, ActivationKind::relu);
  const auto middle = static_cast<std::int32_t>(std::lround(in.channels * args.number(Param::expand, 4)));
  NodeId node = input;
  if (middle != in.channels || args.integer(Param::expansion, 0) == 1) {
    node = pointwise(e, node, middle, activation, group_count);
    if (group_count > 1) node = e.graph.add(ChannelShuffle{group_count}, node);
  }
  node = depthwise(e, node, args.extent(Param::kernel, e.square(3)), args.extent(Param::stride, {}), activation);
  if (const double share = args.number(Param::se, 0); share > 0)
    node = excite(e, node, multiple_of_8(middle * share), position_of(ActivationKind::relu),
                  position_of(ActivationKind::hard_sigmoid));
  node = pointwise(e, node, out_channels, 0, group_count);
  const bool fits = e.graph.shape(node) == in;
  return fits && args.boolean(Param::residual, true) ? e.graph.add(Add{}, {input, node}) : node;
}

/// Depthwise separable convolution of MobileNetV1 (Howard et al. 2017).
NodeId emit_dsconv(Emitter& e, const Arguments& args, NodeId input) {
  const std::int32_t activation = act_of(args, ActivationKind::relu);
  const std::int32_t out_channels = args.integer(Param::out, e.graph.shape(input).channels);
  const NodeId node = depthwise(e, input, args.extent(Param::kernel, e.square(3)), args.extent(Param::stride, {}), activation);
  return pointwise(e, node, out_channels, activation);
}

std::int32_t ceil_div(std::int32_t a, std::int32_t b) { return (a + b - 1) / b; }

Shape strided(const Shape& in, const Arguments& args) {
  const Extent step = args.extent(Param::stride, {});
  return {args.integer(Param::out, in.channels), ceil_div(in.height, step.height), ceil_div(in.width, step.width)};
}

NodeId emit_identity(Emitter& e, const Arguments& args, NodeId input) {
  const Shape in = e.graph.shape(input), wanted = strided(in, args);
  if (wanted == in) return input;
  const std::int32_t project = args.integer(Param::project, project_none);
  if (project == project_none)
    throw ShapeError("identity cannot turn " + to_string(in) + " into " + to_string(wanted) +
                     ": say how to project (project: conv or conv_relu)");
  return pointwise(e, input, wanted.channels,
                   project == project_conv_relu ? position_of(ActivationKind::relu) : 0, 1, args.extent(Param::stride, {}));
}

NodeId emit_zero(Emitter& e, const Arguments& args, NodeId input) {
  return e.graph.add(Zero{strided(e.graph.shape(input), args)}, input);
}

template <ActivationKind kind>
NodeId emit_activation(Emitter& e, const Arguments&, NodeId input) {
  return e.graph.add(Activation{kind}, input);
}

template <class Plain>
NodeId emit_plain(Emitter& e, const Arguments&, NodeId input) {
  return e.graph.add(Plain{}, input);
}

NodeId emit_shuffle(Emitter& e, const Arguments& args, NodeId input) {
  return e.graph.add(ChannelShuffle{args.integer(Param::groups, 2)}, input);
}

}  // namespace

const std::vector<ParamSpec>& bit_params() {
  static const std::vector<ParamSpec> specs = {{Param::weight_bits, "weight_bits", ParamForm::integer, 1, 32},
                                               {Param::activation_bits, "activation_bits", ParamForm::integer, 8, 16}};
  return specs;
}

const std::vector<ParamSpec>& join_params() {
  static const std::vector<ParamSpec> specs = {act(), bit_params()[1]};
  return specs;
}

const std::vector<LayerType>& layer_types() {
  static const std::vector<LayerType> types = {
      {"conv", "convolution, then norm (batch unless none) and act (none unless named)",
       {out(), kernel(), stride(), dilation(), groups(), pad(), boolean(Param::bias, "bias"), norm(), act()}, emit_conv, true},
      {"dwconv", "depthwise convolution, one filter a channel, then norm and act",
       {out(), kernel(), stride(), dilation(), pad(), boolean(Param::bias, "bias"), norm(), act()}, emit_dwconv, true},
      {"linear", "fully connected (flattens its input), bias unless norm: batch, then act",
       {out(), boolean(Param::bias, "bias"), norm(), act(), boolean(Param::count_bias, "count_bias")}, emit_linear, true},
      {"mbconv", "inverted residual: 1x1 to expand times the channels, depthwise, se, 1x1; adds its input where shapes allow",
       {out(), kernel(), stride(), ratio(Param::expand, "expand", 0.01, 64), ratio(Param::se, "se", 0, 1), groups(), act(),
        boolean(Param::residual, "residual"), {Param::expansion, "expansion", ParamForm::name, 0, 0, expansion_names}}, emit_mbconv, true},
      {"dsconv", "depthwise separable: depthwise, then 1x1, each with norm and act", {out(), kernel(), stride(), act()}, emit_dsconv, true},
      {"se", "squeeze-and-excitation: gates channels (hidden: ratio of the channels, or out)",
       {out(), ratio(Param::ratio, "ratio", 0.001, 1), act(), act(Param::gate, "gate")}, emit_se, true},
      {"pool", "average or max over windows (kernel 2, stride = kernel, pad valid) or, global: true, over all",
       {{Param::kind, "kind", ParamForm::name, 0, 0, pool_names}, kernel(), stride(), pad(), boolean(Param::global, "global")}, emit_pool},
      {"identity", "its input; where out or stride change the shape, project: conv (1x1, norm) or conv_relu",
       {out(), stride(), {Param::project, "project", ParamForm::name, 0, 0, project_names}}, emit_identity, true},
      {"zero", "zeros: no connection", {out(), stride()}, emit_zero},
      {"norm", "batch normalisation", {}, emit_plain<BatchNorm>},
      {"relu", "max(x, 0)", {}, emit_activation<ActivationKind::relu>},
      {"relu6", "min(max(x, 0), 6)", {}, emit_activation<ActivationKind::relu6>},
      {"hard_swish", "x relu6(x + 3) / 6", {}, emit_activation<ActivationKind::hard_swish>},
      {"hard_sigmoid", "relu6(x + 3) / 6", {}, emit_activation<ActivationKind::hard_sigmoid>},
      {"sigmoid", "1 / (1 + exp(-x))", {}, emit_activation<ActivationKind::sigmoid>},
      {"shuffle", "channel shuffle between groups (2)", {groups()}, emit_shuffle},
      {"flatten", "channels x height x width to a vector", {}, emit_plain<Flatten>},
      {"softmax", "probabilities over channels", {}, emit_plain<Softmax>},
  };
  return types;
}

const LayerType* find_layer_type(std::string_view name) {
  const auto& types = layer_types();
  const auto found = std::find_if(types.begin(), types.end(), [&](const LayerType& t) { return t.name == name; });
  return found == types.end() ? nullptr : &*found;
}

std::span<const LayerKind> layer_kinds() {
  static const std::vector<LayerKind> kinds = [] {
    std::vector<LayerKind> all;
    for (const LayerType& type : layer_types()) all.push_back({type.name, type.summary});
    all.push_back({"choice", "one of several layers, lists of layers, numbers or names"});
    all.push_back({"repeat", "a list of layers times over; {i} in names is the turn"});
    all.push_back({"use", "a block named under define, with values for its $names"});
    all.push_back({"layers", "a list of layers in one"});
    all.push_back({"residual", "layers whose result is added to their input (or to shortcut:), then act"});
    all.push_back({"branches", "several lists of layers on one input, joined by add, concat or multiply"});
    all.push_back({"cell", "a directed graph: nodes, edges with an op each, join sum or concat"});
    return all;
  }();
  return kinds;
}

}  // namespace paretoforge
