// Models from features to a cost, and the table of their kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"

namespace paretoforge {

/// Measured networks: features as graph_features gives them, behind them where the space is known its encoding of the
/// decisions (Space::encode); targets in the metric's unit, above 0 and finite.
struct Samples {
  std::size_t columns = 0;   ///< encoding included
  std::size_t encoding = 0;  ///< of them encode decisions
  std::vector<double> features;  ///< rows() x columns, row by row
  std::vector<double> targets;

  std::size_t rows() const { return targets.size(); }
  std::span<const double> row(std::size_t i) const { return {features.data() + i * columns, columns}; }
  void add(std::span<const double> row_features, double target);
  Samples subset(std::span<const std::size_t> rows) const;
};

/// What a model says of one network: the natural logarithm of its cost and how sure the model is of it, in the same
/// logarithms; the deviation need only be right up to a factor, which calibration on held-out rows finds.
struct LogEstimate {
  double mean = 0, deviation = 1;
};

/// A fitted model. Immutable; safe to use from many threads.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// Features with the encoding that was fitted, or without it (a network of another space): then the features of the
  /// graph speak alone.
  virtual LogEstimate estimate(std::span<const double> features) const = 0;
  /// The estimate's mean alone, which may be quicker.
  virtual double mean(std::span<const double> features) const { return estimate(features).mean; }
  /// Everything that prediction needs; the kind's `read` makes the same model of it.
  virtual Config write() const = 0;
};

/// A model fitted on all rows, and for each row what models fitted without it said (cross-validation).
struct FittedModel {
  std::unique_ptr<CostModel> model;
  std::vector<LogEstimate> held_out;
};

struct CostModelKind {
  std::string_view name, summary;
  /// Needs at least 5 rows; the seed draws folds and subsamples. Same rows, same seed, same model.
  FittedModel (*fit)(const Samples& samples, std::uint64_t seed);
  /// Throws ConfigError with the place where the document is damaged.
  std::unique_ptr<CostModel> (*read)(const Config& document);
};

/// auto, ridge, gaussian_process, boosted_trees, random_forest, roofline, lookup.
std::span<const CostModelKind> cost_models();
/// The kind of that name; throws std::invalid_argument offering the nearest.
const CostModelKind& cost_model_kind(std::string_view name);

}  // namespace paretoforge
