// A study as its user writes it, read whole and checked before anything is created: space, objectives, search, finish.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/finish_file.hpp"
#include "experiments/ranked_training.hpp"
#include "experiments/training.hpp"
#include "search/objective.hpp"
#include "search/searcher.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// What `measure:` of an objective on the host says: that many networks are measured and a predictor is fitted
/// before the first trial.
struct HostPredictor {
  std::string metric;
  std::size_t networks = 60;
  std::uint64_t seed = 1;
  std::string model = "auto";
};

class StudyFile {
 public:
  /// Reads a study; `settings` are PATH=VALUE pairs that replace parts of it. Paths in it are relative to the file.
  /// Throws ConfigError for all that can be known to be wrong with it.
  static StudyFile load(const std::filesystem::path& file, const std::vector<std::string>& settings = {});

  /// The same without what measures: no table, device or data is read, no objective has its function. Enough to show
  /// what a study found.
  static StudyFile outline(const std::filesystem::path& file);

  std::string name;
  Config resolved = Config::make_map({});  ///< self-contained but for tables, devices and data, whose paths are absolute
  std::string fingerprint;                 ///< see StudyRecord
  std::optional<Space> space;
  std::vector<Objective> objectives;
  std::optional<SearchSettings> search;
  Identity identity = Identity::network;
  /// The only points that tables hold; null where they hold all.
  std::shared_ptr<const std::vector<Architecture>> points;
  std::shared_ptr<const Training> training;  ///< null where neither an objective nor `finish` trains
  /// Which objective is the accuracy, or its rank: the first after quantisation, else the first that trains; a score where
  /// `finish` alone trains.
  std::uint64_t training_objective = 0;
  std::shared_ptr<RankedTraining> ranked;    ///< to know its reference before the first trial; null where no objective ranks
  std::optional<std::uint64_t> ranked_objective;  ///< which that is
  std::vector<std::uint64_t> scores;         ///< which objectives are zero-cost scores
  /// The folder in which trainings keep their state while they may go on; empty until a study runs: none.
  std::shared_ptr<std::filesystem::path> checkpoints = std::make_shared<std::filesystem::path>();
  std::optional<HostPredictor> host;
  std::optional<Finish> finish;
  std::vector<std::string> notes;            ///< for the user, before the study begins

  /// The file of a trial in that folder.
  static std::filesystem::path checkpoint_of(const std::filesystem::path& folder, std::uint64_t trial);

  /// Gives the objective on the host its fitted predictor.
  void set_host_device(const std::filesystem::path& device);
};

}  // namespace paretoforge
