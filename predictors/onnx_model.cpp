// From a file to steps in order: names, constants, inputs, and what stands only for quantisation.
#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

constexpr int least_opset = 7, most_opset = 24;
constexpr std::size_t most_steps = 200'000;

bool is_onnx_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::string shown(const Step& step) { return "'" + step.name + "' (" + step.type + ")"; }

class Apart {
 public:
  Apart(std::string_view bytes, const std::string& file, const std::filesystem::path& folder) : folder_(folder) {
    model_.file = file;
    model_.proto = parsed_model(bytes, file);
    model_.opset = opset();
    write_out(model_.proto, file, folder_);
  }

  Model run() {
    const onnx::GraphProto& graph = model_.proto.graph();
    for (const auto& tensor : graph.initializer()) add_constant(tensor.name(), tensor, true);
    for (const auto& sparse : graph.sparse_initializer()) {
      Value value{Dims(sparse.dims().begin(), sparse.dims().end()), sparse.values().data_type()};
      value.learned = true;
      model_.constants[sparse.values().name()] = std::move(value);
    }
    for (const auto& input : graph.input())
      if (!model_.constants.contains(input.name())) add_input(input);
    if (model_.inputs.empty()) refuse(model_.file, "the model has no input");
    for (const auto* list : {&graph.value_info(), &graph.output()})
      for (const auto& info : *list) declare(info);
    collect_steps();
    sort_steps();
    pass_aliases();
    for (const auto& output : graph.output()) model_.outputs.push_back(resolved(output.name()));
    if (model_.outputs.empty()) refuse(model_.file, "the model has no output");
    return std::move(model_);
  }

 private:
  int opset() const {
    std::int64_t version = 0;
    for (const auto& import : model_.proto.opset_import())
      if (is_onnx_domain(import.domain())) version = import.version();
    if (version == 0) version = model_.proto.opset_import().empty() ? 1 : 17;  // a model of other domains alone
    if (version < least_opset || version > most_opset)
      refuse(model_.file,
             "the model is of operator set " + std::to_string(version) + "; " + std::to_string(least_opset) + " to " +
                 std::to_string(most_opset) + " are read",
             version < least_opset ? "convert it with onnx.version_converter" : "export it with an older operator set");
    return static_cast<int>(version);
  }

  void add_constant(const std::string& name, const onnx::TensorProto& tensor, bool learned) {
    check_tensor(tensor, model_.file, folder_);
    Value value{Dims(tensor.dims().begin(), tensor.dims().end()), tensor.data_type()};
    value.numbers = few_numbers(tensor, folder_);
    value.learned = learned;
    model_.constants[name] = std::move(value);
  }

