// A surrogate of several small neural networks (White, Neiswanger and Savani, "BANANAS: Bayesian optimization with
// neural architectures for neural architecture search", 2021).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/ensemble.hpp"
#include "search/surrogate.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// A fully connected network with one output, rectified linear but for the last layer. Parameters lie in one block:
/// layer by layer the weights (outputs × inputs, column by column) and the biases.
class Perceptron {
 public:
  /// `widths`: inputs, hidden layers; weights normal with variance 2 / inputs (He et al. 2015), biases 0.
  Perceptron(std::vector<std::size_t> widths, Random& random);

  std::vector<double> values(const Encoded& points) const;
  /// Mean of half the squared errors over the rows named, and its gradient by every parameter.
  double loss(const Encoded& points, std::span<const double> targets, std::span<const std::uint32_t> rows,
              std::vector<double>& gradient) const;
  std::span<double> parameters() { return parameters_; }

 private:
  std::vector<std::size_t> widths_;
  std::vector<double> parameters_;
};

/// The paper's five members and Adam at 0.01; its networks have 10 to 20 layers of 20 and are trained for 150 epochs on
/// mean absolute error, ours have three such layers and as many steps whatever the rows, on squared error: as good here
/// and fast enough to be asked anew every few trials.
struct NeuralEnsembleOptions {
  std::size_t members = 5;
  std::vector<std::size_t> hidden = {20, 20, 20};
  double rate = 0.01;       ///< of Adam (Kingma and Ba 2015), falling linearly to 0
  std::size_t steps = 400;  ///< fewer where inputs are many: as many as take the time of these on 50 inputs
  std::size_t batch = 32;   ///< rows of a step
};

/// Members differ in their first weights and in the order of rows; the deviation is that between them.
class NeuralEnsemble final : public Surrogate {
 public:
  explicit NeuralEnsemble(NeuralEnsembleOptions options = {}) : options_(std::move(options)) {}
  void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) override;
  std::vector<Belief> predict(const Encoded& points) const override;

 private:
  NeuralEnsembleOptions options_;
  std::vector<Perceptron> members_;
  Spread spread_;
};

}  // namespace paretoforge
