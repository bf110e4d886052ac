// oneDNN's Winograd convolutions as one autograd function. Layouts are blocked by 16 channels inside: what is read and
// written is moved there and back, which is counted in where it pays.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <array>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <unordered_map>

#include "trainers/winograd_internal.hpp"

namespace paretoforge {
namespace {

using dnnl::memory;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

constexpr std::int64_t least_channels = 32;  // with 16, moving costs what the products save
constexpr std::size_t most_kept = 64;        // shapes that a thread keeps kernels of

const dnnl::engine& engine() {
  static const dnnl::engine one(dnnl::engine::kind::cpu, 0);
  return one;
}

dnnl::stream& stream() {
  thread_local dnnl::stream one(engine());
  return one;
}

memory of(const memory::desc& layout, const at::Tensor& values) { return {layout, engine(), values.data_ptr()}; }

at::Tensor room(const memory::desc& layout) {
  return at::empty({static_cast<std::int64_t>(layout.get_size() / sizeof(float))}, at::kFloat);
}

/// A tensor's layout outside, channels last, and inside of the kernels.
class Layout {
 public:
  Layout(const memory::dims& sizes, const memory::desc& inside)
      : sizes_(sizes), outside_(sizes, memory::data_type::f32, memory::format_tag::nhwc), inside_(inside),
        in_(dnnl::reorder::primitive_desc(engine(), outside_, engine(), inside_)),
        out_(dnnl::reorder::primitive_desc(engine(), inside_, engine(), outside_)) {}

  at::Tensor moved_in(const at::Tensor& x) const {
    return move(in_, outside_, x.contiguous(at::MemoryFormat::ChannelsLast), inside_, empty());
  }
  at::Tensor moved_out(const at::Tensor& x) const {
    return move(out_, inside_, x, outside_, at::empty(sizes_, at::kFloat, at::MemoryFormat::ChannelsLast));
  }
  /// Where results of the kernels go.
  at::Tensor empty() const { return room(inside_); }
  memory at(const at::Tensor& x) const { return of(inside_, x); }

 private:
  static at::Tensor move(const dnnl::reorder& how, const memory::desc& before, const at::Tensor& from,
                         const memory::desc& after, at::Tensor to) {
    memory source = of(before, from), target = of(after, to);
    how.execute(stream(), source, target);
    stream().wait();
    return to;
  }

  memory::dims sizes_;
  memory::desc outside_, inside_;
  dnnl::reorder in_, out_;
};

template <class Primitive>
class Kernel {
 public:
  explicit Kernel(const typename Primitive::primitive_desc& plan) : primitive_(plan), scratch_(plan.scratchpad_desc()) {}

  void run(std::unordered_map<int, memory> arguments) const {
    const at::Tensor scratch = room(scratch_);
    arguments.emplace(DNNL_ARG_SCRATCHPAD, of(scratch_, scratch));
    primitive_.execute(stream(), arguments);
    stream().wait();
  }
  std::size_t workspace() const { return scratch_.get_size(); }

 private:
  Primitive primitive_;
  memory::desc scratch_;
};

/// batch, in, height, width, out, padding above and below, left and right; and the threads of the calling thread, which
/// oneDNN cuts the work by when kernels are made: sums come in another order then.
using Sizes = std::array<std::int64_t, 8>;

struct Plans {
  dnnl::convolution_forward::primitive_desc forward;
  dnnl::convolution_backward_data::primitive_desc data;
  dnnl::convolution_backward_weights::primitive_desc weights;

  explicit Plans(const Sizes& s) : Plans(any({s[0], s[1], s[2], s[3]}), any({s[4], s[1], 3, 3}),
        any({s[0], s[4], s[2] + 2 * s[5] - 2, s[3] + 2 * s[6] - 2}), {s[5], s[6]}) {}

  /// Whether values and weights lie the same way in all three, so that each is moved once.
  bool agree() const {
    return forward.src_desc() == weights.src_desc() && forward.src_desc() == data.diff_src_desc() &&
           forward.dst_desc() == weights.diff_dst_desc() && forward.dst_desc() == data.diff_dst_desc() &&
           forward.weights_desc() == data.weights_desc() && forward.weights_desc() == weights.diff_weights_desc();
  }

 private:
  static memory::desc any(const memory::dims& sizes) {
    return {sizes, memory::data_type::f32, memory::format_tag::any};
  }
  static dnnl::primitive_attr own_scratch() {
    dnnl::primitive_attr result;
    result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return result;
  }
  Plans(const memory::desc& x, const memory::desc& kernel, const memory::desc& y, const memory::dims& pad)
      : forward({dnnl::prop_kind::forward_training, form, x, kernel, y, {1, 1}, pad, pad}, own_scratch(), engine()),
        data({form, x, kernel, y, {1, 1}, pad, pad}, own_scratch(), engine(), forward),
        weights({form, x, kernel, y, {1, 1}, pad, pad}, own_scratch(), engine(), forward) {}

  static constexpr auto form = dnnl::algorithm::convolution_winograd;
};

struct Winograd {
  Layout x, kernel, y;
  Kernel<dnnl::convolution_forward> forward;
  Kernel<dnnl::convolution_backward_data> data;
  Kernel<dnnl::convolution_backward_weights> weights;

