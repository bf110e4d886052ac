// One operator of an ONNX graph with its attributes, and the values that flow between them. Private: shows protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "space/graph.hpp"

namespace paretoforge::onnx_in {

using Dims = std::vector<std::int64_t>;

/// A tensor of the model: a constant, or what a node of the graph computes. The node's shape may arrange the same
/// elements in another way than `dims`: views cost nothing until somebody needs them.
struct Value {
  Dims dims;
  int type = onnx::TensorProto::FLOAT;
  NodeId node = -1;                                 ///< -1: a constant
  std::optional<std::vector<double>> numbers = {};  ///< of a constant of few elements
  bool learned = false;                             ///< a constant that the model brings as its own (an initializer)
  bool constant() const { return node < 0; }
  std::int64_t elements() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(dims.size()); }
};

/// An operator: its type, with its domain in front where that is not ONNX's own ("com.acme.Fold").
struct Step {
  std::string type, name;
  std::vector<std::string> in, out;  ///< "" is an optional tensor that is absent
  const onnx::NodeProto* proto = nullptr;
  bool gone = false;  ///< taken up by another step

  const onnx::AttributeProto* attribute(std::string_view key) const;
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  double number(std::string_view key, double otherwise) const;
  std::string text(std::string_view key, const std::string& otherwise) const;
  std::optional<Dims> integers(std::string_view key) const;
  bool has_input(std::size_t i) const { return i < in.size() && !in[i].empty(); }
};

/// Numbers that one operator may read as weights: far beyond any, and small enough for sums in 64 bits.
inline constexpr std::int64_t most_weights = std::int64_t{1} << 40;

/// What graphs inside an operator (If, Loop, Scan) read of the graph around it.
std::vector<std::string> captured_names(const onnx::NodeProto& node);
/// How many numbers such graphs bring themselves, each branch and one turn counted; scalars aside.
std::int64_t nested_numbers(const Step& step);

/// A model taken apart: steps in an order in which they can run, constants, inputs and outputs by name.
struct Model {
  std::string file;
  int opset = 0;
  onnx::ModelProto proto;
  std::vector<Step> steps;
  std::map<std::string, Value> constants;
  std::vector<std::pair<std::string, Value>> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Dims> declared;  ///< shapes that the model states itself, where they are fixed
  std::map<std::string, int> bits;       ///< of activations whose quantisation says so
  std::deque<onnx::NodeProto> made;      ///< operators that stand for several
};

/// Takes the model apart: constants, aliases (Identity, Cast, QuantizeLinear, ...) and order. Throws ConfigError.
Model taken_apart(std::string_view bytes, const std::string& file, const std::filesystem::path& folder);

/// Outputs of steps that only bring integers to another scale and are their first input else: a dequantised zero is added.
std::set<std::string> only_rescaled(const Model& model);

/// Replaces groups of steps by the one operator that they write out: LayerNormalization, Gelu, HardSwish, Silu,
/// a channel shuffle ("ChannelShuffle"), a product and the bias behind it (Gemm).
void join_patterns(Model& model);

/// The value of a step whose inputs are all constants: numbers where they are few, else the shape alone; empty where
/// not even that can be told.
std::optional<Value> folded_constant(const Step& step, const std::vector<const Value*>& inputs, int opset);

/// Shapes (and element types) of a step's outputs through onnx's own shape inference; empty where it cannot tell.
/// Models of an operator set that onnx does not know yet are read as of the last that it knows.
std::vector<std::optional<Value>> inferred_outputs(const Step& step, const std::vector<const Value*>& inputs,
                                                   int opset);

/// The shape of operands of unlike shapes, by ONNX's rule; throws std::invalid_argument where they do not fit.
Dims broadcast(const Dims& a, const Dims& b);
std::string dims_text(const Dims& dims);

}  // namespace paretoforge::onnx_in
