// A Gaussian process over encoded points (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "search/surrogate.hpp"

namespace paretoforge {

/// Columns `begin` .. `end` - 1 of an encoding that share an amplitude and a length scale: the decisions, say, or
/// counts of a graph.
struct KernelBlock {
  std::size_t begin = 0, end = 0;
};

struct GaussianProcessOptions {
  /// The kernel is a sum over blocks of Matérn-5/2 of the distance within the block. Empty: one block of all columns.
  /// On one-hot columns a distance counts decisions that differ.
  std::vector<KernelBlock> blocks = {};
  /// Rows that the model keeps; of more, this many at random. Time grows with the cube, memory with the square.
  std::size_t most_rows = 1000;
  /// Rows that hyperparameters are found on; of more, this many at random.
  std::size_t most_tuning = 200;
};

/// Amplitudes, length scales and noise are found by marginal likelihood with weak priors, so that few rows do. Values
/// are standardised by median and spread, with outliers drawn in. A belief's deviation is that of a new measurement:
/// doubt and noise together.
class GaussianProcess final : public Surrogate {
 public:
  explicit GaussianProcess(GaussianProcessOptions options = {});
  ~GaussianProcess() override;

  void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) override;
  std::vector<Belief> predict(const Encoded& points) const override;

  /// Forgets the values but keeps the hyperparameters: fits without tuning from now on, or tunes again.
  void keep_hyperparameters(bool keep) { keep_ = keep; }

 private:
  struct Fitted;
  GaussianProcessOptions options_;
  bool keep_ = false;
  std::unique_ptr<Fitted> fitted_;
};

}  // namespace paretoforge