  Winograd(const Sizes& s, const Plans& plans)
      : x({s[0], s[1], s[2], s[3]}, plans.forward.src_desc()),
        kernel({s[4], s[1], 3, 3}, plans.forward.weights_desc()),
        y(plans.forward.dst_desc().dims(), plans.forward.dst_desc()),
        forward(plans.forward), data(plans.data), weights(plans.weights) {}
};

/// Null where there are no such kernels. A LibTorch that brings its own oneDNN may be of another version than the
/// headers here: the functions that are called are then its own.
std::shared_ptr<const Winograd> made(const Sizes& sizes) {
  static const bool same_version = dnnl_version()->major == DNNL_VERSION_MAJOR;
  if (!same_version) return nullptr;
  try {
    const Plans plans(sizes);
    return plans.agree() ? std::make_shared<const Winograd>(sizes, plans) : nullptr;
  } catch (const dnnl::error&) {  // that is how it says that there are none
    return nullptr;
  }
}

std::shared_ptr<const Winograd> found(const Sizes& sizes) {
  thread_local std::map<Sizes, std::shared_ptr<const Winograd>> kept;
  if (const auto known = kept.find(sizes); known != kept.end()) return known->second;
  if (kept.size() >= most_kept) kept.clear();
  return kept.emplace(sizes, made(sizes)).first->second;
}

std::shared_ptr<const Winograd> found(const Conv& op, std::int64_t batch, const Shape& in) {
  const bool plain = op.kernel == Extent{3, 3} && op.stride == Extent{} && op.dilation == Extent{} && op.groups == 1 &&
                     !op.bias && op.pad.top == op.pad.bottom && op.pad.left == op.pad.right;
  if (!plain || std::min(in.channels, op.out) < least_channels) return nullptr;
  return found({batch, in.channels, in.height, in.width, op.out, op.pad.top, op.pad.left, at::get_num_threads()});
}

/// LibTorch's own kind of node, as in norm_function.cpp. It keeps what it read as the kernels have it, once.
struct WinogradBackward : torch::autograd::Node {
  std::shared_ptr<const Winograd> kernels;
  SavedVariable x, kernel;

  variable_list apply(variable_list&& gradients) override {
    variable_list result(2);
    if (!gradients[0].defined()) return result;
    const at::Tensor dy = kernels->y.moved_in(gradients[0]);
    if (should_compute_output(0)) {
      const at::Tensor dx = kernels->x.empty(), weights = kernel.unpack();
      kernels->data.run({{DNNL_ARG_DIFF_DST, kernels->y.at(dy)}, {DNNL_ARG_WEIGHTS, kernels->kernel.at(weights)},
                         {DNNL_ARG_DIFF_SRC, kernels->x.at(dx)}});
      result[0] = kernels->x.moved_out(dx);
    }
    if (should_compute_output(1)) {
      const at::Tensor d_kernel = kernels->kernel.empty(), input = x.unpack();
      kernels->weights.run({{DNNL_ARG_DIFF_DST, kernels->y.at(dy)}, {DNNL_ARG_SRC, kernels->x.at(input)},
                            {DNNL_ARG_DIFF_WEIGHTS, kernels->kernel.at(d_kernel)}});
      result[1] = kernels->kernel.moved_out(d_kernel);
    }
    return result;
  }

  std::string name() const override { return "WinogradBackward"; }
  void release_variables() override { x.reset_data(), kernel.reset_data(); }
};

}  // namespace

at::Tensor winograd_convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel) {
  if (!x.device().is_cpu() || x.scalar_type() != at::kFloat || kernel.scalar_type() != at::kFloat) return {};
  const auto size = [&](int dimension) { return static_cast<std::int32_t>(x.size(dimension)); };
  const auto kernels = found(op, x.size(0), {size(1), size(2), size(3)});
  if (!kernels) return {};
  const at::Tensor input = kernels->x.moved_in(x.detach()), weights = kernels->kernel.moved_in(kernel.detach());
  const at::Tensor result = kernels->y.empty();
  kernels->forward.run({{DNNL_ARG_SRC, kernels->x.at(input)}, {DNNL_ARG_WEIGHTS, kernels->kernel.at(weights)},
                        {DNNL_ARG_DST, kernels->y.at(result)}});
  at::Tensor y = kernels->y.moved_out(result);
  if (!torch::autograd::compute_requires_grad(x, kernel)) return y;
  const std::shared_ptr<WinogradBackward> node(new WinogradBackward, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(x, kernel));
  torch::autograd::set_history(y, node);
  node->kernels = kernels;
  node->x = SavedVariable(input, false);
  node->kernel = SavedVariable(weights, false);
  return y;
}

std::size_t winograd_workspace(const Conv& op, std::int64_t batch, const Shape& in) {
  const auto kernels = found(op, batch, in);
  return kernels ? std::max({kernels->forward.workspace(), kernels->data.workspace(), kernels->weights.workspace()}) : 0;
}

}  // namespace paretoforge
