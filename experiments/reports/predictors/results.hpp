// results.csv: one line per figure, appended as soon as it is known, so that a long run can be stopped and goes on.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace paretoforge::predictors_report {

/// Means over seeds, on networks that were not fitted.
struct Scores {
  double spearman = 0, within = 0, coverage = 0, width = 0;  ///< the last three in per cent

  Scores& operator+=(const Scores& other);
  Scores operator/(double by) const;
};

struct Line {
  std::string part;    ///< "few", "planned", "scratch"
  std::string space;   ///< "fbnet"
  std::string table;   ///< of the measurements: "latency_by_device"
  std::string metric;  ///< column of the table
  std::size_t rows = 0;
  int seeds = 0;
  Scores scores;
};

class Results {
 public:
  /// Reads what is there; throws ConfigError where it is no such file.
  explicit Results(std::filesystem::path file);

  const std::vector<Line>& lines() const { return lines_; }
  /// Whether this figure is known, from as many seeds or more.
  bool holds(const Line& wanted) const;
  /// Replaces the same figure from fewer seeds. Throws std::runtime_error where it cannot be written.
  void add(const Line& line);

 private:
  std::filesystem::path file_;
  std::vector<Line> lines_;
};

/// The page: a table per part and space, with means. `lines` in any order.
std::string page(const std::vector<Line>& lines);

}  // namespace paretoforge::predictors_report
