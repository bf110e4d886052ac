// A Gaussian process (Rasmussen and Williams 2006) on what the ridge leaves, in logarithms.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "configs/table.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/process_kernel_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

using namespace process;

constexpr Eigen::Index most_inducing = 160;  ///< rows that the model keeps
constexpr Eigen::Index most_tuning = 160;    ///< rows that the hyperparameters are found on
constexpr double jitter = 1e-8;

class GaussianProcess : public CostModel {
 public:
  GaussianProcess(std::unique_ptr<CostModel> base, Scaling scaling, const Hyper& hyper, Rows inducing, Vector alpha,
                  Vector noise)
      : base_(std::move(base)),
        scaling_(std::move(scaling)),
        hyper_(hyper),
        inducing_(std::move(inducing)),
        alpha_(std::move(alpha)),
        noise_(std::move(noise)) {
    Eigen::MatrixXd k = Covariance(hyper_)(relate(inducing_, inducing_));
    k.diagonal() += noise_;
    factor_ = k.llt().matrixL();
  }

  /// The variance is what the kept rows alone leave open: an upper bound where there were more.
  LogEstimate estimate(std::span<const double> features) const override {
    const double base = base_->mean(features);
    const Rows row = scaling_(features, base);
    const Covariance kernel(hyper_);
    Vector k = kernel(relate(inducing_, row));
    const double mean = base + k.dot(alpha_);
    factor_.triangularView<Eigen::Lower>().solveInPlace(k);
    const double noise = std::exp(2 * hyper_.noise);
    return {mean, std::sqrt(std::max(0.0, kernel.self(row, scaling_.encoding > 0) - k.squaredNorm()) + noise)};
  }

  double mean(std::span<const double> features) const override {
    const double base = base_->mean(features);
    return base + Covariance(hyper_)(relate(inducing_, scaling_(features, base))).col(0).dot(alpha_);
  }

  Config write() const override {
    const auto list = [](const auto& values) {
      return numbers_scalar({values.data(), static_cast<std::size_t>(values.size())});
    };
    Vector hyper(static_cast<Eigen::Index>(hyperparameters.size()));
    for (std::size_t i = 0; i < hyperparameters.size(); ++i)
      hyper[static_cast<Eigen::Index>(i)] = hyper_.*hyperparameters[i];
    std::vector<Config::Entry> entries{{"base", base_->write()},
                                       {"columns", columns_scalar(scaling_.columns)},
                                       {"mean", list(scaling_.mean)},
                                       {"scale", list(scaling_.scale)},
                                       {"hyperparameters", list(hyper)},
                                       {"rows", Config::make_scalar(std::to_string(inducing_.base.size()))},
                                       {"inducing", list(inducing_.features)},
                                       {"inducing_base", list(inducing_.base)},
                                       {"alpha", list(alpha_)},
                                       {"noise", list(noise_)}};
    if (scaling_.encoding > 0) {
      const Matrix encoded = (inducing_.decisions / scaling_.decision_scale * 1e6).array().round() / 1e6;
      entries.emplace_back("encoding", Config::make_scalar(std::to_string(scaling_.encoding)));
      entries.emplace_back("decision_scale", Config::make_scalar(number_text(scaling_.decision_scale)));
      entries.emplace_back("decisions", list(encoded));
    }
    return Config::make_map(std::move(entries));
  }

 private:
  std::unique_ptr<CostModel> base_;
  Scaling scaling_;
  Hyper hyper_;
  Rows inducing_;
  Vector alpha_, noise_;  ///< per kept row; noise as variance
  Eigen::MatrixXd factor_;
};

/// The logarithm of the marginal likelihood of y ~ N(0, K + noise² W) up to a constant, W diagonal.
double evidence(const Relations& related, const Vector& y, const Vector& spread, const Hyper& h) {
  Eigen::MatrixXd k = Covariance(h)(related);
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
         near(h.noise, -3.5, 1.2) + near(h.decisions, -3.5, 1.2) + near(h.decision_length, 0.2, 0.7);
}

