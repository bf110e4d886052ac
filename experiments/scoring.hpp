// Zero-cost scores as studies use them: the door to the trainers' table, like training.hpp.
#pragma once

#include <cstdint>
#include <memory>
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
  /// Of the data that the batch is drawn from; 0 where there is none.
  virtual std::uint64_t data_digest() const = 0;
};

/// Reads a `score:` section and its data; ensembles of scores rank among networks of the space. Throws ConfigError; in a
/// build without LibTorch always.
std::shared_ptr<const Scoring> make_scoring(const Config& section, const Space& space);
/// name and summary of every score, for `paretoforge list scores`.
std::vector<std::pair<std::string, std::string>> score_names();

}  // namespace paretoforge
