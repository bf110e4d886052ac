// The reference interpreter of the integer model: slow and obvious, the oracle of every exporter's tests.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// Runs an integer model on one sample after another; all values are int8, channels last.
class IntegerInterpreter {
 public:
  explicit IntegerInterpreter(const IntegerModel& model, Rounding rounding = Rounding::single);
  ~IntegerInterpreter();
  IntegerInterpreter(IntegerInterpreter&&) noexcept;

  /// `input` and the result: height × width × channels.
  std::vector<std::int8_t> run(std::span<const std::int8_t> input);
  /// What node number `node` of the model gave in the last run.
  std::span<const std::int8_t> value(std::size_t node) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One node of an integer model by itself, on one sample after another.
class NodeInterpreter {
 public:
  /// The model must outlive this; nodes may be added behind this one.
  NodeInterpreter(const IntegerModel& model, std::size_t node, Rounding rounding = Rounding::single);
  ~NodeInterpreter();
  NodeInterpreter(NodeInterpreter&&) noexcept;

  /// `inputs`: what each of the node's inputs holds; `output` has the size of the node's shape. All channels last.
  void run(std::span<const std::vector<std::int8_t>* const> inputs, std::vector<std::int8_t>& output) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A positive factor as an integer multiplier in [2^30, 2^31) and a power of two: factor = multiplier * 2^(shift - 31).
struct FixedPoint {
  std::int32_t multiplier = 0;
  int shift = 0;
};
FixedPoint fixed_point(double factor);
/// x * factor the way of gemmlowp: the high half of the doubled product, rounded with ties up, then shifted right,
/// rounded with ties away from zero. Both roundings together may differ from one by a quantum.
std::int32_t multiply_by_fixed_point(std::int32_t x, const FixedPoint& factor);

}  // namespace paretoforge
