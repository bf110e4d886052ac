// The values of a study's objectives that train: one training a trial, whatever is asked of it, as it was trained and
// after quantisation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "experiments/evaluate.hpp"
#include "experiments/training.hpp"
#include "search/objective.hpp"

namespace paretoforge {

/// How a network is quantised for a score.
struct ScoredAs {
  QuantiseWish weights;
  int activation_bits = 8;  ///< or 16: the file that `onnx_int16` exports
  bool operator==(const ScoredAs&) const = default;
};

/// What one objective asks of the training.
struct TrainedScore {
  std::string name;                   ///< says what score it is, as an objective's does
  std::optional<ScoredAs> quantised;  ///< of the network quantised so; none: as it was trained
};

/// Whether an objective that trains is no score but the bytes of the quantised network's weights: its name ends with
/// "weight_bytes".
bool is_weight_bytes(std::string_view name);

/// Measures such objectives. Safe to use from many threads at once, one trial a thread.
class TrainedScores {
 public:
  /// `checkpoints`: the folder that trainings keep their state in; empty: none.
  TrainedScores(std::shared_ptr<const Training> training, std::shared_ptr<const std::filesystem::path> checkpoints)
      : training_(std::move(training)), checkpoints_(std::move(checkpoints)) {}

  /// Before the first value; returns which one it is.
  std::size_t add(TrainedScore score);

  /// One objective's value of a candidate, as Measure has it. The first that is asked for trains the network and keeps the
  /// others; each is given away once. A quantised score is that of the integer form in ONNX Runtime on the validation samples;
  /// calibration sees samples that are trained on at the candidate's rung, and "mixed" judges layers on further ones. Weight
  /// bytes are the candidate's at its full width, with the bits that the layers of the quantised network have.
  double value(const Candidate& candidate, std::size_t which);
  /// The same of a candidate of which nothing else is asked: nothing else is measured or kept.
  double alone(const Candidate& candidate, std::size_t which) const;

 private:
  using Key = std::tuple<std::uint64_t, std::uint32_t, Architecture>;
  std::vector<double> measured(const Candidate& candidate, std::span<const TrainedScore> scores) const;
  std::vector<double> trained(const Candidate& candidate, std::span<const TrainedScore> scores, ProxyTrained& proxy) const;
  std::optional<double> kept(const Key& key, std::size_t which);

  std::shared_ptr<const Training> training_;
  std::shared_ptr<const std::filesystem::path> checkpoints_;
  std::vector<TrainedScore> scores_;
  std::mutex mutex_;
  /// What was measured and not asked for yet. Of a trial that fails in between, some numbers stay.
  std::map<Key, std::vector<std::optional<double>>> kept_;
};

}  // namespace paretoforge
