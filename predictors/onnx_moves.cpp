// Operators of ONNX that only place elements elsewhere, and reductions.
#include <algorithm>
#include <cmath>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

std::size_t position(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw StepError("axis " + std::to_string(axis) + " of " + std::to_string(rank) + " dimensions");
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

/// The same elements under other dimensions: nothing runs until somebody needs them arranged.
void view(Importer& in, const Step& step, const Value& x, Dims dims) {
  if (Value{dims}.elements() != x.elements()) throw StepError(dims_text(x.dims) + " cannot become " + dims_text(dims));
  in.output(step, std::move(dims), x.node);
}

/// Elements copied; `dims` are those of the result.
void move(Importer& in, const Step& step, Dims dims, std::size_t i = 0) {
  const Shape shape = natural_shape(dims);
  in.output(step, std::move(dims), Rearrange{shape, i == 0 ? in.learned(step) : 0}, in.nodes(step), i);
}

/// x is computed, and not only some index or size beside it.
bool is_computed(Importer& in, const Step& step) {
  if (!in.input(step, 0).constant()) return true;
  in.opaque(step, 0, in.learned(step));
  return false;
}

}  // namespace

void read_flatten(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const std::int64_t axis = step.integer("axis", 1);
  const std::size_t at = axis == x.rank() ? x.dims.size() : position(axis, x.rank());
  view(in, step, x, {product(x.dims, 0, at), product(x.dims, at, x.dims.size())});
}

void read_reshape(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  auto dims = in.list(step, 1, "shape");
  if (!dims) throw StepError("it has no shape");
  std::int64_t known = 1, open = -1;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    std::int64_t& dim = (*dims)[i];
    if (dim == 0 && step.integer("allowzero", 0) == 0 && i < x.dims.size()) dim = x.dims[i];
    if (dim == -1 && open < 0) {
      open = static_cast<std::int64_t>(i);
    } else {
      known = size32(known * size32(dim, "a dimension"), "a product of dimensions");
    }
  }
  if (open >= 0) (*dims)[static_cast<std::size_t>(open)] = x.elements() / known;
  view(in, step, x, *dims);
}

void read_squeeze(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const auto axes = in.list(step, 1, "axes");
  std::vector<char> drop(x.dims.size(), 0);
  for (std::size_t i = 0; i < x.dims.size() && !axes; ++i) drop[i] = x.dims[i] == 1;
  for (const std::int64_t axis : axes.value_or(Dims{})) drop[position(axis, x.rank())] = 1;
  Dims dims;
  for (std::size_t i = 0; i < x.dims.size(); ++i)
    if (!drop[i]) dims.push_back(x.dims[i]);
  view(in, step, x, dims);
}

void read_unsqueeze(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const Dims axes = in.list(step, 1, "axes").value_or(Dims{});
  const auto rank = x.rank() + static_cast<std::int64_t>(axes.size());
  if (rank > 64) throw StepError("more than 64 dimensions");
  std::vector<char> added(static_cast<std::size_t>(rank), 0);
  for (const std::int64_t axis : axes) added[position(axis, rank)] = 1;
  if (std::count(added.begin(), added.end(), 1) != static_cast<std::ptrdiff_t>(axes.size()))
    throw StepError("an axis twice");
  Dims dims;
  std::size_t next = 0;
  for (const char is_added : added) dims.push_back(is_added ? 1 : x.dims[next++]);
  view(in, step, x, dims);
}

void read_transpose(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  Dims order;
  for (std::int64_t i = x.rank(); i-- > 0;) order.push_back(i);
  order = step.integers("perm").value_or(order);
  Dims sorted = order, dims, moved;
  std::sort(sorted.begin(), sorted.end());
  if (order.size() != x.dims.size())
    throw StepError("perm has " + std::to_string(order.size()) + " numbers for " + dims_text(x.dims));
  for (std::size_t i = 0; i < order.size(); ++i)
    if (sorted[i] != static_cast<std::int64_t>(i)) throw StepError("perm is no permutation");
  for (std::size_t i = 0; i < order.size(); ++i) {
    dims.push_back(x.dims[static_cast<std::size_t>(order[i])]);
    if (dims.back() != 1) moved.push_back(order[i]);
  }
  // Dimensions of size 1 may go anywhere: nothing moves.
  if (std::is_sorted(moved.begin(), moved.end())) return view(in, step, x, dims);
  move(in, step, dims);
}