  void add_input(const onnx::ValueInfoProto& info) {
    const std::string who = "input '" + info.name() + "'";
    if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape())
      refuse(model_.file, who + " has no shape", "export the model with fixed shapes");
    const auto& shape = info.type().tensor_type().shape();
    Value value{{}, info.type().tensor_type().elem_type()};
    for (int i = 0; i < shape.dim_size(); ++i) value.dims.push_back(input_dim(info.name(), shape, i));
    model_.inputs.emplace_back(info.name(), std::move(value));
  }

  /// The first dimension is the batch: one sample. The others have to be fixed. Inputs behind the first may be states
  /// of layers, which lie otherwise.
  std::int64_t input_dim(const std::string& input, const onnx::TensorShapeProto& shape, int i) const {
    const std::string who = "input '" + input + "'";
    const auto& dim = shape.dim(i);
    const bool batch = i == 0 && shape.dim_size() > 1, fixed = dim.has_dim_value() && dim.dim_value() > 0;
    if (batch && fixed && dim.dim_value() != 1 && model_.inputs.empty())
      refuse(model_.file, who + " has a fixed batch of " + std::to_string(dim.dim_value()),
             "costs are those of one sample: export the model with a batch of 1, or leave that dimension symbolic");
    if (batch && !fixed) return 1;
    if (!fixed) {
      const bool named = !dim.dim_param().empty();
      refuse(model_.file,
             who + " has " + (named ? "the dynamic dimension '" + dim.dim_param() + "'" : "a dynamic dimension") +
                 " (number " + std::to_string(i) + ", counted from 0)",
             "export the model with fixed sizes, or fix this one: python3 -m "
             "onnxruntime.tools.make_dynamic_shape_fixed " +
                 (named ? "--dim_param '" + dim.dim_param() + "' --dim_value SIZE"
                        : "--input_name '" + input + "' --input_shape SIZE,SIZE,...") +
                 " IN.onnx OUT.onnx");
    }
    if (dim.dim_value() > std::numeric_limits<std::int32_t>::max()) refuse(model_.file, who + " is too large");
    return dim.dim_value();
  }

  void declare(const onnx::ValueInfoProto& info) {
    if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape()) return;
    Dims dims;
    for (const auto& dim : info.type().tensor_type().shape().dim()) {
      const bool batch = dims.empty() && info.type().tensor_type().shape().dim_size() > 1;
      if (!dim.has_dim_value() && !batch) return;
      dims.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
      if (dims.back() < 1) return;
    }
    model_.declared[info.name()] = std::move(dims);
  }

  void collect_steps() {
    if (model_.proto.graph().node_size() > static_cast<int>(most_steps))
      refuse(model_.file, "the model has too many nodes");
    for (const auto& node : model_.proto.graph().node()) {
      Step step{(is_onnx_domain(node.domain()) ? "" : node.domain() + ".") + node.op_type(),
                node.name(),
                {node.input().begin(), node.input().end()},
                {node.output().begin(), node.output().end()},
                &node};
      const std::vector<std::string> captured = captured_names(node);
      step.in.insert(step.in.end(), captured.begin(), captured.end());
      if (step.name.empty()) step.name = step.out.empty() ? step.type : step.out[0];
      if (step.type == "Constant") {
        add_constant_node(step);
      } else {
        model_.steps.push_back(std::move(step));
      }
    }
  }

  void add_constant_node(const Step& step) {
    if (step.out.empty()) return;
    for (const auto& attribute : step.proto->attribute()) {
      if (attribute.has_t()) return add_constant(step.out[0], attribute.t(), false);
      Value value;
      const std::string& key = attribute.name();
      if (key == "value_float") value.numbers = std::vector<double>{attribute.f()};
      if (key == "value_int") value.numbers = std::vector<double>{static_cast<double>(attribute.i())};
      if (key == "value_floats") value.numbers.emplace(attribute.floats().begin(), attribute.floats().end());
      if (key == "value_ints") value.numbers.emplace(attribute.ints().begin(), attribute.ints().end());
      if (!value.numbers) continue;
      if (key.ends_with("s")) value.dims = {static_cast<std::int64_t>(value.numbers->size())};
      if (key.starts_with("value_int")) value.type = onnx::TensorProto::INT64;
      model_.constants[step.out[0]] = std::move(value);
      return;
    }
    refuse(model_.file, "constant " + shown(step) + " has no value that is read here");
  }

  /// Kahn's order; what is left over waits for itself.
  void sort_steps() {
    std::map<std::string, std::size_t> maker;
    std::set<std::string> known;
    for (const auto& [name, value] : model_.constants) known.insert(name);
    for (const auto& [name, value] : model_.inputs)
      if (!known.insert(name).second) refuse(model_.file, "two inputs are called '" + name + "'");
    for (std::size_t i = 0; i < model_.steps.size(); ++i)
      for (const std::string& name : model_.steps[i].out)
        if (!name.empty() && (known.contains(name) || !maker.emplace(name, i).second))
          refuse(model_.file, "two nodes make the tensor '" + name + "'");
    std::vector<std::size_t> waits(model_.steps.size(), 0), ready;
    std::vector<std::vector<std::size_t>> readers(model_.steps.size());
    for (std::size_t i = 0; i < model_.steps.size(); ++i) {
      for (const std::string& name : model_.steps[i].in) {
        if (name.empty() || known.contains(name)) continue;
        const auto made = maker.find(name);
        if (made == maker.end())
          refuse(model_.file, "node " + shown(model_.steps[i]) + " reads '" + name + "', which nothing makes");
        readers[made->second].push_back(i);
        ++waits[i];
      }
      if (waits[i] == 0) ready.push_back(i);
    }
    std::set<std::size_t> front(ready.begin(), ready.end());  // the file's own order wherever it will do
    std::vector<Step> sorted;
    while (!front.empty()) {
      const std::size_t i = *front.begin();
      front.erase(front.begin());
      for (const std::size_t reader : readers[i])
        if (--waits[reader] == 0) front.insert(reader);
      sorted.push_back(model_.steps[i]);
    }
    for (std::size_t i = 0; i < model_.steps.size(); ++i)
      if (waits[i] > 0)
        refuse(model_.file, "node " + shown(model_.steps[i]) + " waits for its own output: the graph has a cycle");
    for (const auto& output : model_.proto.graph().output())
      if (!known.contains(output.name()) && !maker.contains(output.name()))
        refuse(model_.file, "nothing makes the output '" + output.name() + "'");
    model_.steps = std::move(sorted);
  }

  std::string resolved(const std::string& name) const {
    const auto found = alias_.find(name);
    return found == alias_.end() ? name : found->second;
  }

  static bool is_alias(const std::string& type) {
    for (const std::string_view known :
         {"Identity", "Dropout", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
          "com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear"})
      if (type == known) return true;
    return false;
  }

  /// What only changes the type or the steps of numbers, or nothing, is left out; readers read what was before it.
  void pass_aliases() {
    std::vector<Step> left;
    const std::set<std::string> rescaled = only_rescaled(model_);
    for (Step& step : model_.steps) {
      for (std::string& name : step.in) name = resolved(name);
      const bool nothing = is_alias(step.type) || (!step.out.empty() && rescaled.contains(step.out[0]));
      if (!nothing || step.in.empty() || step.out.empty() || step.in[0].empty()) {
        left.push_back(std::move(step));
        continue;
      }
      alias_[step.out[0]] = step.in[0];
      if (step.type.ends_with("QuantizeLinear")) note_bits(step);
      // Scales and masks that come with it are nobody's weights.
      for (std::size_t i = 1; i < step.out.size(); ++i) model_.constants[step.out[i]] = Value{};
    }
    model_.steps = std::move(left);
  }

  void note_bits(const Step& step) {
    int type = static_cast<int>(step.integer("output_dtype", onnx::TensorProto::UINT8));
    if (step.has_input(2))
      if (const auto zero = model_.constants.find(step.in[2]); zero != model_.constants.end()) type = zero->second.type;
    if (step.type != "DequantizeLinear" && integer_bits(type) == 16) model_.bits[step.in[0]] = 16;
  }

  Model model_;
  std::filesystem::path folder_;
  std::map<std::string, std::string> alias_;
};

}  // namespace

