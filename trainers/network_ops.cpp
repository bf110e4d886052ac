#include "trainers/network_ops_internal.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace paretoforge {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool symmetric(const Padding& pad) { return pad.top == pad.bottom && pad.left == pad.right; }

at::Tensor padded(const at::Tensor& x, const Padding& pad, double value) {
  if (pad == Padding{}) return x;
  return at::constant_pad_nd(x, {pad.left, pad.right, pad.top, pad.bottom}, value);
}

/// LibTorch pads pools by at most half a window, the same on both sides; anything else is padded by hand.
bool pads_itself(const Pool& op) {
  return symmetric(op.pad) && 2 * op.pad.top <= op.kernel.height && 2 * op.pad.left <= op.kernel.width;
}

}  // namespace

at::Tensor convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias) {
  const bool same = symmetric(op.pad);
  const Padding pad = same ? op.pad : Padding{};
  return at::conv2d(same ? x : padded(x, op.pad, 0), kernel, bias, {op.stride.height, op.stride.width},
                    {pad.top, pad.left}, {op.dilation.height, op.dilation.width}, op.groups);
}

at::Tensor average_divisor(const Pool& op, const Shape& in, const Shape& out, at::TensorOptions options) {
  if (pads_itself(op)) return {};
  const auto inside = [](std::int32_t size, std::int32_t kernel, std::int32_t stride, std::int32_t before,
                         std::int32_t at) {
    const std::int32_t first = at * stride - before;
    return std::min(first + kernel, size) - std::max(first, 0);
  };
  auto divisor = at::empty({1, 1, out.height, out.width}, at::kDouble);
  auto* value = divisor.data_ptr<double>();
  for (std::int32_t y = 0; y < out.height; ++y)
    for (std::int32_t x = 0; x < out.width; ++x)
      *value++ = 1.0 / (inside(in.height, op.kernel.height, op.stride.height, op.pad.top, y) *
                        inside(in.width, op.kernel.width, op.stride.width, op.pad.left, x));
  return divisor.to(options);
}

at::Tensor pooled(const Pool& op, const at::Tensor& x, const at::Tensor& divisor) {
  const std::vector<std::int64_t> kernel{op.kernel.height, op.kernel.width}, stride{op.stride.height, op.stride.width};
  const Padding pad = pads_itself(op) ? op.pad : Padding{};
  const std::vector<std::int64_t> sides{pad.top, pad.left};
  if (op.kind == PoolKind::maximum)
    return at::max_pool2d(pads_itself(op) ? x : padded(x, op.pad, -infinity), kernel, stride, sides);
  if (pads_itself(op)) return at::avg_pool2d(x, kernel, stride, sides, false, false);
  return at::avg_pool2d(padded(x, op.pad, 0), kernel, stride, sides, false, true, 1) * divisor.to(x.scalar_type());
}

at::Tensor pooled(const GlobalPool& op, const at::Tensor& x) {
  return op.kind == PoolKind::average ? at::mean(x, {2, 3}, true) : at::amax(x, {2, 3}, true);
}

at::Tensor activated(ActivationKind kind, const at::Tensor& x) {
  switch (kind) {
    case ActivationKind::relu:
      return at::relu(x);
    case ActivationKind::relu6:
      return at::hardtanh(x, 0, 6);
    case ActivationKind::hard_swish:
      return at::hardswish(x);
    case ActivationKind::hard_sigmoid:
      return at::hardsigmoid(x);
    case ActivationKind::sigmoid:
      return at::sigmoid(x);
    case ActivationKind::gelu:
    case ActivationKind::silu:
    case ActivationKind::tanh:
    case ActivationKind::leaky_relu:
      break;  // of imported models, see check_fit
  }
  throw std::logic_error("activation without a branch");
}

at::Tensor activated_twice_differentiable(ActivationKind kind, const at::Tensor& x) {
  if (kind == ActivationKind::hard_sigmoid) return at::hardtanh(x + 3, 0, 6) / 6;
  if (kind == ActivationKind::hard_swish) return x * at::hardtanh(x + 3, 0, 6) / 6;
  return activated(kind, x);
}

at::Tensor zeros(const Zero& op, std::int64_t batch, at::TensorOptions options) {
  return at::zeros({batch, op.shape.channels, op.shape.height, op.shape.width}, options);
}

at::Tensor sum(const std::vector<at::Tensor>& parts) {
  return std::accumulate(parts.begin() + 1, parts.end(), parts.front(),
                         [](const at::Tensor& a, const at::Tensor& b) { return a + b; });
}

at::Tensor shuffled(const at::Tensor& x, std::int64_t groups) {
  // Channel g * (channels / groups) + i goes to i * groups + g: a transposition, done where channels are last.
  const auto last = x.permute({0, 2, 3, 1});
  const auto parts = last.unflatten(3, {groups, x.size(1) / groups});
  return parts.transpose(3, 4).flatten(3).permute({0, 3, 1, 2});
}

}  // namespace paretoforge
