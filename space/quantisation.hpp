// Numbers as integers: scales and zero points of tensors, weights of one output channel. The rules that the integer model
// is made by, and that a network trained for it is trained by.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "space/model.hpp"

namespace paretoforge {

inline constexpr std::int32_t lowest_activation = -128, highest_activation = 127;

/// real = scale * (q - zero_point); q in [-128, 127].
struct Quantisation {
  float scale = 1;
  std::int32_t zero_point = 0;
  friend bool operator==(const Quantisation&, const Quantisation&) = default;
};

/// x / scale + zero point, to nearest, ties to even, within int8.
std::int8_t quantise(float x, const Quantisation& quantisation);

/// The int8 form of a tensor's range, which is made to hold zero; zero is an integer. Throws std::invalid_argument naming
/// the node where the range is not finite or the wrong way round.
Quantisation quantisation_of(const Range& range, const std::string& node);

/// weight = scale * q; q in [-(2^(bits-1) - 1), 2^(bits-1) - 1], for one bit either of -1 and 1. The scale is a float's value.
struct RoundedRow {
  double scale = 1;
  std::vector<std::int8_t> q;
};

/// Bits (1 to 8) of the weights of an op; throws std::invalid_argument naming the node for others.
int checked_weight_bits(int bits, const std::string& node);
/// 2^(bits-1) - 1, and 1 for one bit.
double weight_limit(int bits);
/// Calls `visit(scale)` for `whole`, the scale that reaches to the greatest weight, and for less and less of it.
template <class Visit>
void for_weight_scales(double whole, Visit visit) {
  for (int step = 100; step >= 40; step -= 2) visit(whole * step / 100);
}
/// The scale for rounding to nearest. Eight bits reach to the greatest weight; fewer clip where that errs least. One bit: the
/// mean size of the weights, which is where it errs least (Rastegari et al., "XNOR-Net", 2016).
double nearest_scale(std::span<const float> weights, int bits);
/// At `scale`, which is positive.
RoundedRow rounded_to_nearest(std::span<const float> weights, double scale, int bits);
/// Below this scale of weights the bias would not fit, or products would be rescaled by less than fixed point can.
double least_weight_scale(double bias, float input_scale, float output_scale);
/// A bias in units of (input scale) * (weight scale). Throws std::invalid_argument naming node and channel where the sum of
/// products could leave int32.
std::int32_t integer_bias(double bias, float input_scale, const RoundedRow& row, const std::string& node, std::size_t channel);

}  // namespace paretoforge
