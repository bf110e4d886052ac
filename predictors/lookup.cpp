// A table per class of kernel with interpolation, as nn-Meter's (Zhang et al., "nn-Meter", 2021), whose tables are of
// single kernels. Here whole networks were measured, so a table's entries are the times of a class's total work, found
// together by regression: rising, linear in between, and going on as they end.
#include <algorithm>
#include <cmath>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/non_negative_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t most_entries = 5;
constexpr std::size_t rows_per_entry = 30;  ///< fewer rows give shorter tables

/// A rising, piecewise linear function of one additive feature; 0 at 0.
struct Entries {
  std::size_t column = 0;
  std::vector<double> knots;   ///< rising, above 0: where an entry stands
  std::vector<double> slopes;  ///< from the knot before (the first: from 0), the last goes on

  /// How much of x lies in each piece.
  void pieces(double x, double* parts) const {
    double from = 0;
    for (std::size_t k = 0; k < knots.size(); ++k) {
      const double to = k + 1 == knots.size() ? std::max(x, from) : knots[k];
      parts[k] = std::clamp(x - from, 0.0, to - from);
      from = knots[k];
    }
  }

  double operator()(double x) const {
    double sum = 0, from = 0;
    for (std::size_t k = 0; k < knots.size() && x > from; ++k) {
      sum += slopes[k] * ((k + 1 == knots.size() ? x : std::min(x, knots[k])) - from);
      from = knots[k];
    }
    return sum;
  }
};

class Lookup : public CostModel {
 public:
  Lookup(double constant, std::vector<Entries> tables, double least, double deviation)
      : constant_(constant), tables_(std::move(tables)), least_(least), deviation_(deviation) {}

  LogEstimate estimate(std::span<const double> features) const override {
    double sum = constant_;
    for (const Entries& table : tables_) sum += table(features[table.column]);
    return {std::log(std::max(sum, least_)), deviation_};
  }

  Config write() const override {
    std::vector<std::size_t> columns;
    std::vector<double> lengths, knots, slopes;
    for (const Entries& table : tables_) {
      columns.push_back(table.column);
      lengths.push_back(static_cast<double>(table.knots.size()));
      knots.insert(knots.end(), table.knots.begin(), table.knots.end());
      slopes.insert(slopes.end(), table.slopes.begin(), table.slopes.end());
    }
    return Config::make_map({{"columns", columns_scalar(columns)},
                             {"lengths", numbers_scalar(lengths)},
                             {"entries", Config::make_scalar(std::to_string(knots.size()))},
                             {"knots", numbers_scalar(knots)},
                             {"slopes", numbers_scalar(slopes)},
                             {"constant", Config::make_scalar(number_text(constant_))},
                             {"least", Config::make_scalar(number_text(least_))},
                             {"deviation", Config::make_scalar(number_text(deviation_))}});
  }

 private:
  double constant_;
  std::vector<Entries> tables_;
  double least_, deviation_;
};

/// Entries at quantiles of what was measured, none twice.
std::vector<double> knots_of(const Samples& samples, std::size_t column) {
  std::vector<double> values;
  for (std::size_t i = 0; i < samples.rows(); ++i)
    if (samples.row(i)[column] > 0) values.push_back(samples.row(i)[column]);
  std::sort(values.begin(), values.end());
  const std::size_t entries = std::clamp<std::size_t>(values.size() / rows_per_entry, 1, most_entries);
  std::vector<double> knots;
  for (std::size_t k = 1; k <= entries; ++k) {
    const double knot = values[std::min(values.size() - 1, k * values.size() / entries)];
    if (knots.empty() || knot > knots.back()) knots.push_back(knot);
  }
  return knots;
}

std::unique_ptr<CostModel> fit_once(const Samples& samples, std::uint64_t) {
  std::vector<Entries> tables;
  std::size_t entries = 0;
  for (const std::size_t column : useful_columns(samples, std::min(additive_features(), samples.columns))) {
    tables.push_back({column, knots_of(samples, column), {}});
    entries += tables.back().knots.size();
  }
  const auto n = static_cast<Eigen::Index>(samples.rows());
  Eigen::MatrixXd a(n, static_cast<Eigen::Index>(entries) + 1);
  std::vector<double> parts(entries + 1);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto x = samples.row(static_cast<std::size_t>(i));
    std::size_t at = 0;
    parts[at++] = 1;
    for (const Entries& table : tables) {
      table.pieces(x[table.column], &parts[at]);
      at += table.knots.size();
    }
    for (std::size_t j = 0; j < at; ++j)
      a(i, static_cast<Eigen::Index>(j)) = parts[j] / samples.targets[static_cast<std::size_t>(i)];
  }
  const NonNegativeFit fit = fit_non_negative(std::move(a));
  Eigen::Index at = 1;
  for (Entries& table : tables)
    for (std::size_t k = 0; k < table.knots.size(); ++k) table.slopes.push_back(fit.coefficients[at++]);
  const double least = 0.1 * *std::min_element(samples.targets.begin(), samples.targets.end());
  return std::make_unique<Lookup>(fit.coefficients[0], std::move(tables), least, fit.deviation);
}

}  // namespace

FittedModel fit_lookup(const Samples& samples, std::uint64_t seed) {
  return {fit_once(samples, seed), held_out(samples, seed, fit_once)};
}

std::unique_ptr<CostModel> read_lookup(const Config& document) {
  document.allow({"columns", "lengths", "entries", "knots", "slopes", "constant", "least", "deviation"});
  const auto columns = read_columns(document, "columns");
  const auto lengths = read_numbers(document, "lengths", columns.size());
  const auto entries = static_cast<std::size_t>(document.at("entries").integer(0, 100'000));
  const auto knots = read_numbers(document, "knots", entries), slopes = read_numbers(document, "slopes", entries);
  std::vector<Entries> tables;
  std::size_t at = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (lengths[c] < 1 || lengths[c] != std::floor(lengths[c]) || lengths[c] > static_cast<double>(entries - at))
      document.at("lengths").fail("the tables' lengths must be whole, at least 1, and sum to 'entries'");
    const auto begin = static_cast<std::ptrdiff_t>(at), end = begin + static_cast<std::ptrdiff_t>(lengths[c]);
    tables.push_back(
        {columns[c], {knots.begin() + begin, knots.begin() + end}, {slopes.begin() + begin, slopes.begin() + end}});
    at = static_cast<std::size_t>(end);
  }
  if (at != entries) document.at("lengths").fail("the tables' lengths must sum to 'entries'");
  const double least = document.at("least").number(0, 1e300);
  if (least <= 0) document.at("least").fail("'least' must be above 0");
  return std::make_unique<Lookup>(document.at("constant").number(0, 1e300), std::move(tables), least,
                                  document.at("deviation").number(0, 1e300));
}

}  // namespace paretoforge
