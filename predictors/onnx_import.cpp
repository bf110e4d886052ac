// From an ONNX model to a graph: inputs, steps in order, outputs.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "configs/config.hpp"
#include "configs/files.hpp"
#include "predictors/onnx.hpp"
#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge {
namespace onnx_in {
namespace {

std::array<char, 40> opaque_name(const std::string& type) {
  std::array<char, 40> name{};
  std::copy_n(type.begin(), std::min(type.size(), name.size() - 1), name.begin());
  for (char& letter : name)
    if (letter != 0 && (static_cast<unsigned char>(letter) < 0x20 || static_cast<unsigned char>(letter) > 0x7e))
      letter = '?';
  return name;
}

}  // namespace

const Value& Importer::value(const std::string& name) const {
  if (const auto made = values_.find(name); made != values_.end()) return made->second;
  if (const auto found = model_.constants.find(name); found != model_.constants.end()) return found->second;
  throw StepError("it reads '" + name + "', whose shape cannot be told");
}

const Value& Importer::input(const Step& step, std::size_t i) const {
  if (!step.has_input(i)) throw StepError("it needs input " + std::to_string(i));
  return value(step.in[i]);
}

const Value* Importer::optional_input(const Step& step, std::size_t i) const {
  return step.has_input(i) ? &value(step.in[i]) : nullptr;
}

std::optional<Dims> Importer::list(const Step& step, std::size_t i, std::string_view key) const {
  const Value* given = optional_input(step, i);
  if (given == nullptr) return step.integers(key);
  if (!given->constant() || !given->numbers)
    throw StepError("its input " + std::to_string(i) + " is no constant: the shape depends on the data");
  Dims result;
  for (const double number : *given->numbers) {
    if (!(std::abs(number) < 9e15)) {
      // "to the end" is written as the largest integer there is.
      result.push_back(number > 0 ? std::int64_t{1} << 52 : -(std::int64_t{1} << 52));
      continue;
    }
    result.push_back(static_cast<std::int64_t>(number));
  }
  return result;
}

NodeId Importer::as(const Value& value, const Shape& shape) {
  if (value.constant()) throw StepError("a constant stands where something computed is expected");
  const Shape& here = graph_.shape(value.node);
  if (here == shape) return value.node;
  const bool flat = shape.height == 1 && shape.width == 1;
  // A flat tensor in the order of an image is what Flatten means.
  return flat && shape.channels == here.elements() ? graph_.add(Flatten{}, value.node)
                                                   : graph_.add(Reshape{shape}, value.node);
}

void Importer::output(const Step& step, Dims dims, NodeId node, std::size_t i) {
  if (i >= step.out.size() || step.out[i].empty()) return;
  if (const auto bits = model_.bits.find(step.out[i]); bits != model_.bits.end() && node >= 0)
    graph_.set_activation_bits(node, bits->second);
  Value made{std::move(dims)};
  made.node = node;
  values_[step.out[i]] = std::move(made);
}

void Importer::output(const Step& step, Dims dims, const Op& op, std::vector<NodeId> inputs, std::size_t i) {
  output(step, std::move(dims), graph_.add(op, inputs), i);
}

std::vector<const Value*> Importer::inputs(const Step& step) const {
  std::vector<const Value*> result;
  for (std::size_t i = 0; i < step.in.size(); ++i) result.push_back(optional_input(step, i));
  return result;
}

std::vector<NodeId> Importer::nodes(const Step& step) const {
  std::vector<NodeId> result;
  for (const Value* input : inputs(step))
    if (input != nullptr && !input->constant()) result.push_back(input->node);
  return result;
}

std::int64_t Importer::learned(const Step& step) const {
  std::int64_t count = 0;
  for (const Value* input : inputs(step))
    if (input != nullptr && input->constant() && input->learned && input->elements() > 1) count += input->elements();
  return std::min(count, most_weights);
}

std::optional<Dims> Importer::told_shape(const Step& step, std::size_t i) const {
  const auto shapes = inferred_outputs(step, inputs(step), model_.opset);
  if (i < shapes.size() && shapes[i]) return shapes[i]->dims;
  const auto declared = model_.declared.find(step.out[i]);
  return declared == model_.declared.end() ? std::nullopt : std::optional(declared->second);
}

void Importer::opaque(const Step& step, std::int64_t macs, std::int64_t params, std::optional<Dims> dims) {
  const std::vector<NodeId> read = nodes(step);
  for (std::size_t i = 0; i < step.out.size(); ++i) {
    if (step.out[i].empty()) continue;
    Opaque op{opaque_name(step.type), {}, std::exchange(macs, 0), std::exchange(params, 0)};
    std::optional<Dims> shape = i == 0 && dims ? dims : told_shape(step, i);
    if (!shape) {
      for (const Value* input : inputs(step))
        if (!shape && input != nullptr && !input->constant()) shape = input->dims;
      op.name = opaque_name(step.type.substr(0, 20) + " (shape assumed)");
    }
    op.shape = natural_shape(*shape);
    output(step, *shape, op, read, i);
  }
}

/// Everything that leads to an output.
std::vector<char> Importer::needed() const {
  std::map<std::string, char> wanted;
  for (const std::string& name : model_.outputs) wanted[name] = 1;
  std::vector<char> result(model_.steps.size(), 0);
  for (std::size_t i = model_.steps.size(); i-- > 0;) {
    const Step& step = model_.steps[i];
    if (!std::any_of(step.out.begin(), step.out.end(), [&](const std::string& name) { return wanted.contains(name); }))
      continue;
    result[i] = 1;
    for (const std::string& name : step.in) wanted[name] = 1;
  }
  return result;
}

void Importer::add_inputs() {
  for (std::size_t i = 0; i < model_.inputs.size(); ++i) {
    auto& [name, input] = model_.inputs[i];
    Shape shape;
    try {
      shape = natural_shape(input.dims);
    } catch (const StepError& error) {
      throw StepError("input '" + name + "' " + dims_text(input.dims) + " has " + error.what());
    }
    if (i == 0) graph_ = Graph(shape);
    input.node = i == 0 ? 0 : graph_.add(Rearrange{shape}, NodeId{0});
    if (const auto bits = model_.bits.find(name); bits != model_.bits.end())
      graph_.set_activation_bits(input.node, bits->second);
    values_[name] = input;
  }
}

bool Importer::fold(const Step& step) {
  const auto given = inputs(step);
  if (step.type == "Shape" || step.type == "Size") {
    const Dims& dims = input(step, 0).dims;
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto within = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
    const std::int64_t begin = within(step.integer("start", 0)),
                       end = std::max(begin, within(step.integer("end", rank)));
    Value made{
        {end - begin}, onnx::TensorProto::INT64, -1, std::vector<double>(dims.begin() + begin, dims.begin() + end)};
    if (step.type == "Size")
      made = {{}, onnx::TensorProto::INT64, -1, std::vector<double>{static_cast<double>(input(step, 0).elements())}};
    values_[step.out[0]] = std::move(made);
    return true;
  }
  if (!std::all_of(given.begin(), given.end(),
                   [](const Value* value) { return value == nullptr || value->constant(); }))
    return false;
  auto made = folded_constant(step, given, model_.opset);
  if (!made) {
    const auto shape = told_shape(step, 0);
    if (!shape) throw StepError("the shape of its output '" + step.out[0] + "' cannot be told");
    made = Value{*shape};
  }
  made->node = -1;
  values_[step.out[0]] = std::move(*made);
  for (std::size_t i = 1; i < step.out.size(); ++i) values_[step.out[i]] = Value{told_shape(step, i).value_or(Dims{})};
  return true;
}

void Importer::read(const Step& step) {
  const auto named = [](const std::string& name) { return !name.empty(); };
  if (std::none_of(step.out.begin(), step.out.end(), named)) throw StepError("it has no output");
  if (fold(step)) return;
  graph_.begin_scope(step.name);
  const Handler handler = find_handler(step.type);
  handler != nullptr ? handler(*this, step) : opaque(step, 0, learned(step) + nested_numbers(step));
  add_side_outputs(step);
}

/// What comes beside the first output (places of maxima, statistics), copied from it where its shape can be told.
void Importer::add_side_outputs(const Step& step) {
  const auto first = values_.find(step.out[0]);
  if (first == values_.end() || first->second.constant()) return;
  const NodeId from = first->second.node;
  for (std::size_t i = 1; i < step.out.size(); ++i) {
    if (step.out[i].empty() || values_.contains(step.out[i])) continue;
    if (const auto dims = told_shape(step, i)) output(step, *dims, Rearrange{natural_shape(*dims)}, {from}, i);
  }
}

void Importer::join_outputs() {
  std::vector<NodeId> ends;
  for (const std::string& name : model_.outputs) {
    const Value& end = value(name);
    if (end.constant()) continue;
    const bool flat = end.rank() <= 2 || model_.outputs.size() > 1;
    const Shape shape = graph_.shape(end.node);
    ends.push_back(flat && (end.rank() < 2 || end.dims[0] == 1 || model_.outputs.size() > 1)
                       ? as(end, {size32(shape.elements(), "an output"), 1, 1})
                       : end.node);
  }
  if (ends.empty()) ends.push_back(graph_.add(Zero{natural_shape(value(model_.outputs[0]).dims)}, NodeId{0}));
  graph_.set_output(ends.size() == 1 ? ends[0] : graph_.add(Concat{}, ends));
}

/// What one op may cost is limited; so that sums fit in 64 bits, the whole is too.
void Importer::check_sums() const {
  double macs = 0;
  for (NodeId id = 1; id < graph_.size(); ++id)
    macs += static_cast<double>(paretoforge::macs(graph_.op(id), graph_.shape(graph_.inputs(id)[0]), graph_.shape(id)));
  if (macs > 1e18) refuse(model_.file, "the model would cost more than 10^18 multiply-accumulates");
}

Graph Importer::run() {
  const auto located = [&](const Step* step, auto&& work) {
    const std::string who = step == nullptr ? "" : "node '" + step->name + "' (" + step->type + "): ";
    try {
      work();
    } catch (const StepError& error) {
      refuse(model_.file, who + error.what());
    } catch (const ShapeError& error) {
      refuse(model_.file, who + error.what());
    } catch (const std::invalid_argument& error) {
      refuse(model_.file, who + error.what());
    }
  };
  located(nullptr, [&] { add_inputs(); });
  const std::vector<char> wanted = needed();
  for (std::size_t i = 0; i < model_.steps.size(); ++i)
    if (wanted[i]) located(&model_.steps[i], [&] { read(model_.steps[i]); });
  located(nullptr, [&] { join_outputs(); });
  check_sums();
  return std::move(graph_);
}

}  // namespace onnx_in

Graph read_onnx(std::string_view bytes, const std::string& name, const std::filesystem::path& folder) {
  onnx_in::Model model = onnx_in::taken_apart(bytes, name, folder);
  onnx_in::join_patterns(model);
  return onnx_in::Importer(model).run();
}

Graph load_onnx(const std::filesystem::path& path) {
  constexpr std::size_t most_bytes = std::size_t{1} << 31;  // of a protocol buffer
  return read_onnx(read_file(path, most_bytes), path.string(), path.has_parent_path() ? path.parent_path() : ".");
}

bool is_onnx_name(const std::filesystem::path& path) { return path.extension() == ".onnx"; }

}  // namespace paretoforge
