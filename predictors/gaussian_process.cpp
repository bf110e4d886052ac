// A Gaussian process (Rasmussen and Williams 2006) on what the ridge leaves, in logarithms.
#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "configs/table.hpp"
#include "predictors/models_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

constexpr Eigen::Index most_inducing = 128;  ///< rows that the model keeps
constexpr Eigen::Index most_tuning = 160;    ///< rows that the hyperparameters are found on
constexpr double jitter = 1e-8;

/// Natural logarithms of the hyperparameters. Kernel: signal² Matern-5/2 of the distance, in which every standardised
/// feature counts 1/width and the ridge's logarithm as much as all of them, plus linear² times the mean product.
struct Hyper {
  double length = 0, base_length = 0.5, signal = -2, linear = -3, noise = -3;
};

/// A row as the kernel sees it: standardised log(1 + feature), last the standardised logarithm of the ridge.
struct Scaling {
  std::vector<std::size_t> columns;
  Vector mean, scale;

  Vector operator()(std::span<const double> features, double base) const {
    Vector z(mean.size());
    for (std::size_t c = 0; c < columns.size(); ++c) z[static_cast<Eigen::Index>(c)] = std::log1p(features[columns[c]]);
    z[z.size() - 1] = base;
    return (z - mean).cwiseQuotient(scale);
  }
};

/// Squared distance by features, by the ridge, and the product, of two rows: all that the kernel needs.
struct Relation {
  double features, base, product;
};

Relation relate(const double* a, const double* b, Eigen::Index width) {
  double distance = 0, product = 0;
  for (Eigen::Index c = 0; c + 1 < width; ++c) {
    distance += (a[c] - b[c]) * (a[c] - b[c]);
    product += a[c] * b[c];
  }
  const double step = a[width - 1] - b[width - 1], share = 1 / std::max(1.0, static_cast<double>(width - 1));
  return {distance * share, step * step, product * share + a[width - 1] * b[width - 1]};
}

/// The kernel with its exponentials taken once.
class Covariance {
 public:
  explicit Covariance(const Hyper& h)
      : features_(5 * std::exp(-2 * h.length)),
        base_(5 * std::exp(-2 * h.base_length)),
        signal_(std::exp(2 * h.signal)),
        linear_(std::exp(2 * h.linear)) {}

  double operator()(const Relation& r) const {
    const double squared = features_ * r.features + base_ * r.base, distance = std::sqrt(squared);
    return signal_ * (1 + distance + squared / 3) * std::exp(-distance) + linear_ * r.product;
  }

 private:
  double features_, base_, signal_, linear_;
};

Matrix covariances(const Matrix& a, const Matrix& b, const Hyper& h) {
  const Covariance kernel(h);
  Matrix k(a.rows(), b.rows());
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index j = 0; j < b.rows(); ++j) k(i, j) = kernel(relate(a.row(i).data(), b.row(j).data(), a.cols()));
  return k;
}

class GaussianProcess : public CostModel {
 public:
  GaussianProcess(std::unique_ptr<CostModel> base, Scaling scaling, const Hyper& hyper, Matrix inducing, Vector alpha,
                  Vector noise)
      : base_(std::move(base)),
        scaling_(std::move(scaling)),
        hyper_(hyper),
        inducing_(std::move(inducing)),
        alpha_(std::move(alpha)),
        noise_(std::move(noise)) {
    Matrix k = covariances(inducing_, inducing_, hyper_);
    k.diagonal() += noise_;
    factor_ = k.llt().matrixL();
  }

  /// The variance is what the kept rows alone leave open: an upper bound where there were more.
  LogEstimate estimate(std::span<const double> features) const override {
    const double base = base_->estimate(features).mean;
    const Vector z = scaling_(features, base);
    const Covariance kernel(hyper_);
    Vector k(inducing_.rows());
    for (Eigen::Index i = 0; i < k.size(); ++i) k[i] = kernel(relate(z.data(), inducing_.row(i).data(), z.size()));
    const double mean = base + k.dot(alpha_);
    const double self = kernel(relate(z.data(), z.data(), z.size()));
    factor_.triangularView<Eigen::Lower>().solveInPlace(k);
    const double noise = std::exp(2 * hyper_.noise);
    return {mean, std::sqrt(std::max(0.0, self - k.squaredNorm()) + noise)};
  }

  Config write() const override {
    const auto list = [](const auto& values) {
      return numbers_scalar({values.data(), static_cast<std::size_t>(values.size())});
    };
    const std::array<double, 5> hyper{hyper_.length, hyper_.base_length, hyper_.signal, hyper_.linear, hyper_.noise};
    return Config::make_map({{"base", base_->write()},
                             {"columns", columns_scalar(scaling_.columns)},
                             {"mean", list(scaling_.mean)},
                             {"scale", list(scaling_.scale)},
                             {"hyperparameters", numbers_scalar(hyper)},
                             {"rows", Config::make_scalar(std::to_string(inducing_.rows()))},
                             {"inducing", list(inducing_)},
                             {"alpha", list(alpha_)},
                             {"noise", list(noise_)}});
  }

