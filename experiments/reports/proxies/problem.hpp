// What estimates of accuracy are compared on: a space, a full training, and the estimates, read from YAML.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/space.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

namespace paretoforge {

struct Estimate {
  std::string name;
  std::string key;                     ///< of all that its values depend on but network and seed: other ones are no longer valid
  std::optional<TrainSettings> train;  ///< a training of its own
  std::optional<ScoreSettings> score;  ///< untrained
  std::size_t epochs = 0;              ///< else: extrapolated from so many epochs of the full training's curve
  std::vector<std::size_t> ranks = {};  ///< else: the mean of the ranks by these, positions in Problem::estimates
  bool among_others = false;            ///< ranks are those among the other networks, as a study's `ranks:` has them
  bool measured() const { return train || score; }
};

/// 16 hexadecimal digits.
std::string hex_text(std::uint64_t value);

struct Networks {
  std::vector<Graph> graphs;
  std::vector<double> published;  ///< accuracies, one a graph; empty where the problem trains them itself
};

struct Problem {
  std::string name;
  Space space;
  TrainSettings train;  ///< what estimates change
  Estimate full;        ///< keeps its curve; measured on the test part where `test: true`, else on its validation split. Not `measured` where accuracies are published
  std::vector<Estimate> estimates;
  std::map<Architecture, double> published = {};
  std::vector<std::pair<std::size_t, std::string>> only = {};  ///< decisions with the label that they have in all networks

  /// {name, space: FILE, only: {DECISION: LABEL}, train: {...}, estimates: [{name, train: changes | score: section |
  /// extrapolate: epochs | ranks: [names of estimates above], among_others: BOOL}]}. With published: {file: CSV, column: NAME}, a table of the
  /// space's points (beside the problem, or inside the folder that PARETOFORGE_DATA names), nothing is trained fully. Throws
  /// ConfigError.
  static Problem load(const std::filesystem::path& file);
  /// The first distinct networks drawn with the seed, and published if any are; fewer come first of more. Throws ConfigError
  /// where the space has not as many.
  Networks networks(std::size_t count, std::uint64_t seed) const;
};

}  // namespace paretoforge
