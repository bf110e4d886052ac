// Batch norm, the sum with a residual, and a clamp as one autograd function over the loops of norm.cpp.
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <cmath>
#include <limits>
#include <utility>

#include "trainers/network_internal.hpp"
#include "trainers/norm_internal.hpp"

namespace paretoforge {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

template <class T>
std::vector<T> to_vector(const at::Tensor& x) {
  return {x.data_ptr<T>(), x.data_ptr<T>() + x.numel()};
}

/// Where a tensor's values lie; null where there is none.
template <class S>
S* values(const at::Tensor& x) {
  static_assert(sizeof(Bfloat16) == sizeof(at::BFloat16));
  return x.defined() ? static_cast<S*>(x.data_ptr()) : nullptr;
}

std::size_t rows(const at::Tensor& x) { return static_cast<std::size_t>(x.numel() / x.size(1)); }

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }
at::Tensor channels_last_like(const at::Tensor& x) {
  return at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast);
}

/// scale and shift from the statistics.
template <class T>
NormKept<T> kept(std::vector<T> mean, const std::vector<T>& variance, const NormInputs& in, Clamp<T> clamp) {
  const std::size_t channels = mean.size();
  NormKept<T> k{std::move(mean), std::vector<T>(channels), {std::vector<T>(channels), std::vector<T>(channels), clamp}};
  for (std::size_t c = 0; c < channels; ++c) {
    k.inverse[c] = 1 / std::sqrt(variance[c] + static_cast<T>(batch_norm_epsilon));
    k.factors.scale[c] = in.gamma.data_ptr<T>()[c] * k.inverse[c];
    k.factors.shift[c] = in.beta.data_ptr<T>()[c] - k.mean[c] * k.factors.scale[c];
  }
  return k;
}

template <class T>
void move_on(const at::Tensor& running, const std::vector<T>& batch, double factor) {
  T* to = running.data_ptr<T>();
  for (std::size_t c = 0; c < batch.size(); ++c)
    to[c] += static_cast<T>(norm_momentum) * (static_cast<T>(factor) * batch[c] - to[c]);
}

/// Where a gradient may be written over: nobody else holds it or shares its memory.
bool ours(const at::Tensor& gradient) {
  return gradient.use_count() == 1 && gradient.storage().use_count() == 1 && !gradient.requires_grad();
}

/// A node of LibTorch's own kind rather than a custom Function, which copies what comes in: so gradients that nobody
/// else reads are overwritten in place.
template <class S>
struct NormBackward : torch::autograd::Node {
  using T = Computed<S>;
  SavedVariable x, y;  ///< y where a residual was added
  NormKept<T> kept;    ///< its clamp is open there: what was clamped is read off y
  Clamp<T> clamp;
  bool residual = false;

  variable_list apply(variable_list&& gradients) override {
    if (gradients.size() > 1 && !gradients[0].defined()) std::swap(gradients[0], gradients[1]);
    if (!gradients[0].defined()) return variable_list(residual ? 4 : 3);
    const at::Tensor input = x.unpack();
    at::Tensor dy = channels_last(std::exchange(gradients[0], {}));
    const at::Tensor second = gradients.size() > 1 && gradients[1].defined() ? channels_last(gradients[1]) : at::Tensor();
    if (residual && clamps())
      dy = gated(std::move(dy), second);
    else if (second.defined())
      dy = ours(dy) ? dy.add_(second) : dy + second;
    const at::Tensor dx = !residual && ours(dy) ? dy : channels_last_like(input);
    const auto options = input.options().dtype(c10::CppTypeToScalarType<T>::value);
    const at::Tensor d_gamma = at::empty({input.size(1)}, options), d_beta = at::empty({input.size(1)}, options);
    norm_backward(values<S>(input), values<S>(dy), rows(input), kept, values<S>(dx), values<T>(d_gamma),
                  values<T>(d_beta));
    return residual ? variable_list{dx, d_gamma, d_beta, dy} : variable_list{dx, d_gamma, d_beta};
  }

  std::string name() const override { return "NormBackward"; }
  void release_variables() override { x.reset_data(), y.reset_data(); }

