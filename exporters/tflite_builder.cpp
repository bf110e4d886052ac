// The flatbuffer of a TFLite model, table by table.
#include "exporters/tflite_builder_internal.hpp"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>

#include "exporters/nibbles_internal.hpp"

namespace paretoforge::internal::tflite {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::voffset_t;

/// Any table; only offsets are typed by flatbuffers' own generator.
struct Table {};
using Tables = std::vector<Offset<Table>>;

voffset_t at(std::uint16_t field) { return flatbuffers::FieldIndexToOffset(field); }

/// The version of each op's definition that has int8 as it is used here, with weights of 8 bits or of 4.
std::int32_t version_of(Kind kind, bool packed) {
  switch (kind) {
    case Kind::conv:
    case Kind::depthwise_conv: return packed ? 7 : 3;
    case Kind::reshape:
    case Kind::hard_swish: return 1;
    default: return 2;
  }
}

}  // namespace

TensorId Builder::tensor(const std::string& name, Type type, const Dims& dims, const Scales& scales) {
  tensors_.push_back({name, type, dims, scales, {}});
  return static_cast<TensorId>(tensors_.size()) - 1;
}

TensorId Builder::packed_constant(const std::string& name, const std::vector<std::int8_t>& values, const Dims& dims, const Scales& scales) {
  const TensorId id = tensor(name, Type::int4, dims, scales);
  tensors_.back().bytes = nibbles(values);
  return id;
}

void Builder::op(Kind kind, const std::vector<TensorId>& inputs, const std::vector<TensorId>& outputs, Options options) {
  operations_.push_back({kind, inputs, outputs, std::move(options)});
}

bool Builder::made_by_op(TensorId id) const {
  return std::any_of(operations_.begin(), operations_.end(), [&](const Operation& operation) {
    return std::find(operation.outputs.begin(), operation.outputs.end(), id) != operation.outputs.end();
  });
}

/// Writes children before their parents, as flatbuffers are made.
class Builder::Serialiser {
 public:
  explicit Serialiser(const Builder& graph) : graph_(graph) { buffer({}); }  // the first buffer is that of no data

  std::string run(const std::string& name, const std::vector<std::pair<std::string, std::string>>& facts) {
    const auto subgraph = whole_graph(name);
    Tables metadata;
    for (const auto& [key, value] : facts) metadata.push_back(entry(key, buffer(value)));
    const auto codes = fb_.CreateVector(codes_), subgraphs = fb_.CreateVector(Tables{subgraph}), buffers = fb_.CreateVector(buffers_), entries = fb_.CreateVector(metadata);
    const auto description = fb_.CreateString(name);
    const auto start = fb_.StartTable();
    fb_.AddElement(at(model::version), schema_version, std::uint32_t{0});
    fb_.AddOffset(at(model::operator_codes), codes);
    fb_.AddOffset(at(model::subgraphs), subgraphs);
    fb_.AddOffset(at(model::description), description);
    fb_.AddOffset(at(model::buffers), buffers);
    if (!metadata.empty()) fb_.AddOffset(at(model::metadata), entries);
    fb_.Finish(Offset<Table>(fb_.EndTable(start)), file_identifier);
    return {reinterpret_cast<const char*>(fb_.GetBufferPointer()), fb_.GetSize()};
  }

 private:
  Offset<Table> whole_graph(const std::string& name) {
    Tables tensors, operations;
    for (const Tensor& each : graph_.tensors_) tensors.push_back(tensor(each));
    for (const Operation& each : graph_.operations_) operations.push_back(operation(each));
    const auto tensor_list = fb_.CreateVector(tensors), operation_list = fb_.CreateVector(operations);
    const auto inputs = fb_.CreateVector(graph_.inputs_), outputs = fb_.CreateVector(graph_.outputs_);
    const auto text = fb_.CreateString(name);
    const auto start = fb_.StartTable();
    fb_.AddOffset(at(subgraph::tensors), tensor_list);
    fb_.AddOffset(at(subgraph::inputs), inputs);
    fb_.AddOffset(at(subgraph::outputs), outputs);
    fb_.AddOffset(at(subgraph::operators), operation_list);
    fb_.AddOffset(at(subgraph::name), text);
    return fb_.EndTable(start);
  }

  /// Data lies at multiples of 16, where runtimes read weights in place.
  std::uint32_t buffer(const std::string& bytes) {
    fb_.ForceVectorAlignment(bytes.size(), 1, 16);
    const auto data = fb_.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    const auto start = fb_.StartTable();
    if (!bytes.empty()) fb_.AddOffset(at(buffer::data), data);
    buffers_.emplace_back(fb_.EndTable(start));
    return static_cast<std::uint32_t>(buffers_.size()) - 1;
  }