 private:
  std::unique_ptr<CostModel> base_;
  Scaling scaling_;
  Hyper hyper_;
  Matrix inducing_;
  Vector alpha_, noise_;  ///< per kept row; noise as variance
  Eigen::MatrixXd factor_;
};

/// The lower triangle of how all rows relate: computed once, used by every trial of hyperparameters.
std::vector<Relation> relations(const Matrix& x) {
  std::vector<Relation> all;
  all.reserve(static_cast<std::size_t>(x.rows() * (x.rows() + 1) / 2));
  for (Eigen::Index i = 0; i < x.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) all.push_back(relate(x.row(i).data(), x.row(j).data(), x.cols()));
  return all;
}

/// The logarithm of the marginal likelihood of y ~ N(0, K + noise² W) up to a constant, W diagonal.
double evidence(const std::vector<Relation>& related, const Vector& y, const Vector& spread, const Hyper& h) {
  const Covariance kernel(h);
  Eigen::MatrixXd k(y.size(), y.size());
  std::size_t at = 0;
  for (Eigen::Index i = 0; i < k.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) k(i, j) = kernel(related[at++]);
  k.diagonal() += (std::exp(2 * h.noise) * spread.array() + jitter).matrix();
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(k);
  if (factor.info() != Eigen::Success) return -1e300;
  const double log_determinant = k.diagonal().array().log().sum();
  return -0.5 * factor.matrixL().solve(y).squaredNorm() - log_determinant;
}

/// Weak beliefs that keep few rows from being explained away: lengths near 1, noise of some per cent.
double prior(const Hyper& h) {
  const auto near = [](double value, double centre, double deviation) {
    return -0.5 * (value - centre) * (value - centre) / (deviation * deviation);
  };
  return near(h.length, 0.5, 1) + near(h.base_length, 1, 1) + near(h.signal, -2.3, 1.2) + near(h.linear, -3.5, 1.5) +
         near(h.noise, -3.5, 1.2);
}

/// Climbs by coordinate steps that halve when none helps.
Hyper tuned(const Matrix& x, const Vector& y, const Vector& spread, Hyper h) {
  const std::vector<Relation> related = relations(x);
  const auto value = [&](const Hyper& at) { return evidence(related, y, spread, at) + prior(at); };
  double best = value(h);
  constexpr std::array<double Hyper::*, 5> all{&Hyper::length, &Hyper::base_length, &Hyper::signal, &Hyper::linear,
                                               &Hyper::noise};
  for (double step = 0.8; step > 0.15;) {
    bool better = false;
    for (const auto which : all)
      for (const double sign : {1.0, -1.0}) {
        Hyper next = h;
        next.*which += sign * step;
        const double found = value(next);
        if (found <= best) continue;
        best = found, h = next, better = true;
        break;
      }
    if (!better) step /= 2;
  }
  return h;
}