void read_concat(Importer& in, const Step& step) {
  const auto all = in.inputs(step);
  if (all.empty() || all[0] == nullptr) throw StepError("it has no input");
  const Dims& first = all[0]->dims;
  const std::size_t axis = position(step.integer("axis", 1), all[0]->rank());
  Dims dims = first;
  dims[axis] = 0;
  bool computed = true;
  for (const Value* value : all) {
    if (value == nullptr || value->rank() != all[0]->rank()) throw StepError("its inputs have unlike dimensions");
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (i != axis && value->dims[i] != first[i])
        throw StepError(dims_text(first) + " and " + dims_text(value->dims) + " do not fit");
    dims[axis] += value->dims[axis];
    computed = computed && !value->constant();
  }
  const bool images = axis == 1 && first.size() != 3, signals = axis == 1 && first.size() == 3,
             rows = first.size() == 3 && axis == 2;
  std::vector<NodeId> nodes;
  for (const Value* value : all) {
    if (!computed || !(images || signals || rows)) break;
    const Shape shape = rows ? rows_shape(value->dims) : image_shape(value->dims);
    // Three dimensions are a signal or a sequence: which, the tensor that comes knows.
    if (!images && in.graph().shape(value->node) != shape) break;
    nodes.push_back(in.as(*value, shape));
  }
  if (nodes.size() == all.size() && first[0] == 1) return in.output(step, dims, Concat{}, nodes);
  move(in, step, dims);
}

void read_q_concat(Importer& in, const Step& step) {
  Step plain = step;  // output scale and zero point, then tensor, scale, zero point for each
  plain.in.clear();
  for (std::size_t i = 2; i < step.in.size(); i += 3) plain.in.push_back(step.in[i]);
  read_concat(in, plain);
}

void read_shuffle(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  in.output(step, x.dims, ChannelShuffle{size32(step.integer("groups", 1), "groups")}, {in.as(x, image_shape(x.dims))});
}

void read_split(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  const std::size_t axis = position(step.integer("axis", 0), x.rank());
  const auto parts = static_cast<std::int64_t>(step.out.size()), size = x.dims[axis];
  const std::int64_t each = (size + parts - 1) / parts;
  const auto sizes = in.list(step, 1, "split");
  if (sizes && sizes->size() != step.out.size())
    throw StepError("it has " + std::to_string(parts) + " outputs and sizes for " + std::to_string(sizes->size()));
  for (std::int64_t i = 0; i < parts; ++i) {
    Dims dims = x.dims;
    dims[axis] = sizes ? (*sizes)[static_cast<std::size_t>(i)] : std::min(each, size - i * each);
    if (dims[axis] > size) throw StepError("a part is larger than the whole");
    if (!step.out[static_cast<std::size_t>(i)].empty()) move(in, step, dims, static_cast<std::size_t>(i));
  }
}

void read_gather(Importer& in, const Step& step) {
  const Value &data = in.input(step, 0), &index = in.input(step, 1);
  const std::size_t axis = position(step.integer("axis", 0), data.rank());
  Dims dims(data.dims.begin(), data.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), index.dims.begin(), index.dims.end());
  dims.insert(dims.end(), data.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.dims.end());
  move(in, step, dims);
}

void read_pad(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  const auto pads = in.list(step, 1, "pads");
  Dims axes;
  for (std::int64_t i = 0; i < x.rank(); ++i) axes.push_back(i);
  if (step.has_input(3)) axes = in.list(step, 3, "axes").value_or(axes);
  if (!pads || pads->size() != 2 * axes.size()) throw StepError("its pads do not fit " + dims_text(x.dims));
  Dims dims = x.dims;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t more = (*pads)[i], after = (*pads)[axes.size() + i];
    if (std::max(std::abs(more), std::abs(after)) > (1 << 30)) throw StepError("its pads are too large");
    dims[position(axes[i], x.rank())] += more + after;
  }
  dims == x.dims ? view(in, step, x, dims) : move(in, step, dims);
}

void read_expand(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  const auto shape = in.list(step, 1, "shape");
  if (!shape) throw StepError("it has no shape");
  Dims dims = broadcast(x.dims, *shape);
  Value{dims}.elements() == x.elements() ? view(in, step, x, dims) : move(in, step, dims);
}

