// Batch norm and clamp as one autograd function over the loops of norm.cpp.
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "trainers/network_internal.hpp"
#include "trainers/norm_internal.hpp"

namespace paretoforge {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class T>
std::vector<T> to_vector(const at::Tensor& x) {
  return {x.data_ptr<T>(), x.data_ptr<T>() + x.numel()};
}

template <class T>
at::Tensor to_tensor(const std::vector<T>& values, const at::Tensor& like) {
  auto result = at::empty({static_cast<std::int64_t>(values.size())}, like.options());
  std::copy(values.begin(), values.end(), result.data_ptr<T>());
  return result;
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

template <class T>
struct NormClampFunction : torch::autograd::Function<NormClampFunction<T>> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& gamma,
                            const at::Tensor& beta, const at::Tensor& running_mean, const at::Tensor& running_variance,
                            double low, double high) {
    const auto x = channels_last(input);
    auto y = channels_last_like(x);
    const std::size_t n = rows(x);
    auto statistics = norm_statistics(x.data_ptr<T>(), n, static_cast<std::size_t>(x.size(1)));
    move_on(running_mean, statistics.mean, 1);
    move_on(running_variance, statistics.variance, n > 1 ? static_cast<double>(n) / static_cast<double>(n - 1) : 1);
    const auto k = kept(std::move(statistics.mean), statistics.variance, gamma, beta, low, high);
    norm_forward(x.data_ptr<T>(), n, k.scale, k.shift, k.clamp, y.data_ptr<T>());
    context->save_for_backward(
        {x, to_tensor(k.mean, x), to_tensor(k.inverse, x), to_tensor(k.scale, x), to_tensor(k.shift, x)});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto& x = saved[0];
    const auto dy = channels_last(gradients[0]);
    const NormKept<T> k{to_vector<T>(saved[1]),
                        to_vector<T>(saved[2]),
                        to_vector<T>(saved[3]),
                        to_vector<T>(saved[4]),
                        {static_cast<T>(context->saved_data["low"].toDouble()),
                         static_cast<T>(context->saved_data["high"].toDouble())}};
    auto dx = channels_last_like(x);
    auto d_gamma = at::empty_like(saved[1]), d_beta = at::empty_like(saved[1]);
    norm_backward(x.data_ptr<T>(), dy.data_ptr<T>(), rows(x), k, dx.data_ptr<T>(), d_gamma.data_ptr<T>(),
                  d_beta.data_ptr<T>());
    return {dx, d_gamma, d_beta, {}, {}, {}, {}};
  }
};

template <class T>
at::Tensor fixed(const at::Tensor& input, const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& mean,
                 const at::Tensor& variance, double low, double high) {
  const auto x = channels_last(input);
  auto y = channels_last_like(x);
  const auto k = kept(to_vector<T>(mean), to_vector<T>(variance), gamma, beta, low, high);
  norm_forward(x.data_ptr<T>(), rows(x), k.scale, k.shift, k.clamp, y.data_ptr<T>());
  return y;
}

}  // namespace

at::Tensor norm_clamp(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                      const at::Tensor& running_mean, const at::Tensor& running_variance, double low, double high) {
  return x.scalar_type() == at::kDouble
             ? NormClampFunction<double>::apply(x, gamma, beta, running_mean, running_variance, low, high)
             : NormClampFunction<float>::apply(x, gamma, beta, running_mean, running_variance, low, high);
}

at::Tensor norm_clamp_fixed(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const at::Tensor& mean, const at::Tensor& variance, double low, double high) {
  return x.scalar_type() == at::kDouble ? fixed<double>(x, gamma, beta, mean, variance, low, high)
                                        : fixed<float>(x, gamma, beta, mean, variance, low, high);
}

}  // namespace paretoforge