/// Rows far apart from each other: each next one is the farthest from those chosen (Gonzalez 1985).
std::vector<Eigen::Index> spread_out(const Matrix& x, Eigen::Index count) {
  std::vector<Eigen::Index> chosen{0};
  Vector nearest = Vector::Constant(x.rows(), 1e300);
  while (static_cast<Eigen::Index>(chosen.size()) < std::min(count, x.rows())) {
    for (Eigen::Index i = 0; i < x.rows(); ++i)
      nearest[i] = std::min(nearest[i], (x.row(i) - x.row(chosen.back())).squaredNorm());
    Eigen::Index farthest = 0;
    nearest.maxCoeff(&farthest);
    chosen.push_back(farthest);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

struct Posterior {
  Matrix inducing;
  Vector alpha, noise;
};

/// All rows seen through the inducing ones (deterministic training conditional, Seeger et al. 2003); exact where all
/// rows are inducing.
Posterior posterior(const Matrix& x, const Vector& y, const Vector& spread, const Hyper& h) {
  const auto chosen = spread_out(x, most_inducing);
  const auto m = static_cast<Eigen::Index>(chosen.size());
  Posterior result{Matrix(m, x.cols()), Vector(m), Vector(m)};
  const Vector noise = (std::exp(2 * h.noise) * spread).array() + jitter;
  for (Eigen::Index i = 0; i < m; ++i) {
    result.inducing.row(i) = x.row(chosen[static_cast<std::size_t>(i)]);
    result.noise[i] = noise[chosen[static_cast<std::size_t>(i)]];
  }
  Eigen::MatrixXd within = covariances(result.inducing, result.inducing, h);
  if (m == x.rows()) {
    within.diagonal() += noise;
    result.alpha = within.llt().solve(y);
    return result;
  }
  const Eigen::MatrixXd across = covariances(result.inducing, x, h);
  within.diagonal().array() += 1e-6 * std::exp(2 * h.signal);
  const Eigen::MatrixXd weighted = across * noise.cwiseInverse().asDiagonal();
  result.alpha = (within + weighted * across.transpose()).llt().solve(weighted * y);
  return result;
}

Scaling scaling_of(const Samples& samples, std::span<const double> base) {
  Scaling s{useful_columns(samples, samples.columns), {}, {}};
  const auto width = static_cast<Eigen::Index>(s.columns.size()) + 1;
  const auto n = static_cast<double>(samples.rows());
  s.mean = Vector::Zero(width), s.scale = Vector::Ones(width);
  Vector mean = Vector::Zero(width), square = Vector::Zero(width);
  for (std::size_t i = 0; i < samples.rows(); ++i) mean += s(samples.row(i), base[i]) / n;
  s.mean = mean;
  for (std::size_t i = 0; i < samples.rows(); ++i) square += s(samples.row(i), base[i]).cwiseAbs2() / n;
  s.scale = square.cwiseSqrt().cwiseMax(1e-9);
  return s;
}

/// The rows as the process sees them: what the ridge leaves of their logarithms.
struct Prepared {
  std::unique_ptr<Ridge> base;
  Scaling scaling;
  Matrix x;
  Vector y;
};

Prepared prepared(const Samples& samples) {
  Prepared p{Ridge::fit(samples), {}, {}, {}};
  std::vector<double> means(samples.rows());
  for (std::size_t i = 0; i < means.size(); ++i) means[i] = p.base->estimate(samples.row(i)).mean;
  p.scaling = scaling_of(samples, means);
  const auto n = static_cast<Eigen::Index>(samples.rows());
  p.x.resize(n, p.scaling.mean.size());
  p.y.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(i);
    p.x.row(i) = p.scaling(samples.row(row), means[row]).transpose();
    p.y[i] = std::log(samples.targets[row]) - means[row];
  }
  p.x = (p.x * 1e4).array().round() / 1e4;  // four decimals are plenty, and device files stay short
  return p;
}

/// Fits twice: rows that the first fit misses by far count for little in the second. `hyper` is where tuning starts
/// and what it finds; without tuning it is used as it is.
std::unique_ptr<CostModel> fit_process(const Samples& samples, std::uint64_t seed, bool tune, Hyper& hyper) {
  Prepared p = prepared(samples);
  std::vector<Eigen::Index> order(samples.rows());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  Random(seed).shuffle(order);
  order.resize(static_cast<std::size_t>(std::min(p.x.rows(), most_tuning)));
  Posterior found;
  Vector spread = Vector::Ones(p.x.rows());
  for (int round = 0; round < 2; ++round) {
    if (tune) hyper = tuned(p.x(order, Eigen::all), p.y(order), spread(order), hyper);
    found = posterior(p.x, p.y, spread, hyper);
    const Vector missed = p.y - covariances(p.x, found.inducing, hyper) * found.alpha;
    const double deviation = std::max(1e-6, robust_deviation({missed.begin(), missed.end()}));
    spread = missed.unaryExpr([&](double r) { return std::max(1.0, r * r / (9 * deviation * deviation)); });
  }
  return std::make_unique<GaussianProcess>(std::move(p.base), std::move(p.scaling), hyper, std::move(found.inducing),
                                           std::move(found.alpha), std::move(found.noise));
}

}  // namespace

FittedModel fit_gaussian_process(const Samples& samples, std::uint64_t seed) {
  // Hyperparameters are found once: five numbers hardly depend on any one fold.
  Hyper hyper;
  auto model = fit_process(samples, seed, true, hyper);
  return {std::move(model), held_out(samples, seed, [&](const Samples& part, std::uint64_t part_seed) {
            return fit_process(part, part_seed, false, hyper);
          })};
}

std::unique_ptr<CostModel> read_gaussian_process(const Config& document) {
  document.allow({"base", "columns", "mean", "scale", "hyperparameters", "rows", "inducing", "alpha", "noise"});
  Scaling scaling{read_columns(document, "columns"), {}, {}};
  const std::size_t width = scaling.columns.size() + 1;
  const auto rows = static_cast<std::size_t>(document.at("rows").integer(1, most_inducing));
  const auto vector = [&](std::string_view key, std::size_t count) {
    const auto values = read_numbers(document, key, count);
    return Vector(Eigen::Map<const Vector>(values.data(), static_cast<Eigen::Index>(count)));
  };
  scaling.mean = vector("mean", width), scaling.scale = vector("scale", width);
  if (scaling.scale.minCoeff() <= 0) document.at("scale").fail("'scale' must be above 0 throughout");
  const Vector h = vector("hyperparameters", 5), inducing = vector("inducing", rows * width);
  if (h.cwiseAbs().maxCoeff() > 30)
    document.at("hyperparameters").fail("hyperparameters are logarithms within -30 to 30");
  const Vector noise = vector("noise", rows);
  if (noise.minCoeff() <= 0) document.at("noise").fail("'noise' must be above 0 throughout");
  const Matrix x =
      Eigen::Map<const Matrix>(inducing.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(width));
  return std::make_unique<GaussianProcess>(Ridge::read(document.at("base")), std::move(scaling),
                                           Hyper{h[0], h[1], h[2], h[3], h[4]}, x, vector("alpha", rows), noise);
}

}  // namespace paretoforge
