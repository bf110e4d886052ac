#include "space/quantisation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace paretoforge {
namespace {

/// A tensor of no range at all, or of one that no network means, still gets a step.
constexpr float smallest_step = 1e-10f;
/// Products are rescaled by at least this much: below it a whole sum is a fraction of a quantum, and
/// fixed-point multipliers run out of shift.
constexpr double least_multiplier = 0x1p-24;
/// No bias is larger, so that sums have room beside it.
constexpr double greatest_bias = 0x1p29;

[[noreturn]] void refuse(const std::string& node, const std::string& why) {
  throw std::invalid_argument("cannot quantise " + node + ": " + why);
}

double greatest_of(std::span<const float> weights) {
  double greatest = 0;
  for (const float weight : weights) greatest = std::max(greatest, std::abs(double{weight}));
  return greatest;
}

double mean_size(std::span<const float> weights) {
  double sum = 0;
  for (const float weight : weights) sum += std::abs(double{weight});
  return weights.empty() ? 0 : sum / static_cast<double>(weights.size());
}

double squared_error(std::span<const float> weights, double scale, double limit) {
  double sum = 0;
  for (const float weight : weights) {
    const double difference = weight - scale * std::clamp(std::nearbyint(weight / scale), -limit, limit);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

std::int8_t quantise(float x, const Quantisation& quantisation) {
  const float q = std::nearbyint(x / quantisation.scale) + static_cast<float>(quantisation.zero_point);
  return static_cast<std::int8_t>(std::clamp(q, static_cast<float>(lowest_activation), static_cast<float>(highest_activation)));
}

Quantisation quantisation_of(const Range& range, const std::string& node) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high)
    refuse(node, "its range is " + std::to_string(range.low) + " to " + std::to_string(range.high));
  const double low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  if (low == high) return {1.0f / 256, 0};  // always zero
  float scale = std::max(static_cast<float>((high - low) / 255), smallest_step);
  // The greatest value must not round above a clamp at `high`: runtimes drop a clip only if it changes nothing.
  if (low == 0)
    while (255.0f * scale > static_cast<float>(high) && scale > smallest_step) scale = std::nextafter(scale, 0.0f);
  const double zero = std::nearbyint(lowest_activation - low / double{scale});
  return {scale, static_cast<std::int32_t>(std::clamp(zero, double{lowest_activation}, double{highest_activation}))};
}

int checked_weight_bits(int bits, const std::string& node) {
  if (bits < 1 || bits > 8) refuse(node, "weights of " + std::to_string(bits) + " bits; 1 to 8 are what there is");
  return bits;
}

double weight_limit(int bits) { return std::max((1 << (bits - 1)) - 1, 1); }

double nearest_scale(std::span<const float> weights, int bits) {
  if (bits == 1) return mean_size(weights);
  const double whole = greatest_of(weights) / weight_limit(bits);
  if (bits >= 8 || whole == 0) return whole;
  double best = whole, least = std::numeric_limits<double>::infinity();
  for_weight_scales(whole, [&](double scale) {
    const double error = squared_error(weights, scale, weight_limit(bits));
    if (error >= least) return;
    least = error;
    best = scale;
  });
  return best;
}

RoundedRow rounded_to_nearest(std::span<const float> weights, double scale, int bits) {
  RoundedRow row{static_cast<double>(static_cast<float>(scale)), {}};
  const double limit = weight_limit(bits);
  for (const float weight : weights)
    row.q.push_back(bits == 1 ? (weight < 0 ? -1 : 1) : static_cast<std::int8_t>(std::clamp(std::nearbyint(weight / row.scale), -limit, limit)));
  return row;
}

double least_weight_scale(double bias, float input_scale, float output_scale) {
  const double in = double{input_scale}, out = double{output_scale};
  return std::max(std::abs(bias) / (in * greatest_bias), least_multiplier * out / in);
}

std::int32_t integer_bias(double bias, float input_scale, const RoundedRow& row, const std::string& node, std::size_t channel) {
  std::int64_t reach = 0;
  for (const std::int8_t q : row.q) reach += 255 * std::abs(std::int64_t{q});
  const double in_quanta = std::nearbyint(bias / double{input_scale * static_cast<float>(row.scale)});
  if (!(std::abs(in_quanta) + static_cast<double>(reach) <= std::numeric_limits<std::int32_t>::max()))
    refuse(node, "the sum of output channel " + std::to_string(channel) + " could leave 32 bits");
  return static_cast<std::int32_t>(in_quanta);
}

}  // namespace paretoforge
