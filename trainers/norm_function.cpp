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

std::size_t rows(const at::Tensor& x) { return static_cast<std::size_t>(x.numel() / x.size(1)); }

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }
at::Tensor channels_last_like(const at::Tensor& x) {
  return at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast);
}

/// scale and shift from the statistics.
template <class T>
NormKept<T> kept(std::vector<T> mean, const std::vector<T>& variance, const at::Tensor& gamma, const at::Tensor& beta,
                 double low, double high) {
  const std::size_t channels = mean.size();
  NormKept<T> k{std::move(mean),
                std::vector<T>(channels),
                std::vector<T>(channels),
                std::vector<T>(channels),
                {static_cast<T>(low), static_cast<T>(high)}};
  for (std::size_t c = 0; c < channels; ++c) {
    k.inverse[c] = 1 / std::sqrt(variance[c] + static_cast<T>(batch_norm_epsilon));
    k.scale[c] = gamma.data_ptr<T>()[c] * k.inverse[c];
    k.shift[c] = beta.data_ptr<T>()[c] - k.mean[c] * k.scale[c];
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
template <class T>
struct NormBackward : torch::autograd::Node {
  SavedVariable x, y;  ///< y where a residual was added
  NormKept<T> kept;
  bool residual = false;

  variable_list apply(variable_list&& gradients) override {
    if (!gradients[0].defined()) return variable_list(residual ? 4 : 3);
    const at::Tensor input = x.unpack();
    at::Tensor dy = channels_last(std::exchange(gradients[0], {}));
    if (residual && clamps()) dy = gated(std::move(dy));
    const at::Tensor dx = !residual && ours(dy) ? dy : channels_last_like(input);
    const auto vector = [&] { return at::empty({input.size(1)}, input.options()); };
    const at::Tensor d_gamma = vector(), d_beta = vector();
    NormKept<T> k = kept;
    if (residual) k.clamp = {-std::numeric_limits<T>::infinity(), std::numeric_limits<T>::infinity()};
    norm_backward(input.data_ptr<T>(), dy.data_ptr<T>(), rows(input), k, dx.data_ptr<T>(), d_gamma.data_ptr<T>(),
                  d_beta.data_ptr<T>());
    return residual ? variable_list{dx, d_gamma, d_beta, dy} : variable_list{dx, d_gamma, d_beta};
  }

  std::string name() const override { return "NormBackward"; }
  void release_variables() override { x.reset_data(), y.reset_data(); }

 private:
  bool clamps() const { return std::isfinite(kept.clamp.low) || std::isfinite(kept.clamp.high); }

  at::Tensor gated(at::Tensor dy) {
    const at::Tensor output = y.unpack(shared_from_this());
    const at::Tensor dz = ours(dy) ? dy : channels_last_like(output);
    clamp_backward(output.data_ptr<T>(), dy.data_ptr<T>(), static_cast<std::size_t>(dy.numel()), kept.clamp,
                   dz.data_ptr<T>());
    return dz;
  }
};

/// Over the batch; moves the running statistics on.
template <class T>
at::Tensor over_batch(const NormInputs& in, const at::Tensor& running_mean, const at::Tensor& running_variance,
                      double low, double high) {
  const at::Tensor x = channels_last(in.x.detach()), other = in.other.defined() ? channels_last(in.other.detach()) : in.other;
  at::Tensor y = channels_last_like(x);
  const std::size_t n = rows(x);
  auto statistics = norm_statistics(x.data_ptr<T>(), n, static_cast<std::size_t>(x.size(1)));
  move_on(running_mean, statistics.mean, 1);
  move_on(running_variance, statistics.variance, n > 1 ? static_cast<double>(n) / static_cast<double>(n - 1) : 1);
  auto k = kept(std::move(statistics.mean), statistics.variance, in.gamma, in.beta, low, high);
  norm_forward(x.data_ptr<T>(), n, k.scale, k.shift, k.clamp, y.data_ptr<T>(), other.defined() ? other.data_ptr<T>() : nullptr);
  if (!torch::autograd::compute_requires_grad(in.x, in.gamma, in.beta, in.other)) return y;

  const std::shared_ptr<NormBackward<T>> node(new NormBackward<T>, torch::autograd::deleteNode);
  node->residual = other.defined();
  node->set_next_edges(node->residual ? torch::autograd::collect_next_edges(in.x, in.gamma, in.beta, in.other)
                                      : torch::autograd::collect_next_edges(in.x, in.gamma, in.beta));
  torch::autograd::set_history(y, node);
  node->x = SavedVariable(x, false);
  if (node->residual) node->y = SavedVariable(y, true);
  node->kept = std::move(k);
  return y;
}

template <class T>
at::Tensor fixed(const NormInputs& in, const at::Tensor& mean, const at::Tensor& variance, double low, double high) {
  const auto x = channels_last(in.x), other = in.other.defined() ? channels_last(in.other) : in.other;
  auto y = channels_last_like(x);
  const auto k = kept(to_vector<T>(mean), to_vector<T>(variance), in.gamma, in.beta, low, high);
  norm_forward(x.data_ptr<T>(), rows(x), k.scale, k.shift, k.clamp, y.data_ptr<T>(), other.defined() ? other.data_ptr<T>() : nullptr);
  return y;
}

}  // namespace

at::Tensor norm_clamp(const NormInputs& in, const at::Tensor& running_mean, const at::Tensor& running_variance,
                      double low, double high) {
  return in.x.scalar_type() == at::kDouble ? over_batch<double>(in, running_mean, running_variance, low, high)
                                           : over_batch<float>(in, running_mean, running_variance, low, high);
}

at::Tensor norm_clamp_fixed(const NormInputs& in, const at::Tensor& mean, const at::Tensor& variance, double low,
                            double high) {
  return in.x.scalar_type() == at::kDouble ? fixed<double>(in, mean, variance, low, high)
                                           : fixed<float>(in, mean, variance, low, high);
}

}  // namespace paretoforge
