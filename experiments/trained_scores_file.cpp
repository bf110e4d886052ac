#include "experiments/trained_scores_file.hpp"

#include <algorithm>
#include <cctype>

#include "experiments/named_by.hpp"
#include "experiments/quantity.hpp"
#include "exporters/calibration.hpp"

namespace paretoforge {
namespace {

Config shared_training(const Config& name, const std::vector<Config>& before) {
  for (const Config& objective : before)
    if (objective.has("train") && objective.text_or("name", "") == name.text()) return objective.at("train");
  name.fail("no objective before this one is called '" + name.text() + "' and trains",
            "'train' is a section, such as  train: {data: fashion-mnist, epochs: 3},  or the name of the objective whose training this is, too");
}

/// A score that is foretold has no weights of its end to quantise.
void refuse_extrapolated(const Config& objective) {
  if (is_extrapolated(objective))
    objective.fail_at_key("quantised", "what is extrapolated from the first epochs has no weights yet that could be quantised",
                          "'quantised' goes without 'extrapolate'; rungs of fewer epochs do it");
}

/// `wish` has bits, from this objective or from `finish`.
void check_bits(const Config& objective, const QuantiseWish& wish) {
  const auto quantise = objective.at("train").find("quantise");
  if (quantise && !(quantise->is_scalar() && !quantise->boolean()))
    objective.fail_at_key("quantised", "the training is quantised itself, with the weight bits that the space gives each layer",
                          "leave 'weight_bits' out here and in 'finish', and write the bits into the space:  bits: {weights: " + (wish.bits == "mixed" ? "{choice: [4, 8], name: bits}" : wish.bits) + "}");
}

}  // namespace

bool is_extrapolated(const Config& objective) {
  const Config train = objective.at("train");
  bool foretold = train.has("extrapolate");
  if (const auto rungs = train.find("rungs"))
    for (const Config& rung : rungs->items()) foretold = foretold || rung.has("extrapolate");
  return foretold;
}

std::vector<Config> with_trainings(const Config& objectives) {
  std::vector<Config> items;
  for (const Config& item : objectives.items()) {
    const auto train = item.find("train");
    items.push_back(train && train->is_scalar() ? item.with_entry("train", shared_training(*train, items)) : item);
  }
  return items;
}

QuantiseWish read_quantise_wish(const Config& section, const QuantiseWish& otherwise) {
  QuantiseWish wish = otherwise;
  if (const auto rule = section.find("calibration")) wish.calibration = named_by(*rule, [&] { return find_range_rule(rule->text()); });
  if (const auto bits = section.find("weight_bits")) wish.bits = named_by(*bits, [&] { return find_weight_bits(bits->text()); });
  if (wish.bits != "mixed") wish.most_bytes.reset();  // of another wish
  if (const auto bytes = section.find("weight_bytes")) {
    wish.most_bytes = read_quantity("weight_bytes", *bytes);
    if (wish.bits != "mixed") section.fail_at_key("weight_bytes", "only with  weight_bits: mixed  are bits chosen by what the weights take", "add it, or leave 'weight_bytes' out");
  }
  return wish;
}

namespace {

int read_activation_bits(const Config& quantised) {
  const auto bits = quantised.integer_or("activation_bits", 8);
  if (bits != 8 && bits != 16) quantised.fail_at_key("activation_bits", "activations of " + std::to_string(bits) + " bits", "8 or 16");
  return static_cast<int>(bits);
}

/// "8" or "4", as a number.
int read_weight_bits(const Config& quantised) {
  const auto bits = quantised.integer_or("weight_bits", 8);
  if (bits != 8 && bits != 4) quantised.fail_at_key("weight_bits", "weights of " + std::to_string(bits) + " bits", "8 or 4");
  return static_cast<int>(bits);
}

/// Bytes that no training changes are exact totals.
void refuse_bytes_as_trained(const Config& objective) {
  if (is_weight_bytes(objective.text_or("name", "")))
    objective.fail_at_key("train", "the weights of a training have bytes only once they are quantised",
                          "add  quantised: {weight_bits: mixed},  or leave 'train' out: then they are those of the space's bits");
}

}  // namespace

TotalsOptions read_counted_as(const Config& objective) {
  TotalsOptions options;
  const auto quantised = objective.find("quantised");
  if (!quantised) return options;
  if (!quantised->is_map())
    objective.fail_at_key("quantised", "an exact total is counted from the bits of the space", "'quantised' needs 'train', or says the bits to count with:  quantised: {weight_bits: 4, activation_bits: 16}");
  quantised->allow({"weight_bits", "activation_bits"});
  if (quantised->has("weight_bits")) options.weight_bits = read_weight_bits(*quantised);
  if (quantised->has("activation_bits")) options.activation_bits = read_activation_bits(*quantised);
  return options;
}

bool scored_with_wide_activations(const Config& objectives) {
  bool wide = false;
  for (const Config& item : objectives.items()) {
    const auto quantised = item.find("quantised");
    if (!quantised || !item.has("train") || (quantised->is_scalar() && !quantised->boolean()) || is_weight_bytes(item.text_or("name", ""))) continue;
    if (!quantised->is_map() || quantised->integer_or("activation_bits", 8) != 16) return false;
    wide = true;
  }
  return wide;
}

std::optional<ScoredAs> read_quantised(const Config& objective, const std::optional<Config>& finish) {
  const auto quantised = objective.find("quantised");
  if (!quantised || (quantised->is_scalar() && objective.has("train") && !quantised->boolean())) {
    if (objective.has("train")) refuse_bytes_as_trained(objective);
    return std::nullopt;
  }
  if (!objective.has("train"))
    objective.fail_at_key("quantised", "only a network that is trained here can be quantised", "'quantised' needs 'train'");
  if (quantised->is_map()) quantised->allow({"calibration", "weight_bits", "weight_bytes", "activation_bits"});
  else if (!quantised->is_scalar()) quantised->fail("'quantised' is true, false, or a map", "such as  quantised: {calibration: mse, weight_bits: 4}");
  refuse_extrapolated(objective);
  const QuantiseWish finished = finish ? read_quantise_wish(*finish) : QuantiseWish{};
  const ScoredAs wish = quantised->is_map() ? ScoredAs{read_quantise_wish(*quantised, finished), read_activation_bits(*quantised)} : ScoredAs{finished};
  if (!wish.weights.bits.empty()) check_bits(objective, wish.weights);
  return wish;
}

namespace {

std::string words_of(const std::vector<std::string>& scores) {
  std::string text = "an objective whose name is or ends with ";
  for (std::size_t i = 1; i < scores.size(); ++i) text += (i == 1 ? "" : i + 1 == scores.size() ? " or " : ", ") + scores[i];
  return text + " is that score, any other " + scores[0];
}

/// Without its unit.
std::string stem_of(const std::string& score) { return score.ends_with("_pct") ? score.substr(0, score.size() - 4) : score; }

/// A name that speaks of a score and does not end with it would be taken for another one.
void refuse_likeness(const Config& objective, std::string name, std::vector<std::string> scores) {
  const std::string hint = words_of(scores);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  scores.front() = "loss";
  for (std::string score : scores) {
    score = stem_of(score);
    if (name.find(score) != std::string::npos) objective.fail_at_key("name", "this name speaks of '" + score + "' and does not end with the name of a score", hint);
  }
}

}  // namespace

namespace {

void refuse_foretold_regression(const Config& objective, const Training& training) {
  if (!training.targets().empty() && is_extrapolated(objective))
    objective.fail_at_key("train", "the curve of a regression is not extrapolated: what is known of curves is that of accuracies", "leave 'extrapolate' out; rungs of fewer epochs do it");
}

}  // namespace

NamedScore ranked_score(const Config& objective, const Criterion& criterion, const Training& training) {
  constexpr std::string_view end = "_rank";
  const std::vector<std::string> scores = training.score_names();
  const bool ends = criterion.name.ends_with(end);
  const std::string stem = criterion.name.substr(0, criterion.name.size() - (ends ? end.size() : 0));
  const auto whole = named_score(stem), short_of_unit = named_score(stem + "_pct");
  const auto score = whole ? whole : short_of_unit;
  if (!ends || !score || std::find(scores.begin(), scores.end(), score->name) == scores.end())
    objective.fail_at_key("name", "the name of an objective with 'ranks' says which score of the training is ranked", "such as " + stem_of(scores[0]) + "_rank");
  if (criterion.goal != Goal::maximize) objective.fail_at_key("goal", "a rank is better the greater it is, whatever it is of", "leave 'goal' out");
  if (objective.at("train").has("rungs"))
    objective.fail_at_key("ranks", "the reference networks are trained in full, and a rung has none to be ranked among", "leave 'rungs' out");
  refuse_foretold_regression(objective, training);
  return *score;
}

std::string checked_score(const Config& objective, const Criterion& criterion, const Training& training) {
  if (is_weight_bytes(criterion.name)) return "";
  const std::vector<std::string> scores = training.score_names();
  const auto score = named_score(criterion.name);
  if (score && std::find(scores.begin(), scores.end(), score->name) == scores.end())
    objective.fail_at_key("name", "'" + score->name + "' is no score of what these networks are trained on", words_of(scores));
  const bool lessened = score && score->less_is_better;
  if (criterion.goal != (lessened ? Goal::minimize : Goal::maximize))
    objective.fail_at_key("goal", lessened ? "'" + score->name + "' is better the less it is" : "this score of a training is better the greater it is", words_of(scores));
  refuse_foretold_regression(objective, training);
  if (score) return "";
  refuse_likeness(objective, criterion.name, scores);
  return "'" + criterion.name + "' is " + scores[0] + ": " + words_of(scores);
}

}  // namespace paretoforge