std::int64_t Value::elements() const {
  double count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<double>(dim);
  // Enough to be refused by whoever makes a shape of it, and no overflow.
  return count > 1e15 ? std::int64_t{1} << 50 : static_cast<std::int64_t>(count);
}

const onnx::AttributeProto* Step::attribute(std::string_view key) const {
  if (proto == nullptr) return nullptr;
  for (const auto& attribute : proto->attribute())
    if (attribute.name() == key) return &attribute;
  return nullptr;
}
std::int64_t Step::integer(std::string_view key, std::int64_t otherwise) const {
  const auto* found = attribute(key);
  return found != nullptr ? found->i() : otherwise;
}
double Step::number(std::string_view key, double otherwise) const {
  const auto* found = attribute(key);
  return found != nullptr ? found->f() : otherwise;
}
std::string Step::text(std::string_view key, const std::string& otherwise) const {
  const auto* found = attribute(key);
  return found != nullptr ? found->s() : otherwise;
}
std::optional<Dims> Step::integers(std::string_view key) const {
  const auto* found = attribute(key);
  if (found == nullptr) return std::nullopt;
  return Dims(found->ints().begin(), found->ints().end());
}

Dims broadcast(const Dims& a, const Dims& b) {
  Dims result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) throw std::invalid_argument(dims_text(a) + " and " + dims_text(b) + " do not fit");
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

std::string dims_text(const Dims& dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
  return text + "]";
}

Model taken_apart(std::string_view bytes, const std::string& file, const std::filesystem::path& folder) {
  return Apart(bytes, file, folder).run();
}

}  // namespace paretoforge::onnx_in