void read_move(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  for (std::size_t i = 0; i < step.out.size(); ++i) {
    if (step.out[i].empty()) continue;
    const auto dims = in.told_shape(step, i);
    if (!dims)
      throw StepError("the shape of its output '" + step.out[i] + "' cannot be told from " + dims_text(x.dims));
    *dims == x.dims&& step.type == "Slice" ? view(in, step, x, *dims) : move(in, step, *dims, i);
  }
}

namespace {

/// Sizes or scales that a Resize is given for some axes; empty where they are no constants.
std::vector<double> constants_of(Importer& in, const Step& step, std::size_t i) {
  const Value* given = in.optional_input(step, i);
  return given != nullptr && given->constant() && given->numbers ? *given->numbers : std::vector<double>{};
}

/// The factor of one axis where all are to keep their ratio (operator set 18).
double common_factor(const Step& step, const std::vector<double>& factors) {
  const std::string policy = step.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "not_larger") return *std::min_element(factors.begin(), factors.end());
  return policy == "not_smaller" ? *std::max_element(factors.begin(), factors.end()) : 0;
}

}  // namespace

/// Scales: an attribute (operator set 7), input 1 (9, 10), input 2; sizes: input 3. `axes` since operator set 18.
void read_resize(Importer& in, const Step& step) {
  if (!is_computed(in, step)) return;
  const Value x = in.input(step, 0);
  const bool late = step.type == "Resize" && in.model().opset > 10;
  std::vector<double> scales = constants_of(in, step, late ? 2 : 1), sizes = constants_of(in, step, late ? 3 : 99);
  if (const auto* given = step.attribute("scales")) scales.assign(given->floats().begin(), given->floats().end());
  Dims all, dims = x.dims;
  for (std::int64_t i = 0; i < x.rank(); ++i) all.push_back(i);
  const Dims axes = step.integers("axes").value_or(all);
  if (const std::size_t count = sizes.empty() ? scales.size() : sizes.size(); count != axes.size())
    return read_move(in, step);  // data says how large, or the model
  std::vector<double> factors = scales;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    factors.resize(sizes.size()), factors[i] = sizes[i] / static_cast<double>(x.dims[position(axes[i], x.rank())]);
  const double common = sizes.empty() || factors.empty() ? 0 : common_factor(step, factors);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    std::int64_t& dim = dims[position(axes[i], x.rank())];
    const double size = common > 0      ? std::round(common * static_cast<double>(dim))
                        : sizes.empty() ? std::floor(scales[i] * static_cast<double>(dim))
                                        : sizes[i];
    if (!(size >= 1 && size < 1e9)) throw StepError("it makes " + dims_text(x.dims) + " larger or smaller than can be");
    dim = static_cast<std::int64_t>(size);
  }
  dims == x.dims ? view(in, step, x, dims) : move(in, step, dims);
}

void read_reduction(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  auto axes = in.list(step, 1, "axes");
  if (axes && axes->empty() && step.integer("noop_with_empty_axes", 0) != 0) return view(in, step, x, x.dims);
  std::vector<char> gone(x.dims.size(), !axes || axes->empty());
  for (const std::int64_t axis : axes.value_or(Dims{})) gone[position(axis, x.rank())] = 1;
  const bool keep = step.integer("keepdims", 1) != 0;
  Dims dims;
  for (std::size_t i = 0; i < x.dims.size(); ++i)
    if (!gone[i] || keep) dims.push_back(gone[i] ? 1 : x.dims[i]);
  const PoolKind kind = step.type == "ReduceMax" ? PoolKind::maximum : PoolKind::average;
  const bool pools =
      (step.type == "ReduceMean" || step.type == "ReduceMax") && x.rank() >= 3 && x.dims[0] == 1 && !gone[0];
  const bool image = pools && !gone[1] && std::all_of(gone.begin() + 2, gone.end(), [](char g) { return g != 0; });
  const bool rows =
      pools && !gone.back() && std::all_of(gone.begin() + 1, gone.end() - 1, [](char g) { return g != 0; });
  if (image || rows)
    return in.output(step, dims, GlobalPool{kind}, {in.as(x, image ? image_shape(x.dims) : rows_shape(x.dims))});
  const Shape shape = natural_shape(dims);
  in.output(step, std::move(dims), Arithmetic{shape}, {x.node});
}

}  // namespace paretoforge::onnx_in
