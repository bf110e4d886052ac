// Samples through an integer model that is being made, and the moments of what its layers see.
#include "exporters/propagation_internal.hpp"

#include <Eigen/Core>
#include <numeric>
#include <stdexcept>

#include "exporters/reference.hpp"

namespace paretoforge::internal {
namespace {

using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;

/// So many places, and so many for each weight of a row, are enough for a covariance; more only cost time.
constexpr std::size_t least_places = 16384, places_per_weight = 16, places_at_once = 256;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// Takes patches out of one input tensor: what a group of output channels sees at a place.
struct Patches {
  Conv conv;
  Shape input, output;
  std::int32_t zero;

  std::size_t depth() const { return size_of(input.channels / conv.groups); }
  std::size_t taps() const { return size_of(conv.kernel.height * conv.kernel.width); }
  std::size_t size() const { return depth() * taps(); }
  std::size_t places() const { return size_of(output.height) * size_of(output.width); }

  /// Calls `visit(position in the patch, value)`; what lies outside the image is zero and not visited.
  template <class Visit>
  void visit(const std::vector<std::int8_t>& values, std::size_t group, std::size_t place, Visit visit) const {
    const auto oy = static_cast<std::int32_t>(place / size_of(output.width)), ox = static_cast<std::int32_t>(place % size_of(output.width));
    for (std::int32_t ky = 0; ky < conv.kernel.height; ++ky)
      for (std::int32_t kx = 0; kx < conv.kernel.width; ++kx) {
        const std::int32_t y = oy * conv.stride.height - conv.pad.top + ky * conv.dilation.height;
        const std::int32_t x = ox * conv.stride.width - conv.pad.left + kx * conv.dilation.width;
        if (y < 0 || y >= input.height || x < 0 || x >= input.width) continue;
        const std::size_t first = size_of(y * input.width + x) * size_of(input.channels) + group * depth();
        const std::size_t tap = size_of(ky * conv.kernel.width + kx);
        for (std::size_t d = 0; d < depth(); ++d) visit(d * taps() + tap, values[first + d] - zero);
      }
  }
};

/// A step through all places of all samples that meets every row and column alike.
std::size_t step_through(std::size_t all, std::size_t wanted, std::size_t places) {
  std::size_t step = std::max<std::size_t>(1, all / wanted);
  while (step > 1 && std::gcd(step, places) != 1) ++step;
  return step;
}

/// The sum of x x' and of x over the columns that are added.
struct Moments {
  MatrixXd squares;
  VectorXd sum;
  MatrixXf columns;
  Eigen::Index filled = 0;
  double count = 0;

  explicit Moments(std::size_t size)
      : squares(MatrixXd::Zero(static_cast<Eigen::Index>(size), static_cast<Eigen::Index>(size))),
        sum(VectorXd::Zero(squares.rows())),
        columns(MatrixXf::Zero(squares.rows(), places_at_once)) {}

  /// A column of zeros to be filled in.
  auto next() {
    if (filled == columns.cols()) flush();
    columns.col(filled).setZero();
    return columns.col(filled++);
  }
  void flush() {
    const auto used = columns.leftCols(filled);
    squares += (used * used.transpose()).cast<double>();
    sum += used.cast<double>().rowwise().sum();
    count += static_cast<double>(filled);
    filled = 0;
  }
  /// Shrunk towards its diagonal by as much as there are inputs among inputs and samples: few samples show relations
  /// between inputs that are chance (Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
  /// matrices", 2004, with a fixed rule in place of theirs).
  MatrixXd covariance() {
    flush();
    const MatrixXd seen = squares / count - sum * sum.transpose() / (count * count);
    const auto inputs = static_cast<double>(seen.rows());
    MatrixXd shrunk = seen * (count / (count + inputs));
    shrunk.diagonal() = seen.diagonal();
    return shrunk;
  }
};

}  // namespace

Propagation::Propagation(const IntegerModel& model, std::span<const float> images) : model_(model), images_(images) {}

std::vector<LayerInput> Propagation::inputs_of(const IntegerNode& node) const {
  const IntegerNode& from = model_.nodes[size_of(node.inputs[0])];
  const Patches patches{as_conv(node.op), from.shape, node.shape, from.output.zero_point};
  const Values& values = values_[size_of(node.inputs[0])];
  const std::size_t all = values.size() * patches.places();
  const std::size_t step = step_through(all, std::max(least_places, places_per_weight * patches.size()), patches.places());
  std::vector<LayerInput> result;
  for (std::size_t group = 0; group < size_of(patches.conv.groups); ++group) {
    std::vector<std::int64_t> sums(patches.size(), 0);
    for (std::size_t place = 0; place < all; ++place)
      patches.visit(values[place / patches.places()], group, place % patches.places(), [&](std::size_t i, std::int32_t x) { sums[i] += x; });
    LayerInput& input = result.emplace_back();
    for (const std::int64_t sum : sums) input.mean.push_back(static_cast<double>(sum) / static_cast<double>(all));
    if (patches.size() > most_inputs) continue;
    Moments moments(patches.size());
    for (std::size_t place = 0; place < all; place += step) {
      auto column = moments.next();
      patches.visit(values[place / patches.places()], group, place % patches.places(),
                    [&](std::size_t i, std::int32_t x) { column(static_cast<Eigen::Index>(i)) = static_cast<float>(x); });
    }
    const MatrixXd covariance = moments.covariance();
    input.covariance.assign(covariance.data(), covariance.data() + covariance.size());
  }
  return result;
}

void Propagation::run_last() {
  const std::size_t last = model_.nodes.size() - 1;
  const IntegerNode& node = model_.nodes[last];
  const auto size = static_cast<std::size_t>(node.shape.elements());
  Values& values = values_.emplace_back();
  if (std::holds_alternative<Input>(node.op)) {
    if (images_.empty() || images_.size() % size != 0)
      throw std::invalid_argument("rounding needs whole samples of " + to_string(node.shape) + ", got " + std::to_string(images_.size()) + " numbers");
    samples_ = images_.size() / size;
    for (std::size_t i = 0; i < samples_; ++i) values.push_back(quantised_input(model_, images_.subspan(i * size, size)));
    return;
  }
  const NodeInterpreter interpreter(model_, last);
  for (std::size_t i = 0; i < samples_; ++i) {
    std::vector<const std::vector<std::int8_t>*> inputs;
    for (const std::int32_t input : node.inputs) inputs.push_back(&values_[size_of(input)][i]);
    interpreter.run(inputs, values.emplace_back(size));
  }
}

void Propagation::forget(std::size_t node) { values_[node] = {}; }

}  // namespace paretoforge::internal
