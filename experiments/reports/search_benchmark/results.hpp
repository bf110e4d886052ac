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
  std::filesystem::path file_;
  std::vector<Row> rows_;
};

/// Mean and standard deviation over the runs of one searcher on one problem.
struct Cell {
  std::size_t runs = 0;
  double mean = 0, deviation = 0;
};
/// After `trials` trials; only of runs that went so far.
Cell cell(const std::vector<Row>& rows, const RunKey& any_seed, std::uint64_t trials);

}  // namespace paretoforge::benchmark
