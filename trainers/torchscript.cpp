// The source of forward(), one line an op, and the modules that hold the weights.
#include "trainers/torchscript.hpp"

#include <torch/script.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace paretoforge {
namespace {

using Dims = std::vector<std::int64_t>;
using torch::jit::Module;

std::string text_of(double number) {
  std::ostringstream text;
  text.precision(17);
  text << number;
  const std::string plain = text.str();
  return plain.find_first_of(".e") == std::string::npos ? plain + ".0" : plain;
}

std::string list(std::initializer_list<std::int64_t> numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "[" + text + "]";
}

bool is_symmetric(const Padding& pad) { return pad.top == pad.bottom && pad.left == pad.right; }

/// `value` with rows and columns of `fill` around it.
std::string padded(const std::string& value, const Padding& pad, const std::string& fill) {
  return "torch.constant_pad_nd(" + value + ", " + list({pad.left, pad.right, pad.top, pad.bottom}) + ", " + fill + ")";
}

std::string convolved(const Conv& conv, const std::string& value, const std::string& layer) {
  const bool own = is_symmetric(conv.pad);
  const std::string input = own ? value : padded(value, conv.pad, "0.0");
  return "torch.conv2d(" + input + ", " + layer + ".weight, " + (conv.bias ? layer + ".bias" : "None") + ", " +
         list({conv.stride.height, conv.stride.width}) + ", " +
         (own ? list({conv.pad.top, conv.pad.left}) : list({0, 0})) + ", " +
         list({conv.dilation.height, conv.dilation.width}) + ", " + std::to_string(conv.groups) + ")";
}

std::string pooled(const Pool& pool, const std::string& value) {
  // LibTorch pads its pools by half a window at most, and alike on both sides.
  const bool own =
      is_symmetric(pool.pad) && 2 * pool.pad.top <= pool.kernel.height && 2 * pool.pad.left <= pool.kernel.width;
  const std::string window =
      list({pool.kernel.height, pool.kernel.width}) + ", " + list({pool.stride.height, pool.stride.width});
  const std::string pad = ", " + list({pool.pad.top, pool.pad.left});
  if (pool.kind == PoolKind::maximum)
    return "torch.max_pool2d(" +
           (own ? value + ", " + window + pad : padded(value, pool.pad, "-3.4028234663852886e+38") + ", " + window) +
           ")";
  if (own) return "torch.avg_pool2d(" + value + ", " + window + pad + ", False, False)";
  // Only what lies inside the image counts: the mean with zeros over the mean of what is inside.
  const auto mean = [&](const std::string& of) {
    return "torch.avg_pool2d(" + padded(of, pool.pad, "0.0") + ", " + window + ")";
  };
  return mean(value) + " / " + mean("torch.ones_like(" + value + ")");
}

std::string activated(ActivationKind kind, const std::string& value) {
  switch (kind) {
    case ActivationKind::relu:
      return "torch.relu(" + value + ")";
    case ActivationKind::relu6:
      return "torch.clamp(" + value + ", 0.0, 6.0)";
    case ActivationKind::hard_swish:
      return "torch.hardswish(" + value + ")";
    case ActivationKind::hard_sigmoid:
      return "torch.hardsigmoid(" + value + ")";
    case ActivationKind::sigmoid:
      return "torch.sigmoid(" + value + ")";
    case ActivationKind::gelu:
      return "torch.gelu(" + value + ")";
    case ActivationKind::silu:
      return "torch.silu(" + value + ")";
    case ActivationKind::tanh:
      return "torch.tanh(" + value + ")";
    case ActivationKind::leaky_relu:
      break;  // its slope is not kept
  }
  throw std::invalid_argument("an activation of imported models alone");
}

std::string joined(const std::vector<std::string>& values, const std::string& between) {
  std::string text = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) text += between + values[i];
  return text;
}

class ScriptWriter {
 public:
  ScriptWriter(const Model& model, const std::string& name) : model_(model), module_("__torch__." + name) {}

  Module run() {
    const Graph& graph = model_.graph;
    std::string source = "def forward(self, x):\n";
    for (NodeId id = 1; id < graph.size(); ++id) source += "  " + value(id) + " = " + computed(id) + "\n";
    const Shape& end = graph.shape(graph.output());
    const std::string output = value(graph.output());
    source += "  return " + (end.height == 1 && end.width == 1 ? "torch.flatten(" + output + ", 1)" : output) + "\n";
    module_.register_attribute("training", c10::BoolType::get(), false);  // model.train() and eval() set it
    module_.define(source);
    return module_;
  }

