// results.csv: one row per run, appended as soon as the run is over, so that a benchmark can be stopped and goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace paretoforge::benchmark {

inline constexpr std::uint64_t most_trials = 500, trials_per_column = 10;

/// What makes a run: the same key, the same shares.
struct RunKey {
  std::string problem, searcher, options;  ///< options as "key=value key=value", empty for the defaults
  std::uint64_t seed = 1;
  friend bool operator==(const RunKey&, const RunKey&) = default;
};

struct Row {
  RunKey key;
  std::uint64_t trials = 0, repeats = 0;
  double searcher_seconds = 0;
  std::vector<double> shares;  ///< after 10, 20, ... trials, as far as it went
};

class Results {
 public:
  /// Reads what is there; throws ConfigError where it is no such file.
  explicit Results(std::filesystem::path file);

  const std::vector<Row>& rows() const { return rows_; }
  /// The row of that key with at least so many trials.
  const Row* find(const RunKey& key, std::uint64_t trials) const;
  /// Throws std::runtime_error where it cannot be written.
  void add(Row row);

 private:
  void keep(Row row);  ///< of rows with one key the one with most trials

  std::filesystem::path file_;
  std::vector<Row> rows_;
};

/// The shares of one contestant on one problem with its default options, by seed; empty unless every one of the seeds
/// was run, so that what is shown is never half done.
class Complete {
 public:
  Complete(const std::vector<Row>& rows, const std::string& problem, const std::string& contestant,
           std::uint64_t seeds);

  bool empty() const { return runs_.empty(); }
  std::uint64_t trials() const { return trials_; }  ///< that every run reached
  /// After so many trials, a multiple of trials_per_column: one per seed, in order of seed; empty where a run ended
  /// before.
  std::vector<double> shares(std::uint64_t trials) const;
  std::uint64_t repeats() const;  ///< of all runs
  double seconds_a_run() const;   ///< of the searcher itself, mean

 private:
  std::vector<const Row*> runs_;
  std::uint64_t trials_ = 0;
};

/// Mean and standard deviation (n - 1).
struct Spread {
  std::size_t count = 0;
  double mean = 0, deviation = 0;
};
Spread spread(const std::vector<double>& values);

}  // namespace paretoforge::benchmark
