// Zero-cost scores' mathematics without LibTorch: kernels of activation patterns, correlations of Jacobians.
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <bit>
#include <cmath>
#include <cstdint>

#include "trainers/zero_cost_internal.hpp"

namespace paretoforge {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows of zero mean and length 1; those without variance are zero.
Matrix standardised(std::span<const float> values, std::size_t rows) {
  const auto columns = static_cast<Eigen::Index>(values.size() / rows);
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Matrix result = Eigen::Map<const Floats>(values.data(), static_cast<Eigen::Index>(rows), columns).cast<double>();
  for (Eigen::Index i = 0; i < result.rows(); ++i) {
    auto row = result.row(i);
    const double greatest = row.cwiseAbs().maxCoeff();
    row.array() -= row.mean();
    const double length = row.norm();
    // What rounding leaves of a constant row is no variance.
    if (length > 1e-12 * greatest * std::sqrt(static_cast<double>(columns)))
      row /= length;
    else
      row.setZero();
  }
  return result;
}

}  // namespace

PatternKernel::PatternKernel(std::size_t samples) : samples_(samples), counts_(samples * samples, 0.0) {}

void PatternKernel::add(std::span<const float> values, float bend) {
  const std::size_t units = values.size() / samples_, words = (units + 63) / 64;
  std::vector<std::uint64_t> sides(samples_ * words, 0);
  for (std::size_t sample = 0; sample < samples_; ++sample)
    for (std::size_t unit = 0; unit < units; ++unit)
      sides[sample * words + unit / 64] |= std::uint64_t{values[sample * units + unit] > bend} << (unit % 64);
  for (std::size_t a = 0; a < samples_; ++a)
    for (std::size_t b = a; b < samples_; ++b) {
      std::size_t different = 0;
      for (std::size_t w = 0; w < words; ++w)
        different += static_cast<std::size_t>(std::popcount(sides[a * words + w] ^ sides[b * words + w]));
      counts_[a * samples_ + b] += static_cast<double>(units - different);
      if (a != b) counts_[b * samples_ + a] += static_cast<double>(units - different);
    }
}

double PatternKernel::log_determinant() const {
  const auto n = static_cast<Eigen::Index>(samples_);
  const Matrix kernel = Eigen::Map<const Matrix>(counts_.data(), n, n) + Matrix::Identity(n, n);
  const Eigen::LLT<Matrix> factors(kernel);
  double sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) sum += 2 * std::log(factors.matrixLLT()(i, i));
  return sum;
}

double jacobian_score(std::span<const float> jacobian, std::size_t samples) {
  const Matrix rows = standardised(jacobian, samples);
  const Matrix correlation = rows * rows.transpose();
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(correlation, Eigen::EigenvaluesOnly);
  constexpr double k = 1e-5;
  double sum = 0;
  for (const double eigenvalue : solver.eigenvalues()) {
    const double v = std::max(eigenvalue, 0.0) + k;  // rounding leaves small negative ones
    sum -= std::log(v) + 1 / v;
  }
  return sum;
}

}  // namespace paretoforge
