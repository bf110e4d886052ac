// Zero-cost scores as studies use them: the door to the trainers' table, like training.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configs/config.hpp"
#include "space/graph.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// One `score:` section with its batch in memory. Safe to use from many threads at once.
class Scoring {
 public:
  virtual ~Scoring() = default;
  /// Refuses, as ConfigError, networks that cannot be scored: those that the images do not fit.
  virtual void check(const Graph& graph) const = 0;
  /// Greater is better; the same for the same network. Throws where the network cannot be scored.
  virtual double score(const Graph& graph) const = 0;
  /// What one score of an ensemble says alone, by its place there. Throws as `score` does.
  virtual double member(const Graph& graph, std::size_t which) const = 0;
  /// Of the data that the batch is drawn from; 0 where there is none.
  virtual std::uint64_t data_digest() const = 0;
};

/// Reads a `score:` section and its data (`data` where it names none); ensembles of scores rank among networks of the space.
/// Throws ConfigError; in a build without LibTorch always.
std::shared_ptr<const Scoring> make_scoring(const Config& section, const Space& space, const std::optional<Config>& data = {});

/// Where a value stands among reference values, of which there is at least one: ReferenceRanks::rank.
using Rank = std::function<double(double)>;
Rank rank_among(std::vector<double> reference);

/// name and summary of every score, for `paretoforge list scores`.
std::vector<std::pair<std::string, std::string>> score_names();

}  // namespace paretoforge
