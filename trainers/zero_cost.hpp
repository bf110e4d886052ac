// Zero-cost scores: what an untrained network tells of the accuracy it would reach, from one batch.
// A survey of them, whose definitions are followed: Abdelfattah, Mehrotra, Dudziak and Lane, "Zero-cost proxies for
// lightweight NAS", ICLR 2021.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "space/graph.hpp"
#include "space/space.hpp"
#include "trainers/data.hpp"

namespace paretoforge {

/// What a score looks at beside the network.
enum class ScoreSees : std::uint8_t { nothing, noise, images };

/// One batch, the same for every network that is scored.
struct ScoreBatch {
  std::size_t size = 64;     ///< images or samples of noise
  Images images;             ///< of a training part; empty for scores that see none
  Normalisation input;       ///< of that whole part
  std::size_t outputs = 0;   ///< that a network needs: classes or targets of the data set
  std::uint64_t seed = 1;    ///< of weights and noise
  std::uint64_t digest = 0;  ///< of the data set
  Normalisation targets = {};  ///< of a regression; else empty
};
/// `size` images of the training part drawn with the seed, labels included. Throws ConfigError where there are fewer.
ScoreBatch draw_score_batch(const Dataset& data, std::size_t size, std::uint64_t seed);

/// A row of the table of scores. Greater is better for all of them.
struct ZeroCostKind {
  std::string_view name, summary;
  ScoreSees sees;
  /// Of the network pruned of what does not lead to its output, untrained: weights are He normal from the batch's seed
  /// (where the paper says otherwise, as it says), norms use the batch's own statistics. Takes tens to hundreds of
  /// milliseconds and as much memory as one step of training; one thread; the same number for the same network, batch
  /// and seed. Always finite; least for a network without any path, but for grasp, which may have either sign and is 0
  /// there.
  /// Throws TrainingError where network and images do not fit together or there is not enough memory.
  double (*score)(const Graph& graph, const ScoreBatch& batch);
};
std::span<const ZeroCostKind> zero_cost_scores();

/// What a `score:` section says.
struct ScoreSettings {
  std::vector<const ZeroCostKind*> kinds;  ///< rows of zero_cost_scores(): one, or the members of an ensemble of ranks
  std::optional<Config> data;              ///< what load_dataset reads; where a score sees images, and only there
  std::size_t batch = 64;                  ///< 1 to 100,000
  std::uint64_t seed = 1;                  ///< of weights, noise and the choice of images and of the reference
  std::int32_t repeats = 1;  ///< the mean of that many scores with weights (and noise) of their own, 1 to 1000
  std::size_t reference = 100;  ///< of an ensemble: networks of the space that it ranks among, 10 to 100,000

  bool ensemble() const { return kinds.size() > 1; }

  /// Reads a name alone, a map {kind, data, batch, seed, repeats} or {ensemble: [names], data, batch, seed, repeats,
  /// reference}; `data` is what scores look at where it names none. Throws ConfigError; for keys that these scores have no
  /// use for, too.
  static ScoreSettings read(const Config& config, const std::optional<Config>& data = {});
};

/// Scores networks as the settings say. Safe to use from many threads at once.
///
/// An ensemble's score is the mean of its members' ranks, 0 to 1, and more beyond: see ReferenceRanks. Ranks among the
/// trials known so far would change with every trial, so they are ranks among networks drawn once from the space with the
/// seed: a network's score depends on itself alone, whoever asks first, however often a study is stopped.
class Scorer {
 public:
  /// Reads the data where the score needs any. An ensemble needs the space, which must outlive the scorer; its reference
  /// is scored with the first network, which takes as long as `reference` networks do. Throws ConfigError,
  /// std::invalid_argument for an ensemble without a space.
  explicit Scorer(const ScoreSettings& settings, const Space* space = nullptr);
  ~Scorer();
  /// Throws TrainingError as ZeroCostKind::score does.
  double score(const Graph& graph) const;
  /// What each kind says of it alone, in the order of the settings, or one of them. Throws TrainingError.
  std::vector<double> members(const Graph& graph) const;
  double member(const Graph& graph, std::size_t kind) const;
  const ScoreBatch& batch() const { return batch_; }

 private:
  struct Reference;
  const Reference& reference() const;

  ScoreSettings settings_;
  ScoreBatch batch_;
  const Space* space_;
  std::unique_ptr<Reference> reference_;
};

}  // namespace paretoforge
