// The ways to tell how accurate a network is or would be: each another bargain between cost and rank correlation. The
// report says what each was worth in a study, experiments/reports/proxies and experiments/reports/scores in general.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "configs/config.hpp"

namespace paretoforge {

struct Estimator {
  std::string_view name, summary;
  std::string_view cost;  ///< of one network
  std::string_view yaml;  ///< how an objective asks for it
};
/// To add one: a row here, and the branch of `estimator_of` that knows its YAML.
std::span<const Estimator> estimators();

/// Which of them an objective's section asks for, in full or at one of its rungs; null where it is none: an exact total, a
/// device, a cheap table.
const Estimator* estimator_of(const Config& objective, std::optional<std::size_t> rung = {});
/// What it costs there: a share of the full training where it has one, else what the table says.
std::string estimate_cost(const Config& objective, std::optional<std::size_t> rung, std::optional<double> share);

}  // namespace paretoforge
