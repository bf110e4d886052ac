// How the dimensions of an ONNX tensor lie in a shape of the graph.
#include <string>
#include <utility>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {

std::int32_t size32(std::int64_t size, const char* what) {
  if (size < 1 || size > (std::int64_t{1} << 30)) throw StepError(std::string(what) + " of " + std::to_string(size));
  return static_cast<std::int32_t>(size);
}

std::int64_t product(const Dims& dims, std::size_t begin, std::size_t end) {
  std::int64_t result = 1;
  for (std::size_t i = begin; i < end; ++i)
    result *= size32(dims[i], "a dimension"), size32(result, "a product of dimensions");
  return result;
}

Shape natural_shape(const Dims& dims) { return dims.size() >= 4 ? image_shape(dims) : rows_shape(dims); }

Shape image_shape(const Dims& dims) {
  if (dims.size() < 2) return rows_shape(dims);
  const std::size_t last = dims.size() - 1;
  Shape shape{size32(dims[1], "channels"), static_cast<std::int32_t>(size32(dims[0], "a batch")), 1};
  if (last == 1) std::swap(shape.height, shape.width);
  if (last > 1) {
    shape.width = size32(dims[last], "a width");
    shape.height = size32(dims[0] * product(dims, 2, last), "a height");
  }
  return shape;
}

Shape rows_shape(const Dims& dims) {
  if (dims.empty()) return {};
  const std::size_t last = dims.size() - 1;
  Shape shape{size32(dims[last], "channels"), 1, 1};
  if (last > 0) shape.width = size32(dims[last - 1], "a length");
  if (last > 1) shape.height = size32(product(dims, 0, last - 1), "a height");
  return shape;
}

}  // namespace paretoforge::onnx_in