 private:
  /// Vectors are images of one row and column throughout.
  std::string computed(NodeId id) {
    const Graph& graph = model_.graph;
    std::vector<std::string> in;
    for (const NodeId input : graph.inputs(id)) in.push_back(value(input));
    static_assert(op_kinds == 20, "an op needs its branch here");
    return std::visit(
        Overloaded{
            [&](const Conv& op) { return add_layer(id, kernel_dims(id), op.bias), convolved(op, in[0], layer(id)); },
            [&](const Linear& op) {
              add_layer(id, kernel_dims(id), op.bias);
              return "torch.linear(torch.flatten(" + in[0] + ", 1), " + layer(id) + ".weight, " +
                     (op.bias ? layer(id) + ".bias" : "None") + ").unsqueeze(2).unsqueeze(3)";
            },
            [&](const Pool& op) { return pooled(op, in[0]); },
            [&](const GlobalPool& op) {
              return std::string(op.kind == PoolKind::average ? "torch.mean(" : "torch.amax(") + in[0] +
                     ", [2, 3], True)";
            },
            [&](const BatchNorm&) { return normed(id, in[0]); },
            [&](const Activation& op) { return activated(op.kind, in[0]); },
            [&](const Add&) { return joined(in, " + "); },
            [&](const Concat&) { return "torch.cat([" + joined(in, ", ") + "], 1)"; },
            [&](const Multiply&) { return joined(in, " * "); },
            [&](const ChannelShuffle& op) {
              return "torch.channel_shuffle(" + in[0] + ", " + std::to_string(op.groups) + ")";
            },
            [&](const Zero& op) {
              return "torch.new_zeros(x, [x.size(0), " + std::to_string(op.shape.channels) + ", " +
                     std::to_string(op.shape.height) + ", " + std::to_string(op.shape.width) + "])";
            },
            [&](const Flatten&) { return "torch.flatten(" + in[0] + ", 1).unsqueeze(2).unsqueeze(3)"; },
            [&](const Softmax&) { return "torch.softmax(" + in[0] + ", 1)"; },
            [&](const auto&) -> std::string {
              throw std::invalid_argument("cannot write " + graph.name(id) + ": an op of imported models alone");
            }},
        graph.op(id));
  }

  std::string normed(NodeId id, const std::string& in) {
    const Weights& weights = model_.weights[static_cast<std::size_t>(id)];
    const Dims dims{model_.graph.shape(id).channels};
    Module norm = submodule(id);
    norm.register_parameter("weight", tensor(id, weights.gamma, dims), false);
    norm.register_parameter("bias", tensor(id, weights.beta, dims), false);
    norm.register_buffer("running_mean", tensor(id, weights.mean, dims));
    norm.register_buffer("running_var", tensor(id, weights.variance, dims));
    const std::string self = layer(id);
    return "torch.batch_norm(" + in + ", " + self + ".weight, " + self + ".bias, " + self + ".running_mean, " + self +
           ".running_var, self.training, 0.1, " + text_of(double{batch_norm_epsilon}) + ", False)";
  }

  Dims kernel_dims(NodeId id) const { return kernel_shape(model_.graph.op(id), model_.graph.shape(model_.graph.inputs(id)[0])); }

  void add_layer(NodeId id, const Dims& dims, bool bias) {
    const Weights& weights = model_.weights[static_cast<std::size_t>(id)];
    Module layer = submodule(id);
    layer.register_parameter("weight", tensor(id, weights.kernel, dims), false);
    if (bias) layer.register_parameter("bias", tensor(id, weights.bias, {dims[0]}), false);
  }

  Module submodule(NodeId id) {
    Module part("__torch__.layer." + name(id));
    parts_.push_back(part);
    module_.register_module(name(id), part);
    return part;
  }

  at::Tensor tensor(NodeId id, const std::vector<float>& numbers, const Dims& dims) const {
    if (static_cast<std::int64_t>(numbers.size()) !=
        std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>()))
      throw std::invalid_argument("cannot write " + model_.graph.name(id) +
                                  ": its weights are missing or of another size");
    return at::from_blob(const_cast<float*>(numbers.data()), dims, at::kFloat).clone();
  }

  std::string name(NodeId id) const { return std::string(op_name(model_.graph.op(id))) + "_" + std::to_string(id); }
  std::string layer(NodeId id) const { return "self." + name(id); }
  std::string value(NodeId id) const { return id == 0 ? "x" : "v" + std::to_string(id); }

  const Model& model_;
  Module module_;
  std::vector<Module> parts_;
};

}  // namespace

std::string torchscript(const Model& model, const TorchScriptOptions& options) {
  if (model.weights.size() != static_cast<std::size_t>(model.graph.size()))
    throw std::invalid_argument("weights of " + std::to_string(model.weights.size()) + " nodes for a network of " +
                                std::to_string(model.graph.size()));
  const Module module = ScriptWriter(model, options.name).run();
  auto metadata = nlohmann::ordered_json::object();
  for (const auto& [key, value] : options.metadata) metadata[key] = value;
  std::ostringstream stream;
  module.save(stream, {{"metadata.json", metadata.dump()}});
  return stream.str();
}

std::string libtorch_version() { return TORCH_VERSION; }

std::vector<float> run_torchscript(const std::string& archive, const Shape& input, std::span<const float> samples) {
  const auto size = static_cast<std::size_t>(input.elements());
  if (samples.size() % size != 0) throw std::invalid_argument("samples must be whole");
  try {
    std::istringstream stream(archive);
    Module module = torch::jit::load(stream, at::kCPU);
    c10::InferenceMode guard;
    const auto images = at::from_blob(
        const_cast<float*>(samples.data()),
        {static_cast<std::int64_t>(samples.size() / size), input.channels, input.height, input.width}, at::kFloat);
    const at::Tensor output = module.forward({images}).toTensor().contiguous();
    return {output.data_ptr<float>(), output.data_ptr<float>() + output.numel()};
  } catch (const c10::Error& error) {
    throw std::runtime_error(error.what_without_backtrace());
  }
}

}  // namespace paretoforge
