// Small networks, their gradients, and Adam.
#include "search/neural_ensemble.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace paretoforge {

namespace {

constexpr std::size_t most_inputs = 50;  ///< of which networks are trained for all steps

using Matrix = Eigen::MatrixXd;  ///< one column per row of points
using Weights = Eigen::Map<const Matrix>;
using Biases = Eigen::Map<const Eigen::VectorXd>;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

/// Where each layer's parameters begin.
struct Layer {
  const double* at;
  std::size_t inputs, outputs;
  Weights weights() const { return {at, index(outputs), index(inputs)}; }
  Biases biases() const { return {at + outputs * inputs, index(outputs)}; }
  std::size_t size() const { return outputs * (inputs + 1); }
};

std::vector<Layer> layers_of(const std::vector<std::size_t>& widths, const double* parameters) {
  std::vector<Layer> layers;
  for (std::size_t l = 0; l < widths.size(); ++l) {
    layers.push_back({parameters, widths[l], l + 1 < widths.size() ? widths[l + 1] : 1});
    parameters += layers.back().size();
  }
  return layers;
}

/// What each layer takes in, and last what comes out.
std::vector<Matrix> forward(const std::vector<Layer>& layers, Matrix input) {
  std::vector<Matrix> signals{std::move(input)};
  for (const Layer& layer : layers) {
    Matrix out = (layer.weights() * signals.back()).colwise() + layer.biases();
    if (&layer != &layers.back()) out = out.cwiseMax(0.0);
    signals.push_back(std::move(out));
  }
  return signals;
}

/// Adam with the paper's decay rates.
class Adam {
 public:
  explicit Adam(std::size_t size) : first_(size), second_(size) {}
  void step(std::span<double> parameters, std::span<const double> gradient, double rate) {
    constexpr double decay_1 = 0.9, decay_2 = 0.999;
    power_1_ *= decay_1, power_2_ *= decay_2;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      first_[i] = decay_1 * first_[i] + (1 - decay_1) * gradient[i];
      second_[i] = decay_2 * second_[i] + (1 - decay_2) * gradient[i] * gradient[i];
      parameters[i] -= rate * (first_[i] / (1 - power_1_)) / (std::sqrt(second_[i] / (1 - power_2_)) + 1e-8);
    }
  }

 private:
  std::vector<double> first_, second_;
  double power_1_ = 1, power_2_ = 1;
};

}  // namespace

Perceptron::Perceptron(std::vector<std::size_t> widths, Random& random) : widths_(std::move(widths)) {
  for (const Layer& layer : layers_of(widths_, nullptr)) {
    const double deviation = std::sqrt(2.0 / static_cast<double>(std::max<std::size_t>(1, layer.inputs)));
    for (std::size_t i = 0; i < layer.inputs * layer.outputs; ++i) parameters_.push_back(deviation * random.normal());
    parameters_.insert(parameters_.end(), layer.outputs, 0.0);
  }
}

std::vector<double> Perceptron::values(const Encoded& points) const {
  const Weights input(points.values.data(), index(points.columns), index(points.rows()));
  const Matrix out = forward(layers_of(widths_, parameters_.data()), input).back();
  return {out.data(), out.data() + out.size()};
}

double Perceptron::loss(const Encoded& points, std::span<const double> targets, std::span<const std::uint32_t> rows,
                        std::vector<double>& gradient) const {
  Matrix input(points.columns, rows.size()), error(1, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    input.col(index(i)) = Biases(points.row(rows[i]).data(), index(points.columns));
  const std::vector<Layer> layers = layers_of(widths_, parameters_.data());
  const std::vector<Matrix> signals = forward(layers, std::move(input));
  for (std::size_t i = 0; i < rows.size(); ++i) error(0, index(i)) = signals.back()(0, index(i)) - targets[rows[i]];
  const auto count = static_cast<double>(rows.size());
  const double sum = error.squaredNorm() / (2 * count);

  gradient.resize(parameters_.size());
  Matrix back = error / count;  // of the loss by what the layer puts out
  for (std::size_t l = layers.size(); l-- > 0;) {
    const Layer& layer = layers[l];
    double* at = gradient.data() + (layer.at - parameters_.data());
    Eigen::Map<Matrix>(at, index(layer.outputs), index(layer.inputs)) = back * signals[l].transpose();
    Eigen::Map<Eigen::VectorXd>(at + layer.inputs * layer.outputs, index(layer.outputs)) = back.rowwise().sum();
    if (l > 0)
      back = (layer.weights().transpose() * back).cwiseProduct((signals[l].array() > 0).cast<double>().matrix()).eval();
  }
  return sum;
}

void NeuralEnsemble::fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) {
  spread_ = Spread::of(values);
  const std::vector<double> targets = spread_.away(values);
  std::vector<std::size_t> widths{points.columns};
  widths.insert(widths.end(), options_.hidden.begin(), options_.hidden.end());
  std::vector<std::uint32_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), 0u);
  const std::size_t batch = std::min(options_.batch, rows.size());
  const std::size_t steps = options_.steps * most_inputs / std::max(most_inputs, points.columns);
  std::vector<double> gradient;
  members_.clear();
  for (std::size_t m = 0; m < options_.members; ++m) {
    Random random(derived_seed(seed, m));
    members_.emplace_back(widths, random);
    Adam adam(members_.back().parameters().size());
    std::size_t at = rows.size();
    for (std::size_t step = 0; step < steps; ++step, at += batch) {
      if (at + batch > rows.size()) random.shuffle(rows), at = 0;
      members_.back().loss(points, targets, std::span(rows).subspan(at, batch), gradient);
      const double left = 1 - static_cast<double>(step) / static_cast<double>(steps);
      adam.step(members_.back().parameters(), gradient, options_.rate * left);
    }
  }
}

std::vector<Belief> NeuralEnsemble::predict(const Encoded& points) const {
  std::vector<std::vector<double>> said;
  for (const Perceptron& member : members_) said.push_back(member.values(points));
  std::vector<Belief> beliefs;
  std::vector<double> here(said.size());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t m = 0; m < said.size(); ++m) here[m] = said[m][i];
    beliefs.push_back(spread_.back(agreement(here)));
  }
  return beliefs;
}

}  // namespace paretoforge
