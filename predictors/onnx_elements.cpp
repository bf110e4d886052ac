// Operators of ONNX that work element by element: activations, sums, products.
#include <algorithm>
#include <cmath>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {

void apply(Importer& in, const Step& step, const Op& op) {
  const Value x = in.input(step, 0);
  in.output(step, x.dims, op, {x.node});
}

/// Any function of each element for itself.
void read_function(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.constant()) return in.opaque(step, 0, in.learned(step));
  apply(in, step, Arithmetic{in.graph().shape(x.node), in.learned(step)});
}

void read_hard_sigmoid(Importer& in, const Step& step) {
  const bool ours =
      std::abs(step.number("alpha", 0.2) - 1.0 / 6) < 1e-3 && std::abs(step.number("beta", 0.5) - 0.5) < 1e-3;
  ours ? apply(in, step, Activation{ActivationKind::hard_sigmoid}) : read_function(in, step);
}

void read_clip(Importer& in, const Step& step) {
  const auto bound = [&](std::size_t i, std::string_view key, double otherwise) {
    const Value* given = in.optional_input(step, i);
    if (given == nullptr) return step.number(key, otherwise);
    return given->constant() && given->numbers && given->numbers->size() == 1 ? given->numbers->front() : std::nan("");
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  if (low == 0 && high == 6) return apply(in, step, Activation{ActivationKind::relu6});
  if (low == 0 && high > 1e30) return apply(in, step, Activation{ActivationKind::relu});
  read_function(in, step);
}

namespace {

/// x [1, C, ...] and a gate [1, C, 1, ...].
bool is_gate(const Value& x, const Value& gate) {
  if (x.rank() < 3 || gate.rank() != x.rank() || x.dims[0] != 1 || gate.dims[0] != 1 || gate.dims[1] != x.dims[1])
    return false;
  return std::all_of(gate.dims.begin() + 2, gate.dims.end(), [](std::int64_t d) { return d == 1; });
}

void multiply(Importer& in, const Step& step, const Value& a, const Value& b) {
  if (a.dims == b.dims) return in.output(step, a.dims, Multiply{}, {a.node, in.as(b, in.graph().shape(a.node))});
  const NodeId image = in.as(a, image_shape(a.dims));
  in.output(step, a.dims, Multiply{}, {image, in.as(b, {in.graph().shape(image).channels, 1, 1})});
}

}  // namespace

/// Operands of any shapes, computed or constant.
void read_arithmetic(Importer& in, const Step& step) {
  Dims dims;
  const Value* like = nullptr;
  for (const Value* value : in.inputs(step)) {
    if (value == nullptr) continue;
    dims = broadcast(dims, value->dims);
    if (!value->constant() && (like == nullptr || value->elements() > like->elements())) like = value;
  }
  if (like == nullptr) throw StepError("it reads constants alone");
  const Shape shape = Value{dims}.elements() == like->elements() ? in.graph().shape(like->node) : natural_shape(dims);
  in.output(step, dims, Arithmetic{shape, in.learned(step)}, in.nodes(step));
}

namespace {

void add_or_multiply(Importer& in, const Step& step, const std::vector<const Value*>& all, bool product) {
  const auto computed = [](const Value* value) { return value != nullptr && !value->constant(); };
  if (all.size() < 2 || !std::all_of(all.begin(), all.end(), computed)) return read_arithmetic(in, step);
  const bool alike =
      std::all_of(all.begin(), all.end(), [&](const Value* value) { return value->dims == all[0]->dims; });
  if (product && all.size() == 2) {
    const Value a = *all[0], b = *all[1];
    if (alike || is_gate(a, b)) return multiply(in, step, a, b);
    if (is_gate(b, a)) return multiply(in, step, b, a);
  }
  if (!alike || product) return read_arithmetic(in, step);
  std::vector<NodeId> terms;
  for (const Value* value : all) terms.push_back(in.as(*value, in.graph().shape(all[0]->node)));
  in.output(step, all[0]->dims, Add{}, terms);
}

}  // namespace

void read_add(Importer& in, const Step& step) { add_or_multiply(in, step, in.inputs(step), false); }
void read_multiply(Importer& in, const Step& step) { add_or_multiply(in, step, in.inputs(step), true); }
/// A, its scale and zero point, B, ...
void read_qlinear_add(Importer& in, const Step& step) {
  add_or_multiply(in, step, {&in.input(step, 0), &in.input(step, 3)}, step.type.ends_with("Mul"));
}

/// PRelu and LeakyRelu; a slope for each channel is learned.
void read_leaky_relu(Importer& in, const Step& step) {
  in.learned(step) > 0 ? read_function(in, step) : apply(in, step, Activation{ActivationKind::leaky_relu});
}

}  // namespace paretoforge::onnx_in
