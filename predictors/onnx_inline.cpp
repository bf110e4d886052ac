// What stands for other operators in an ONNX model: calls of functions that the model brings with it are replaced by the
// function's nodes, an If whose condition is a constant by the nodes of the branch that runs.
#include <map>
#include <optional>
#include <set>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
using Names = std::map<std::string, std::string>;
using Arguments = std::map<std::string, const onnx::AttributeProto*>;

constexpr int most_nodes = 200'000, most_depth = 64;
constexpr std::size_t most_bytes = std::size_t{256} << 20;  ///< of nodes: constants in a function are there once a call

/// As the reader calls it: "Conv", "com.microsoft.Gelu".
std::string key_of(const std::string& domain, const std::string& type) {
  return (domain.empty() || domain == "ai.onnx" ? "" : domain + ".") + type;
}

void rename(Nodes& nodes, const Names& names);

void rename(onnx::NodeProto& node, const Names& names) {
  const auto as = [&](std::string& name) {
    if (const auto found = names.find(name); found != names.end()) name = found->second;
  };
  for (std::string& name : *node.mutable_input()) as(name);
  for (std::string& name : *node.mutable_output()) as(name);
  for (auto& attribute : *node.mutable_attribute()) {
    std::vector<onnx::GraphProto*> inner;
    if (attribute.has_g()) inner.push_back(attribute.mutable_g());
    for (auto& graph : *attribute.mutable_graphs()) inner.push_back(&graph);
    for (onnx::GraphProto* graph : inner) {  // they see the names around them
      rename(*graph->mutable_node(), names);
      for (auto& output : *graph->mutable_output()) as(*output.mutable_name());
    }
  }
}

void rename(Nodes& nodes, const Names& names) {
  for (auto& node : nodes) rename(node, names);
}

class Inliner {
 public:
  Inliner(onnx::ModelProto& model, const std::string& file, const std::filesystem::path& folder)
      : model_(model), file_(file), folder_(folder) {
    for (const auto& function : model.functions()) {
      const std::string key = key_of(function.domain(), function.name());
      if (find_handler(key) == nullptr) functions_[key] = &function;  // what is read as one operator stays one
    }
  }

  void run() {
    if (functions_.empty() && !has_if()) return;
    Nodes before;
    before.Swap(model_.mutable_graph()->mutable_node());
    for (const auto& node : before) note_condition(node);
    for (const auto& tensor : model_.graph().initializer()) note_condition(tensor.name(), tensor);
    for (auto& node : before) add(std::move(node), 0);
  }

 private:
  bool has_if() const {
    for (const auto& node : model_.graph().node())
      if (node.op_type() == "If" && node.domain().empty()) return true;
    return false;
  }

  void add(onnx::NodeProto node, int depth) {
    if (depth > 0) bytes_ += node.ByteSizeLong();
    if (bytes_ > most_bytes || calls_ > most_nodes || model_.graph().node_size() >= most_nodes)
      refuse(file_, "the model is too large once its functions are written out");
    if (depth > most_depth)
      refuse(file_, "functions call each other more than " + std::to_string(most_depth) + " deep, the last is '" +
                        node.op_type() + "'");
    if (const auto function = functions_.find(key_of(node.domain(), node.op_type())); function != functions_.end())
      return add_call(node, *function->second, depth);
    if (const onnx::GraphProto* branch = taken_branch(node)) return add_branch(node, *branch, depth);
    *model_.mutable_graph()->add_node() = std::move(node);
  }

  void add_call(const onnx::NodeProto& call, const onnx::FunctionProto& function, int depth) {
    Names names;
    for (int i = 0; i < function.input_size(); ++i)
      names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
    Arguments arguments;
    for (const auto& attribute : call.attribute()) arguments[attribute.name()] = &attribute;
    std::vector<std::string> outputs(function.output().begin(), function.output().end());
    add_body(call, function.node(), std::move(names), outputs, &arguments, depth);
  }

  void add_branch(const onnx::NodeProto& node, const onnx::GraphProto& branch, int depth) {
    Names names;
    const std::string prefix = next_prefix(node);
    for (const auto& tensor : branch.initializer()) {
      names[tensor.name()] = prefix + tensor.name();
      bytes_ += tensor.ByteSizeLong();
      auto& kept = *model_.mutable_graph()->add_initializer() = tensor;
      kept.set_name(prefix + tensor.name());
      note_condition(kept.name(), kept);
    }
    std::vector<std::string> outputs;
    for (const auto& output : branch.output()) outputs.push_back(output.name());
    add_body(node, branch.node(), std::move(names), outputs, nullptr, depth);
  }

