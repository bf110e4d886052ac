// How a study asks for scores of trained networks: objectives that share a training, and scores after quantisation.
#pragma once

#include <optional>
#include <vector>

#include "configs/config.hpp"
#include "experiments/trained_scores.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {

/// The items of `objectives:`, where `train: NAME` stands replaced by the section of the objective before it that is
/// called so, and trains. Throws ConfigError where there is none.
///
///   - {name: accuracy_pct, train: {data: fashion-mnist, epochs: 3}, quantised: true}
///   - {name: float_accuracy_pct, train: accuracy_pct}
///   - {name: weight_bytes, train: accuracy_pct, quantised: {weight_bits: mixed}}
std::vector<Config> with_trainings(const Config& objectives);

/// Whether the score of such an item's training, or of one of its rungs, is foretold from its first epochs.
bool is_extrapolated(const Config& objective);

/// Which score the ranks of an objective with `ranks:` are of. Refuses, as ConfigError at the item, a name that does not say
/// (accuracy_rank, int8_accuracy_rank, rmse_rank), a goal other than to maximise, a training with rungs.
NamedScore ranked_score(const Config& objective, const Criterion& criterion, const Training& training);

/// Refuses, as ConfigError at the item, an objective of a training whose name is a score that these networks do not have, speaks
/// of one without ending with it, or has another goal; and a regression's that is extrapolated. Returns what the user is to be
/// told: empty, or which score a name that says none is taken for.
std::string checked_score(const Config& objective, const Criterion& criterion, const Training& training);

/// The keys `calibration`, `weight_bits` and `weight_bytes` (what they may take; with `weight_bits: mixed`) of a section;
/// `otherwise` holds what absent ones mean.
QuantiseWish read_quantise_wish(const Config& section, const QuantiseWish& otherwise = {});

/// What `quantised: {weight_bits, activation_bits}` of an exact total says: how its network is counted, whatever bits the space
/// gives each layer. Throws ConfigError for `weight_bits: mixed` and `calibration`, which take a training.
TotalsOptions read_counted_as(const Config& objective);
/// Whether activations of 16 bits are what networks are scored with: some score asks for them, and no other score is quantised.
bool scored_with_wide_activations(const Config& objectives);

/// What `quantised:` of an objective says: true, false, or {calibration, weight_bits, weight_bytes, activation_bits}; nothing where it is
/// absent. What it leaves open is as `finish:` has it, and else one rule of calibration, the bits that the space gives each
/// layer, and activations of 8 bits. `objective` is one of with_trainings. Throws ConfigError where the objective does not
/// train, for a training that is extrapolated, for bits that cannot be, and for weight bytes that are not quantised.
std::optional<ScoredAs> read_quantised(const Config& objective, const std::optional<Config>& finish);

}  // namespace paretoforge
