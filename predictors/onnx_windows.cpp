// Convolutions and pools of ONNX.
#include <algorithm>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

/// A window as ONNX states it: per spatial dimension.
struct Window {
  Dims kernel, stride, dilation, before, after;
  std::size_t rank() const { return kernel.size(); }
};

Dims sized(std::optional<Dims> given, std::size_t count, std::int64_t otherwise, const char* what) {
  Dims result = given ? *given : Dims(count, otherwise);
  if (result.size() != count)
    throw StepError(std::string(what) + " has " + std::to_string(result.size()) + " numbers, not " +
                    std::to_string(count));
  for (const std::int64_t size : result)
    if (size < 0 || size > (1 << 24) || (size == 0 && otherwise == 1))
      throw StepError(std::string(what) + " of " + std::to_string(size));
  return result;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Window window_of(const Step& step, const Dims& kernel, const Dims& spatial) {
  const std::size_t rank = kernel.size();
  Window w{kernel,
           sized(step.integers("strides"), rank, 1, "strides"),
           sized(step.integers("dilations"), rank, 1, "dilations"),
           {},
           {}};
  sized(kernel, rank, 1, "kernel_shape");
  const Dims pads = sized(step.integers("pads"), 2 * rank, 0, "pads");
  w.before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  w.after.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  const std::string automatic = step.text("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < rank && automatic != "NOTSET"; ++i) {
    const std::int64_t reach = w.dilation[i] * (kernel[i] - 1) + 1;
    const std::int64_t all =
        automatic == "VALID"
            ? 0
            : std::max<std::int64_t>(0, (ceil_div(spatial[i], w.stride[i]) - 1) * w.stride[i] + reach - spatial[i]);
    const std::int64_t less = all / 2;
    w.before[i] = automatic == "SAME_LOWER" ? all - less : less;
    w.after[i] = all - w.before[i];
  }
  return w;
}

std::int64_t places(const Window& w, std::size_t i, std::int64_t size) {
  const std::int64_t room = size + w.before[i] + w.after[i] - w.dilation[i] * (w.kernel[i] - 1) - 1;
  if (room < 0) throw StepError("the window is larger than its padded input");
  return room / w.stride[i] + 1;
}

/// One or two spatial dimensions as height and width: a signal has height 1.
Extent extent(const Dims& d) {
  return d.size() == 1 ? Extent{1, size32(d[0], "a size")} : Extent{size32(d[0], "a size"), size32(d[1], "a size")};
}
Padding padding(const Window& w) {
  const auto at = [](const Dims& d, std::size_t from_last) {
    return from_last < d.size() ? static_cast<std::int32_t>(d[d.size() - 1 - from_last]) : 0;
  };
  return {at(w.before, 1), at(w.before, 0), at(w.after, 1), at(w.after, 0)};
}

Dims spatial_of(const Dims& dims) { return dims.size() < 3 ? Dims{} : Dims(dims.begin() + 2, dims.end()); }

void convolve(Importer& in, const Step& step, std::size_t x_at, std::size_t w_at, std::size_t bias_at) {
  const Value x = in.input(step, x_at);
  const Value& weights = in.input(step, w_at);
  if (x.rank() < 3 || weights.rank() != x.rank() || weights.elements() > most_weights)
    throw StepError("weights " + dims_text(weights.dims) + " do not fit an input " + dims_text(x.dims));
  const Dims spatial = spatial_of(x.dims), kernel = spatial_of(weights.dims);
  const Window w = window_of(step, kernel, spatial);
  const std::int64_t groups = step.integer("group", 1), out = size32(weights.dims[0], "output channels");
  if (groups < 1 || weights.dims[1] > (std::int64_t{1} << 30) || weights.dims[1] * groups != x.dims[1])
    throw StepError("weights " + dims_text(weights.dims) + " in " + std::to_string(groups) +
                    " groups do not fit an input " + dims_text(x.dims));
  Dims result{x.dims[0], out};
  for (std::size_t i = 0; i < w.rank(); ++i) result.push_back(places(w, i, spatial[i]));
  const bool bias = step.has_input(bias_at);
  if (x.dims[0] != 1 || w.rank() > 2 || !weights.constant() || x.constant()) {  // exact, but no op of ours
    const double macs = static_cast<double>(product(result, 0, result.size())) *
                        static_cast<double>(product(weights.dims, 1, weights.dims.size()));
    return in.opaque(step, checked_macs(macs),
                     weights.constant() ? weights.elements() + (bias ? out : 0) : 0, result);
  }
  const Conv conv{static_cast<std::int32_t>(out),
                  extent(w.kernel),
                  extent(w.stride),
                  extent(w.dilation),
                  padding(w),
                  size32(groups, "groups"),
                  bias,
                  static_cast<std::int8_t>(integer_bits(weights.type))};
  NodeId node = in.graph().add(conv, in.as(x, image_shape(x.dims)));
  if (step.type.ends_with("FusedConv") && step.text("activation", "") == "Relu")
    node = in.graph().add(Activation{ActivationKind::relu}, node);
  in.output(step, result, node);
}

/// ceil_mode is padding behind, as far as the last window needs it.
void round_up(Window& w, const Dims& spatial) {
  for (std::size_t i = 0; i < w.rank(); ++i) {
    const std::int64_t reach = w.dilation[i] * (w.kernel[i] - 1) + 1;
    const std::int64_t room = spatial[i] + w.before[i] + w.after[i] - reach;
    if (room < 0) continue;
    const std::int64_t more = ceil_div(room, w.stride[i]) * w.stride[i] - room;
    // A window that would begin in the padding behind is left out.
    if (more > 0 && (ceil_div(room, w.stride[i])) * w.stride[i] < spatial[i] + w.before[i]) w.after[i] += more;
  }
}

}  // namespace