/// Climbs by coordinate steps that halve when none helps.
Hyper tuned(const Rows& rows, const Vector& y, const Vector& spread, Hyper h) {
  const Relations related = relate(rows, rows);
  const auto value = [&](const Hyper& at) { return evidence(related, y, spread, at) + prior(at); };
  double best = value(h);
  const std::size_t tunable = hyperparameters.size() - (rows.decisions.cols() > 0 ? 0 : 2);
  for (double step = 0.8; step > 0.15;) {
    bool better = false;
    for (std::size_t which = 0; which < tunable; ++which)
      for (const double sign : {1.0, -1.0}) {
        Hyper next = h;
        next.*hyperparameters[which] += sign * step;
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
std::vector<Eigen::Index> spread_out(const Rows& rows, Eigen::Index count) {
  const double share = 1 / std::sqrt(std::max(1.0, static_cast<double>(rows.features.cols())));
  Matrix x(rows.base.size(), rows.features.cols() + 1 + rows.decisions.cols());
  x << share * rows.features, rows.base, rows.decisions;
  std::vector<Eigen::Index> chosen{0};
  Vector nearest = Vector::Constant(x.rows(), 1e300);
  while (static_cast<Eigen::Index>(chosen.size()) < std::min(count, x.rows())) {
    nearest = nearest.cwiseMin((x.rowwise() - x.row(chosen.back())).rowwise().squaredNorm());
    Eigen::Index farthest = 0;
    nearest.maxCoeff(&farthest);
    chosen.push_back(farthest);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

struct Posterior {
  Rows inducing;
  Vector alpha, noise;
};

/// All rows seen through the inducing ones (deterministic training conditional, Seeger et al. 2003); exact where all
/// rows are inducing.
Posterior posterior(const Rows& rows, const Vector& y, const Vector& spread, const Hyper& h) {
  const Covariance kernel(h);
  const auto chosen = spread_out(rows, most_inducing);
  const Vector noise = (std::exp(2 * h.noise) * spread).array() + jitter;
  Posterior result{rows.pick(chosen), {}, noise(chosen)};
  Eigen::MatrixXd within = kernel(relate(result.inducing, result.inducing));
  if (result.noise.size() == y.size()) {
    within.diagonal() += noise;
    result.alpha = within.llt().solve(y);
    return result;
  }
  const Eigen::MatrixXd across = kernel(relate(result.inducing, rows));
  within.diagonal().array() += 1e-6 * std::exp(2 * h.signal);
  const Eigen::MatrixXd weighted = across * noise.cwiseInverse().asDiagonal();
  result.alpha = (within + weighted * across.transpose()).llt().solve(weighted * y);
  return result;
}

/// The rows as the process sees them, and what the ridge leaves of their logarithms.
struct Prepared {
  std::unique_ptr<Ridge> base;
  Scaling scaling;
  Rows rows;
  Vector y;
};

/// Standardises in place: four decimals are plenty, and device files stay short.
void standardise(Rows& rows, Scaling& scaling) {
  const Eigen::Index width = rows.features.cols();
  const auto n = static_cast<double>(rows.base.size());
  Matrix all(rows.base.size(), width + 1);
  all << rows.features, rows.base;
  scaling.mean = all.colwise().mean();
  all.rowwise() -= scaling.mean.transpose();
  scaling.scale = (all.colwise().squaredNorm() / n).cwiseSqrt().cwiseMax(1e-9).transpose();
  all = (all * scaling.scale.cwiseInverse().asDiagonal() * 1e4).array().round() / 1e4;
  rows.features = all.leftCols(width), rows.base = all.col(width);
  if (scaling.encoding == 0) return;
  const auto centred = rows.decisions.rowwise() - rows.decisions.colwise().mean();
  scaling.decision_scale = 1 / std::sqrt(std::max(1e-6, 2 * centred.squaredNorm() / n));
  rows.decisions *= scaling.decision_scale;
}

Prepared prepared(const Samples& samples) {
  Prepared p{Ridge::fit(samples), {}, {}, {}};
  p.scaling.columns = useful_columns(samples, samples.columns - samples.encoding);
  p.scaling.encoding = samples.encoding;
  const auto n = static_cast<Eigen::Index>(samples.rows()), width = static_cast<Eigen::Index>(p.scaling.columns.size());
  p.scaling.mean = Vector::Zero(width + 1), p.scaling.scale = Vector::Ones(width + 1);
  p.rows = {Matrix(n, width), Vector(n), Matrix(n, static_cast<Eigen::Index>(samples.encoding))};
  p.y.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto row = samples.row(static_cast<std::size_t>(i));
    const double base = p.base->mean(row);
    const Rows one = p.scaling(row, base);
    p.rows.features.row(i) = one.features, p.rows.base[i] = base;
    if (samples.encoding > 0) p.rows.decisions.row(i) = one.decisions;
    p.y[i] = std::log(samples.targets[static_cast<std::size_t>(i)]) - base;
  }
  standardise(p.rows, p.scaling);
  return p;
}

/// Fits twice: rows that the first fit misses by far count for little in the second. `hyper` is where tuning starts
/// and what it finds; without tuning it is used as it is.
std::unique_ptr<CostModel> fit_process(const Samples& samples, std::uint64_t seed, bool tune, Hyper& hyper) {
  Prepared p = prepared(samples);
  std::vector<Eigen::Index> order(samples.rows());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  Random(seed).shuffle(order);
  order.resize(static_cast<std::size_t>(std::min(p.y.size(), most_tuning)));
  Posterior found;
  Vector spread = Vector::Ones(p.y.size());
  for (int round = 0; round < 2; ++round) {
    if (tune) hyper = tuned(p.rows.pick(order), p.y(order), spread(order), hyper);
    found = posterior(p.rows, p.y, spread, hyper);
    const Vector missed = p.y - Covariance(hyper)(relate(p.rows, found.inducing)) * found.alpha;
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
  document.allow({"base", "columns", "mean", "scale", "hyperparameters", "rows", "inducing", "inducing_base", "alpha",
                  "noise", "encoding", "decision_scale", "decisions"});
  Scaling scaling;
  scaling.columns = read_columns(document, "columns");
  const std::size_t width = scaling.columns.size();
  const auto rows = static_cast<std::size_t>(document.at("rows").integer(1, most_inducing));
  const auto vector = [&](std::string_view key, std::size_t count) {
    const auto values = read_numbers(document, key, count);
    return Vector(Eigen::Map<const Vector>(values.data(), static_cast<Eigen::Index>(count)));
  };
  const auto matrix = [&](std::string_view key, std::size_t columns) {
    const auto values = read_numbers(document, key, rows * columns);
    return Matrix(
        Eigen::Map<const Matrix>(values.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)));
  };
  scaling.mean = vector("mean", width + 1), scaling.scale = vector("scale", width + 1);
  if (scaling.scale.minCoeff() <= 0) document.at("scale").fail("'scale' must be above 0 throughout");
  const Vector h = vector("hyperparameters", hyperparameters.size());
  if (h.cwiseAbs().maxCoeff() > 30)
    document.at("hyperparameters").fail("hyperparameters are logarithms within -30 to 30");
  Hyper hyper;
  for (std::size_t i = 0; i < hyperparameters.size(); ++i) hyper.*hyperparameters[i] = h[static_cast<Eigen::Index>(i)];
  Rows inducing{matrix("inducing", width), vector("inducing_base", rows), Matrix(static_cast<Eigen::Index>(rows), 0)};
  if (document.find("encoding")) {
    scaling.encoding = static_cast<std::size_t>(document.at("encoding").integer(1, 100'000));
    scaling.decision_scale = document.at("decision_scale").number(0, 1e6);
    if (scaling.decision_scale <= 0) document.at("decision_scale").fail("'decision_scale' must be above 0");
    inducing.decisions = scaling.decision_scale * matrix("decisions", scaling.encoding);
  }
  const Vector noise = vector("noise", rows);
  if (noise.minCoeff() <= 0) document.at("noise").fail("'noise' must be above 0 throughout");
  return std::make_unique<GaussianProcess>(Ridge::read(document.at("base")), std::move(scaling), hyper,
                                           std::move(inducing), vector("alpha", rows), noise);
}

}  // namespace paretoforge
