// The graph that is made of an ONNX model while its steps are read. Private: shows protobuf.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {

/// A step that breaks ONNX's rules; the importer says which and in which file.
class StepError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes beyond 2^31 and below 1 are refused as StepError.
std::int32_t size32(std::int64_t size, const char* what);
std::int64_t product(const Dims& dims, std::size_t begin, std::size_t end);

/// How dims lie in a graph's shape where nothing else is known: [1, C, H, W] as C x H x W, [1, T, C] as C x 1 x T.
Shape natural_shape(const Dims& dims);
/// Channels second: [1, C, L] as C x 1 x L.
Shape image_shape(const Dims& dims);
/// Channels last: [..., T, C] as C x ... x T.
Shape rows_shape(const Dims& dims);

class Importer {
 public:
  explicit Importer(Model& model) : model_(model), graph_(Shape{}) {}
  Graph run();

  // What handlers of operators use.
  const Model& model() const { return model_; }
  const Value& value(const std::string& name) const;
  /// The i-th input; throws StepError where it is absent.
  const Value& input(const Step& step, std::size_t i) const;
  const Value* optional_input(const Step& step, std::size_t i) const;
  /// A constant list of whole numbers from an input, or from the attribute where the input is absent.
  std::optional<Dims> list(const Step& step, std::size_t i, std::string_view key) const;
  Graph& graph() { return graph_; }
  /// The value's node, seen as `shape`: a view is added where it lies otherwise.
  NodeId as(const Value& value, const Shape& shape);
  /// Declares the step's i-th output.
  void output(const Step& step, Dims dims, NodeId node, std::size_t i = 0);
  void output(const Step& step, Dims dims, const Op& op, std::vector<NodeId> inputs, std::size_t i = 0);
  /// The step as an Opaque, its shape inferred or declared; `macs` of the first output.
  void opaque(const Step& step, std::int64_t macs = 0, std::int64_t params = 0, std::optional<Dims> dims = {});
  std::vector<NodeId> nodes(const Step& step) const;  ///< of the inputs that are computed
  std::int64_t learned(const Step& step) const;       ///< numbers of the inputs that the model brings, scalars aside
  std::vector<const Value*> inputs(const Step& step) const;
  std::optional<Dims> told_shape(const Step& step, std::size_t i) const;

 private:
  void add_inputs();
  void read(const Step& step);
  bool fold(const Step& step);
  void add_side_outputs(const Step& step);
  void join_outputs();
  void check_sums() const;
  std::vector<char> needed() const;

  Model& model_;
  Graph graph_;
  std::map<std::string, Value> values_;
};

using Handler = void (*)(Importer&, const Step&);
/// The function that reads operators of that type; nullptr where there is none.
Handler find_handler(std::string_view type);

/// Multiply-accumulates as a whole number; more than 10^15 are refused as StepError.
std::int64_t checked_macs(double macs);
/// x [..., K] times constant weights K x out: a linear layer, or at each place of a sequence a 1x1 convolution.
void layer(Importer& in, const Step& step, const Value& x, std::int64_t out, std::int8_t bits, bool bias);
/// `op` on the first input, which keeps its shape.
void apply(Importer& in, const Step& step, const Op& op);

// Families of operators, one file each.
void read_function(Importer&, const Step&);
void read_hard_sigmoid(Importer&, const Step&);
void read_clip(Importer&, const Step&);
void read_leaky_relu(Importer&, const Step&);
void read_arithmetic(Importer&, const Step&);
void read_add(Importer&, const Step&);
void read_multiply(Importer&, const Step&);
void read_qlinear_add(Importer&, const Step&);
void read_softmax(Importer&, const Step&);
void read_batch_norm(Importer&, const Step&);
void read_layer_norm(Importer&, const Step&);
void read_plane_norm(Importer&, const Step&);
void read_skip_layer_norm(Importer&, const Step&);
void read_conv(Importer&, const Step&);
void read_qlinear_conv(Importer&, const Step&);
void read_conv_transpose(Importer&, const Step&);
void read_pool(Importer&, const Step&);
void read_global_pool(Importer&, const Step&);
void read_product(Importer&, const Step&);
void read_qlinear_product(Importer&, const Step&);
void read_gemm(Importer&, const Step&);
void read_einsum(Importer&, const Step&);
void read_recurrent(Importer&, const Step&);
void read_whole_attention(Importer&, const Step&);
void read_head_attention(Importer&, const Step&);
void read_attention(Importer&, const Step&);
void read_packed_product(Importer&, const Step&);
void read_resize(Importer&, const Step&);
void read_flatten(Importer&, const Step&);
void read_reshape(Importer&, const Step&);
void read_squeeze(Importer&, const Step&);
void read_unsqueeze(Importer&, const Step&);
void read_transpose(Importer&, const Step&);
void read_concat(Importer&, const Step&);
void read_q_concat(Importer&, const Step&);
void read_shuffle(Importer&, const Step&);
void read_split(Importer&, const Step&);
void read_gather(Importer&, const Step&);
void read_pad(Importer&, const Step&);
void read_expand(Importer&, const Step&);
void read_move(Importer&, const Step&);
void read_reduction(Importer&, const Step&);

}  // namespace paretoforge::onnx_in
