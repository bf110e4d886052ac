// Reading the `finish:` section of a study: what becomes of the front when the search is over.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configs/config.hpp"
#include "experiments/evaluate.hpp"

namespace paretoforge {

/// "The most accurate within this budget": total_kinds by name with the most that is allowed.
using Within = std::vector<std::pair<std::string, double>>;

/// `finish:`: what becomes of the front when the search is over.
struct Finish {
  std::size_t picks = 5;             ///< at most so many of the study's picks
  std::vector<Within> also;          ///< and the best trial within each of these budgets
  std::optional<Config> train;       ///< keys of the full training that differ from the proxy's
  std::vector<std::string> formats = {"onnx"};
  QuantiseWish quantise;             ///< calibration and weight bits
};

/// Throws ConfigError: unknown keys, totals, formats or bits. What `train` says is not looked at.
Finish read_finish_section(const Config& finish);

}  // namespace paretoforge
