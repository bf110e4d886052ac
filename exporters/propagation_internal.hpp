// What the nodes of an integer model give on many samples, node by node while the model is being made: layers are
// rounded for the inputs that they will really have, errors of the layers before included.
#pragma once

#include <span>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge::internal {

/// What one group of a layer's outputs is fed with, over samples and places, in quanta from the zero point. The order
/// is that of a row of float weights: depth, then taps.
struct LayerInput {
  std::vector<double> mean;
  std::vector<double> covariance;  ///< size × size, from places picked evenly, shrunk where they are few; empty where the size is over most_inputs
  std::size_t size() const { return mean.size(); }
};

/// Covariances of more inputs than this are not made: their inverse takes the cube of it in time.
inline constexpr std::size_t most_inputs = 2048;

class Propagation {
 public:
  /// `images`: samples, channels × height × width, one after another. The model may grow; it must outlive this.
  Propagation(const IntegerModel& model, std::span<const float> images);

  /// Of the node that comes next: a Conv or Linear that need not stand in the model yet. One per group.
  std::vector<LayerInput> inputs_of(const IntegerNode& node) const;
  /// Runs the model's last node on all samples.
  void run_last();
  /// No node to come reads this one.
  void forget(std::size_t node);

 private:
  using Values = std::vector<std::vector<std::int8_t>>;  ///< one per sample

  const IntegerModel& model_;
  std::span<const float> images_;
  std::size_t samples_ = 0;
  std::vector<Values> values_;
};

}  // namespace paretoforge::internal
