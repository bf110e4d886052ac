// Operators of ONNX that normalise: softmax, batch, layer and group norms.
#include <algorithm>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

std::int8_t learned_vectors(const Importer& in, const Step& step, std::size_t first) {
  std::int8_t count = 0;
  for (std::size_t i = first; i < first + 2; ++i)
    if (const Value* vector = in.optional_input(step, i); vector != nullptr && vector->constant()) ++count;
  return count;
}

}  // namespace

void read_softmax(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  std::int64_t axis = step.integer("axis", in.model().opset < 13 ? 1 : -1);
  if (axis < 0) axis += x.rank();
  if (axis < 0 || axis >= std::max<std::int64_t>(x.rank(), 1))
    throw StepError("its axis lies outside " + dims_text(x.dims));
  // Before operator set 13 everything from the axis on is one row.
  const bool whole = in.model().opset < 13 ? product(x.dims, 0, static_cast<std::size_t>(axis)) == 1
                                           : x.rank() == 0 || x.dims[static_cast<std::size_t>(axis)] == x.elements();
  if (whole) return in.output(step, x.dims, Softmax{}, {in.as(x, {size32(x.elements(), "classes"), 1, 1})});
  in.output(step, x.dims, Softmax{true}, {x.node});
}

void read_batch_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.rank() < 2) throw StepError("it needs channels, not " + dims_text(x.dims));
  if (x.dims[0] != 1 && x.rank() > 2) return in.opaque(step, 0, in.learned(step), x.dims);
  in.output(step, x.dims, BatchNorm{}, {in.as(x, image_shape(x.dims))});
}

void read_layer_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const std::int64_t axis = step.integer("axis", -1), at = axis < 0 ? axis + x.rank() : axis;
  if (at < 0 || at >= x.rank()) throw StepError("its axis lies outside " + dims_text(x.dims));
  const auto begin = static_cast<std::size_t>(at);
  const Shape rows = rows_shape(x.dims);
  const Shape whole{size32(product(x.dims, begin, x.dims.size()), "channels"), 1,
                    size32(product(x.dims, 0, begin), "a length")};
  in.output(step, x.dims, LayerNorm{learned_vectors(in, step, 1)}, {in.as(x, at + 1 == x.rank() ? rows : whole)});
}

/// InstanceNormalization, GroupNormalization: statistics of planes.
void read_plane_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.rank() < 3 || x.dims[0] != 1) return in.opaque(step, 0, in.learned(step), x.dims);
  const std::int8_t vectors = learned_vectors(in, step, 1);
  // Operator set 18 had a scale and a shift for each group, not for each channel.
  const bool of_channels = x.dims[1] == 1 || in.learned(step) == vectors * x.dims[1];
  const NodeId normed =
      in.graph().add(LayerNorm{of_channels ? vectors : std::int8_t{0}}, in.as(x, image_shape(x.dims)));
  if (of_channels) return in.output(step, x.dims, normed);
  in.output(step, x.dims, Arithmetic{in.graph().shape(normed), in.learned(step)}, {normed});
}

/// x + skip, then a layer norm (ONNX Runtime's fused form).
void read_skip_layer_norm(Importer& in, const Step& step) {
  const Value x = in.input(step, 0), skip = in.input(step, 1);
  if (x.constant() || skip.constant() || x.dims != skip.dims) return in.opaque(step, 0, in.learned(step), x.dims);
  const Shape rows = rows_shape(x.dims);
  const NodeId sum = in.graph().add(Add{}, {in.as(x, rows), in.as(skip, rows)});
  in.output(step, x.dims, LayerNorm{learned_vectors(in, step, 2)}, {sum});
  in.output(step, x.dims, sum, 3);
}

}  // namespace paretoforge::onnx_in
