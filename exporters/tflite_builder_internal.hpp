// Writing TFLite graphs: tensors, constants, operators, and the flatbuffer they become. Private: of the writer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporters/tflite_schema_internal.hpp"

namespace paretoforge::internal::tflite {

using Dims = std::vector<std::int32_t>;
using TensorId = std::int32_t;

/// One scale, or one per slice of a dimension; none where the tensor is not quantised.
struct Scales {
  std::vector<float> scales = {};
  std::int32_t zero_point = 0;
  std::int32_t dimension = 0;
};

using OptionValue = std::variant<std::int8_t, bool, std::int32_t, float, Dims>;
/// The options of an operator: fields of the table that `kind` says.
struct Options {
  OptionsKind kind = OptionsKind::none;
  std::vector<std::pair<std::uint16_t, OptionValue>> fields = {};
};

/// A graph of one subgraph; the same calls give the same bytes.
class Builder {
 public:
  TensorId tensor(const std::string& name, Type type, const Dims& dims, const Scales& scales);
  template <class T>
  TensorId constant(const std::string& name, const std::vector<T>& values, const Dims& dims, const Scales& scales = {}) {
    std::string bytes(values.size() * sizeof(T), '\0');
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    const TensorId id = tensor(name, sizeof(T) == 1 ? Type::int8 : Type::int32, dims, scales);
    tensors_.back().bytes = std::move(bytes);
    return id;
  }
  /// Weights of 4 bits, two to a byte.
  TensorId packed_constant(const std::string& name, const std::vector<std::int8_t>& values, const Dims& dims, const Scales& scales);
  void op(Kind kind, const std::vector<TensorId>& inputs, const std::vector<TensorId>& outputs, Options options = {});
  void input(TensorId id) { inputs_.push_back(id); }
  void output(TensorId id) { outputs_.push_back(id); }
  void rename(TensorId id, const std::string& name) { tensors_[static_cast<std::size_t>(id)].name = name; }
  bool made_by_op(TensorId id) const;

  /// `name` describes the model; `metadata` goes into it by key.
  std::string serialised(const std::string& name, const std::vector<std::pair<std::string, std::string>>& metadata) const;

 private:
  struct Tensor {
    std::string name;
    Type type;
    Dims dims;
    Scales scales;
    std::string bytes;  ///< of a constant
  };
  struct Operation {
    Kind kind;
    std::vector<TensorId> inputs, outputs;
    Options options;
  };
  class Serialiser;

  std::vector<Tensor> tensors_;
  std::vector<Operation> operations_;
  std::vector<TensorId> inputs_, outputs_;
};

}  // namespace paretoforge::internal::tflite
