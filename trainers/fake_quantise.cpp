#include <torch/csrc/autograd/custom_function.h>

#include "trainers/fake_quantise_internal.hpp"

namespace paretoforge {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& exact, const at::Tensor&) { return exact.clone(); }
  static variable_list backward(AutogradContext*, const variable_list& gradients) { return {{}, gradients[0]}; }
};

at::Tensor by_channel(const at::Tensor& factor) { return factor.view({1, -1, 1, 1}); }

struct Requantise : torch::autograd::Function<Requantise> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& factor, double low, double high) {
    context->save_for_backward({x, factor});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return (x * by_channel(factor)).round_().clamp_(low, high);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor factor = by_channel(saved[1]);
    const double low = context->saved_data["low"].toDouble(), high = context->saved_data["high"].toDouble();
    return {at::hardtanh_backward(gradients[0], saved[0] * factor, low, high).mul_(factor), {}, {}, {}};
  }
};

at::Tensor channels_last(const at::Tensor& x) { return x.detach().to(at::kCPU).contiguous(at::MemoryFormat::ChannelsLast); }

at::Tensor channels_last_of(const at::Tensor& like, const Shape& shape) {
  return at::empty({like.size(0), shape.channels, shape.height, shape.width}, like.options(), at::MemoryFormat::ChannelsLast);
}

std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

/// The means of one window in all channels; `sums` is room for them.
void average_window(const Pool& pool, const float* x, const Shape& input, std::int32_t oy, std::int32_t ox, const Quantisation& quantisation,
                    std::vector<float>& sums, float* out) {
  std::fill(sums.begin(), sums.end(), 0.0f);
  std::int32_t count = 0;
  for (std::int32_t ky = 0; ky < pool.kernel.height; ++ky)
    for (std::int32_t kx = 0; kx < pool.kernel.width; ++kx) {
      const std::int32_t iy = oy * pool.stride.height - pool.pad.top + ky, ix = ox * pool.stride.width - pool.pad.left + kx;
      if (iy < 0 || iy >= input.height || ix < 0 || ix >= input.width) continue;
      const float* pixel = x + size_of(iy * input.width + ix) * sums.size();
      for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += pixel[c];
      ++count;
    }
  for (std::size_t c = 0; c < sums.size(); ++c)
    out[c] = static_cast<float>(integer_mean(static_cast<std::int32_t>(sums[c]) + count * quantisation.zero_point, count) - quantisation.zero_point);
}

}  // namespace

at::Tensor straight_through(const at::Tensor& exact, const at::Tensor& smooth) { return StraightThrough::apply(exact, smooth); }

at::Tensor requantised(const at::Tensor& x, const at::Tensor& factor, double low, double high) {
  return Requantise::apply(x, factor, low, high);
}

at::Tensor exact_average(const Pool& pool, const at::Tensor& quanta, const Shape& output, const Quantisation& quantisation) {
  const at::Tensor x = channels_last(quanta), result = channels_last_of(x, output);
  const Shape input{output.channels, static_cast<std::int32_t>(x.size(2)), static_cast<std::int32_t>(x.size(3))};
  std::vector<float> sums(size_of(output.channels));
  float* out = result.data_ptr<float>();
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    const float* sample = x.data_ptr<float>() + n * input.elements();
    for (std::int32_t oy = 0; oy < output.height; ++oy)
      for (std::int32_t ox = 0; ox < output.width; ++ox, out += output.channels)
        average_window(pool, sample, input, oy, ox, quantisation, sums, out);
  }
  return result.to(quanta.device());
}

at::Tensor exact_softmax(const at::Tensor& quanta, const Quantisation& input, const Quantisation& output) {
  const at::Tensor x = channels_last(quanta), result = at::empty_like(x);
  std::vector<std::int8_t> in(size_of(x.size(1))), out(in.size());
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    const float* from = x.data_ptr<float>() + n * x.size(1);
    for (std::size_t c = 0; c < in.size(); ++c) in[c] = static_cast<std::int8_t>(static_cast<std::int32_t>(from[c]) + input.zero_point);
    integer_softmax(in, input.scale, output, out);
    for (std::size_t c = 0; c < in.size(); ++c) result.data_ptr<float>()[size_of(n) * in.size() + c] = static_cast<float>(out[c] - output.zero_point);
  }
  return result.to(quanta.device());
}

at::Tensor looked_up(const std::vector<std::int8_t>& table, const at::Tensor& quanta, const Quantisation& input, const Quantisation& output) {
  std::vector<float> values;
  for (const std::int8_t q : table) values.push_back(static_cast<float>(q - output.zero_point));
  const at::Tensor positions = (quanta.detach() + (input.zero_point - lowest_activation)).to(at::kLong);
  return at::take(at::tensor(values).to(quanta.device()), positions).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace paretoforge
