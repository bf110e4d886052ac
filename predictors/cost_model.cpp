// The table of cost models, and what their fitting and their files share.
#include "predictors/cost_model.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

constexpr std::array<CostModelKind, 7> kinds{{
    {"auto", "ridge, Gaussian process and boosted trees weighed by cross-validation (default)", fit_stack, read_stack},
    {"ridge", "a non-negative sum over fused kernels, by class", Ridge::fit_held_out, Ridge::read},
    {"gaussian_process", "ridge, and a Gaussian process for what it leaves", fit_gaussian_process,
     read_gaussian_process},
    {"boosted_trees", "ridge, and gradient-boosted trees for what it leaves", fit_boosted_trees, read_boosted_trees},
    {"random_forest", "ridge, and a random forest for what it leaves", fit_random_forest, read_random_forest},
    {"roofline", "a launch time, a peak and a bandwidth per class of kernel", fit_roofline, read_roofline},
    {"lookup", "a table per class of kernel, interpolated; its entries found from whole networks", fit_lookup,
     read_lookup},
}};

}  // namespace

void Samples::add(std::span<const double> row_features, double target) {
  columns = row_features.size();
  features.insert(features.end(), row_features.begin(), row_features.end());
  targets.push_back(target);
}

Samples Samples::subset(std::span<const std::size_t> wanted) const {
  Samples part;
  part.columns = columns, part.encoding = encoding;
  part.features.reserve(wanted.size() * columns);
  for (const std::size_t i : wanted) part.add(row(i), targets[i]);
  return part;
}

std::span<const CostModelKind> cost_models() { return kinds; }

const CostModelKind& cost_model_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const CostModelKind& kind : kinds) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  const std::string nearest = nearest_name(name, names);
  throw std::invalid_argument("unknown cost model '" + std::string(name) + "'" +
                              (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

std::unique_ptr<CostModel> read_cost_model(const Config& kind, const Config& document) {
  std::vector<std::string> names{"transfer"};  // fitted with known devices, so not in the table
  for (const CostModelKind& k : kinds) names.emplace_back(k.name);
  const std::string name = kind.one_of(names);
  return name == "transfer" ? read_transfer(document) : cost_model_kind(name).read(document);
}

Config numbers_scalar(std::span<const double> values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + number_text(value);
  return Config::make_scalar(text, true);
}

Config columns_scalar(std::span<const std::size_t> columns) {
  std::string text;
  for (const std::size_t column : columns) text += (text.empty() ? "" : " ") + std::to_string(column);
  return Config::make_scalar(text, true);
}

std::vector<double> read_numbers(const Config& map, std::string_view key, std::size_t count) {
  const Config value = map.at(key);
  const std::string text = value.text();
  std::vector<double> numbers;
  numbers.reserve(count);
  const char *at = text.data(), *const end = at + text.size();
  while (at != end) {
    if (*at == ' ' || *at == '\n') {
      ++at;
      continue;
    }
    double number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || !std::isfinite(number) || numbers.size() == count)
      value.fail("the list '" + std::string(key) + "' is damaged after " + std::to_string(numbers.size()) + " numbers");
    numbers.push_back(number);
    at = next;
  }
  if (numbers.size() != count)
    value.fail("'" + std::string(key) + "' must hold " + std::to_string(count) + " numbers, not " +
               std::to_string(numbers.size()));
  return numbers;
}

std::vector<std::size_t> read_columns(const Config& map, std::string_view key) {
  const Config value = map.at(key);
  const std::string text = value.text();
  const auto blanks = static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
  std::vector<std::size_t> columns;
  for (const double number : read_numbers(map, key, text.empty() ? 0 : blanks + 1)) {
    if (number < 0 || number >= static_cast<double>(feature_list().size()) || number != std::floor(number))
      value.fail("'" + std::string(key) + "' names feature " + number_text(number) + ", which there is not");
    columns.push_back(static_cast<std::size_t>(number));
  }
  return columns;
}

std::vector<std::size_t> fold_of_row(std::size_t rows, std::uint64_t seed) {
  std::vector<std::size_t> folds(rows);
  for (std::size_t i = 0; i < rows; ++i) folds[i] = rows < 20 ? i : i % 10;
  Random(seed).shuffle(folds);
  return folds;
}

std::vector<LogEstimate> held_out(const Samples& samples, std::uint64_t seed, const FitOnce& fit) {
  const std::vector<std::size_t> folds = fold_of_row(samples.rows(), seed);
  std::vector<LogEstimate> estimates(samples.rows());
  for (std::size_t fold = 0; fold <= *std::max_element(folds.begin(), folds.end()); ++fold) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < samples.rows(); ++i)
      if (folds[i] != fold) kept.push_back(i);
    const auto model = fit(samples.subset(kept), derived_seed(seed, fold));
    for (std::size_t i = 0; i < samples.rows(); ++i)
      if (folds[i] == fold) estimates[i] = model->estimate(samples.row(i));
  }
  return estimates;
}

std::vector<std::size_t> useful_columns(const Samples& samples, std::size_t candidates) {
  std::vector<std::size_t> useful;
  const auto at = [&](std::size_t row, std::size_t column) { return samples.features[row * samples.columns + column]; };
  const auto is_copy = [&](std::size_t column, std::size_t of) {
    double factor = 0;
    for (std::size_t row = 0; row < samples.rows(); ++row) {
      if ((at(row, column) == 0) != (at(row, of) == 0)) return false;
      if (at(row, of) == 0) continue;
      const double ratio = at(row, column) / at(row, of);
      if (factor == 0) factor = ratio;
      if (std::abs(ratio - factor) > 1e-9 * factor) return false;
    }
    return true;
  };
  for (std::size_t column = 0; column < candidates; ++column) {
    bool constant = true;
    for (std::size_t row = 1; constant && row < samples.rows(); ++row) constant = at(row, column) == at(0, column);
    if (constant) continue;
    if (std::none_of(useful.begin(), useful.end(), [&](std::size_t of) { return is_copy(column, of); }))
      useful.push_back(column);
  }
  return useful;
}

void clip_residuals(std::vector<double>& residuals) {
  constexpr double share = 0.9;  // of residuals that count in full
  std::vector<double> size(residuals.size());
  std::transform(residuals.begin(), residuals.end(), size.begin(), [](double r) { return std::abs(r); });
  const auto at = size.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(size.size() - 1));
  std::nth_element(size.begin(), at, size.end());
  for (double& r : residuals) r = std::clamp(r, -*at, *at);
}

double robust_deviation(std::vector<double> residuals) {
  for (double& r : residuals) r = std::abs(r);
  const auto middle = residuals.begin() + static_cast<std::ptrdiff_t>(residuals.size() / 2);
  std::nth_element(residuals.begin(), middle, residuals.end());
  return 1.4826 * *middle;
}

}  // namespace paretoforge
