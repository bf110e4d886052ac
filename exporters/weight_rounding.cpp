// Rounding of weights; see the header for the papers.
#include "exporters/weight_rounding_internal.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace paretoforge::internal {
namespace {

using Eigen::MatrixXd, Eigen::VectorXd;

/// Added to every variance, as a share of their mean: moments of few samples are not to be trusted to the last digit.
constexpr double damping = 0.01;
constexpr int most_sweeps = 50, most_fits = 8;

double as_float(double x) { return static_cast<double>(static_cast<float>(x)); }

double greatest_of(std::span<const float> weights) {
  double greatest = 0;
  for (const float weight : weights) greatest = std::max(greatest, std::abs(double{weight}));
  return greatest;
}

/// The sum of squared rounding errors, each with the weight `importance(i)`.
template <class Importance>
double rounding_error(std::span<const float> weights, double scale, double limit, Importance importance) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double difference = weights[i] - scale * std::clamp(std::nearbyint(weights[i] / scale), -limit, limit);
    sum += importance(i) * difference * difference;
  }
  return sum;
}

VectorXd as_vector(std::span<const float> weights) {
  return Eigen::Map<const Eigen::VectorXf>(weights.data(), static_cast<Eigen::Index>(weights.size())).cast<double>();
}

/// A row on its way: real numbers that are whole.
struct Candidate {
  double scale = 1;
  VectorXd q;
  double error = 0;
};

RoundedRow row_of(const Candidate& candidate) {
  RoundedRow row{candidate.scale, {}};
  for (const double q : candidate.q) row.q.push_back(static_cast<std::int8_t>(q));
  return row;
}

}  // namespace

struct SecondOrderRounding::State {
  MatrixXd moments;  ///< as given
  MatrixXd damped;
  Eigen::LLT<MatrixXd> inverse;  ///< of the damped moments' inverse, in `order`
  std::vector<Eigen::Index> order;  ///< inputs of great variance first: their errors have most room to be spread

  State(std::span<const double> given, std::size_t size) {
    const auto n = static_cast<Eigen::Index>(size);
    moments = Eigen::Map<const MatrixXd>(given.data(), n, n);
    damped = moments;
    const double mean = moments.diagonal().sum() / static_cast<double>(std::max<std::size_t>(1, size));
    damped.diagonal().array() += mean > 0 ? damping * mean : 1.0;
    order.resize(size);
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return moments(a, a) > moments(b, b); });
    const MatrixXd sorted = damped(order, order);
    inverse.compute(sorted.llt().solve(MatrixXd::Identity(n, n)));
  }

  double error(const VectorXd& weights, const Candidate& row, const MatrixXd& by) const {
    const VectorXd difference = weights - row.scale * row.q;
    return std::max(0.0, difference.dot(by * difference));
  }

  /// Weight by weight, with the error of each spread over those that come later.
  Candidate spread(const VectorXd& weights, double scale, double limit) const {
    Candidate row{scale, VectorXd(weights.size()), 0};
    VectorXd left = weights(order);
    const auto& lower = inverse.matrixLLT();  // its lower half; the factor's transpose is what GPTQ walks through
    for (Eigen::Index i = 0; i < left.size(); ++i) {
      const double q = std::clamp(std::nearbyint(left(i) / scale), -limit, limit);
      row.q(order[static_cast<std::size_t>(i)]) = q;
      const double error = (left(i) - scale * q) / lower(i, i);
      const Eigen::Index rest = left.size() - i - 1;
      left.tail(rest) -= error * lower.col(i).tail(rest);
    }
    return row;
  }

  /// Moves single weights by whole steps while that lessens the error. `slope` is damped * (scale * q - weights).
  void descend(const VectorXd& weights, Candidate& row, double limit) const {
    VectorXd slope = damped * (row.scale * row.q - weights);
    bool moved = true;
    for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
      moved = false;
      for (Eigen::Index i = 0; i < row.q.size(); ++i) {
        const double wished = row.q(i) - slope(i) / (row.scale * damped(i, i));
        const double move = std::clamp(std::nearbyint(wished), -limit, limit) - row.q(i);
        if (move == 0 || move * (2 * slope(i) + row.scale * move * damped(i, i)) >= 0) continue;
        row.q(i) += move;
        slope += row.scale * move * damped.col(i);
        moved = true;
      }
    }
  }

  /// The best scale for these integers, then better integers for that scale, and so on while the error falls.
  Candidate refined(const VectorXd& weights, Candidate row, double limit, double least_scale) const {
    descend(weights, row, limit);
    row.error = error(weights, row, damped);
    for (int fit = 0; fit < most_fits; ++fit) {
      Candidate next = row;
      const VectorXd pull = damped * row.q;
      if (const double power = row.q.dot(pull); power > 0)
        next.scale = as_float(std::max(weights.dot(pull) / power, least_scale));
      descend(weights, next, limit);
      next.error = error(weights, next, damped);
      if (!(next.error < row.error * (1 - 1e-6))) break;
      row = std::move(next);
    }
    return row;
  }
};

SecondOrderRounding::SecondOrderRounding(std::span<const double> moments, std::size_t size)
    : state_(std::make_unique<State>(moments, size)) {}
SecondOrderRounding::~SecondOrderRounding() = default;
SecondOrderRounding::SecondOrderRounding(SecondOrderRounding&&) noexcept = default;

double SecondOrderRounding::error(std::span<const float> weights, const RoundedRow& row) const {
  Candidate candidate{row.scale, VectorXd(static_cast<Eigen::Index>(row.q.size())), 0};
  std::copy(row.q.begin(), row.q.end(), candidate.q.begin());
  return state_->error(as_vector(weights), candidate, state_->moments);
}

RoundedRow SecondOrderRounding::round(std::span<const float> weights, int bits, double least_scale) const {
  const double limit = weight_limit(bits);
  const RoundedRow nearest = rounded_to_nearest(weights, std::max(nearest_scale(weights, bits), least_scale), bits);
  if (greatest_of(weights) == 0) return nearest;
  double first = nearest.scale, least = std::numeric_limits<double>::infinity();
  for_weight_scales(greatest_of(weights) / weight_limit(bits), [&](double scale) {
    const auto variance = [&](std::size_t i) { return state_->damped(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(i)); };
    const double error = rounding_error(weights, scale, limit, variance);
    if (error >= least) return;
    least = error;
    first = scale;
  });
  const VectorXd row = as_vector(weights);
  Candidate best;
  best.error = std::numeric_limits<double>::infinity();
  for (const double share : {1.0, 0.92, 1.08}) {
    const double scale = as_float(std::max(first * share, least_scale));
    Candidate found = state_->refined(row, state_->spread(row, scale, limit), limit, least_scale);
    if (found.error < best.error) best = std::move(found);
  }
  RoundedRow result = row_of(best);
  return error(weights, result) <= error(weights, nearest) ? result : nearest;
}

}  // namespace paretoforge::internal