  Offset<Table> entry(const std::string& key, std::uint32_t at_buffer) {
    const auto text = fb_.CreateString(key);
    const auto start = fb_.StartTable();
    fb_.AddOffset(at(metadata::name), text);
    fb_.AddElement(at(metadata::buffer), at_buffer, std::uint32_t{0});
    return fb_.EndTable(start);
  }

  Offset<Table> quantisation(const Scales& scales) {
    const auto steps = fb_.CreateVector(scales.scales);
    const auto zeros = fb_.CreateVector(std::vector<std::int64_t>(scales.scales.size(), scales.zero_point));
    const auto start = fb_.StartTable();
    fb_.AddOffset(at(quantization::scale), steps);
    fb_.AddOffset(at(quantization::zero_point), zeros);
    fb_.AddElement(at(quantization::dimension), scales.dimension, 0);
    return fb_.EndTable(start);
  }

  Offset<Table> tensor(const Tensor& each) {
    const std::uint32_t data = each.bytes.empty() ? 0 : buffer(each.bytes);
    const auto shape = fb_.CreateVector(each.dims);
    const auto text = fb_.CreateString(each.name);
    const auto steps = each.scales.scales.empty() ? Offset<Table>() : quantisation(each.scales);
    const auto start = fb_.StartTable();
    fb_.AddOffset(at(tensor::shape), shape);
    fb_.AddElement(at(tensor::type), static_cast<std::int8_t>(each.type), std::int8_t{0});
    fb_.AddElement(at(tensor::buffer), data, std::uint32_t{0});
    fb_.AddOffset(at(tensor::name), text);
    fb_.AddOffset(at(tensor::quantization), steps);
    return fb_.EndTable(start);
  }

  /// The position of an op's definition among the model's.
  std::uint32_t code(const Operation& each) {
    const Kind kind = each.kind;
    const std::int32_t version = version_of(kind, std::any_of(each.inputs.begin(), each.inputs.end(), [&](TensorId id) { return graph_.tensors_[static_cast<std::size_t>(id)].type == Type::int4; }));
    const auto known = std::find(kinds_.begin(), kinds_.end(), std::pair{kind, version});
    if (known != kinds_.end()) return static_cast<std::uint32_t>(known - kinds_.begin());
    const auto number = static_cast<std::int32_t>(kind);
    const auto start = fb_.StartTable();
    fb_.AddElement(at(operator_code::deprecated_code), static_cast<std::int8_t>(number), std::int8_t{0});
    fb_.AddElement(at(operator_code::version), version, 1);
    fb_.AddElement(at(operator_code::code), number, 0);
    codes_.emplace_back(fb_.EndTable(start));
    kinds_.emplace_back(kind, version);
    return static_cast<std::uint32_t>(kinds_.size()) - 1;
  }

  Offset<Table> options(const Options& each) {
    std::vector<Offset<flatbuffers::Vector<std::int32_t>>> lists;
    for (const auto& [field, value] : each.fields)
      if (const auto* list = std::get_if<Dims>(&value)) lists.push_back(fb_.CreateVector(*list));
    auto next = lists.begin();
    const auto start = fb_.StartTable();
    for (const auto& [field, value] : each.fields) {
      if (std::holds_alternative<Dims>(value)) fb_.AddOffset(at(field), *next++);
      else if (const auto* byte = std::get_if<std::int8_t>(&value)) fb_.AddElement(at(field), *byte, std::int8_t{0});
      else if (const auto* flag = std::get_if<bool>(&value)) fb_.AddElement(at(field), static_cast<std::uint8_t>(*flag), std::uint8_t{0});
      else if (const auto* number = std::get_if<std::int32_t>(&value)) fb_.AddElement<std::int32_t>(at(field), *number);
      else fb_.AddElement(at(field), std::get<float>(value), 0.0f);
    }
    return fb_.EndTable(start);
  }

  Offset<Table> operation(const Operation& each) {
    const std::uint32_t index = code(each);
    const auto inputs = fb_.CreateVector(each.inputs), outputs = fb_.CreateVector(each.outputs);
    const bool has_options = each.options.kind != OptionsKind::none;
    const auto table = has_options ? options(each.options) : Offset<Table>();
    const auto start = fb_.StartTable();
    fb_.AddElement(at(operation::code_index), index, std::uint32_t{0});
    fb_.AddOffset(at(operation::inputs), inputs);
    fb_.AddOffset(at(operation::outputs), outputs);
    fb_.AddElement(at(operation::options_type), static_cast<std::uint8_t>(each.options.kind), std::uint8_t{0});
    fb_.AddOffset(at(operation::options), table);
    return fb_.EndTable(start);
  }

  const Builder& graph_;
  FlatBufferBuilder fb_;
  Tables buffers_, codes_;
  std::vector<std::pair<Kind, std::int32_t>> kinds_;
};

std::string Builder::serialised(const std::string& name, const std::vector<std::pair<std::string, std::string>>& metadata) const {
  return Serialiser(*this).run(name, metadata);
}

}  // namespace paretoforge::internal::tflite