 private:
  bool clamps() const { return std::isfinite(clamp.low) || std::isfinite(clamp.high); }

  at::Tensor gated(at::Tensor dy, const at::Tensor& second) {
    const at::Tensor output = y.unpack(shared_from_this());
    const at::Tensor dz = ours(dy) ? dy : channels_last_like(output);
    clamp_backward(values<S>(output), values<S>(dy), static_cast<std::size_t>(dy.numel()), clamp, values<S>(dz),
                   values<S>(second));
    return dz;
  }
};

at::Tensor residual_of(const NormInputs& in) {
  return in.other.defined() ? channels_last(in.other.detach()) : at::Tensor();
}

template <class S>
void keep_for_backward(const NormInputs& in, const at::Tensor& x, at::Tensor& y, NormKept<Computed<S>> kept) {
  const std::shared_ptr<NormBackward<S>> node(new NormBackward<S>, torch::autograd::deleteNode);
  node->residual = in.other.defined();
  node->set_next_edges(node->residual ? torch::autograd::collect_next_edges(in.x, in.gamma, in.beta, in.other)
                                      : torch::autograd::collect_next_edges(in.x, in.gamma, in.beta));
  torch::autograd::set_history(y, node);
  if (in.again != nullptr) torch::autograd::set_history(*in.again, node);
  node->x = SavedVariable(x, false);
  node->kept = std::move(kept);
  node->clamp = node->kept.factors.clamp;
  if (!node->residual) return;
  constexpr auto infinity = std::numeric_limits<Computed<S>>::infinity();
  node->y = SavedVariable(y, true);
  node->kept.factors.clamp = {-infinity, infinity};
}

template <class S>
at::Tensor over_batch(const NormInputs& in, const at::Tensor& running_mean, const at::Tensor& running_variance,
                      Clamp<double> clamp) {
  using T = Computed<S>;
  const at::Tensor x = channels_last(in.x.detach()), other = residual_of(in);
  at::Tensor y = channels_last_like(x);
  const std::size_t n = rows(x);
  auto statistics = norm_statistics(values<S>(x), n, static_cast<std::size_t>(x.size(1)));
  move_on(running_mean, statistics.mean, 1);
  move_on(running_variance, statistics.variance, n > 1 ? static_cast<double>(n) / static_cast<double>(n - 1) : 1);
  auto k = kept<T>(std::move(statistics.mean), statistics.variance, in,
                   {static_cast<T>(clamp.low), static_cast<T>(clamp.high)});
  norm_forward(values<S>(x), n, k.factors, values<S>(y), values<S>(other));
  if (in.again != nullptr) *in.again = y.variable_data();
  if (torch::autograd::compute_requires_grad(in.x, in.gamma, in.beta, in.other))
    keep_for_backward<S>(in, x, y, std::move(k));
  return y;
}

template <class S>
at::Tensor fixed(const NormInputs& in, const at::Tensor& mean, const at::Tensor& variance, Clamp<double> clamp) {
  using T = Computed<S>;
  const at::Tensor x = channels_last(in.x.detach()), other = residual_of(in);
  const at::Tensor y = channels_last_like(x);
  const auto k = kept<T>(to_vector<T>(mean), to_vector<T>(variance), in,
                         {static_cast<T>(clamp.low), static_cast<T>(clamp.high)});
  norm_forward(values<S>(x), rows(x), k.factors, values<S>(y), values<S>(other));
  return y;
}

}  // namespace

at::Tensor norm_clamp(const NormInputs& in, const at::Tensor& running_mean, const at::Tensor& running_variance,
                      double low, double high) {
  const auto run = in.x.scalar_type() == at::kDouble     ? over_batch<double>
                   : in.x.scalar_type() == at::kBFloat16 ? over_batch<Bfloat16>
                                                         : over_batch<float>;
  return run(in, running_mean, running_variance, {low, high});
}

at::Tensor norm_clamp_fixed(const NormInputs& in, const at::Tensor& mean, const at::Tensor& variance, double low,
                            double high) {
  const auto run = in.x.scalar_type() == at::kDouble ? fixed<double> : fixed<float>;
  return run(in, mean, variance, {low, high});
}

}  // namespace paretoforge