void read_conv(Importer& in, const Step& step) { convolve(in, step, 0, 1, step.type == "ConvInteger" ? 99 : 2); }
void read_qlinear_conv(Importer& in, const Step& step) { convolve(in, step, 0, 3, 8); }

void read_conv_transpose(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const Value& weights = in.input(step, 1);
  if (x.rank() < 3 || weights.rank() != x.rank())
    throw StepError("weights " + dims_text(weights.dims) + " do not fit an input " + dims_text(x.dims));
  // Each element of the input meets every tap of every output channel of its group once.
  const double macs = static_cast<double>(product(x.dims, 0, x.dims.size())) *
                      static_cast<double>(product(weights.dims, 1, weights.dims.size()));
  in.opaque(step, checked_macs(macs), in.learned(step));
}

void read_pool(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const Dims spatial = spatial_of(x.dims);
  const auto kernel = step.integers("kernel_shape");
  if (!kernel || spatial.empty() || kernel->size() != spatial.size())
    throw StepError("its kernel_shape does not fit an input " + dims_text(x.dims));
  Window w = window_of(step, *kernel, spatial);
  if (step.integer("ceil_mode", 0) != 0) round_up(w, spatial);
  Dims result{x.dims[0], x.dims[1]};
  for (std::size_t i = 0; i < w.rank(); ++i) result.push_back(places(w, i, spatial[i]));
  const bool dilated = std::any_of(w.dilation.begin(), w.dilation.end(), [](std::int64_t d) { return d != 1; });
  const bool padded_whole = [&] {  // a window in the padding alone
    for (std::size_t i = 0; i < w.rank(); ++i)
      if (w.before[i] >= w.kernel[i] || w.after[i] >= w.kernel[i]) return true;
    return false;
  }();
  if (x.dims[0] != 1 || w.rank() > 2 || dilated || padded_whole) return in.opaque(step, 0, 0, result);
  const PoolKind kind = step.type.find("Max") != std::string::npos ? PoolKind::maximum : PoolKind::average;
  const Pool pool{kind, extent(w.kernel), extent(w.stride), padding(w)};
  const Shape shape = image_shape(x.dims);
  // Runtimes that have no global maximum are given a window over everything.
  const bool global =
      kind == PoolKind::maximum && pool.kernel == Extent{shape.height, shape.width} && pool.pad == Padding{};
  in.output(step, result, global ? Op{GlobalPool{kind}} : Op{pool}, {in.as(x, shape)});
}

void read_global_pool(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  if (x.rank() < 3) throw StepError("it needs an image, not " + dims_text(x.dims));
  Dims result(x.dims.size(), 1);
  result[1] = x.dims[1];
  if (x.dims[0] != 1) return in.opaque(step, 0, 0, result);
  const PoolKind kind = step.type.find("Max") != std::string::npos ? PoolKind::maximum : PoolKind::average;
  in.output(step, result, GlobalPool{kind}, {in.as(x, image_shape(x.dims))});
}

}  // namespace paretoforge::onnx_in