  /// The nodes under names of their own, their last tensors under those that `whole` makes.
  void add_body(const onnx::NodeProto& whole, const Nodes& body, Names names, const std::vector<std::string>& outputs,
                const Arguments* arguments, int depth) {
    const std::string prefix = next_prefix(whole);
    for (const auto& node : body)
      for (const std::string& name : node.output())
        if (!name.empty()) names[name] = prefix + name;
    std::vector<std::pair<std::string, std::string>> passed;  // made under one name, wanted under another
    std::set<std::string> made;
    for (const auto& node : body) made.insert(node.output().begin(), node.output().end());
    for (int i = 0; i < whole.output_size() && i < static_cast<int>(outputs.size()); ++i) {
      const std::string& inside = outputs[static_cast<std::size_t>(i)];
      if (whole.output(i).empty()) continue;
      if (made.erase(inside) > 0)
        names[inside] = whole.output(i);
      else
        passed.emplace_back(inside, whole.output(i));
    }
    for (const auto& node : body) {
      onnx::NodeProto own = node;
      rename(own, names);
      if (!own.name().empty()) own.set_name(prefix + own.name());
      if (arguments != nullptr) set_arguments(own, *arguments);
      note_condition(own);
      add(std::move(own), depth + 1);
    }
    for (const auto& [inside, outside] : passed) {
      onnx::NodeProto same;
      same.set_op_type("Identity");
      const auto found = names.find(inside);
      same.add_input(found == names.end() ? inside : found->second);
      same.add_output(outside);
      add(std::move(same), depth + 1);
    }
  }

  /// Attributes that refer to the call's take its value; where the call has none, the operator's default holds.
  static void set_arguments(onnx::NodeProto& node, const Arguments& arguments) {
    for (int i = node.attribute_size() - 1; i >= 0; --i) {
      const std::string refers_to = node.attribute(i).ref_attr_name(), name = node.attribute(i).name();
      if (refers_to.empty()) continue;
      const auto found = arguments.find(refers_to);
      if (found == arguments.end()) {
        node.mutable_attribute()->DeleteSubrange(i, 1);
        continue;
      }
      *node.mutable_attribute(i) = *found->second;
      node.mutable_attribute(i)->set_name(name);
    }
  }

  std::string next_prefix(const onnx::NodeProto& node) {
    return (node.output_size() > 0 ? node.output(0) : node.op_type()) + "/" + std::to_string(++calls_) + "/";
  }

  /// Truth values that the model holds: as Constant nodes, as initializers.
  void note_condition(const onnx::NodeProto& node) {
    if (node.op_type() != "Constant" || node.output_size() != 1) return;
    for (const auto& attribute : node.attribute())
      if (attribute.has_t()) note_condition(node.output(0), attribute.t());
  }

  void note_condition(const std::string& name, const onnx::TensorProto& tensor) {
    if (tensor.data_type() == onnx::TensorProto::BOOL) conditions_[name] = truth(tensor);
  }

  std::optional<bool> truth(const onnx::TensorProto& tensor) const {
    check_tensor(tensor, file_, folder_);
    const auto numbers = few_numbers(tensor, folder_);
    return numbers && numbers->size() == 1 ? std::optional((*numbers)[0] != 0) : std::nullopt;
  }

  std::optional<bool> condition(const std::string& name) const {
    const auto found = conditions_.find(name);
    return found == conditions_.end() ? std::nullopt : found->second;
  }

  const onnx::GraphProto* taken_branch(const onnx::NodeProto& node) const {
    if (node.op_type() != "If" || !(node.domain().empty() || node.domain() == "ai.onnx") || node.input_size() != 1)
      return nullptr;
    const std::optional<bool> holds = condition(node.input(0));
    for (const auto& attribute : node.attribute())
      if (holds && attribute.has_g() && attribute.name() == (*holds ? "then_branch" : "else_branch")) return &attribute.g();
    return nullptr;
  }

  onnx::ModelProto& model_;
  const std::string& file_;
  const std::filesystem::path& folder_;
  std::map<std::string, const onnx::FunctionProto*> functions_;
  std::map<std::string, std::optional<bool>> conditions_;
  std::size_t bytes_ = 0;
  int calls_ = 0;
};

}  // namespace

void write_out(onnx::ModelProto& model, const std::string& file, const std::filesystem::path& folder) {
  Inliner(model, file, folder).run();
}

}  // namespace paretoforge::onnx_in
